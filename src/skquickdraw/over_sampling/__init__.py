"""Over-sampling that fills rare classes with changed copies of their own images."""

from ._augmenting import AugmentingOverSampler

__all__ = ["AugmentingOverSampler"]
