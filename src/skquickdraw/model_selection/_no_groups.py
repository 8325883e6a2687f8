"""The error for groups, which the splitters here do not keep together."""

from __future__ import annotations

from typing import Any

from ..exceptions import InvalidParameterError


def refuse_groups(name: str, groups: Any) -> None:
    """Raise where groups are given.

    scikit-learn's splitters warn and go on. But if one group is in both training and test rows, the
    score is too good, which groups are meant to prevent.
    """
    if groups is not None:
        raise InvalidParameterError(
            f"{name}: groups must be None, because this splitter does not keep them together. Use "
            "scikit-learn's StratifiedGroupKFold, or GroupKFold. They test on unlabeled rows "
            "too, which the score of the estimators here leaves out."
        )
