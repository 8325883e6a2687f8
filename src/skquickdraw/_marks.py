"""Marks of unlabeled rows: missing values, -1, or the user's choice."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

from ._label_column import NO_LABEL, is_missing, kind_of
from .exceptions import InvalidParameterError, InvalidTargetsError

TEXTS_OF_MARKS = ("-1", "nan")  # what marks become in a NumPy array of text


def is_auto(unlabeled_label: object) -> bool:
    """Return whether y itself decides the mark."""
    return isinstance(unlabeled_label, str) and unlabeled_label == "auto"


def is_same_mark(one: object, other: object) -> bool:
    """Return whether two values of ``unlabeled_label`` mean the same."""
    if one is None or other is None:
        return one is other
    if is_missing(one) or is_missing(other):
        return is_missing(one) and is_missing(other)
    return kind_of(one) == kind_of(other) and bool(one == other)


def find_marks(
    name: str,
    labels: NDArray[np.generic],
    codes: NDArray[np.int64],
    unlabeled_label: object,
    known: NDArray[np.generic] | None,
    input_name: str,
) -> NDArray[np.bool_]:
    """Return which of the labels are marks of unlabeled rows."""
    missing = np.flatnonzero(codes == NO_LABEL)
    if is_auto(unlabeled_label):
        _refuse_texts(name, labels, TEXTS_OF_MARKS, known, input_name)
        is_mark = np.array([_is_minus_one(label) for label in labels.tolist()], dtype=bool)
        others = labels[~is_mark].tolist()
        is_class = bool(len(missing)) or (
            len(others) < 2 and all(kind_of(label) == "number" for label in others)
        )
        if known is not None:
            is_class = holds_minus_one(known)
        return is_mark & (not is_class)
    if len(missing) and (unlabeled_label is None or not is_missing(unlabeled_label)):
        raise InvalidTargetsError(_some_missing(name, missing, len(codes), input_name))
    if not isinstance(unlabeled_label, Hashable) or np.ndim(unlabeled_label):  # type: ignore[arg-type]
        raise InvalidParameterError(
            f"{name}: unlabeled_label must be a single label, got {unlabeled_label!r}. "
            "None says that all rows have one."
        )
    if unlabeled_label is not None and kind_of(unlabeled_label) != "text":
        _refuse_texts(name, labels, (str(unlabeled_label),), None, input_name)
    return np.array([is_same_mark(label, unlabeled_label) for label in labels.tolist()], dtype=bool)


def _is_minus_one(label: object) -> bool:
    return kind_of(label) == "number" and label == -1


def holds_minus_one(classes: NDArray[np.generic]) -> bool:
    """Return whether the number -1 is a class."""
    return any(_is_minus_one(label) for label in classes.tolist())


def _refuse_texts(
    name: str,
    labels: NDArray[np.generic],
    texts: tuple[str, ...],
    known: NDArray[np.generic] | None,
    input_name: str,
) -> None:
    """Refuse an array of text in which a mark seems to have become text."""
    if labels.dtype.kind != "U":
        return
    found = [text for text in texts if text in labels]
    if known is None and len(texts) > 1 and len(labels) - len(found) < 2:
        return  # two labels are two classes, as for the number -1
    if known is not None:
        found = [text for text in found if text not in known.tolist()]
    if found:
        raise InvalidTargetsError(
            f"{name}: {input_name} holds the text {found[0]!r}: is it a class, or the mark of rows "
            f"without a label? Set unlabeled_label to {found[0]!r} where it is the mark, to None "
            f"where all rows are labeled, or pass {input_name} as an array of objects."
        )


def _some_missing(name: str, missing: NDArray[np.intp], n_rows: int, input_name: str) -> str:
    return (
        f"{name}: every row of {input_name} must have a label, but {len(missing)} of {n_rows} are "
        f"missing (None, NaN or NA), the first in row {missing[0]}. Drop these rows, or set "
        "unlabeled_label='auto' where there is such a parameter: NoisyStudentClassifier has it, "
        "and learns from rows without labels too."
    )
