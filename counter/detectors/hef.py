"""Which chip a Hailo file is compiled for, read from its first bytes.

Rule: what cannot be read is not known (None), and is left to the runtime to refuse.

Layout and numbers as in hailort 5.2 (hef_internal.hpp, hef.proto, device_internal.cpp): a header of
a length that its version says, then a protobuf whose first field holds the architecture in its
first field. Tried on headers that were made for the tests, on no real file.
"""

from pathlib import Path
from typing import Final

MAGIC: Final = b"\x01HEF"
LENGTHS: Final = {0: 12 + 20, 1: 12 + 16, 2: 12 + 32, 3: 12 + 44}  # bytes, by version
FIRST_FIELD_TABLE, FIRST_FIELD_NUMBER = 0x0A, 0x08  # protobuf tags: field 1, its kind of value

# hailo_device_architecture_t
CHIPS: Final = {
    0: "Hailo-8 (A0)", 1: "Hailo-8", 2: "Hailo-8L", 3: "Hailo-15H", 4: "Hailo-15L",
    5: "Hailo-15M", 6: "Hailo-10H",
}  # fmt: skip
# The file's number (ProtoHEFHwArch), and the chips that run it, its own first.
RUNS_ON: Final = {
    0: (1,), 1: (1,), 2: (1,), 101: (1,), 102: (1,),
    3: (2, 1),  # half of the chip: a Hailo-8 runs it too, at half its speed
    103: (6, 3), 104: (6, 3), 105: (6, 3),
    4: (5, 3, 6), 6: (4,), 106: (4,), 100: (0,),
}  # fmt: skip


def chips_of(path: Path) -> tuple[int, ...] | None:
    """The chips that run this file; None: not known. Raises OSError."""
    with path.open("rb") as stream:
        head = stream.read(128)
    length = LENGTHS.get(int.from_bytes(head[4:8], "big"))
    if head[:4] != MAGIC or length is None:
        return None
    table = head[length:]
    if len(table) < 2 or table[0] != FIRST_FIELD_TABLE:
        return None
    size, begin = _number(table, 1)
    inner = table[begin : begin + size]
    if not inner or inner[0] != FIRST_FIELD_NUMBER:
        return RUNS_ON[0]  # protobuf leaves a zero out
    return RUNS_ON.get(_number(inner, 1)[0])


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, lowest first, and where it ends."""
    value = shift = 0
    for index in range(at, min(at + 10, len(data))):
        value |= (data[index] & 0x7F) << shift
        shift += 7
        if not data[index] & 0x80:
            return value, index + 1
    return 0, len(data)
