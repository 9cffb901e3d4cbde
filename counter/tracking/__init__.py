"""Following people from frame to frame: predict, associate, update, forget."""

from counter.tracking.tracker import Tracker

__all__ = ["Tracker"]
