"""Groups, which the splitters here do not keep together."""

from __future__ import annotations

from typing import Any

from ..exceptions import InvalidParameterError


def refuse_groups(name: str, groups: Any) -> None:
    """Raise where groups are given.

    scikit-learn's splitters warn and go on. But rows of one group in training and test make a score
    too good, and that is what groups are given against.
    """
    if groups is not None:
        raise InvalidParameterError(
            f"{name}: groups must be None, for this splitter would part them. Use scikit-learn's "
            "StratifiedGroupKFold, or GroupKFold. They test on unlabelled rows too, which the "
            "score of the estimators here leaves out."
        )
