"""Turn images into what a trained network sees in them, for any other estimator."""

from ._deep import DeepFeatureExtractor

__all__ = ["DeepFeatureExtractor"]
