"""From outlines and a look to a list of painted pieces, back to front.

Rule 1: a piece is an outline in pixels and a flat colour; form shading is a lit piece on a dark
one. Rule 2: groups (legs, trunk, arms, head, bag) are ordered by distance to the camera.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from counter.sources.synthetic import body
from counter.sources.synthetic.shapes import Crowd
from counter.sources.synthetic.wardrobe import (
    BAG_M,
    HAIR_M,
    HAT_M,
    HEM_M,
    INNER_M,
    LEG_M,
    SHOE_M,
    SKIN_M,
    TOP_M,
    Colour,
    Look,
)  # fmt: skip

Floats = NDArray[np.float64]
Piece = tuple[Floats, tuple[float, float, float, float]]

DARK, MID, LIT = 0.82, 0.93, 1.08  # shade of a piece seen from the edge, flat, and in the light


@lru_cache(maxsize=4096)
def _ink(colour: Colour, shade: float) -> tuple[float, float, float, float]:
    return (
        min(255.0, colour[0] * shade),
        min(255.0, colour[1] * shade),
        min(255.0, colour[2] * shade),
        255.0,
    )


def _hull(points: Floats) -> Floats:
    hull = cv2.convexHull(points.reshape(-1, 2).astype(np.float32))
    return np.asarray(hull.reshape(-1, 2), np.float64)


def _inner(outline: Floats, share: float, shift: tuple[float, float]) -> Floats:
    """The outline shrunk about its middle and moved by a share of its own size."""
    low, high = np.minimum.reduce(outline), np.maximum.reduce(outline)
    offset = (low + high) * ((1 - share) / 2) + (high - low) * shift
    inner: Floats = outline * share + offset
    return inner


class Tailor:
    """Cuts the pieces of one crowd, person by person."""

    def __init__(self, crowd: Crowd, looks: tuple[Look, ...]) -> None:
        self._crowd = crowd
        self._looks = looks

    def pieces(self, index: int) -> list[Piece]:
        """All pieces of a person in painting order."""
        crowd = self._crowd
        depth = crowd.depth[index]
        groups = [
            (depth[body.KNEE_L] + self._leg_bias(index, 0), self._leg(index, 0)),
            (depth[body.KNEE_R] + self._leg_bias(index, 1), self._leg(index, 1)),
            (depth[body.WAIST], self._trunk(index)),
            (depth[body.WRIST_L] - 0.02, self._arm(index, 0)),
            (depth[body.WRIST_R] - 0.02, self._arm(index, 1)),
            (depth[body.HEAD] - 0.06, self._head(index)),
            self._bag(index),
        ]
        groups.sort(key=lambda group: -group[0])
        return [piece for _, pieces in groups for piece in pieces]

    def _leg_bias(self, index: int, side: int) -> float:
        """Legs of those who stand lie behind the trunk's cloth, those of sitters before it."""
        joints = self._crowd.joints[index]
        drop = joints[body.ANKLE_L + side, 1] - joints[body.HIP_L + side, 1]
        thigh = joints[body.KNEE_L + side, 1] - joints[body.HIP_L + side, 1]
        upright = thigh > 0.4 * max(drop, 1e-6)
        return 0.4 if upright or self._looks[index].hem > 0 else 0.0

    def _limb(self, index: int, limb: int, colour: Colour) -> list[Piece]:
        crowd = self._crowd
        return [
            (crowd.limbs[index, limb], _ink(colour, DARK)),
            (crowd.shine[index, limb], _ink(colour, 1.0)),
        ]

    def _leg(self, index: int, side: int) -> list[Piece]:
        look = self._looks[index]
        thigh = look.colours[LEG_M if look.legwear >= 1 else SKIN_M]
        shin = look.colours[LEG_M if look.legwear == 2 else SKIN_M]
        return [
            *self._limb(index, 4 + side, look.colours[SHOE_M]),
            *self._limb(index, 2 + side, shin),
            *self._limb(index, 0 + side, thigh),
        ]

    def _arm(self, index: int, side: int) -> list[Piece]:
        look = self._looks[index]
        top, skin = look.colours[TOP_M], look.colours[SKIN_M]
        return [
            *self._limb(index, 10 + side, skin),
            *self._limb(index, 8 + side, top if look.sleeve == 2 else skin),
            *self._limb(index, 6 + side, top if look.sleeve >= 1 else skin),
        ]

    def _trunk(self, index: int) -> list[Piece]:
        crowd, look = self._crowd, self._looks[index]
        rings = crowd.rings[index]
        top = look.colours[TOP_M]
        seat = look.colours[LEG_M if look.legwear else HEM_M]
        pieces: list[Piece] = [(_hull(rings[0:2]), _ink(seat, DARK))]
        if look.hem > 0:
            cloth = look.colours[TOP_M if look.hem_of_top else HEM_M]
            skirt = _hull(np.concatenate([rings[0], crowd.hem[index]]))
            pieces.append((skirt, _ink(cloth, DARK)))
            pieces.append((_inner(skirt, 0.62, (-0.08, 0.02)), _ink(cloth, MID)))
        lower, upper = _hull(rings[0:3]), _hull(rings[1:5])
        pieces.append((lower, _ink(top, DARK)))
        pieces.append((upper, _ink(top, DARK + 0.04)))
        whole = _hull(rings[0:4])
        pieces.append((_inner(whole, 0.72, (-0.05, -0.02)), _ink(top, MID)))
        pieces.append((_inner(_hull(rings[2:4]), 0.66, (-0.07, -0.05)), _ink(top, LIT)))
        if look.stripes:
            pieces.extend(self._stripes(index))
        if crowd.facing[index] > 0.1 and (look.open_coat or look.sleeve < 2):
            pieces.append((self._front(index), _ink(look.colours[INNER_M], MID)))
        pieces.extend(self._limb(index, 12, look.colours[SKIN_M]))
        return pieces

    def _stripes(self, index: int) -> list[Piece]:
        rings, look = self._crowd.rings[index], self._looks[index]
        bands: list[Piece] = []
        for low, high in ((0.1, 0.22), (0.5, 0.62)) if look.stripes == 2 else ((0.2, 0.55),):
            edge = rings[1] + (rings[2] - rings[1]) * low
            other = rings[1] + (rings[2] - rings[1]) * high
            bands.append((_hull(np.stack([edge, other])), _ink(look.colours[INNER_M], MID)))
        return bands

    def _front(self, index: int) -> Floats:
        """The shirt seen in the opening of a jacket: a wedge from the collar to the waist."""
        rings = self._crowd.rings[index]
        depth = 1 if self._looks[index].open_coat else 2
        return _hull(np.stack([rings[4, 1], rings[4, 3], rings[4, 2], rings[depth, 2]]))

    def _head(self, index: int) -> list[Piece]:
        crowd, look = self._crowd, self._looks[index]
        facing = crowd.facing[index]
        skin, hair = look.colours[SKIN_M], look.colours[HAIR_M]
        outline = crowd.head[index]
        pieces: list[Piece] = []
        scalp = hair if look.hair_length > 0 else skin
        if look.hair_length >= 1:
            fall = crowd.rings[index, 3 if look.hair_length < 1.2 else 2]
            back = fall[[4, 5, 6, 7, 0]] * 0.55 + outline.mean(axis=0) * 0.45
            pieces.append((_hull(np.concatenate([outline, back])), _ink(hair, 0.8)))
        if look.hat:
            scalp = look.colours[HAT_M]
        pieces.append((outline, _ink(scalp, 0.82)))
        pieces.append((_inner(outline, 0.6, (-0.1, -0.12)), _ink(scalp, 1.1)))
        if facing > -0.35:
            face = crowd.face[index]
            pieces.append((face, _ink(skin, 0.86)))
            pieces.append((_inner(face, 0.72, (-0.06, -0.04)), _ink(skin, 1.06)))
        if facing > 0.15 and crowd.head_px[index] > 4.5:
            pieces.extend(self._features(index))
        return pieces

    def _features(self, index: int) -> list[Piece]:
        crowd, look = self._crowd, self._looks[index]
        size = crowd.head_px[index]
        dot = np.array([[-1, 0], [-0.4, -0.6], [0.4, -0.6], [1, 0], [0.4, 0.5], [-0.4, 0.5]])
        left, right, mouth = crowd.features[index]
        skin = look.colours[SKIN_M]
        return [
            (left + dot * size * (0.15, 0.1), _ink(skin, 0.32)),
            (right + dot * size * (0.15, 0.1), _ink(skin, 0.32)),
            (
                mouth + dot * size * (0.24, 0.07),
                _ink((skin[0] * 0.6, skin[1] * 0.55, skin[2] * 0.85), 1.0),
            ),
        ]

    def _bag(self, index: int) -> tuple[float, list[Piece]]:
        crowd, look = self._crowd, self._looks[index]
        colour = look.colours[BAG_M]
        depth = crowd.depth[index]
        if look.bag == "backpack":
            pack = _hull(crowd.rings[index, 5:7])
            toward = depth[body.CHEST] - (0.25 if crowd.facing[index] < 0 else -0.3)
        elif look.bag == "shoulder":
            hip = crowd.rings[index, 0:2, [7, 0, 1]].reshape(-1, 2)
            pack = _hull(hip * 1.0)
            pack = _inner(pack, 1.25, (0.1, 0.2))
            toward = depth[body.HIP_R] - 0.12
        elif look.bag in ("hand", "trolley"):
            size = crowd.head_px[index]
            box = np.array([[-1.1, 0.2], [1.1, 0.2], [1.3, 2.3], [-1.3, 2.3]])
            hands = crowd.joints[index, [body.HAND_L, body.HAND_R], 1]
            hand = body.HAND_R if hands[1] >= hands[0] else body.HAND_L  # the one that hangs
            pack = crowd.joints[index, hand] + box * size
            toward = depth[hand] - 0.05
        else:
            return 0.0, []
        shade = [
            (pack, _ink(colour, DARK)),
            (_inner(pack, 0.75, (-0.06, -0.06)), _ink(colour, MID + 0.06)),
        ]
        return float(toward), shade
