"""The laboratory: how far are our counts from those of a labelled clip?

Rule 1: footage only; a live camera is refused by name. Exact numbers leave this package, so it
never looks at a place where people are now.
Rule 2: it runs the parts of the appliance as they are, and adds nothing between them.
Rule 3: nothing is published or written; the report goes to whoever asked.
"""

from counter.evaluate.report import Report
from counter.evaluate.request import LineTruth, Request
from counter.evaluate.run import evaluate

__all__ = ["LineTruth", "Report", "Request", "evaluate"]
