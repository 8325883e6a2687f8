"""Classifiers for small pictures: scikit-learn estimators that train a network."""

from ._classifiers import CNNClassifier, MobileNetClassifier, ResNetClassifier

__all__ = ["CNNClassifier", "MobileNetClassifier", "ResNetClassifier"]
