"""The wall: rights are given up in two stages, and then it is tried whether they are gone."""

from counter.sandbox.enclosure import Enclosure
from counter.sandbox.plan import Plan
from counter.sandbox.proof import Attempt, Proof
from counter.sandbox.rehearsal import rehearse
from counter.sandbox.verdict import require

__all__ = ["Attempt", "Enclosure", "Plan", "Proof", "rehearse", "require"]
