"""A weighted vote of class probabilities, and the weights that suit held-out rows best."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from sklearn.exceptions import ConvergenceWarning

from .._divergence import has_diverged
from ..exceptions import InvalidParameterError

SMALLEST_PROBA = 1e-15  # so that a member that predicts 0 does not overrule all others
MAX_ITER, TOLERANCE = 1000, 1e-8


def combine_proba(
    probas: Iterable[NDArray[np.number]], weights: NDArray[np.float64], combine: str
) -> NDArray[np.float64]:
    """Return the weighted mean (n, n_classes) of the members' probabilities.

    ``combine='logit'`` averages their logarithms, which gives the geometric mean, scaled to sum 1.
    """
    pairs = zip(weights, probas, strict=True)
    if combine == "logit":
        return softmax(sum(weight * _log(proba) for weight, proba in pairs), axis=1)
    return sum(weight * np.asarray(proba, dtype=np.float64) for weight, proba in pairs)


def _log(proba: NDArray[np.number]) -> NDArray[np.float64]:
    return np.log(np.maximum(proba, SMALLEST_PROBA, dtype=np.float64))


def learn_weights(
    probas: NDArray[np.number],
    codes: NDArray[np.int64],
    sample_weight: NDArray[np.float64] | None,
    combine: str,
) -> NDArray[np.float64]:
    """Return the weights (n_members,), at least 0 and with sum 1, of the smallest log loss.

    Parameters
    ----------
    probas : ndarray of shape (n_members, n, n_classes)
    codes : ndarray of shape (n,)
        The true classes.
    sample_weight : ndarray of shape (n,) or None
    combine : {'proba', 'logit'}
        In both cases the loss is convex in the weights, so there are no local minima.
    """
    if combine == "proba":
        return _mixture_weights(probas[:, np.arange(len(codes)), codes], sample_weight)
    n_members = len(probas)
    found = minimize(
        _geometric_log_loss,
        np.full(n_members, 1 / n_members),
        args=(probas, codes, sample_weight),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * n_members,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        options={"ftol": 1e-10, "maxiter": 1000},
    )
    weights = np.clip(found.x, 0, None)  # the optimum may exceed its bounds by a rounding error
    return weights / weights.sum()


def _mixture_weights(
    of_truth: NDArray[np.number], sample_weight: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return the weights of a mixture by expectation maximisation; no step makes them worse.

    ``of_truth`` (n_members, n) is each member's probability of the true class of each row.
    """
    of_truth = np.maximum(of_truth, SMALLEST_PROBA)
    weights = np.full(len(of_truth), 1 / len(of_truth))
    for _ in range(MAX_ITER):
        shares = weights[:, None] * of_truth / (weights @ of_truth)
        new = np.average(shares, axis=1, weights=sample_weight)
        change = np.abs(new - weights).max()
        weights = new
        if change < TOLERANCE:
            break
    return weights / weights.sum()


def _geometric_log_loss(
    weights: NDArray[np.float64],
    probas: NDArray[np.number],
    codes: NDArray[np.int64],
    sample_weight: NDArray[np.float64] | None,
) -> tuple[float, NDArray[np.float64]]:
    """Return the log loss of the geometric mean, and its gradient (n_members,)."""
    logs = _log(probas)  # (n_members, n, n_classes)
    of_truth = logs[:, np.arange(len(codes)), codes]  # (n_members, n)
    mixed = np.tensordot(weights, logs, axes=1)  # (n, n_classes)
    loss = np.average(logsumexp(mixed, axis=1) - weights @ of_truth, weights=sample_weight)
    expected = (logs * softmax(mixed, axis=1)).sum(axis=2)  # (n_members, n)
    return loss, np.average(expected - of_truth, axis=1, weights=sample_weight)


def given_weights(
    name: str, weights: ArrayLike | str | None, n_members: int
) -> NDArray[np.float64]:
    """Return the weights before any are learned, with sum 1; ``name`` is that of the ensemble."""
    if weights is None or isinstance(weights, str):
        return np.full(n_members, 1 / n_members)
    given = np.empty(0)
    with suppress(TypeError, ValueError, OverflowError):  # not numbers
        given = np.asarray(weights, dtype=np.float64)
    is_right = given.shape == (n_members,) and np.isfinite(given).all()
    if not is_right or given.min() < 0 or given.sum() == 0:
        raise InvalidParameterError(
            f"{name}: weights must be n_estimators={n_members} numbers of at least 0, not all 0, "
            f"got {weights!r}. None means equal weights."
        )
    return given / given.sum()


def without_diverged(
    weights: NDArray[np.float64], members: Sequence[object]
) -> NDArray[np.float64]:
    """Return weights with sum 1, and 0 for members that diverged while others did not."""
    is_sound = np.array([not has_diverged(member) for member in members])
    if not is_sound.any():
        is_sound[:] = True
    weights = weights * is_sound
    if weights.sum() == 0:  # the remaining members had weight 0
        weights = is_sound.astype(float)
    return weights / weights.sum()


def warn_of_diverged(name: str, members: Sequence[object]) -> None:
    """Warn where the training of members diverged; ``name`` is that of the ensemble."""
    n_diverged = sum(map(has_diverged, members))
    if n_diverged:
        lost = "all keep their votes" if n_diverged == len(members) else "they have no vote"
        warnings.warn(
            f"{name}: the training of {n_diverged} of {len(members)} members has diverged; {lost}. "
            "Lower the learning rate of the members.",
            ConvergenceWarning,
            stacklevel=5,
        )
