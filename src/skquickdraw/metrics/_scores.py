"""Recall by class and by group of classes, computed with scikit-learn's ``recall_score``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import accuracy_score, make_scorer, recall_score

from .._checks import column_or_1d
from .._pairs import read_labeled_pair
from .._targets import locate, read_own_labels
from ..exceptions import InvalidParameterError, InvalidTargetsError
from ._groups import class_table, count_classes, frequency_groups, group_names

Counts = ArrayLike | Mapping[Any, int]


def per_class_recall(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    unlabeled_label: object = "auto",
) -> NDArray[np.float64]:
    """Return the recall of each class: the share of its rows that are predicted correctly.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True classes.
    y_pred : array-like of shape (n_samples,)
        Predicted classes.
    labels : array-like of shape (n_labels,), default=None
        The classes to score and their order; None takes those of ``y_true``, sorted.
    unlabeled_label : label, 'auto' or None, default='auto'
        The value that marks unlabeled rows in ``y_true``. These rows are left out. With 'auto',
        missing values (None, NaN, NA) are marks. With ``labels``, -1 is also a mark unless it is
        one of them. Without ``labels``, -1 is a mark if ``y_true`` has no missing values and at
        least two other classes, and ``y_pred`` has no -1. With None, all rows are labeled.

    Returns
    -------
    recalls : ndarray of shape (n_labels,), float64
        From 0 to 1, or NaN for a class that ``y_true`` has no example of.

    Raises
    ------
    InvalidTargetsError
        If labels cannot be read, or ``y_true`` has no label.

    See Also
    --------
    sklearn.metrics.recall_score : With ``average=None`` and the same ``labels`` it gives the same,
        but 0 for an undefined recall.

    Examples
    --------
    >>> from skquickdraw.metrics import per_class_recall
    >>> per_class_recall(["cat", "cat", "owl"], ["cat", "owl", "owl"])
    array([0.5, 1. ])
    """
    known = None if labels is None else column_or_1d(labels)
    classes, true, predicted = read_labeled_pair(
        "per_class_recall", y_true, y_pred, classes=known, unlabeled_label=unlabeled_label
    )
    recalls = _recalls(true, predicted, len(classes))
    return recalls[np.unique(true)] if known is None else recalls


def group_recall_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    class_counts: Counts,
    n_groups: int = 3,
    labels: ArrayLike | None = None,
    unlabeled_label: object = "auto",
) -> dict[str, float]:
    """Return the mean per-class recall of head, medium and tail classes.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True classes.
    y_pred : array-like of shape (n_samples,)
        Predicted classes.
    class_counts : array-like of shape (n_classes,) or mapping from class to count
        Training examples of each class, which decide its group (see :func:`frequency_groups`).
    n_groups : int, default=3
        Number of groups, from 1 to the number of classes.
    labels : array-like of shape (n_classes,), default=None
        If ``class_counts`` is an array, its classes, in the same order; None means 0, 1, 2... If
        ``class_counts`` is a mapping, its keys are the classes.
    unlabeled_label : label, 'auto' or None, default='auto'
        The value that marks unlabeled rows in ``y_true``. These rows are left out. With 'auto', the
        marks are missing values (None, NaN, NA), and also -1 unless it is one of the classes. With
        None, all rows are labeled.

    Returns
    -------
    recalls : dict from str to float
        ``'head'``, ``'medium'`` and ``'tail'``; ``'head'`` and ``'tail'`` for two groups,
        ``'group_0'``, ``'group_1'``... for other numbers. Each is from 0 to 1, or NaN where
        ``y_true`` has no example of the group.

    Raises
    ------
    InvalidTargetsError
        If labels cannot be read, or if ``y_true`` has no label, or a class without a training
        count.
    InvalidParameterError
        If ``n_groups`` or ``class_counts`` are not usable.

    Notes
    -----
    Classes without an example in ``y_true`` are left out of the mean. So with a single group the
    score is scikit-learn's ``balanced_accuracy_score``. Liu et al. [1]_ introduced separate scores
    for head, medium and tail.

    References
    ----------
    .. [1] Z. Liu, Z. Miao, X. Zhan, J. Wang, B. Gong and S. X. Yu, "Large-Scale Long-Tailed
       Recognition in an Open World", CVPR 2019, arXiv:1904.05160.

    Examples
    --------
    >>> from skquickdraw.metrics import group_recall_score
    >>> y_true, y_pred = [0, 0, 1, 1, 2, 2], [0, 0, 1, 0, 0, 0]
    >>> group_recall_score(y_true, y_pred, class_counts=[1000, 100, 10])
    {'head': 1.0, 'medium': 0.5, 'tail': 0.0}
    """
    classes, counts = class_table(class_counts, labels)
    recalls = known_recalls("group_recall_score", y_true, y_pred, classes, unlabeled_label)
    return _group_means(recalls, counts, n_groups)


def imbalance_report(
    y_true: ArrayLike, y_pred: ArrayLike, *, y_train: ArrayLike, unlabeled_label: object = "auto"
) -> dict[str, float]:
    """Return accuracy, balanced accuracy, and the recalls of frequent and rare classes.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True classes of the test set.
    y_pred : array-like of shape (n_samples,)
        Predicted classes.
    y_train : array-like of shape (n_train_samples,)
        Labels of the training set, of at least three classes.
    unlabeled_label : label, 'auto' or None, default='auto'
        The value that marks unlabeled rows. These rows are not counted in ``y_train``, and are left
        out of the scores in ``y_true``. With 'auto', the marks are missing values (None, NaN, NA).
        In ``y_train``, -1 is also a mark if there are no missing values and at least two other
        classes. In ``y_true``, -1 is also a mark unless it is a class of ``y_train``. With None,
        all rows are labeled.

    Returns
    -------
    report : dict from str to float
        ``'accuracy'``, ``'balanced_accuracy'`` (the mean recall over the classes of ``y_true``),
        ``'head'``, ``'medium'`` and ``'tail'``, each from 0 to 1, or NaN for a group without an
        example in ``y_true``.

    Raises
    ------
    InvalidTargetsError
        If labels cannot be read, or if ``y_true`` has no label, or a class that is not in
        ``y_train``.
    InvalidParameterError
        If ``y_train`` has fewer than three classes.

    Examples
    --------
    >>> from skquickdraw.metrics import imbalance_report
    >>> y_train = ["cat"] * 90 + ["owl"] * 9 + ["yak"]
    >>> report = imbalance_report(["cat", "cat", "owl", "yak"], ["cat"] * 4, y_train=y_train)
    >>> {name: round(score, 2) for name, score in report.items()}
    {'accuracy': 0.5, 'balanced_accuracy': 0.33, 'head': 1.0, 'medium': 0.0, 'tail': 0.0}
    """
    name = "imbalance_report"
    classes, counts = class_table(count_classes(name, y_train, unlabeled_label))
    if len(classes) < 3:
        raise InvalidParameterError(
            f"{name}: y_train must hold at least three classes, got {classes.tolist()}. For two "
            "classes, use group_recall_score with n_groups=2."
        )
    true, predicted = _read_known_pair(name, y_true, y_pred, classes, unlabeled_label)
    recalls = _recalls(true, predicted, len(classes))
    return {
        "accuracy": float(accuracy_score(true, predicted)),
        "balanced_accuracy": _mean(recalls),
        **_group_means(recalls, counts, 3),
    }


def make_group_scorer(
    group: str,
    *,
    y_train: ArrayLike | None = None,
    class_counts: Counts | None = None,
    n_groups: int = 3,
    labels: ArrayLike | None = None,
    unlabeled_label: object = "auto",
) -> Callable[..., float]:
    """Make a scorer of one group's recall, for ``GridSearchCV`` and ``cross_val_score``.

    Parameters
    ----------
    group : {'head', 'medium', 'tail'} or str
        The group to score (see :func:`group_recall_score` for the names).
    y_train : array-like of shape (n_train_samples,), default=None
        Labels of the training set. They are counted.
    class_counts : array-like of shape (n_classes,) or mapping from class to count, default=None
        Training examples of each class, in place of ``y_train``.
    n_groups : int, default=3
        Number of groups, from 1 to the number of classes.
    labels : array-like of shape (n_classes,), default=None
        The classes, if ``class_counts`` is an array, as in :func:`group_recall_score`.
    unlabeled_label : label, 'auto' or None, default='auto'
        The mark of unlabeled rows, as in :func:`imbalance_report`.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)`` returns the mean per-class recall; greater is better. It can be
        pickled.

    Raises
    ------
    InvalidParameterError
        If there is no such group, if ``n_groups`` or ``class_counts`` are not usable, or if not
        exactly one of ``y_train`` and ``class_counts`` is given.
    InvalidTargetsError
        If ``y_train`` or the keys of ``class_counts`` cannot be read as labels.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skquickdraw.metrics import make_group_scorer
    >>> X, y = load_digits(return_X_y=True)
    >>> tail = make_group_scorer("tail", y_train=y)
    >>> cross_val_score(GaussianNB(), X, y, scoring=tail, cv=3).shape
    (3,)
    """
    if class_counts is None and y_train is not None:
        counts: Counts = count_classes("make_group_scorer", y_train, unlabeled_label)
    elif class_counts is not None and y_train is None:
        counts = class_counts
    else:
        raise InvalidParameterError("make_group_scorer needs either y_train or class_counts.")
    # Raise here what would otherwise fail in the middle of a search.
    frequency_groups(class_table(counts, labels)[1], n_groups)
    if group not in group_names(n_groups):
        raise InvalidParameterError(
            f"group must be one of {group_names(n_groups)} for n_groups={n_groups}, got {group!r}."
        )
    return make_scorer(
        _one_group_recall,
        group=group,
        class_counts=counts,
        n_groups=n_groups,
        labels=labels,
        unlabeled_label=unlabeled_label,
    )


def _one_group_recall(y_true: ArrayLike, y_pred: ArrayLike, *, group: str, **kwargs: Any) -> float:
    return group_recall_score(y_true, y_pred, **kwargs)[group]


def known_recalls(
    name: str,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    classes: NDArray[np.generic],
    unlabeled_label: object = "auto",
) -> NDArray[np.float64]:
    """Return the recall of each of ``classes``, where each true label must be one of them."""
    true, predicted = _read_known_pair(name, y_true, y_pred, classes, unlabeled_label)
    return _recalls(true, predicted, len(classes))


def _read_known_pair(
    name: str,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    classes: NDArray[np.generic],
    unlabeled_label: object,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    own, _ = read_own_labels(
        name, y_true, unlabeled_label=unlabeled_label, known=classes, input_name="y_true"
    )
    unknown = own[locate(own, classes) == len(classes)].tolist()
    if unknown:
        raise InvalidTargetsError(
            f"{name}: y_true holds classes that have no training count: {unknown[:5]}. Name every "
            "class of the training set, in y_train or class_counts. If class_counts is an array "
            "for other classes than 0, 1, 2..., pass labels= too."
        )
    _, true, predicted = read_labeled_pair(
        name, y_true, y_pred, classes=classes, unlabeled_label=unlabeled_label
    )
    return true, predicted


def _recalls(
    true: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int
) -> NDArray[np.float64]:
    codes = np.arange(n_classes)
    return np.asarray(
        recall_score(true, predicted, labels=codes, average=None, zero_division=np.nan)
    )


def _group_means(
    recalls: NDArray[np.float64], counts: NDArray[np.float64], n_groups: int
) -> dict[str, float]:
    groups = frequency_groups(counts, n_groups)
    names = group_names(n_groups)
    return {name: _mean(recalls[group]) for name, group in zip(names, groups, strict=True)}


def _mean(recalls: NDArray[np.float64]) -> float:
    """Return the mean over the classes that occurred, NaN if none did."""
    seen = recalls[~np.isnan(recalls)]
    return float(seen.mean()) if len(seen) else float("nan")
