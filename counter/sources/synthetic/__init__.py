"""A seeded scene of people with exact truth: the test bench, the demo's picture source.

Scene renders frames, Truth says what is in them; demo zones and lines are plain data.
"""

from counter.sources.synthetic.demo import DEMO_LINES, DEMO_PEOPLE, DEMO_ZONES
from counter.sources.synthetic.scene import Scene, SceneSettings
from counter.sources.synthetic.truth import Crossings, Truth

__all__ = [
    "DEMO_LINES",
    "DEMO_PEOPLE",
    "DEMO_ZONES",
    "Crossings",
    "Scene",
    "SceneSettings",
    "Truth",
]
