"""Scores that show how well frequent and rare classes are recognised."""

from ._groups import class_table as class_table
from ._groups import count_classes as count_classes
from ._groups import frequency_groups
from ._groups import group_names as group_names
from ._scores import (
    group_recall_score,
    imbalance_report,
    make_group_scorer,
    per_class_recall,
)
from ._scores import known_recalls as known_recalls

__all__ = [
    "frequency_groups",
    "group_recall_score",
    "imbalance_report",
    "make_group_scorer",
    "per_class_recall",
]
