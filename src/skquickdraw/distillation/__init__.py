"""A small network that learns from a large classifier, or from a vote of many."""

from ._distilled import DistilledClassifier

__all__ = ["DistilledClassifier"]
