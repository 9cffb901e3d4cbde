"""Zones and lines drawn on the platform and the carriage, as fractions of a 16:9 picture.

Rule 1: zones of one place do not overlap; a person is in a zone by the foot point.
Rule 2: a line is walked start to end; entries go from its left to its right in the picture.
Rule 3: with DEMO_PEOPLE the large zone usually holds more than 11 people, the others fewer.
The numbers are floor rectangles of layout.py seen through its cameras: change both together.
"""

from typing import Final

Polygon = tuple[tuple[float, float], ...]
Line = tuple[tuple[float, float], tuple[float, float]]

DEMO_PEOPLE: Final[dict[str, float]] = {"platform": 24, "carriage": 24}

DEMO_ZONES: Final[dict[str, dict[str, Polygon]]] = {
    "platform": {
        "edge": ((1.0, 1.0), (1.0, 0.977), (0.737, 0.278), (0.429, 0.278), (0.349, 1.0)),
        "benches": ((0.349, 1.0), (0.429, 0.278), (0.234, 0.278), (0.0, 0.833), (0.0, 1.0)),
        "far_end": ((0.234, 0.278), (0.737, 0.278), (0.663, 0.081), (0.319, 0.081)),
    },
    "carriage": {
        "front": ((0.645, 1.0), (0.644, 0.381), (0.436, 0.353), (0.059, 1.0)),
        "rear": ((0.436, 0.353), (0.644, 0.381), (0.644, 0.274), (0.491, 0.259)),
    },
}

DEMO_LINES: Final[dict[str, dict[str, Line]]] = {
    "platform": {
        "passage": ((0.167, 0.533), (0.232, 0.359)),
        "far_end": ((0.737, 0.278), (0.237, 0.278)),
    },
    "carriage": {
        "door_front_left": ((0.294, 0.666), (0.389, 0.485)),
        "door_rear_left": ((0.456, 0.356), (0.487, 0.297)),
        "door_rear_right": ((0.625, 0.312), (0.621, 0.378)),
    },
}
