"""From photos and scans of drawings to the small images that classifiers here learn from."""

from ._normalizer import SketchNormalizer
from ._normalizer import scan_shape as scan_shape

__all__ = ["SketchNormalizer"]
