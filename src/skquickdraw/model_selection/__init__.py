"""Splitters for data with unlabeled rows, comparisons on the same folds, and doubtful labels."""

from ._compare import compare
from ._comparison import Comparison
from ._folds import Fold as Fold
from ._folds import split_folds as split_folds
from ._kfold import LabeledStratifiedKFold
from ._label_errors import find_label_errors
from ._shuffle_split import LabeledStratifiedShuffleSplit

__all__ = [
    "Comparison",
    "LabeledStratifiedKFold",
    "LabeledStratifiedShuffleSplit",
    "compare",
    "find_label_errors",
]
