"""What the address of a camera says of its source: one table, which everybody reads.

Rule 1: an address is read here, never opened. Whether a path is a device, a film or nothing, only
the machine that it is on can say: `reach.is_device`, `sources.open`.
Rule 2: a scheme that is not here is no source.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Link(StrEnum):
    """How pictures come to the counter; the documents have words for each."""

    DRAWN = "drawn"  # no camera: a scene for trials
    FOOTAGE = "footage"  # no live camera: a file
    DEVICE = "device"  # on a cable of this machine
    ENCRYPTED = "encrypted"  # over a network, encrypted; nobody checks the certificate
    NETWORK = "network"  # over a network, readable for whoever listens on it


@dataclass(frozen=True, slots=True)
class Form:
    link: Link
    keys: tuple[str, ...] = ()  # those of USES that have an effect
    port: int = 0  # of a network, where the address names none: registered by IANA


SCHEMES: Final = {
    "rtsp": Form(Link.NETWORK, port=554),
    "rtsps": Form(Link.ENCRYPTED, port=322),
    "http": Form(Link.NETWORK, port=80),
    "https": Form(Link.ENCRYPTED, port=443),
    "synthetic": Form(Link.DRAWN, ("fps", "size", "seed", "people")),
}
DEVICE: Final = Form(Link.DEVICE, ("size",))
FOOTAGE: Final = Form(Link.FOOTAGE, ("fps",))  # a file or a directory
DEVICES: Final = ("/dev/video", "/dev/v4l/")  # what cameras are called; another name may be one
DEVICE_FOLDER: Final = "/dev/"
USES: Final = {
    "fps": "it is for a file, a directory of pictures or a drawn scene",
    "size": "it is for /dev/video... or a drawn scene",
    "seed": "it is for a drawn scene, synthetic:...",
    "people": "it is for a drawn scene, synthetic:...",
}
TRIALS: Final = frozenset({Link.DRAWN, Link.FOOTAGE})  # no live camera


def scheme_of(address: str) -> str:
    """Give its scheme as the table has it; empty for a path, and for what is no source."""
    scheme, colon, _ = address.partition(":")
    return scheme.lower() if colon and scheme.lower() in SCHEMES else ""


def form_of(address: str) -> Form:
    """Say what the address alone tells: what a path leads to may be on another machine."""
    if scheme := scheme_of(address):
        return SCHEMES[scheme]
    return DEVICE if address.lower().startswith(DEVICES) else FOOTAGE
