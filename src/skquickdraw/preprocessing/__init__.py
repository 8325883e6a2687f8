"""From photos and scans of drawings to the small images that classifiers here learn from."""

from ._normalizer import SketchNormalizer

__all__ = ["SketchNormalizer"]
