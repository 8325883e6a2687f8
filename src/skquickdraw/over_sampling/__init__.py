"""Over-sampling that fills rare classes with changed copies of their own pictures."""

from ._augmenting import AugmentingOverSampler

__all__ = ["AugmentingOverSampler"]
