"""Estimators that are configured to do well, as they come, on a few minutes or hours of a CPU."""

from ._networks import fast, single
from ._taught import distilled, winner

__all__ = ["distilled", "fast", "single", "winner"]
