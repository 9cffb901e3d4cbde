"""Heads: an outline, a face that turns with the head, and where eyes and mouth are.

Rule 1: everything is an offset from the head's middle, for a head of radius 1, in world directions.
Rule 2: what lies behind the outline slides round to it, so a face seen from the side is a sickle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FACE_DEG: Final = 62.0  # half angle of the face on the sphere of the head
HEAD_WIDE, HEAD_TALL = 0.8, 1.06  # shares of the radius
_ROUND: Final = np.arange(14) * (2 * np.pi / 14)


@dataclass(frozen=True)
class Heads:
    """Unit vectors (P, 3) at P heads: the line of sight, right and top as seen, and the face's."""

    sight: Floats
    right: Floats
    top: Floats
    nose: Floats
    cheek: Floats
    brow: Floats


def _unit(vectors: Floats) -> Floats:
    length: Floats = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Floats = vectors / np.maximum(length, 1e-6)
    return scaled


def turned(eye_m: Floats, centre: Floats, basis: Floats, bow: Floats) -> Heads:
    """Heads at centre (P, 3), bowed by bow (P,) radians, seen from eye_m (3,); basis as Pose."""
    fall, rise = np.sin(bow)[:, None], np.cos(bow)[:, None]
    forward = basis[:, 1] * rise - basis[:, 2] * fall
    up = basis[:, 2] * rise + basis[:, 1] * fall
    sight = _unit(centre - eye_m)
    right = _unit(np.cross(sight, up))
    nose = _unit(forward - 0.32 * up)  # the face's middle is below the eyes
    cheek = _unit(np.cross(nose, up))
    return Heads(sight, right, np.cross(right, sight), nose, cheek, np.cross(cheek, nose))


def faces(heads: Heads) -> Floats:
    """Outline, face and three features as offsets (P, 14 + 14 + 3, 3) on a head of radius 1."""
    around, above = np.cos(_ROUND)[:, None], np.sin(_ROUND)[:, None]
    outline = around * heads.right[:, None] * HEAD_WIDE + above * heads.top[:, None] * HEAD_TALL
    wide, tall = np.sin(np.radians(FACE_DEG)), np.sin(np.radians(FACE_DEG + 8))
    face = (
        np.cos(np.radians(FACE_DEG)) * heads.nose[:, None]
        + wide * around * heads.cheek[:, None]
        + tall * above * heads.brow[:, None]
    )
    eyes = heads.nose + 0.32 * heads.brow
    side = 0.36 * heads.cheek
    marks = np.stack([eyes - side, eyes + side, heads.nose - 0.42 * heads.brow], axis=1)
    both = _unit(np.concatenate([face, marks], axis=1))
    hidden = np.maximum(np.einsum("pnk,pk->pn", both, heads.sight), 0)
    both = _unit(both - hidden[..., None] * heads.sight[:, None])  # slides round to the outline
    across = np.einsum("pnk,pk->pn", both, heads.right)[..., None] * heads.right[:, None]
    rise = np.einsum("pnk,pk->pn", both, heads.top)[..., None] * heads.top[:, None]
    return np.concatenate([outline, across * HEAD_WIDE + rise * HEAD_TALL], axis=1)
