"""A seeded scene of people with exact truth: the test bench, the demo's picture source.

Scene renders frames, Truth says what is in them.
"""

from counter.sources.synthetic.scene import Scene, SceneSettings
from counter.sources.synthetic.truth import Crossings, Truth

__all__ = [
    "Crossings",
    "Scene",
    "SceneSettings",
    "Truth",
]
