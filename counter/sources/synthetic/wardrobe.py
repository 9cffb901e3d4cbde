"""What a person looks like, drawn from tables by a seeded generator.

Rule 1: a look is drawn once, when the person appears, and never changes.
Rule 2: colours are BGR 0..255. Clothes lean towards the dark and grey that crowds wear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

Colour = tuple[float, float, float]

SKIN: Final[tuple[Colour, ...]] = (
    (176, 204, 238), (150, 182, 226), (128, 162, 212), (104, 140, 194), (84, 116, 168),
    (62, 90, 138), (48, 70, 112), (38, 54, 88),
)  # fmt: skip
HAIR: Final[tuple[Colour, ...]] = (
    (18, 18, 20), (26, 30, 38), (34, 44, 62), (48, 66, 96), (86, 124, 164), (122, 168, 204),
    (150, 150, 152), (206, 206, 208), (40, 62, 128),
)  # fmt: skip
CLOTH: Final[tuple[Colour, ...]] = (
    (28, 26, 26), (44, 42, 42), (66, 62, 60), (96, 92, 90), (138, 134, 130), (196, 194, 190),
    (232, 230, 228), (84, 52, 28), (118, 74, 40), (150, 96, 52), (52, 44, 92), (44, 36, 148),
    (60, 52, 196), (58, 84, 60), (74, 104, 76), (60, 92, 132), (88, 132, 176), (142, 176, 204),
    (156, 120, 180), (176, 152, 96), (110, 60, 84), (70, 170, 214), (190, 170, 60), (60, 120, 220),
)  # fmt: skip
LEGS: Final[tuple[Colour, ...]] = (
    (30, 28, 28), (40, 38, 38), (58, 54, 52), (92, 60, 38), (122, 84, 54), (142, 108, 76),
    (74, 48, 34), (88, 86, 84), (92, 116, 142), (134, 160, 184), (56, 68, 60), (168, 166, 164),
)  # fmt: skip
SHOES: Final[tuple[Colour, ...]] = (
    (22, 22, 22), (34, 34, 36), (40, 56, 84), (216, 216, 216), (120, 118, 116), (46, 40, 120),
)  # fmt: skip

DARK_HAIR = 4  # the first of HAIR, worn by two in three
SOBER = 8  # the first of CLOTH, preferred


@dataclass(frozen=True)
class Look:
    """Colours by material; lengths are shares: hem of the leg (0 none, 1 knee, 2 ankle)."""

    stature_m: float
    build: float
    colours: tuple[Colour, ...]
    sleeve: int  # 0 bare arms, 1 to the elbow, 2 to the wrist
    legwear: int  # 0 bare legs, 1 shorts, 2 trousers
    hem: float  # coat or skirt: how far it reaches down the leg, 0 none
    hem_of_top: bool
    hair_length: float  # 0 bald, 0.5 short, 1 to the shoulders, 1.4 beyond
    hat: bool
    bag: str  # none, backpack, shoulder, hand, trolley
    open_coat: bool
    stripes: int
    grain: int


# Places in Look.colours.
(SKIN_M, HAIR_M, TOP_M, LEG_M, SHOE_M, BAG_M, HEM_M, INNER_M, HAT_M) = range(9)
BAGS: Final = ("none", "backpack", "shoulder", "hand", "trolley")
BAG_SHARES: Final = (0.46, 0.2, 0.18, 0.11, 0.05)


def _pick(rng: np.random.Generator, table: tuple[Colour, ...], spread: float) -> Colour:
    base = np.array(table[rng.integers(len(table))])
    shade = base * rng.uniform(0.82, 1.16) + rng.normal(0, spread, 3)
    blue, green, red = np.clip(shade, 10, 246)
    return float(blue), float(green), float(red)


def dress(rng: np.random.Generator) -> Look:
    """A new look. Stature: adults 1.52..1.92 m with some children, as in any station."""
    child = rng.random() < 0.05
    stature_m = float(
        rng.uniform(1.1, 1.45) if child else np.clip(rng.normal(1.7, 0.085), 1.5, 1.95)
    )
    top = _pick(rng, CLOTH[:SOBER] if rng.random() < 0.4 else CLOTH, 6)
    legs = _pick(rng, LEGS, 5)
    hair = _pick(rng, HAIR[:DARK_HAIR] if rng.random() < 0.68 else HAIR[DARK_HAIR:], 4)
    style = rng.random()
    coat, skirt = style < 0.24, 0.24 <= style < 0.38
    legwear = (
        int(rng.choice([0, 2], p=[0.5, 0.5])) if skirt else int(rng.choice([1, 2], p=[0.1, 0.9]))
    )
    hem = float(rng.uniform(0.45, 1.1)) if coat else float(rng.uniform(0.7, 1.6)) if skirt else 0.0
    dress_like = skirt and rng.random() < 0.4
    hem_colour = top if coat or dress_like else _pick(rng, CLOTH, 6)
    colours = (
        _pick(rng, SKIN, 4), hair, top, legs, _pick(rng, SHOES, 4), _pick(rng, CLOTH, 6),
        hem_colour, _pick(rng, CLOTH, 8), _pick(rng, CLOTH, 6),
    )  # fmt: skip
    return Look(
        stature_m=stature_m,
        build=float(np.clip(rng.normal(1.08, 0.1), 0.9, 1.4)),
        colours=colours,
        sleeve=2 if coat else int(rng.choice([0, 1, 2], p=[0.08, 0.2, 0.72])),
        legwear=legwear,
        hem=hem,
        hem_of_top=coat or dress_like,
        hair_length=float(rng.choice([0.0, 0.5, 1.0, 1.4], p=[0.06, 0.5, 0.26, 0.18])),
        hat=bool(rng.random() < 0.1),
        bag=str(rng.choice(BAGS, p=BAG_SHARES)),
        open_coat=bool(rng.random() < 0.3),
        stripes=int(rng.choice([0, 1, 2], p=[0.82, 0.1, 0.08])),
        grain=int(rng.integers(8)),
    )
