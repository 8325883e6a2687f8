"""Splitters for data of which some rows have no label, and some classes hardly any rows."""

from ._kfold import LabeledStratifiedKFold
from ._shuffle_split import LabeledStratifiedShuffleSplit

__all__ = ["LabeledStratifiedKFold", "LabeledStratifiedShuffleSplit"]
