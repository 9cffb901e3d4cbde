"""Zones and lines drawn on the platform and the carriage, as fractions of a 16:9 picture.

Rule 1: zones of one place do not overlap; a person is in a zone by the foot point.
Rule 2: a line is walked start to end; entries go from its left to its right in the picture.
Rule 3: with DEMO_PEOPLE the large zone usually holds more than 11 people, the others fewer.
The numbers are floor rectangles of sources/synthetic/layout.py seen through its cameras: change
both together.
"""

from typing import Final

Polygon = tuple[tuple[float, float], ...]
Line = tuple[tuple[float, float], tuple[float, float]]

DEMO_PEOPLE: Final[dict[str, float]] = {"platform": 30, "carriage": 24}

DEMO_ZONES: Final[dict[str, dict[str, Polygon]]] = {
    "platform": {
        "edge": ((1.0, 1.0), (1.0, 0.918), (0.761, 0.239), (0.403, 0.239), (0.304, 1.0)),
        "benches": ((0.304, 1.0), (0.403, 0.239), (0.175, 0.239), (0.0, 0.64), (0.0, 1.0)),
        "far-end": ((0.175, 0.239), (0.761, 0.239), (0.677, 0.0), (0.282, 0.0)),
    },
    "carriage": {
        "front": ((0.0, 0.9), (0.0, 1.0), (0.616, 1.0), (0.639, 0.345), (0.458, 0.314)),
        "rear": ((0.458, 0.314), (0.639, 0.345), (0.643, 0.242), (0.507, 0.225)),
    },
}

DEMO_LINES: Final[dict[str, dict[str, Line]]] = {
    "platform": {
        "passage": ((0.103, 0.508), (0.18, 0.312)),
        "far-end": ((0.761, 0.239), (0.179, 0.239)),
    },
    "carriage": {
        "door-front-left": ((0.337, 0.592), (0.416, 0.435)),
        "door-rear-left": ((0.475, 0.317), (0.503, 0.261)),
        "door-rear-right": ((0.625, 0.278), (0.619, 0.342)),
    },
}
