"""Displays: figures of a classifier's errors, its training, and its scores by class.

They follow scikit-learn's displays: ``from_estimator`` and ``from_predictions`` compute and draw,
``plot`` draws again, and the artists stay as attributes that end with an underscore. Matplotlib is
optional, and imported only when something is drawn.
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
