"""A vote of networks with different seeds."""

from ._seeds import SeedEnsembleClassifier

__all__ = ["SeedEnsembleClassifier"]
