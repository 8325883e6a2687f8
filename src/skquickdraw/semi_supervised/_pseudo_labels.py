"""Turn a teacher's probabilities into the rows that a student learns from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import is_int
from ..exceptions import InvalidParameterError
from ._prior import align_to_prior, assign_to_prior


@dataclass(frozen=True)
class PseudoLabels:
    """A teacher's labels of a pool of n rows.

    Attributes
    ----------
    proba : float64 ndarray of shape (n, n_classes)
        The teacher's probabilities, after temperature and prior.
    codes : int64 ndarray of shape (n,)
        The class of each row.
    confidence : float64 ndarray of shape (n,)
        The probability of that class.
    selected : bool ndarray of shape (n,)
    """

    proba: NDArray[np.float64]
    codes: NDArray[np.int64]
    confidence: NDArray[np.float64]
    selected: NDArray[np.bool_]

    def standing_codes(self) -> NDArray[np.int64]:
        """Return the class of each selected row, and -1 for the others."""
        return np.where(self.selected, self.codes, -1)


def make_pseudo_labels(
    proba: NDArray[np.float64],
    *,
    prior: NDArray[np.float64] | None,
    is_hard: bool,
    temperature: float,
    threshold: float,
    quotas: NDArray[np.float64] | None,
) -> PseudoLabels:
    """Sharpen, align with the prior, choose classes, and select by confidence.

    With a prior, hard classes are assigned in exactly its numbers; soft ones agree with it on
    average. ``quotas`` (n_classes,) is the largest number of rows that a class may keep.
    """
    proba = temper(proba, temperature)
    codes = None
    if prior is not None:
        if is_hard:
            codes = assign_to_prior(proba, prior)
        proba = align_to_prior(proba, prior)
    codes = proba.argmax(axis=1) if codes is None else codes
    confidence = proba[np.arange(len(proba)), codes]
    selected = confidence > threshold
    if quotas is not None:
        selected &= confidence_ranks(codes, confidence, selected) < quotas[codes]
    return PseudoLabels(proba, codes, confidence, selected)


def temper(proba: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return probabilities to the power 1 / temperature, normalised to sums of one."""
    if temperature == 1:
        return proba
    powers = (proba / proba.max(axis=1, keepdims=True)) ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def confidence_ranks(
    codes: NDArray[np.int64], confidence: NDArray[np.float64], selected: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return each row's rank among the selected rows of its class; the most confident has 0."""
    order = np.lexsort((-confidence, ~selected, codes))
    starts = np.searchsorted(codes[order], np.arange(codes.max() + 1))
    ranks = np.empty(len(codes), dtype=np.int64)
    ranks[order] = np.arange(len(codes)) - starts[codes[order]]
    return ranks


def resolve_quotas(
    name: str, max_per_class: int | Mapping[Any, int] | None, classes: NDArray[np.generic]
) -> NDArray[np.float64] | None:
    """Return the largest number of rows that each class may keep; infinite without a limit."""
    if max_per_class is None:
        return None
    if not isinstance(max_per_class, Mapping):
        return np.full(len(classes), float(max_per_class))
    unknown = [label for label in max_per_class if label not in classes]
    if unknown:
        raise InvalidParameterError(
            f"{name}: max_per_class names labels that y does not have: {unknown[:5]}. Leave them "
            "out; classes that are not named have no limit."
        )
    quotas = [max_per_class.get(label, np.inf) for label in classes.tolist()]
    if not all(is_int(q, 0) for q in max_per_class.values()):
        raise InvalidParameterError(
            f"{name}: max_per_class must map labels to whole numbers of at least 0, got "
            f"{max_per_class!r}."
        )
    return np.array(quotas, dtype=np.float64)
