"""What the process may still do once it is enclosed. All else is given up."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    read: tuple[Path, ...] = ()  # files, and folders with all below, that may be read
    # Opened read-write and driven by ioctl until stage 2; none can be opened afterwards.
    devices: tuple[Path, ...] = ()
    connect: tuple[int, ...] = ()  # TCP ports of brokers and cameras
    bind: tuple[int, ...] = ()  # TCP ports that are listened on; bound before stage 2
