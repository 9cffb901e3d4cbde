"""Files of the MOT challenge: `frame,id,left,top,width,height,mark,class,visibility`, in pixels.

Truth (gt.txt) has a mark and a class; detections (det.txt) have a score in the mark's place and -1
for the id. Frames are numbered from 1; here, as those of a clip, from 0.

Rule 1: a person is mark 1 and class 1 or -1 (the 2015 sequences have no class).
Rule 2: what stands for a person but is none to count (on a vehicle, static, a mirror image) has a
class of its own: whoever detects it is neither right nor wrong, as in the challenge.
"""

from configparser import ConfigParser
from configparser import Error as IniError
from dataclasses import dataclass
from pathlib import Path

from counter.errors import SourceError
from counter.evaluate.rows import MOST_FRAMES, number, rows, unreadable, whole

PERSON_CLASSES = {1, -1}
DISTRACTOR_CLASSES = {2, 7, 8, 12}  # on a vehicle, static person, distractor, reflection
MOST_PIXELS = 100_000  # a side of a labelled picture
FIRST = 1  # the number of the first frame in a file of the challenge
TRUTH = "frame,id,left,top,width,height,mark,class (width and height above 0)"
DETECTION = "frame,-1,left,top,width,height,score (width and height above 0)"
EXAMPLES = {TRUTH: "1,3,912,484,97,209,1,1,1", DETECTION: "1,-1,912,484,97,209,0.98"}

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    frame: int  # as in the file
    who: int
    box: Rectangle  # pixels
    mark: int
    kind: int

    @property
    def person(self) -> bool:
        return self.mark == 1 and self.kind in PERSON_CLASSES


def middle(box: Rectangle) -> tuple[float, float]:
    left, top, right, bottom = box
    return (left + right) / 2, (top + bottom) / 2


@dataclass(frozen=True, slots=True)
class Sequence:
    """What seqinfo.ini says."""

    width: int
    height: int
    fps: float
    frames: int


def truth(path: Path) -> list[Row]:
    """Read gt.txt; raises SourceError naming file and line."""
    found = []
    for line, row in rows(path):
        try:
            frame, who = whole(row[0], 0, MOST_FRAMES), int(number(row[1]))
            box = _box(row)
            mark, kind = (int(number(text)) for text in (*row[6:8], "1", "-1")[:2])
        except (ValueError, IndexError) as error:
            raise unreadable(path, line, TRUTH, EXAMPLES[TRUTH]) from error
        found.append(Row(frame, who, box, mark, kind))
    return found


def detections(path: Path) -> list[tuple[int, Rectangle, float]]:
    """Read det.txt: frame as in the file, box in pixels, score 0..1; empty where nobody is."""
    found = []
    for line, row in rows(path, empty=True):
        try:
            frame = whole(row[0], FIRST, MOST_FRAMES)
            box = _box(row)
            score = number(row[6])
        except (ValueError, IndexError) as error:
            raise unreadable(path, line, DETECTION, EXAMPLES[DETECTION]) from error
        if not 0 <= score <= 1:
            raise SourceError(
                f"{path}: line {line} has a score outside 0 to 1",
                "bring the scores to 0 to 1: --confidence says from where on a box is sure",
            )
        found.append((frame, box, score))
    return found


def _box(row: list[str]) -> Rectangle:
    """Read a box that has a width and a height; ValueError for anything else."""
    left, top, width, height = map(number, row[2:6])
    if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
        raise ValueError("no width or height")
    if max(abs(left), abs(top)) > MOST_PIXELS:
        raise ValueError("far outside of any picture")
    return left, top, left + width, top + height


def sequence(folder: Path) -> Sequence:
    """Read seqinfo.ini of a folder; ValueError where it cannot be read."""
    ini = ConfigParser()
    try:
        ini.read(folder / "seqinfo.ini", encoding="utf-8")
        width, height = (ini.get("Sequence", key) for key in ("imWidth", "imHeight"))
        fps = ini.get("Sequence", "frameRate", fallback="0")
        frames = ini.get("Sequence", "seqLength", fallback="0")
    except IniError as error:
        raise ValueError("no seqinfo.ini") from error
    return Sequence(
        whole(width, 1, MOST_PIXELS),
        whole(height, 1, MOST_PIXELS),
        number(fps),
        whole(frames, 0, MOST_FRAMES),
    )
