"""Estimators that are configured to do well, as they come, on a few minutes or hours of a CPU."""

from ._budget import BudgetedClassifier
from ._networks import fast, single
from ._taught import best, distilled, winner

__all__ = ["BudgetedClassifier", "best", "distilled", "fast", "single", "winner"]
