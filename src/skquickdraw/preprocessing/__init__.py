"""Turn photos and scans of drawings into small images for the classifiers of this package."""

from ._normalizer import SketchNormalizer
from ._normalizer import scan_shape as scan_shape

__all__ = ["SketchNormalizer"]
