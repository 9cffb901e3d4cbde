"""What a test decides: chips, version, and what goes wrong where."""

from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace

from .errors import HailoRTException, HailoRTStatusException, fail


class HailoSchedulingAlgorithm(Enum):
    NONE = 0
    ROUND_ROBIN = 1


class FormatType(Enum):
    AUTO = 0
    UINT8 = 1
    UINT16 = 2
    FLOAT32 = 3


class FormatOrder(Enum):
    NHWC = 1
    HAILO_NMS_BY_CLASS = 22
    HAILO_NMS_BY_SCORE = 24


@dataclass
class Chip:
    architecture: int = 2  # hailo_device_architecture_t: 1 Hailo-8, 2 Hailo-8L, 6 Hailo-10H
    celsius: float = 52.0
    in_use: bool = False  # by another process


@dataclass
class World:
    version: str = "4.23.0"
    chips: dict[str, Chip] = field(default_factory=lambda: {"0000:01:00.0": Chip()})
    # Where HailoRT fails, and with which number: scan, device, vdevice, model, configure, ready,
    # run, job (in the callback).
    faults: dict[str, int] = field(default_factory=dict)
    stuck: bool = False  # jobs never end
    slow_s: float = 0.0  # how long the chip takes besides
    queue: int = 4  # get_async_queue_size()
    opened: list[str] = field(default_factory=list)  # devices and networks, as they were opened
    closed: list[str] = field(default_factory=list)
    callback_errors: list[BaseException] = field(default_factory=list)  # each would be a crash
    most_in_flight: int = 0

    def reset(self) -> None:
        self.__dict__.update(World().__dict__)

    @property
    def new_line(self) -> bool:
        return self.version.startswith("5.")

    def check(self, step: str) -> None:
        if step in self.faults:
            fail(self.faults[step])

    def check_bare(self, step: str) -> None:
        """As `check` where the package does not translate."""
        if step in self.faults:
            raise HailoRTStatusException(str(self.faults[step]))

    def params(self) -> SimpleNamespace:
        """Give the defaults, which are not those of the other line."""
        algorithm = HailoSchedulingAlgorithm.ROUND_ROBIN
        if not self.new_line:
            algorithm = HailoSchedulingAlgorithm.NONE
        return SimpleNamespace(scheduling_algorithm=algorithm, group_id="UNIQUE")

    def first_chip(self) -> Chip:
        if not self.chips:
            fail(74)
        chip = next(iter(self.chips.values()))
        if chip.in_use:
            fail(73)
        return chip


world = World()
__all__ = ["Chip", "FormatOrder", "FormatType", "HailoRTException", "World", "world"]
