"""Is the box well? A closed list, none of which follows from how many people were seen.

The exception is `below_ceiling`, which has been through the gate's threshold (`ceiling.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from counter import __version__
from counter.config import Loaded
from counter.models import Model
from counter.release import CameraHealth, CameraState, Health


@dataclass(frozen=True, slots=True)
class Monitor:
    """The parts of Health that stand for the whole run, and the cameras to ask."""

    standing: Health
    cameras: Mapping[str, Callable[[], CameraState]]

    def report(self, *, below_ceiling: bool, blind: bool = False) -> Health:
        """`blind`: there is no detector now that would look at the cameras' pictures."""
        states = {name: ask() for name, ask in sorted(self.cameras.items())}
        if blind:
            unseen = CameraState.UNSEEN
            states = {n: unseen if s is CameraState.OK else s for n, s in states.items()}
        cameras = tuple(CameraHealth(name, state) for name, state in states.items())
        return replace(
            self.standing,
            cameras=cameras,
            ok=all(c.state is CameraState.OK for c in cameras),
            below_ceiling=below_ceiling,
        )


def standing(loaded: Loaded, model: Model, crowd: Model | None, backend: str) -> Health:
    """What Health says for the whole run."""
    return Health(
        sensor_id=loaded.settings.sensor_id,
        version=__version__,
        config_sha256=loaded.sha256,
        model=model.name,
        model_sha256=model.entry.fingerprint,
        crowd_model=None if crowd is None else crowd.name,
        crowd_model_sha256=None if crowd is None else crowd.entry.fingerprint,
        backend=backend,
        sandbox="none",
        started=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        cameras=(),
        ok=True,
        below_ceiling=True,
    )
