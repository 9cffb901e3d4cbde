"""Do these labels belong to these pictures? What cannot be is an error, what may be is a note.

Rule 1: boxes or points of which more than half lie outside of the picture are of pictures of
another size.
Rule 2: a labelled frame that has no picture says that the clip is another one, was cut, or has
another frame rate. More than half of them are an error, fewer are said with the report.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from counter.errors import SourceError
from counter.evaluate import mot

MOST_OUTSIDE: Final = 0.5  # of all; somebody at the picture's edge may have a middle outside
SAME_RATE: Final = 0.01  # relative; 29.97 is 30

Places = Collection[tuple[float, float]]  # x, y in pixels
Size = tuple[int, int]  # width, height


def check_size(path: Path, places: Places, size: Size) -> None:
    """Raise SourceError where most of these lie outside of a picture of this size (Rule 1)."""
    outside = sum(not (0 <= x <= size[0] and 0 <= y <= size[1]) for x, y in places)
    if outside > MOST_OUTSIDE * len(places):
        raise SourceError(
            f"{path}: {outside} of {len(places)} people lie outside of {size[0]}x{size[1]} pixels",
            "give --label-size WxH, of the pictures that were labelled",
        )


def check_frames(path: Path, labelled: Collection[int], last: int) -> tuple[str, ...]:
    """Say how many labelled frames have no picture among 0 to `last` (Rule 2).

    Raises SourceError where most have none.
    """
    outside = sum(not 0 <= frame <= last for frame in labelled)
    if not outside:
        return ()
    said = f"{path.name}: {outside} of {len(labelled)} labelled frames have no picture in the clip"
    if outside > MOST_OUTSIDE * len(labelled):
        raise SourceError(
            f"{said}, which ends at {last} (frames from 0)",
            "is this the clip that was labelled, at its frame rate? see --label-offset",
        )
    return (said,)


def check_rate(path: Path, looked: float) -> tuple[str, ...]:
    """Say where the labels are of other pictures a second than the clip, by their seqinfo.ini."""
    try:
        labelled = mot.sequence(path.parent).fps
    except ValueError:
        return ()
    if labelled <= 0 or abs(labelled - looked) <= SAME_RATE * looked:
        return ()
    said = f"{path.name}: its seqinfo.ini says {labelled:g} pictures a second, the clip has"
    return (f"{said} {looked:.3g}: frames are compared by their number",)
