"""Splitters for data of which some rows have no label, and estimators on the same folds."""

from ._compare import compare
from ._comparison import Comparison
from ._kfold import LabeledStratifiedKFold
from ._shuffle_split import LabeledStratifiedShuffleSplit

__all__ = ["Comparison", "LabeledStratifiedKFold", "LabeledStratifiedShuffleSplit", "compare"]
