"""One small network that learns what a large classifier, or many, know."""

from ._distilled import DistilledClassifier

__all__ = ["DistilledClassifier"]
