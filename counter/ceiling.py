"""The one bit about people that Health may hold: did they all stay below the height ceiling?

A face is recognisable from about `max_person_px` pixels of body on (settings.CameraSettings): a
camera that shows people taller than that is aimed wrongly, and whoever looks after it shall know.
Rule 1 (P7): the bit turns when one camera saw at least `threshold` distinct persons above its
ceiling, in an interval for which a count of that camera was published. A smaller number would tell
an empty place from one with somebody in it; so would the number alone, because somebody whose track
breaks and begins anew is two.
Rule 2: it stays turned for the run: if it came back, it would tell when they had gone.
Rule 3: it is asked for when an interval is released, and changes only when one has closed.
"""

from collections.abc import Iterable

from counter.floor import in_force
from counter.settings import Settings
from counter.tally import Persons


class Ceiling:
    """The latch of one device."""

    def __init__(self, settings: Settings) -> None:
        self._threshold = in_force(settings).threshold
        self._below = True

    @property
    def below(self) -> bool:
        """No interval had `threshold` or more persons above their camera's ceiling."""
        return self._below

    def close(self, cameras: Iterable[Persons]) -> None:
        """Take what each camera saw above its ceiling while a count of it was published."""
        self._below &= all(int(tall.many.sum()) < self._threshold for tall in cameras)
