"""Scores that show how well frequent and rare classes are recognised."""

from ._groups import count_classes as count_classes
from ._groups import frequency_groups
from ._scores import (
    group_recall_score,
    imbalance_report,
    make_group_scorer,
    per_class_recall,
)

__all__ = [
    "frequency_groups",
    "group_recall_score",
    "imbalance_report",
    "make_group_scorer",
    "per_class_recall",
]
