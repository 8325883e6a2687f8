"""Networks of different seeds that vote."""

from ._seeds import SeedEnsembleClassifier

__all__ = ["SeedEnsembleClassifier"]
