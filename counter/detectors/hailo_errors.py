"""What HailoRT says when it fails, as sentences that say what to do.

Rule 1: an error is told by its number; where the bindings hide it, by its class or its text.
Rule 2: before the first picture it is a ModelError; later a DeviceError, after which the detector
is opened again.
Rule 3: the vendor's own text is quoted, in one line, before the first picture only.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from counter.errors import CounterError, ModelError

TIMEOUT, INVALID_OPERATION, INTERNAL = 4, 6, 8
INVALID_HEF, DEVICE_IN_USE, NO_DEVICE, DRIVER_VERSION = 26, 73, 74, 76
QUEUE_FULL, NOT_COMPATIBLE = 82, 93

FILE: Final = "/dev/hailo0, or /dev/h1x-0 of a Hailo-10H"
INSTALL: Final = "sudo apt install hailo-all (Hailo-8, -8L) or hailo-h10-all (Hailo-10H); restart"
_ABSENT: Final = (
    "no Hailo chip is found",
    (
        f"does `lspci` show it? does another program hold it ({FILE})? is its driver loaded"
        f" (`lsmod | grep hailo`)? {INSTALL}"
    ),
)
_MISMATCH: Final = (
    "the Hailo driver is of another version than its library",
    f"install both from one release, then restart the machine: {INSTALL}",
)
_BAD_HEF: Final = (
    "HailoRT cannot read the file",
    "it is damaged, or compiled for another line: 4.x for Hailo-8 and -8L, 5.x for Hailo-10H",
)
_LOST: Final = (
    "the Hailo chip no longer answers",
    "look at `dmesg | grep hailo`; if it comes again: power supply, cooling, the flat cable",
)
# By number (hailort.h): what is wrong, what to do.
SENTENCES: Final[dict[int, tuple[str, str]]] = {
    TIMEOUT: (
        "the Hailo chip did not answer in time",
        "another program may keep it busy (`hailortcli monitor`); if none, restart the machine",
    ),
    15: _MISMATCH,
    16: _MISMATCH,
    INVALID_HEF: _BAD_HEF,
    36: _LOST,
    62: _LOST,
    63: _LOST,
    64: _ABSENT,
    DEVICE_IN_USE: (
        "the Hailo chip is in use by another process",
        f"one process owns the chip: stop the other one (`sudo lsof` {FILE})",
    ),
    NO_DEVICE: _ABSENT,
    DRIVER_VERSION: _MISMATCH,
    QUEUE_FULL: (
        "the Hailo chip's queue is full",
        "it is asked for more than it can do: fewer cameras, a lower frame rate or a smaller model",
    ),
    85: _MISMATCH,
    86: _MISMATCH,
    87: _LOST,
    91: _BAD_HEF,
    92: _BAD_HEF,
    NOT_COMPATIBLE: (
        "the file is compiled for another chip than this one",
        "take the file for your chip: hailo8l, hailo8 and hailo10h are three different files",
    ),
    96: _LOST,
    97: _LOST,
}
# Of the exceptions that pyhailort makes without a number.
CLASSES: Final = {
    "HailoRTTimeout": TIMEOUT,
    "HailoRTInvalidHEFException": INVALID_HEF,
    "HailoRTHEFNotCompatibleWithDevice": NOT_COMPATIBLE,
    "HailoRTInvalidOperationException": INVALID_OPERATION,
    "HailoRTDriverOperationFailedException": 36,
    "HailoCommunicationClosedException": 62,
    "HailoRTStreamAborted": 63,
}
PAGES: Final = (
    "the driver asks for larger pages than the Raspberry Pi's PCIe takes",
    "in /etc/modprobe.d/hailo_pci.conf: options hailo_pci force_desc_page_size=4096; restart",
)


def code_of(error: BaseException) -> int | None:
    """HailoRT's number for it; None: it says none (Rule 1)."""
    seen: BaseException | None = error
    while seen is not None:
        if type(seen).__name__ in CLASSES:
            return CLASSES[type(seen).__name__]
        text = str(seen.args[0]) if seen.args else ""
        found = re.fullmatch(r"\d+", text) or re.search(r"(?<=failed with error: )\d+", text)
        if found:
            return int(found.group())
        if "device not found" in text:
            return NO_DEVICE
        seen = seen.__cause__
    return None


@contextmanager
def told(
    kind: Callable[[str, str], CounterError], model: str, page_size: int = 4096
) -> Iterator[None]:
    """Turn what HailoRT raises into an error of ours. `page_size`: of this kernel, bytes."""
    try:
        yield
    except CounterError:
        raise
    except Exception as error:  # noqa: BLE001  # its exceptions, OSError, ValueError, TypeError
        wrong, hint = sentence(error, model, page_size, quoted=kind is ModelError)
        raise kind(wrong, hint) from None


def sentence(
    error: BaseException, model: str, page_size: int = 4096, *, quoted: bool = True
) -> tuple[str, str]:
    """What is wrong, and what to do."""
    code, text = code_of(error), str(error).strip().partition("\n")[0][:200]
    large = code == INTERNAL and page_size > 4096  # it writes the reason to a log that is off
    if "desc_page_size" in text or large:
        wrong, hint = PAGES
    elif code in SENTENCES:
        wrong, hint = SENTENCES[code]
    else:
        said = text if quoted else type(error).__name__
        wrong, hint = f"HailoRT fails: {said}", "look at `dmesg | grep hailo`"
    number = "" if code is None else f" (HailoRT {code})"
    return f"model {model}: {wrong}{number}", hint
