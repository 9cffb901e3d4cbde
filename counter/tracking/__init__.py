"""Following people from frame to frame: predict, associate, update, forget."""

from counter.tracking.tracker import RULE, Tracker

__all__ = ["RULE", "Tracker"]
