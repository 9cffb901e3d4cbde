"""What changes of the machine while figures are taken: clocks, heat, throttling, load, memory.

Rule 1: what cannot be read is ABSENT in words and NaN in numbers, never a value.
Rule 2: reading is cheap: a few files of the kernel once a second. `vcgencmd` is a program of its
own, so it is run every ten seconds only.
Rule 3: the readings lie in memory that is taken at once, so that a long run's own notes are no
growth. Not run on a Raspberry Pi.
"""

import math
import os
import subprocess
import time
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.board import ABSENT, text

CPU: Final = Path("/sys/devices/system/cpu")
THERMAL: Final = Path("/sys/class/thermal")
VCGENCMD: Final = Path("/usr/bin/vcgencmd")  # by its place, so that a PATH cannot name another
APEX: Final = Path("/sys/class/apex")
EVERY_S, ASK_EVERY = 1.0, 10
BUSY: Final = 0.5  # load a core; above, other work takes a part of the machine

# `vcgencmd get_throttled`, raspberrypi.com/documentation/computers/os.html#get_throttled
BITS: Final = {
    0: "under-voltage",
    1: "clock capped",
    2: "throttled",
    3: "soft temperature limit",
    16: "under-voltage has occurred since boot",
    17: "clock has been capped since boot",
    18: "throttling has occurred since boot",
    19: "soft temperature limit has been reached since boot",
}
COLUMNS: Final = ("at_s", "clock_mhz", "soc_c", "npu_c", "rss_mib", "throttled")
LOAD_AT_START: Final = os.getloadavg()[0]  # of the last minute, when this program began


def clock_mhz(cpu: Path = CPU) -> float:
    """The mean of the cores' real clocks. A virtual machine's is what its host says."""
    told = [text(path) for path in cpu.glob("cpu[0-9]*/cpufreq/scaling_cur_freq")]
    khz = [float(value) for value in told if value.isdigit()]
    if khz:
        return sum(khz) / len(khz) / 1000
    lines = text(Path("/proc/cpuinfo")).splitlines()
    mhz = [float(line.partition(":")[2]) for line in lines if line.startswith("cpu MHz")]
    return sum(mhz) / len(mhz) if mhz else math.nan


def governor(cpu: Path = CPU) -> str:
    names = {text(path) for path in cpu.glob("cpu[0-9]*/cpufreq/scaling_governor")}
    return ", ".join(sorted(names)) or ABSENT


def zones(thermal: Path = THERMAL) -> dict[str, float]:
    """Each thermal zone that can be read, C."""
    found = {}
    for zone in sorted(thermal.glob("thermal_zone*")):
        value = text(zone / "temp")
        if value.lstrip("-").isdigit():
            found[f"{zone.name} {text(zone / 'type')}"] = int(value) / 1000
    return found


def apex_c(apex: Path = APEX) -> float:
    """Of a Coral on PCIe; one on USB says nothing of its heat."""
    values = [text(path) for path in apex.glob("apex_*/temp")]
    return max((int(value) / 1000 for value in values if value.isdigit()), default=math.nan)


def rss_mib() -> float:
    """Resident set, from the kernel's own account of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def throttled() -> float:
    """The bits of `vcgencmd get_throttled`; NaN where there is no such tool or it says nothing."""
    if not VCGENCMD.exists():
        return math.nan
    try:
        said = subprocess.run(
            [VCGENCMD, "get_throttled"], capture_output=True, text=True, timeout=5, check=True
        ).stdout
        return int(said.partition("=")[2], 16)
    except (OSError, subprocess.SubprocessError, ValueError):
        return math.nan


def decoded(bits: float) -> str:
    if math.isnan(bits):
        return ABSENT
    said = [name for bit, name in BITS.items() if int(bits) >> bit & 1]
    return f"{int(bits):#x} ({', '.join(said) or 'none'})"


def snapshot() -> dict[str, Any]:
    """Everything at this moment, ready for JSON."""
    return {
        "load average": [round(load, 2) for load in os.getloadavg()],
        "governor": governor(),
        "clock MHz": said(clock_mhz(), 0),
        "throttled": decoded(throttled()),
        "temperatures C": zones() or ABSENT,
        "Coral C": said(apex_c(), 1),
    }


def said(value: float, digits: int) -> float | str:
    return ABSENT if math.isnan(value) else round(value, digits)


def busy() -> str:
    """A warning, if other work had a part of the machine when this program began."""
    cores = os.cpu_count() or 1
    if BUSY * cores >= LOAD_AT_START:
        return ""
    return (
        f"warning: the machine was busy: load average {LOAD_AT_START:.1f} on {cores} cores at the"
        " start; figures are worse than the machine's own"
    )


class Watch:
    """Reads once a second in a thread of its own, until the block ends."""

    def __init__(self, most_s: float) -> None:
        self._table = np.full((math.ceil(most_s / EVERY_S) + 16, len(COLUMNS)), np.nan)
        self._filled = 0
        self._stop = Event()
        self._thread = Thread(target=self._run, name="readings", daemon=True)
        self.npu_c = math.nan  # what a Hailo's detector read last, see `Thermometer`
        self.before: dict[str, Any] = {}
        self.after: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self.before = snapshot()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.after = snapshot()

    def column(self, name: str) -> NDArray[np.float64]:
        """All readings of one kind so far, NaN where there was none."""
        return self._table[: self._filled, COLUMNS.index(name)]

    def bits(self) -> float:
        """Every throttling bit that was seen during the run; NaN where none could be read."""
        seen = self.column("throttled")
        known = seen[~np.isnan(seen)].astype(np.int64)
        return float(np.bitwise_or.reduce(known)) if len(known) else math.nan

    def during(self) -> dict[str, Any]:
        return {
            "clock MHz": _spread(self.column("clock_mhz")),
            "SoC C": _spread(self.column("soc_c")),
            "accelerator C": _spread(self.column("npu_c")),
            "throttled": decoded(self.bits()),
            "readings": self._filled,
        }

    def told(self) -> dict[str, Any]:
        """Before, during and after, ready for JSON."""
        return {"before": self.before, "during": self.during(), "after": self.after}

    def _run(self) -> None:
        while self._filled < len(self._table):
            self._read(self._filled)
            self._filled += 1
            if self._stop.wait(EVERY_S):
                return

    def _read(self, index: int) -> None:
        hottest = max(zones().values(), default=math.nan)
        bits = throttled() if index % ASK_EVERY == 0 else math.nan
        coral = apex_c()
        npu = self.npu_c if math.isnan(coral) else coral
        self._table[index] = (time.monotonic(), clock_mhz(), hottest, npu, rss_mib(), bits)


class Thermometer:
    """Stands before a Hailo's control and notes what its detector reads of its own accord."""

    def __init__(self, control: Any, watch: Watch) -> None:
        self._control, self._watch = control, watch

    def get_chip_temperature(self) -> Any:
        measured = self._control.get_chip_temperature()
        self._watch.npu_c = max(measured.ts0_temperature, measured.ts1_temperature)
        return measured

    def __getattr__(self, name: str) -> Any:
        return getattr(self._control, name)


def _spread(values: NDArray[np.float64]) -> str:
    known = values[~np.isnan(values)]
    if not len(known):
        return ABSENT
    return f"{known.min():.0f} to {known.max():.0f}, mean {known.mean():.0f}"
