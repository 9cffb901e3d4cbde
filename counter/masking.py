"""What masks leave of a picture: the shares that a configuration is judged by.

Rule 1: masks may lie over each other; what two of them cover is covered once.
Rule 2: shares are added up along level lines through the picture, exact along each: what is off by
less than a line's height is off by less than one part in four hundred.
Rule 3: nothing here overwrites a pixel: `sources/mask.py` does, and rounds outwards.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from counter import geometry
from counter.errors import ConfigError
from counter.geometry import Polygon
from counter.settings import Settings

LEVELS: Final = 400  # lines
WHOLE: Final = 0.99  # what is left would be a sliver that nobody can be seen in
MOSTLY: Final = 0.5  # of a zone: more than this under masks, and its count means little

_Spans = list[tuple[float, float]]  # from left to right, apart from each other


def check(settings: Settings) -> None:
    """Raise ConfigError for masks that cannot be meant."""
    for name, camera in settings.cameras.items():
        for index, mask in enumerate(camera.masks):
            if not geometry.is_simple(mask):
                raise ConfigError(
                    f"cameras.{name}.masks[{index}]: the outline crosses or touches itself",
                    "name each corner once, in the order of a walk around the mask",
                )
        if covered(camera.masks) > WHOLE:
            raise ConfigError(
                f"cameras.{name}.masks: nothing of the picture is left",
                "a mask hides what lies inside its outline; draw it around what nobody may see",
            )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what works and is probably not meant."""
    for name, zone in settings.zones.items():
        share = covered(settings.cameras[zone.camera].masks, zone.polygon)
        if share > MOSTLY:
            yield (
                f"zones.{name}.polygon: {share:.0%} of it lies under cameras.{zone.camera}.masks,"
                " where nobody is seen"
            )


def covered(masks: Sequence[Polygon], of: Polygon = ((0, 0), (1, 0), (1, 1), (0, 1))) -> float:
    """Share, 0..1, of the polygon `of` (the whole picture) that lies under `masks`."""
    under = whole = 0.0
    for level in range(LEVELS) if masks else ():
        y = (level + 0.5) / LEVELS
        open_ = _spans(of, y)
        whole += _length(open_)
        if open_:
            hidden = _joined([span for mask in masks for span in _spans(mask, y)])
            under += _length(_common(open_, hidden))
    return under / whole if whole else 0.0


def _spans(ring: Polygon, y: float) -> _Spans:
    """The parts of the level line at `y` that are inside."""
    met = sorted(
        a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
        for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)
        if (a[1] > y) != (b[1] > y)
    )
    return list(zip(met[::2], met[1::2], strict=True))


def _joined(spans: _Spans) -> _Spans:
    """The same points of the line in spans that lie apart."""
    apart: _Spans = []
    for start, end in sorted(spans):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


def _common(one: _Spans, two: _Spans) -> _Spans:
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in two)
    return [(start, end) for start, end in pairs if start < end]


def _length(spans: _Spans) -> float:
    return sum(end - start for start, end in spans)
