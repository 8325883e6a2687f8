"""Learning from unlabeled images: noisy students, and known shares of their classes."""

from ._noisy_student import NoisyStudentClassifier
from ._prior import align_to_prior, assign_to_prior
from ._transductive import TransductiveClassifier

__all__ = [
    "NoisyStudentClassifier",
    "TransductiveClassifier",
    "align_to_prior",
    "assign_to_prior",
]
