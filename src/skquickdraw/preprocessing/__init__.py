"""From pictures as people have them to images as classifiers here learn from."""

from ._normalizer import SketchNormalizer

__all__ = ["SketchNormalizer"]
