"""True and predicted labels as codes of the same classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._marks import TEXTS_OF_MARKS
from ._targets import NO_LABEL, check_same_kind, locate, read_own_labels, with_codes
from .exceptions import InvalidTargetsError

Codes = NDArray[np.int64]
Pair = tuple[NDArray[np.generic], Codes, Codes]


def read_pair(
    name: str,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    classes: NDArray[np.generic] | None = None,
    unlabeled_label: object = "auto",
) -> Pair:
    """Return the classes, and the codes of both; -1 for a true label that is missing.

    A label that is not in ``classes`` gets the code ``len(classes)``. None takes all labels of
    both, sorted. With 'auto', y_true decides which rows have no label, as :func:`read_own_labels`
    says, but what is predicted is a class.
    """
    guesses, predicted = read_own_labels(name, y_pred, unlabeled_label=None, input_name="y_pred")
    known = classes
    if classes is None and not {-1, *TEXTS_OF_MARKS}.isdisjoint(guesses.tolist()):
        known = guesses
    own, true = read_own_labels(
        name, y_true, unlabeled_label=unlabeled_label, known=known, input_name="y_true"
    )
    if len(true) != len(predicted):
        raise InvalidTargetsError(
            f"{name}: y_true and y_pred have inconsistent numbers of samples, {len(true)} and "
            f"{len(predicted)}. Pass a prediction for each row."
        )
    for labels in (own, guesses):
        check_same_kind(name, labels, own if classes is None else classes)
    if classes is None:
        extra = guesses[locate(guesses, own) == len(own)]
        classes = np.sort(np.concatenate([own, extra])) if len(extra) else own
    return (
        classes,
        with_codes(locate(own, classes), true),
        with_codes(locate(guesses, classes), predicted),
    )


def read_labeled_pair(
    name: str,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    classes: NDArray[np.generic] | None = None,
    unlabeled_label: object = "auto",
) -> Pair:
    """Return what :func:`read_pair` returns, without the rows that have no true label."""
    classes, true, predicted = read_pair(
        name, y_true, y_pred, classes=classes, unlabeled_label=unlabeled_label
    )
    labeled = true != NO_LABEL
    if not labeled.any():
        raise InvalidTargetsError(
            f"{name}: y_true must hold labels, but none of its {len(true)} rows has one. Pass the "
            "true labels of the rows that were predicted."
        )
    return classes, true[labeled], predicted[labeled]
