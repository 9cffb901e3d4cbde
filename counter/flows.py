"""What one camera's lines did lately, and what that says of the time in which it was gone.

Rule 1: a crossing speaks for FLOW_S. While the camera is gone its lines go on as they did before;
of a few nothing is carried on.
Rule 2: what the lines do once it is back is compared with what was carried on. Where a rush began
or ended in between, the difference is people whom nobody saw: it is a doubt, not a correction.
"""

from dataclasses import dataclass
from math import exp
from typing import Final

FLOW_S: Final = 900.0  # how long a crossing speaks for the flow
SECOND_NS: Final = 1e9


@dataclass(slots=True)
class Flow:
    """The crossings of one camera, fading; of bounded size."""

    lines: frozenset[str]
    stall_ns: int
    last_ns: int | None = None
    net: float = 0.0  # entries - exits, fading with FLOW_S
    all: float = 0.0  # entries + exits, likewise
    _gone_ns: int = 0  # for how long it was gone, and was not compared to the end (Rule 2)
    _carried: float = 0.0  # over that time
    _since_ns: int = 0  # for how long it has been back
    _since: float = 0.0  # entries - exits since
    _settled: float = 0.0  # the doubt of earlier gaps

    @property
    def unsure(self) -> float:
        """Persons by which the number inside is probably wrong, since `forget` (Rule 2)."""
        return self._settled + self._open()

    def see(self, step_ns: int) -> None:
        """So much time passed in which the camera saw."""
        fade = exp(-max(step_ns, 0) / SECOND_NS / FLOW_S)
        self.net, self.all = self.net * fade, self.all * fade
        if self._gone_ns:
            self._since_ns += max(step_ns, 0)
        if self._since_ns >= FLOW_S * SECOND_NS:
            self._settle()

    def cross(self, way: int) -> None:
        self.net, self.all = self.net + way, self.all + 1
        if self._gone_ns:
            self._since += way

    def miss(self, gap_ns: int, few: int) -> tuple[float, float]:
        """It was gone: give how many came in meanwhile less who went, and how many crossed."""
        share = gap_ns / SECOND_NS / FLOW_S
        carried = self.net * share if self.all >= few else 0.0  # Rule 1
        self._gone_ns += gap_ns
        self._carried += carried
        return carried, self.all * share

    def forget(self, now_ns: int) -> None:
        """Begin anew at a zero: what was missed before is of no matter."""
        self.last_ns = None if self.last_ns is None else now_ns
        self._settle()
        self._settled = 0.0

    def _open(self) -> float:
        """Grow with the time since it is back, so that one crossing is not taken for a rush."""
        if not self._gone_ns:
            return 0.0
        as_before = self._carried * self._since_ns / self._gone_ns
        return abs(self._since - as_before) * self._gone_ns / (FLOW_S * SECOND_NS)

    def _settle(self) -> None:
        self._settled += self._open()
        self._gone_ns = self._since_ns = 0
        self._carried = self._since = 0.0
