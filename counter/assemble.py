"""Open everything a configuration names, and close it in reverse.

Rule 1: the order lets a mistake be told before anything is published: model, cameras, outputs.
Rule 2: what was opened is sealed (stage 2 of the sandbox) before the first picture is asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from counter import models
from counter.accelerators import accelerator_of
from counter.clock import LiveClock, footage_clock
from counter.config import Loaded
from counter.counting import Counting
from counter.detectors import CrowdModel, Detector
from counter.detectors.lookout import Lookout
from counter.detectors.open import open_crowd_model, open_detector
from counter.detectors.overlapped import AHEAD
from counter.disclosure import Gate
from counter.engine import Engine
from counter.health import Monitor, standing
from counter.machine import DEVICE_GONE_S, NAME_GONE_S, Machine
from counter.outputs import Output
from counter.outputs.wire import Announcement
from counter.reach import is_device
from counter.release import CameraState
from counter.settings import CameraSettings, Settings
from counter.sources import TimedSource
from counter.sources.merge import are_live, merged
from counter.sources.open import open_source
from counter.start import Start

FIRST_CONNECT_S = 10.0  # a broker that is there answers within milliseconds; a slow link in seconds


@contextmanager
def appliance(loaded: Loaded, *, start: Start, realtime: bool = False) -> Iterator[Machine]:
    """Give the opened appliance. Raises CounterError for what cannot be opened.

    `start` is what `start.begin` made of `loaded`, after which rights are given up. There is no
    default: who keeps all rights says so, with `counter.start.unrestrained`.
    """
    settings, model = start.loaded.settings, start.model
    gate = Gate(settings, start.not_before)
    interval_s = gate.parameters.interval_s
    with ExitStack() as opened:
        lookout = _lookout(start)
        opened.callback(lookout.close)
        sources = [_opened(opened, open_source(n, c)) for n, c in settings.cameras.items()]
        live = are_live(sources)
        health = standing(start.loaded, model, start.crowd, lookout.backend)
        said = announcement(start, gate)
        yield Machine(
            engine=Engine(
                lookout=lookout,
                counting=Counting(settings, gate),
                outputs=_outputs(opened, settings, said),
                health=Monitor(health, {s.camera: _state_of(s) for s in sources}),
                clock=LiveClock() if live else footage_clock(settings.starts_at, interval_s),
                crowds=_crowds(opened, start),
            ),
            sources=sources,
            views=merged(sources, realtime=realtime),
            interval_s=interval_s,
            live=live,
            summary=f"{model.name} on {lookout.backend}, a release every {interval_s} s",
            enclosure=start.enclosure,
            service=start.service,
            patience_s=_patience(loaded.settings.cameras, settings.cameras),
        )


def _lookout(start: Start) -> Lookout:
    """Open the detector; what is opened again is hashed again.

    A chip's device cannot be opened again once the process is sealed.
    """
    settings, model = start.loaded.settings.model, start.model
    detector = open_detector(settings, model, ahead=AHEAD)
    sealed = start.enclosure is not None
    if sealed and accelerator_of(detector.backend, model):
        return Lookout(detector)

    def again() -> Detector:
        return open_detector(settings, models.checked(model), ahead=AHEAD)

    return Lookout(detector, again, sealed=sealed)


def announcement(start: Start, gate: Gate) -> Announcement:
    """Gather what stands for the whole run and is released with it."""
    settings, crowd = start.loaded.settings, start.crowd
    return Announcement(
        sensor_id=settings.sensor_id,
        purpose=settings.purpose,
        interval_s=gate.parameters.interval_s,
        cells=gate.cells,
        rules=(gate.parameters.rule_id,),
        model=start.model.name,
        model_sha256=start.model.entry.fingerprint,
        crowd_model=None if crowd is None else crowd.name,
        crowd_model_sha256=None if crowd is None else crowd.entry.fingerprint,
        config_sha256=start.loaded.sha256,
        ledger_head=start.ledger_head,
    )


def _crowds(opened: ExitStack, start: Start) -> CrowdModel | None:
    if start.crowd is None:
        return None
    crowds = open_crowd_model(start.crowd, start.loaded.settings.model.threads)
    opened.callback(crowds.close)
    return crowds


def _patience(
    named: Mapping[str, CameraSettings], found: Mapping[str, CameraSettings]
) -> Mapping[str, float]:
    """How long to wait for a camera that cannot be found again, s; `found` has its address."""
    devices = {name: DEVICE_GONE_S for name, camera in found.items() if is_device(camera.source)}
    names = {n: NAME_GONE_S for n, camera in found.items() if camera.source != named[n].source}
    return names | devices


def _opened(opened: ExitStack, source: TimedSource) -> TimedSource:
    opened.callback(source.close)
    return source


def _state_of(source: TimedSource) -> Callable[[], CameraState]:
    return lambda: source.state


def _outputs(opened: ExitStack, settings: Settings, said: Announcement) -> Sequence[Output]:
    """Open what the configuration names; an output's library is imported only then."""
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
