"""Displays: what a classifier gets wrong, how it learned, and how it fares by class, as figures.

They follow scikit-learn's displays: ``from_estimator`` and ``from_predictions`` compute and draw,
``plot`` draws again, and the artists stay as attributes that end with an underscore. Matplotlib,
which is optional, is imported when something is drawn.
"""

from ._augmentation import AugmentationDisplay
from ._comparison import ComparisonDisplay
from ._confused_pairs import ConfusedPairsDisplay
from ._image_sheet import ImageSheetDisplay
from ._pseudo_labels import PseudoLabelDisplay
from ._recall import RecallByClassSizeDisplay
from ._training_history import TrainingHistoryDisplay

__all__ = [
    "AugmentationDisplay",
    "ComparisonDisplay",
    "ConfusedPairsDisplay",
    "ImageSheetDisplay",
    "PseudoLabelDisplay",
    "RecallByClassSizeDisplay",
    "TrainingHistoryDisplay",
]
