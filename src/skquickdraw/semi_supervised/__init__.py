"""Learning from images without labels: noisy students, and what is known of their classes."""

from ._noisy_student import NoisyStudentClassifier
from ._prior import align_to_prior, assign_to_prior
from ._transductive import TransductiveClassifier

__all__ = [
    "NoisyStudentClassifier",
    "TransductiveClassifier",
    "align_to_prior",
    "assign_to_prior",
]
