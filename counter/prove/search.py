"""Is the marker in these bytes? One question, asked of files, of traffic and of what was said.

Rule 1: the answer is a list of forms, each with the codes that it was wrapped in.
Rule 2: what was looked at and what was left out is counted, because a search is worth as much as
the effort that went into it.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from counter.prove.forms import Form, Marker, forms_of
from counter.prove.pictures import recognised
from counter.prove.unpack import unpacked

DEEPEST: Final = 2  # codes in codes: base64 of a PNG in a zip
PIECE: Final = 32 << 20  # bytes of a file that are looked at together
OVERLAP: Final = 4 << 20  # of two pieces: a picture of ours is smaller


@dataclass(slots=True)
class Effort:
    bytes: int = 0
    files: int = 0
    unreadable: int = 0  # files that could not be read, or vanished
    pictures: int = 0  # decoded and compared
    pictures_left_out: int = 0
    texts: int = 0  # texts and compressed streams that were unpacked


@dataclass(slots=True)
class Search:
    """One marker, and all its forms."""

    marker: Marker
    effort: Effort = field(default_factory=Effort)
    forms: tuple[Form, ...] = ()

    def __post_init__(self) -> None:
        self.forms = forms_of(self.marker)

    def look(self, data: bytes) -> tuple[str, ...]:
        """Name every form of the marker that is in `data`."""
        self.effort.bytes += len(data)
        return tuple(sorted(self._look(data, 0)))

    def look_into(self, path: Path, most: int | None = None) -> tuple[str, ...]:
        """Look into a file, at most so many bytes of it; one that cannot be read is counted."""
        try:
            with path.open("rb") as file:
                self.effort.files += 1
                return self.look_through(file, most)
        except OSError:
            self.effort.unreadable += 1
            return ()

    def look_through(self, file: IO[bytes], most: int | None = None) -> tuple[str, ...]:
        """Look through a stream, at most so many bytes of it. Raises OSError."""
        found: set[str] = set()
        kept, read = b"", 0
        while most is None or read < most:
            piece = file.read(PIECE)
            if not piece:
                break
            read += len(piece)
            found.update(self.look(kept + piece))
            kept = piece[-OVERLAP:] if len(piece) == PIECE else b""
        return tuple(sorted(found))

    def _look(self, data: bytes, depth: int) -> set[str]:
        found = {
            form.name
            for form in self.forms
            if any(data.find(anchor) >= 0 for anchor in form.anchors)
        }
        seen = recognised(data, self.marker)
        self.effort.pictures += seen.decoded
        self.effort.pictures_left_out += seen.left_out
        found.update(seen.kinds)
        if depth < DEEPEST:
            for code, inner in unpacked(data):
                self.effort.texts += 1
                found.update(f"{code} of {name}" for name in self._look(inner, depth + 1))
        return found
