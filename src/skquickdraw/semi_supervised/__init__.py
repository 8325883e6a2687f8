"""Learning from unlabeled images, and predictions with known shares of the classes."""

from ._noisy_student import NoisyStudentClassifier
from ._prior import align_to_prior, assign_to_prior
from ._transductive import TransductiveClassifier

__all__ = [
    "NoisyStudentClassifier",
    "TransductiveClassifier",
    "align_to_prior",
    "assign_to_prior",
]
