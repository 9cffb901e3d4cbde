"""What may be said of what was seen while a camera was aimed: words, and a coarse grid.

Rule 1 (P7, P8): a number of persons is said as a release says it: below the threshold it is one
token, whatever it is, from there on the rounded number. Nothing here reads it in another way.
Rule 2 (P9): of lines nothing is told but that both directions reached the threshold.
Rule 3 (P6): what was watched for less than the shortest interval of any purpose tells nothing of
people.
Rule 4: what is said of pictures (dark, blurred, black, frozen) does not follow from numbers of
people; it is said for the whole time, and by words.
"""

from dataclasses import dataclass
from typing import Final

from counter import geometry, masking
from counter.aim.witness import COLUMNS, ROWS, SMALL_PX, Seen
from counter.crosscheck import BORDER
from counter.disclosure import rounded
from counter.floor import Parameters, in_force
from counter.people import Direction
from counter.purposes import RULES
from counter.release import CameraState
from counter.settings import CameraSettings, Settings

LEAST_S: Final = min(rule.interval_floor_s for rule in RULES.values())
SHADES: Final = ((100, "#"), (30, "o"), (0, "."))  # from so many distinct persons on, rounded
MASKED: Final = "x"  # a cell of which more than half is under a mask
BAD_STATES: Final = {
    CameraState.LOST: "no picture could be read",
    CameraState.STALLED: "no picture came although the camera was open",
    CameraState.BLACK: "there was nothing in the picture: it was black or of one tone",
    CameraState.FROZEN: "the picture was frozen: the same, bit for bit",
}


@dataclass(frozen=True, slots=True)
class Watched:
    """How the pictures of a camera were; nothing of people."""

    seconds: float
    shares: dict[CameraState, float]  # of the time, 0..1
    dark: bool | None  # None: no picture was looked at
    blurred: bool | None  # None: no edges to tell by


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    recognisable: bool  # the threshold's number of persons, or more, were above max_person_px


def answer(camera: str, settings: Settings, watched: Watched, seen: Seen) -> Answer:
    """Say how one camera is aimed."""
    rules = in_force(settings)
    minutes, seconds = divmod(int(watched.seconds), 60)
    head = [
        f"camera {camera}: watched for {minutes} min {seconds} s",
        *(f"  picture  {line}" for line in _picture(watched)),
    ]
    if watched.seconds < LEAST_S:
        head.append(f"  people   watched for less than {LEAST_S} s: nothing is told of people")
        return Answer("\n".join(head), recognisable=False)
    said = _Said(rules, settings.cameras[camera])
    lines = [f"  people   {line}" for line in said.people(seen)]
    for name, line in settings.lines.items():
        if line.camera == camera:
            lines += [f"  line     {name}: {text}" for text in said.line(seen, name, line.points)]
    for name, many in seen.zones.items():
        reached = "people stand in it" if said.known(many) else said.unknown
        lines.append(f"  zone     {name}: {reached}")
    return Answer("\n".join([*head, *lines, *said.grid(seen)]), said.known(seen.too_tall))


def _picture(watched: Watched) -> list[str]:
    found = [
        f"{words} ({'most' if watched.shares[state] > 0.5 else 'some'} of the time)"
        for state, words in BAD_STATES.items()
        if watched.shares.get(state, 0) > 0.1
    ]
    if watched.dark:
        found.append("dark: light the place, or open the camera's exposure")
    if watched.blurred:
        found.append("blurred: focus the lens, clean it, or lower the compression")
    if watched.dark is False and watched.blurred is None:
        found.append("without an edge to tell by whether it is sharp")
    return found or ["sharp and bright enough"]


class _Said:
    """Rule 1: everything about numbers of persons is said here."""

    def __init__(self, rules: Parameters, camera: CameraSettings) -> None:
        self._rules = rules
        self._camera = camera
        self.unknown = f"fewer than {rules.threshold} persons in this time: not known"

    def known(self, persons: int) -> bool:
        return persons >= self._rules.threshold

    def people(self, seen: Seen) -> list[str]:
        if not self.known(seen.persons):
            return [self.unknown]
        ceiling = f"taller than {self._camera.max_person_px} pixels (max_person_px)"
        lines = [f"fewer than {self._rules.threshold} were {ceiling}"]
        if self.known(seen.too_tall):
            share = self._share(seen.too_tall, seen.persons)
            lines = [f"too large: {share} of them were {ceiling}, so faces may be recognisable"]
        small = seen.persons - seen.large_enough
        if self.known(small):
            lines.append(
                f"too small: {self._share(small, seen.persons)} of them were never higher than"
                f" {SMALL_PX} pixels in the model's input; many more may be missed"
            )
        return lines

    def _share(self, part: int, whole: int) -> str:
        """A share of persons, told from rounded numbers, where both sides are known."""
        if not self.known(whole - part):
            return "at least half"  # the threshold's number or more, of fewer than that besides
        one, rest = rounded(part, self._rules), rounded(whole - part, self._rules)
        return f"about {round(10 * one / (one + rest)) * 10} %"

    def line(self, seen: Seen, name: str, points: list[geometry.Point]) -> list[str]:
        lines = [self._crossed(seen.crossed[name, Direction.IN], seen.crossed[name, Direction.OUT])]
        left, right = (self.known(persons) for persons in seen.beside[name])
        if left and right:
            lines.append("people are seen on both sides")
        elif left or right:
            lines.append(f"people are seen on its {'left' if left else 'right'} only")
        else:
            lines.append(f"beside it {self.unknown}")
        if geometry.runs_along_border(points[0], points[1], BORDER):
            lines.append("runs along the picture's border, where nobody is seen beyond it")
        return lines

    def _crossed(self, entries: int, exits: int) -> str:
        """Both directions together, as in `balance.py`, and no number: enough to aim by."""
        if self.known(min(entries, exits)):
            return f"{self._rules.threshold} or more crossed it each way"
        return f"fewer than {self._rules.threshold} crossed it one way or the other: not known"

    def grid(self, seen: Seen) -> list[str]:
        """Where people stood; a blank cell had fewer persons than the threshold, or none."""
        threshold, masks = self._rules.threshold, self._camera.masks
        legend = ", ".join(f"{shade} from {max(least, threshold)}" for least, shade in SHADES[::-1])
        legend += f", blank fewer than {threshold} or none"
        if masks:
            legend += f", {MASKED} masked"
        bar = f"  +{'-' * 2 * COLUMNS}+"
        rows = [
            "".join(2 * self._cell(row, column, persons) for column, persons in enumerate(cells))
            for row, cells in enumerate(seen.cells)
        ]
        return [f"  where persons stood: {legend}", bar, *(f"  |{row}|" for row in rows), bar]

    def _cell(self, row: int, column: int, persons: int) -> str:
        if self._camera.masks:
            left, right = column / COLUMNS, (column + 1) / COLUMNS
            top, bottom = row / ROWS, (row + 1) / ROWS
            square = ((left, top), (right, top), (right, bottom), (left, bottom))
            if masking.covered(self._camera.masks, square) > 0.5:
                return MASKED
        if not self.known(persons):
            return " "
        many = rounded(persons, self._rules)
        return next(shade for least, shade in SHADES if many >= least)
