"""The target contract: labels are codes, and every target is a row of class probabilities.

Hard labels, pseudo-labels and a teacher's probabilities differ only in how sharp their rows are, so
one loss serves plain training, noisy students and distillation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._checks import check_classification_targets, check_target_array
from .exceptions import InvalidTargetsError

ROW_SUM_TOLERANCE = 1e-3


def encode_labels(
    name: str, y: Any, classes: NDArray[Any] | None = None
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the sorted classes, and for each row of y the position of its class among them.

    Raises
    ------
    InvalidTargetsError
        If y holds a single class, or one that is not among ``classes``.
    """
    check_classification_targets(y)
    own, codes = np.unique(y, return_inverse=True)
    known = own if classes is None else classes
    if len(known) < 2:
        held = "y holds one class" if classes is None else "classes names fewer"
        raise InvalidTargetsError(
            f"{name} needs examples of at least two classes; {held}, {known.tolist()}."
        )
    if classes is None:
        return own, codes.astype(np.int64)
    # By Python's equality: NumPy would compare the text '5' with the number 5 as texts.
    position = {label: code for code, label in enumerate(classes.tolist())}
    unknown = [label for label in own.tolist() if label not in position]
    if unknown:
        raise InvalidTargetsError(
            f"{name}: y holds labels that are not among the known classes: {unknown[:5]}. "
            "Name every class from the start, in fit or in the first call of partial_fit."
        )
    positions = np.array([position[label] for label in own.tolist()], dtype=np.int64)
    return classes, positions[codes]


def find_labeled(y: NDArray[Any], unlabeled_label: Any) -> NDArray[np.intp]:
    """Return the positions of the rows that have a label."""
    is_number = not isinstance(unlabeled_label, str | None)
    if y.dtype.kind in "US" and is_number and str(unlabeled_label) in y:
        raise InvalidTargetsError(
            f"y holds the text {str(unlabeled_label)!r}, and unlabeled_label is "
            f"{unlabeled_label!r}, which is no text: is it a class, or the mark? Pass y as an "
            f"array of objects, unlabeled_label={str(unlabeled_label)!r}, or None."
        )
    is_text, seeks_text = y.dtype.kind in "US", isinstance(unlabeled_label, str)
    never_equal = is_text != seeks_text and y.dtype != object  # some versions of numpy warn of it
    if unlabeled_label is None or never_equal:
        return np.arange(len(y))
    if unlabeled_label != unlabeled_label:  # NaN, which no label equals
        return np.flatnonzero(y == y)
    return np.flatnonzero(y != unlabeled_label)


def check_labeled_classes(name: str, y: NDArray[Any], unlabeled_label: Any) -> None:
    """Refuse labels of a single class, and name the way out where -1 was meant as the other one.

    Raises
    ------
    InvalidTargetsError
        If the labelled rows hold fewer than two classes.
    """
    classes = np.unique(y)
    if len(classes) < 2:
        held = f"one class, {classes.tolist()[0]!r}" if len(classes) else "no class"
        raise InvalidTargetsError(
            f"{name}: y must hold more than one class, but its labelled rows hold {held}; "
            f"rows whose label is {unlabeled_label!r} count as unlabelled. Pass "
            f"unlabeled_label=None if {unlabeled_label!r} is a class of its own."
        )


def check_soft_targets(
    name: str, soft_targets: Any, n_samples: int, n_classes: int
) -> NDArray[np.float32]:
    """Validate rows of class probabilities and return them as float32 that sums to one exactly.

    Raises
    ------
    InvalidTargetsError
        If the shape is not ``(n_samples, n_classes)``, a value is negative, or a row does not sum
        to one (within 1e-3, which half precision needs).
    """
    soft = check_target_array(soft_targets, dtype=np.float32, input_name="soft_targets")
    if soft.shape != (n_samples, n_classes):
        raise InvalidTargetsError(
            f"{name}: soft_targets must have shape (n_samples, n_classes) = "
            f"{(n_samples, n_classes)}, got {soft.shape}. Columns follow the sorted classes of y."
        )
    if soft.min() < 0:
        raise InvalidTargetsError(
            f"{name}: soft_targets must not be negative, got {soft.min():.3g}."
        )
    sums = soft.sum(axis=1)
    worst = int(np.abs(sums - 1).argmax())
    if abs(sums[worst] - 1) > ROW_SUM_TOLERANCE:
        raise InvalidTargetsError(
            f"{name}: each row of soft_targets must sum to 1, but row {worst} sums to "
            f"{sums[worst]:.4g}. Divide by the sums: p / p.sum(axis=1, keepdims=True)."
        )
    return soft / sums[:, None]
