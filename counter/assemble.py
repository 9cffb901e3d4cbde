"""Open everything a configuration names, and close it in reverse.

The order lets a mistake be told before anything is published: model, cameras, outputs.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from types import FrameType

from counter import models
from counter.clock import LiveClock, footage_clock
from counter.config import Loaded
from counter.counting import Counting
from counter.detectors.open import open_detector
from counter.disclosure import Gate
from counter.engine import Engine
from counter.errors import SourceError
from counter.health import Monitor, standing
from counter.interval import interval_at
from counter.outputs import Output
from counter.outputs.wire import Announcement
from counter.release import CameraState
from counter.sources import TimedSource
from counter.sources.merge import View, are_live, merged
from counter.sources.open import open_source

FIRST_CONNECT_S = 10.0  # a broker that is there answers within milliseconds; a slow link in seconds


@dataclass(slots=True)
class Machine:
    """An appliance that is open and has not looked yet."""

    engine: Engine
    sources: Sequence[TimedSource]
    views: Iterator[View]
    interval_s: int
    live: bool
    summary: str

    def run(self, stop: Callable[[], bool]) -> None:
        """Count until `stop`, or until the footage has ended and its last interval is released.

        Raises SourceError, after that release, for footage that ended before its end.
        """
        ended = self.engine.run(self.views, lambda: stop() or self._unheard())
        if not ended or self.live:
            return
        ended_at = self.engine.clock.utc(self.engine.now_ns)
        if ended_at > interval_at(ended_at, self.interval_s).start:  # else nothing is open
            self.engine.release(ended_at + timedelta(seconds=self.interval_s))
        for source in self.sources:
            if source.state is CameraState.LOST:
                raise SourceError(
                    f"cameras.{source.camera}.source: the footage ended before its end",
                    "it is cut off or damaged; what could be read was counted",
                )

    def _unheard(self) -> bool:
        """Nobody listens any more: the reader of standard output, the only output, has gone."""
        outputs = self.engine.outputs
        return bool(outputs) and all(getattr(output, "broken", False) for output in outputs)


@contextmanager
def appliance(loaded: Loaded, *, realtime: bool = False) -> Iterator[Machine]:
    """Give the opened appliance. Raises CounterError for what cannot be opened."""
    settings = loaded.settings
    gate = Gate(settings)
    interval_s = gate.parameters.interval_s
    with ExitStack() as opened:
        model = models.find(settings.model.name)
        detector = open_detector(settings.model, model)
        opened.callback(detector.close)
        sources = [_opened(opened, open_source(n, c)) for n, c in settings.cameras.items()]
        live = are_live(sources)
        health = standing(loaded, model, detector.backend)
        said = announcement(loaded, gate, model)
        yield Machine(
            engine=Engine(
                detector=detector,
                counting=Counting(settings, gate),
                outputs=_outputs(opened, loaded, said),
                health=Monitor(health, {s.camera: _state_of(s) for s in sources}),
                clock=LiveClock() if live else footage_clock(settings.starts_at, interval_s),
            ),
            sources=sources,
            views=merged(sources, realtime=realtime),
            interval_s=interval_s,
            live=live,
            summary=f"{model.name} on {detector.backend}, a release every {interval_s} s",
        )


def announcement(loaded: Loaded, gate: Gate, model: models.Model) -> Announcement:
    """Gather what stands for the whole run and is released with it."""
    return Announcement(
        sensor_id=loaded.settings.sensor_id,
        purpose=loaded.settings.purpose,
        interval_s=gate.parameters.interval_s,
        cells=gate.cells,
        rules=(gate.parameters.rule_id,),
        model=model.name,
        model_sha256=model.entry.sha256,
        config_sha256=loaded.sha256,
    )


def _opened(opened: ExitStack, source: TimedSource) -> TimedSource:
    opened.callback(source.close)
    return source


def _state_of(source: TimedSource) -> Callable[[], CameraState]:
    return lambda: source.state


def _outputs(opened: ExitStack, loaded: Loaded, said: Announcement) -> Sequence[Output]:
    """Open what the configuration names; an output's library is imported only then."""
    settings = loaded.settings
    outputs: list[Output] = []
    if settings.stdout:
        from counter.outputs.stdout import StdoutOutput  # noqa: PLC0415

        outputs.append(StdoutOutput())
        opened.callback(outputs[-1].close)
    if settings.prometheus is not None:
        from counter.outputs.prometheus import PrometheusOutput  # noqa: PLC0415

        outputs.append(PrometheusOutput(settings.prometheus, said))
        opened.callback(outputs[-1].close)
    if settings.mqtt is not None:
        from counter.outputs.mqtt import MqttOutput  # noqa: PLC0415

        mqtt = MqttOutput(settings.mqtt, said)
        mqtt.connect(FIRST_CONNECT_S)
        opened.callback(mqtt.close)
        outputs.append(mqtt)
    return outputs


@contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Give a question that is answered with yes after SIGINT or SIGTERM.

    The second signal does what it always did: a loop that hangs can still be ended.
    """
    asked = Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        asked.set()
        for known, handler in before.items():
            signal.signal(known, handler)

    for number in before:
        signal.signal(number, ask)
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
