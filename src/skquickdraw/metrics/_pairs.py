"""True and predicted labels as codes, for rows that have a label."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._marks import holds_minus_one, is_auto
from .._targets import (
    NO_LABEL,
    check_same_kind,
    locate,
    read_own_labels,
    with_codes,
)
from ..exceptions import InvalidTargetsError

Codes = NDArray[np.int64]


def read_pair(
    name: str,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    classes: NDArray[np.generic] | None,
    unlabeled_label: object,
) -> tuple[NDArray[np.generic], Codes, Codes]:
    """Return the classes, and codes of the rows whose true label is known.

    A label that is not in ``classes`` gets the code ``len(classes)``; None takes the classes of
    ``y_true``.

    Raises
    ------
    InvalidTargetsError
        If labels cannot be read, or no row has one.
    """
    guesses, predicted = read_own_labels(name, y_pred, unlabeled_label=None, input_name="y_pred")
    if classes is None and is_auto(unlabeled_label) and holds_minus_one(guesses):
        unlabeled_label = np.nan  # a prediction is a class, never a mark
    own, true = read_own_labels(
        name, y_true, unlabeled_label=unlabeled_label, known=classes, input_name="y_true"
    )
    if len(true) != len(predicted):
        raise InvalidTargetsError(
            f"{name}: y_true and y_pred have inconsistent numbers of samples, {len(true)} and "
            f"{len(predicted)}. Pass a prediction for each row."
        )
    labeled = true != NO_LABEL
    if not labeled.any():
        raise InvalidTargetsError(
            f"{name}: y_true must hold labels, but none of its {len(true)} rows has one. Pass the "
            "true labels of the rows that were predicted."
        )
    classes = own if classes is None else classes
    for labels in (own, guesses):
        check_same_kind(name, labels, classes)
    true, predicted = true[labeled], predicted[labeled]
    return (
        classes,
        with_codes(locate(own, classes), true),
        with_codes(locate(guesses, classes), predicted),
    )


def read_known_pair(
    name: str,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    classes: NDArray[np.generic],
    unlabeled_label: object,
) -> tuple[Codes, Codes]:
    """Return codes as :func:`read_pair`, where each true label must be one of ``classes``."""
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
    return read_pair(name, y_true, y_pred, classes, unlabeled_label)[1:]
