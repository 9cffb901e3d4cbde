"""Watch the cameras of a configuration for some minutes, and say how they are aimed.

Rule 1: the same parts as in counting: source, model, tracker, lines and zones; no output.
Rule 2: everything is opened before the process is sealed, and it is sealed before the first picture
is asked for. From there on nothing is opened, written or imported.
Rule 3: while it watches it says how much time has gone by, and nothing that follows from people.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from counter.aim.answer import Answer, Watched, answer
from counter.aim.witness import Witness
from counter.detectors import Detector
from counter.detectors.open import open_detector
from counter.refusals import refuse
from counter.release import CameraState
from counter.sources import TimedSource
from counter.sources.merge import View, merged
from counter.sources.open import open_source
from counter.sources.quality import Quality
from counter.start import Start

MOST_MINUTES: Final = 60
SAY_NS: Final = 60_000_000_000

Say = Callable[[str], None]


@dataclass(slots=True)
class _Camera:
    source: TimedSource
    witness: Witness
    quality: Quality
    in_state_ns: dict[CameraState, int] = field(default_factory=dict)

    def pass_time(self, step_ns: int) -> None:
        state = self.source.state
        self.in_state_ns[state] = self.in_state_ns.get(state, 0) + step_ns

    def watched(self, total_ns: int) -> Watched:
        shares = {state: part / total_ns for state, part in self.in_state_ns.items() if total_ns}
        if not total_ns:
            shares = {self.source.state: 1.0}
        return Watched(total_ns / 1e9, shares, self.quality.dark, self.quality.blurred)


@dataclass(frozen=True, slots=True)
class Aim:
    """The answer about all cameras of a configuration."""

    cameras: dict[str, Answer]

    @property
    def text(self) -> str:
        return "\n\n".join(one.text for one in self.cameras.values())

    def insist(self) -> None:
        """Raise RefusedError where people are so large that they may be recognised."""
        for name, one in self.cameras.items():
            if one.recognisable:
                raise refuse(
                    "recognisable-people",
                    f"cameras.{name}: people are taller than its max_person_px",
                )


def watch(start: Start, minutes: float, stop: Callable[[], bool], say: Say = lambda _: None) -> Aim:
    """Watch for `minutes` of the cameras' time, until footage ends or `stop` says so.

    Raises CounterError for what cannot be opened.
    """
    settings, model = start.loaded.settings, start.model
    with ExitStack() as opened:
        detector = open_detector(settings.model, model)
        opened.callback(detector.close)
        cameras: dict[str, _Camera] = {}
        for name, camera in settings.cameras.items():
            source = open_source(name, camera)
            opened.callback(source.close)
            witness = Witness(name, settings, model.entry.input)
            cameras[name] = _Camera(source, witness, Quality(camera))
        views = merged([camera.source for camera in cameras.values()])
        opened.callback(views.close)
        if start.enclosure is not None:
            start.enclosure.seal()
        total_ns = _look(_until(views, minutes, stop, say), cameras, detector)
        return Aim(
            {
                name: answer(name, settings, camera.watched(total_ns), camera.witness.seen())
                for name, camera in cameras.items()
            }
        )


def _until(
    views: Iterator[View], minutes: float, stop: Callable[[], bool], say: Say
) -> Iterator[View]:
    """Pass views on until the time is up or somebody asks to stop."""
    say(f"watching for {minutes:g} min; Ctrl-C ends it earlier and still answers")
    began_ns: int | None = None
    said = 0
    for view in views:
        began_ns = view.now_ns if began_ns is None else began_ns
        gone_ns = view.now_ns - began_ns
        if gone_ns // SAY_NS > said:
            said = gone_ns // SAY_NS
            say(f"{said} of {minutes:g} min watched")
        yield view
        if gone_ns >= minutes * SAY_NS or stop():
            return


def _look(views: Iterator[View], cameras: dict[str, _Camera], detector: Detector) -> int:
    """Look at every view; give the time that went by, nanoseconds."""
    first_ns = last_ns = 0
    begun = False
    for view in views:
        if not begun:
            first_ns = last_ns = view.now_ns
            begun = True
        now_ns = max(last_ns, view.now_ns)
        for camera in cameras.values():
            camera.pass_time(now_ns - last_ns)
        last_ns = now_ns
        if view.frame is not None:
            camera = cameras[view.camera]
            with view.frame:
                camera.quality.look(view.frame)
                people = detector.detect(view.frame)
            camera.witness.observe(people)
    return last_ns - first_ns
