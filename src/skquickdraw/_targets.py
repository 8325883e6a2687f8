"""The target contract: labels are codes, and every target is a row of class probabilities.

Labels, and the marks of unlabeled rows, are read only here, before scikit-learn sees them. It would
refuse missing labels, and also integers and booleans in arrays of objects.

Hard labels, pseudo-labels and a teacher's probabilities differ only in how sharp their rows are, so
one loss serves plain training, noisy students and distillation.
"""

from __future__ import annotations

from collections.abc import Mapping
from reprlib import repr as shorten
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import check_target_array, raised_as
from ._compat import count_samples
from ._label_column import KINDS, is_missing, kind_of, not_a_label, read_column
from ._label_column import NO_LABEL as NO_LABEL
from ._marks import find_marks, holds_minus_one, is_auto
from .exceptions import InvalidParameterError, InvalidTargetsError

ROW_SUM_TOLERANCE = 1e-3


def read_labels(
    name: str,
    y: ArrayLike | None,
    *,
    unlabeled_label: object = "auto",
    classes: NDArray[np.generic] | None = None,
    min_classes: int = 2,
    input_name: str = "y",
) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    """Return the classes, and for each row the position of its class; -1 if it has no label.

    Parameters
    ----------
    name : str
        The subject of errors.
    y : array-like of shape (n,)
        Text, numbers or booleans: in a list, in an array of their own dtype or of objects, or in a
        column of pandas, also a categorical or nullable one.
    unlabeled_label : label or None, default='auto'
        The mark of rows without labels, as in :func:`read_own_labels`. None says that there are no
        such rows, as for estimators that only learn from labeled rows.
    classes : ndarray of shape (n_classes,), default=None
        All classes that y may hold; None takes those of y, sorted.
    min_classes : int, default=2
        The smallest number of classes allowed.
    input_name : str, default='y'
        Name of y in errors.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        In the dtype of y. If that is object, numbers and booleans get int64, float64 or bool.
    codes : int64 ndarray of shape (n,)

    Raises
    ------
    InvalidTargetsError
        If labels cannot be read, if a row lacks a label that it needs, or if there are too few
        classes.
    """
    own, codes = read_own_labels(
        name, y, unlabeled_label=unlabeled_label, known=classes, input_name=input_name
    )
    known = own if classes is None else classes
    if len(known) < min_classes:
        message = _too_few(name, known, codes, unlabeled_label, min_classes, input_name)
        raise InvalidTargetsError(message)
    if classes is None:
        return own, codes
    positions = locate(own, classes)
    unknown = own[positions == len(classes)].tolist()
    if unknown:
        raise InvalidTargetsError(
            f"{name}: {input_name} holds labels that are not among the known classes: "
            f"{unknown[:5]}. Name every class from the start, in fit or in the first call of "
            "partial_fit."
        )
    return classes, with_codes(positions, codes)


def read_own_labels(
    name: str,
    y: ArrayLike | None,
    *,
    unlabeled_label: object = "auto",
    known: NDArray[np.generic] | None = None,
    input_name: str = "y",
) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    """Return the sorted classes of y itself, and codes, as :func:`read_labels` does.

    With ``unlabeled_label='auto'``, missing values (None, NaN, NA) mark rows without labels. If
    there are none, the number -1 is the mark, but only beside at least two other classes, or beside
    labels of another kind. So labels from {-1, 1} are classes. With ``known`` classes, -1 is a mark
    unless it is one of them. The empty text may be a mark, but not a class.
    """
    labels, codes = read_column(name, y, input_name)
    is_mark = find_marks(name, labels, codes, unlabeled_label, known, input_name)
    kept = np.flatnonzero(~is_mark)
    own, order = _as_classes(name, labels[kept], input_name)
    if len(own) and kind_of(own[0]) == "text" and own[0] == "":  # it is sorted to the front
        raise InvalidTargetsError(_empty_text(name, codes == kept[order[0]], input_name))
    positions = np.full(len(labels), NO_LABEL)
    positions[kept[order]] = np.arange(len(kept))
    return own, with_codes(positions, codes)


def locate(labels: NDArray[np.generic], classes: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return the position of each label among the classes; for others, the number of classes."""
    # By Python's equality: NumPy would compare the text '5' with the number 5 as texts.
    position = {label: code for code, label in enumerate(classes.tolist())}
    return np.array([position.get(label, len(position)) for label in labels.tolist()], np.int64)


def _empty_text(name: str, is_empty: NDArray[np.bool_], input_name: str) -> str:
    rows = np.flatnonzero(is_empty)
    return (
        f"{name}: the empty text '' cannot be a class, but {len(rows)} of the {len(is_empty)} rows "
        f"of {input_name} hold it, the first in row {rows[0]}: values that are missing in a file "
        "are often read so. Drop these rows, give the class a name, or set unlabeled_label='' "
        "where there is such a parameter and they have no label."
    )


def check_same_kind(name: str, labels: NDArray[np.generic], classes: NDArray[np.generic]) -> None:
    """Refuse to compare text with numbers: no prediction would ever be right."""
    kinds = [kind_of(own[0]) for own in (labels, classes) if len(own)]
    if len(kinds) == 2 and kinds[0] != kinds[1] and "text" in kinds:
        raise InvalidTargetsError(
            f"{name}: cannot compare {kinds[0]} with {kinds[1]}: labels are {labels[:3].tolist()}, "
            f"classes {classes[:3].tolist()}. Convert one to the type of the other."
        )


def check_weighted_classes(name: str, class_weight: object, classes: NDArray[np.generic]) -> None:
    """Refuse weights of classes that y lacks, such as a misspelt one.

    As in scikit-learn, a dict may name more classes than y has if it names all of these too.
    """
    if not isinstance(class_weight, Mapping):
        return
    labels = classes.tolist()
    unknown = [label for label in class_weight if label not in labels]
    if unknown and any(label not in class_weight for label in labels):
        raise InvalidParameterError(
            f"{name}: class_weight must name classes of y, but y has no {unknown[:5]}; its "
            f"{len(labels)} classes are {shorten(labels)}. Correct the names, or give every class "
            "of y a weight: then the dict may name others too."
        )


def with_codes(positions: NDArray[np.int64], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the position of each row's label; rows without a label keep NO_LABEL."""
    return np.append(positions, NO_LABEL)[codes]  # the code -1 selects the last entry


def decode_labels(
    codes: NDArray[np.int64], classes: NDArray[np.generic], unlabeled_label: Any
) -> NDArray[np.generic]:
    """Return labels, or the mark for rows without one; as objects if their kinds differ.

    For 'auto', the mark is -1 if the labels are numbers and -1 is not a class, else None.
    """
    labels = classes[codes]
    is_open = codes == NO_LABEL
    if is_open.any():
        mark, kind = unlabeled_label, kind_of(classes[0])
        if is_auto(mark):
            mark = -1 if kind == "number" and not holds_minus_one(classes) else None
        same_kind = kind_of(mark) == kind and classes.dtype != object
        labels = labels.astype(np.result_type(classes, np.asarray(mark)) if same_kind else object)
        labels[is_open] = mark
    return labels


def check_same_length(name: str, X: object, codes: NDArray[np.int64]) -> None:
    """Refuse labels whose number differs from that of the rows."""
    with raised_as(InvalidTargetsError):
        n_rows = count_samples(X)
    if n_rows != len(codes):
        raise InvalidTargetsError(
            f"{name}: X and y have inconsistent numbers of samples, {n_rows} and {len(codes)}. "
            "Pass one label for each row."
        )


def _as_classes(
    name: str, labels: NDArray[np.generic], input_name: str
) -> tuple[NDArray[np.generic], NDArray[np.intp]]:
    """Return the labels sorted and in a dtype of their own, and the order that sorts them."""
    if labels.dtype == object and len(labels):
        example = {kind_of(label): label for label in labels}
        for kind in set(example) - set(KINDS):
            raise InvalidTargetsError(not_a_label(name, example[kind], input_name))
        kinds = sorted(example)
        if len(kinds) > 1:
            raise InvalidTargetsError(
                f"{name}: the labels of {input_name} must be of one kind, but they mix "
                f"{' and '.join(kinds)}, such as {list(example.values())}. Convert them to one, or "
                "name the mark of unlabeled rows by unlabeled_label."
            )
        if kinds[0] != "text":
            plain = [v.item() if isinstance(v, np.generic) else v for v in labels.tolist()]
            labels = np.array(plain)
    if labels.dtype.kind == "f":
        if np.isinf(labels).any():
            raise InvalidTargetsError(
                f"{name}: Input {input_name} contains infinity, which is no label."
            )
        if (labels != np.trunc(labels)).any():
            raise InvalidTargetsError(
                f"{name}: Unknown label type: continuous. Classes are whole numbers, text or "
                f"booleans, but {input_name} holds {labels[labels != np.trunc(labels)][0]:g}. "
                "Round it, or cut it into classes."
            )
    order = np.argsort(labels, kind="stable")
    return labels[order], order


def _too_few(
    name: str,
    classes: NDArray[np.generic],
    codes: NDArray[np.int64],
    unlabeled_label: object,
    min_classes: int,
    input_name: str,
) -> str:
    held = f"one class, {classes.tolist()}" if len(classes) else "no class"
    n_open = int((codes == NO_LABEL).sum())
    hint = ""
    if n_open:
        hint = f" {n_open} of {len(codes)} rows are unlabeled."
        if not is_auto(unlabeled_label) and not is_missing(unlabeled_label):
            hint += f" Pass unlabeled_label=None if {unlabeled_label!r} is a class of its own."
    wanted = "one class" if min_classes == 1 else "two classes"
    return f"{name} needs examples of at least {wanted}; {input_name} holds {held}.{hint}"


def check_soft_targets(
    name: str, soft_targets: ArrayLike | None, n_samples: int, n_classes: int
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
