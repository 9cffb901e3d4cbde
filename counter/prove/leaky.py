"""A counter with a leak in it: what the proof must find, every time it is made.

Started as `python -m counter.prove.leaky [--enclosed] LEAK CONFIG [PATH]`. It is the appliance as
`counter run` opens it, with a detector that gives away the first picture it is shown.

Rule 1: it leaks nothing but the marker: it refuses every other camera.
Rule 2: without `--enclosed` it keeps all rights, and the leak must happen and be found. With it the
process is enclosed like the real one, and the leak must be blocked, or found.
Rule 3: nothing heavy is imported at the top: the sandbox's first stage comes before.
"""

import base64
import errno
import logging
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counter import voice
from counter.config import Loaded, load
from counter.errors import ConfigError, CounterError
from counter.service import stop_on_signals
from counter.start import begin, unrestrained

MARKED: Final = "synthetic:marker"
LEAKED, BLOCKED = "the leak happened", "the leak was blocked"
LINE: Final = 240  # characters of base64: a line that looks like any other of the log


@dataclass(frozen=True, slots=True)
class Scene:
    """What a leak gets into its hands."""

    pixels: Any  # (height, width, 3)
    machine: Any
    model_input: tuple[int, int]
    path: Path  # where a file goes that is not in the working folder


def _file(scene: Scene) -> None:
    Path("leak.bin").write_bytes(scene.pixels.tobytes())


def _shared_memory(scene: Scene) -> None:
    from counter.detectors.letterbox import Planes  # noqa: PLC0415  # Rule 3

    letterbox = Planes(scene.model_input)
    letterbox.fill(scene.pixels)
    scene.path.write_bytes(letterbox.tensor.tobytes())


def _log(scene: Scene) -> None:
    text = base64.b64encode(scene.pixels[:, : scene.pixels.shape[1] // 4].tobytes()).decode()
    for at in range(0, len(text), LINE):
        logging.getLogger("counter.leak").warning("%s", text[at : at + LINE])


def _topic(scene: Scene) -> None:
    say(scene, scene.pixels[:64].tobytes())


def say(scene: Scene, data: bytes) -> None:
    """Send data over the appliance's own connection to its broker."""
    from counter.outputs.mqtt import MqttOutput  # noqa: PLC0415  # Rule 3
    from counter.outputs.mqtt.outbox import Message, Release  # noqa: PLC0415

    message = Message("counter/v1/leak", data)
    for output in scene.machine.engine.outputs:
        if isinstance(output, MqttOutput):
            release = Release((message,), time.monotonic_ns())
            output._courier.carry(release, message)  # noqa: SLF001  # a leak asks nobody


def _error(scene: Scene) -> None:
    raise ValueError(scene.pixels[:64].tobytes())


def _none(scene: Scene) -> None:
    """Keep the picture where it belongs: for runs that leak by dying."""


LEAKS: Final[dict[str, Callable[[Scene], None]]] = {
    "file": _file,
    "shared-memory": _shared_memory,
    "log": _log,
    "topic": _topic,
    "error": _error,
    "none": _none,
}


class Leaking:
    """A detector's door with a leak behind it; pictures stay in flight where they are."""

    def __init__(self, inner: Any, leak: Callable[[Any], None]) -> None:
        from counter.detectors.lookout import Overlapping  # noqa: PLC0415  # Rule 3

        self._inner, self._leak = inner, leak
        self._done = False
        self.name, self.backend = inner.name, inner.backend
        if isinstance(inner, Overlapping):
            self.depth, self.collect = inner.depth, inner.collect
            self.submit = self._submit

    @property
    def done(self) -> bool:
        return bool(getattr(self._inner, "done", False))

    def detect(self, frame: Any) -> Any:
        self._show(frame)
        return self._inner.detect(frame)

    def _submit(self, frame: Any) -> None:
        self._show(frame)
        self._inner.submit(frame)

    def _show(self, frame: Any) -> None:
        if not self._done:
            self._done = True
            self._try(frame.pixels)

    def close(self) -> None:
        self._inner.close()

    def _try(self, pixels: Any) -> None:
        try:
            self._leak(pixels)
        except OSError as error:
            voice.note(f"{BLOCKED} ({errno.errorcode.get(error.errno or 0, 'OSError')})")
        else:
            voice.note(LEAKED)


def run(leak: str, loaded: Loaded, path: Path, *, enclosed: bool) -> None:
    """Count like `counter run`, and leak."""
    if any(camera.source != MARKED for camera in loaded.settings.cameras.values()):
        raise ConfigError("cameras: this program leaks on purpose", f"it shows {MARKED} only")
    with ExitStack() as opened:
        stop = opened.enter_context(stop_on_signals())
        start = begin(loaded) if enclosed else unrestrained(loaded)
        from counter.assemble import appliance  # noqa: PLC0415  # Rule 3

        machine = opened.enter_context(appliance(loaded, start=start))
        size = start.model.entry.input

        def leaks(pixels: Any) -> None:
            LEAKS[leak](Scene(pixels, machine, size, path))

        lookout = machine.engine.lookout
        assert lookout.detector is not None  # noqa: S101  # it is open
        lookout.detector = Leaking(lookout.detector, leaks)
        machine.run(stop)


def main(words: list[str]) -> None:
    enclosed = "--enclosed" in words
    leak, config, *more = (word for word in words if word != "--enclosed")
    voice.say_what_is_logged()
    try:
        run(leak, load(Path(config)), Path(*more), enclosed=enclosed)
    except CounterError as error:
        sys.exit(voice.mistake(error))
    except Exception as error:  # noqa: BLE001  # as the command does: its text stays inside
        sys.exit(voice.broken(error))


if __name__ == "__main__":
    main(sys.argv[1:])
