"""Turn images into features of a trained network, for any other estimator."""

from ._deep import DeepFeatureExtractor

__all__ = ["DeepFeatureExtractor"]
