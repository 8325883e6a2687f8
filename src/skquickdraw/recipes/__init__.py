"""Configured estimators for a training time of a few minutes to some hours.

``single`` and ``winner`` are earlier names of :func:`accurate` and :func:`ensemble`: the same
functions.
"""

from ._budget import BudgetedClassifier
from ._networks import accurate, fast
from ._taught import best, distilled, ensemble

single = accurate
winner = ensemble

__all__ = ["BudgetedClassifier", "accurate", "best", "distilled", "ensemble", "fast"]
