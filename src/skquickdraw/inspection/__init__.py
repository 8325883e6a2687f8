"""Displays: figures of a classifier's errors, its training, and its scores by class.

They work like scikit-learn's displays: ``from_estimator`` and ``from_predictions`` compute and draw
a figure, ``plot`` draws it again, and the artists of Matplotlib are attributes whose names end with
an underscore. Matplotlib is optional, and is imported only when something is drawn.
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
