"""Splitters for data with unlabeled rows, and a comparison of estimators on the same folds."""

from ._compare import compare
from ._comparison import Comparison
from ._kfold import LabeledStratifiedKFold
from ._shuffle_split import LabeledStratifiedShuffleSplit

__all__ = ["Comparison", "LabeledStratifiedKFold", "LabeledStratifiedShuffleSplit", "compare"]
