"""Classes grouped by how many examples they had in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import as_array, is_int, raised_as
from .._targets import NO_LABEL, read_labels
from ..exceptions import InvalidParameterError

GROUP_NAMES = {2: ("head", "tail"), 3: ("head", "medium", "tail")}


def frequency_groups(
    class_counts: ArrayLike | Mapping[Any, int], n_groups: int = 3
) -> tuple[NDArray[Any], ...]:
    """Divide the classes into groups of equal size, from the most to the least frequent.

    A mean over all classes does not show whether a method improves the frequent or the rare
    classes. Separate scores for the groups (head, medium and tail) show it.

    Parameters
    ----------
    class_counts : array-like of shape (n_classes,) or mapping from class to count
        Training examples of each class, such as ``np.bincount(codes)``, ``collections.Counter(y)``
        or ``pandas.Series(y).value_counts()``.
    n_groups : int, default=3
        Number of groups, from 1 to the number of classes.

    Returns
    -------
    groups : tuple of ndarray
        The classes of each group, the most frequent first: positions in ``class_counts`` if that is
        an array, its keys if it is a mapping.

    Raises
    ------
    InvalidParameterError
        If ``n_groups`` is not between 1 and the number of classes, or a count is negative or not
        finite.
    InvalidTargetsError
        If the keys of a mapping cannot be read as labels.

    Notes
    -----
    Classes are sorted by falling count. Classes with equal counts keep the order of the array, or
    of the sorted keys. Group ``k`` ends before position ``round((k + 1) * n_classes / n_groups)``.
    Of 100 classes, 33 are head, 34 medium and 33 tail. Liu et al. [1]_ use absolute counts instead
    (more than 100 examples, 20 to 100, fewer than 20). Equal thirds keep their meaning for training
    sets of any size.

    References
    ----------
    .. [1] Z. Liu, Z. Miao, X. Zhan, J. Wang, B. Gong and S. X. Yu, "Large-Scale Long-Tailed
       Recognition in an Open World", CVPR 2019, arXiv:1904.05160.

    Examples
    --------
    >>> from skquickdraw.metrics import frequency_groups
    >>> [group.tolist() for group in frequency_groups([5, 90, 20, 900, 7, 50])]
    [[3, 1], [5, 2], [4, 0]]
    >>> [group.tolist() for group in frequency_groups({"cat": 9, "owl": 3}, n_groups=2)]
    [['cat'], ['owl']]
    """
    labels, counts = class_table(class_counts)
    n_classes = len(labels)
    if not is_int(n_groups, 1, n_classes):
        raise InvalidParameterError(
            f"n_groups must be an int between 1 and {n_classes}, the number of classes in the "
            f"training set, got {n_groups!r}. Pass a number in this range: the default, 3 groups, "
            "needs three classes."
        )
    falling = labels[np.argsort(-counts, kind="stable")]
    ends = [round(k * n_classes / n_groups) for k in range(1, n_groups)]
    return tuple(np.split(falling, ends))


def group_names(n_groups: int) -> tuple[str, ...]:
    """Return the names of the groups, the most frequent first."""
    return GROUP_NAMES.get(n_groups, tuple(f"group_{k}" for k in range(n_groups)))


def class_table(
    class_counts: ArrayLike | Mapping[Any, int], labels: ArrayLike | None = None
) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
    """Return the classes in class order, and the training count of each."""
    if hasattr(class_counts, "keys"):  # a mapping, or a pandas Series
        table: dict[Any, float] = dict(class_counts)  # type: ignore[arg-type]
        classes, codes = read_labels(
            "class_counts", list(table), unlabeled_label=None, min_classes=0, input_name="its keys"
        )
        counts = np.asarray(list(table.values()))[np.argsort(codes)]
    else:
        counts = as_array("class_counts", "counts", class_counts)
        classes = (
            np.arange(counts.size) if labels is None else as_array("class_counts", "labels", labels)
        )
    with raised_as(InvalidParameterError):
        counts = counts.astype(np.float64)
    if counts.ndim != 1 or classes.shape != counts.shape:
        raise InvalidParameterError(
            f"class_counts must hold one count for each class, got counts of shape {counts.shape} "
            f"for {classes.size} classes."
        )
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise InvalidParameterError(
            f"class_counts must be finite and not negative, got {counts.tolist()}."
        )
    return classes, counts


def count_classes(name: str, y_train: ArrayLike | None, unlabeled_label: object) -> dict[Any, int]:
    """Return how often each class occurs; rows without a label are not counted."""
    classes, codes = read_labels(
        name, y_train, unlabeled_label=unlabeled_label, min_classes=1, input_name="y_train"
    )
    counts = np.bincount(codes[codes != NO_LABEL])
    return dict(zip(classes.tolist(), counts.tolist(), strict=True))
