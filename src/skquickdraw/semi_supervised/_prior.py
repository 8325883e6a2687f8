"""Make the predictions for many rows agree with known shares of their classes.

A classifier trained on imbalanced classes tends to predict frequent ones if in doubt. If the shares
of the classes among the rows are known, this can be corrected: the rows compete for the places in
each class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from reprlib import repr as shorten

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from .._checks import as_array, check_target_array, is_int
from ..exceptions import InvalidParameterError, InvalidTargetsError

SMALLEST_PROBA = 1e-9  # every class stays possible for every row, so that a plan exists
SHARPNESS = (1, 2, 5, 10)  # powers of the probabilities, from a soft plan to a nearly hard one
RAGGED = 0.05  # share of rows to be moved after a plan, above which probabilities are not smooth
MOST_MOVED = 5000  # rows; time and memory grow with the square
SUM_TOLERANCE = 1e-3
SHARE_TOLERANCE = 1e-6


def align_to_prior(
    proba: ArrayLike, class_prior: ArrayLike | str = "uniform", *, max_iter: int = 100
) -> NDArray[np.float64]:
    """Rescale probabilities so that the mean of each class is its known share.

    Parameters
    ----------
    proba : array-like of shape (n, n_classes)
        Class probabilities; each row has the sum 1.
    class_prior : 'uniform' or array-like of shape (n_classes,), default='uniform'
        Shares of the classes among these rows, not negative, with sum 1.
    max_iter : int, default=100
        Largest number of rounds of scaling, at least 1. They end earlier if no share is off by more
        than 1e-6.

    Returns
    -------
    aligned : ndarray of shape (n, n_classes)
        Rows have the sum 1. Column means are ``class_prior``, unless ``max_iter`` is too low.

    Raises
    ------
    InvalidTargetsError
        If the rows of ``proba`` are not probabilities with the sum 1.
    InvalidParameterError
        If ``class_prior`` is not n_classes shares with the sum 1, or ``max_iter`` is below 1.

    See Also
    --------
    assign_to_prior : Assigns each row to a class, so that the shares are met exactly.

    Notes
    -----
    Sinkhorn's algorithm scales columns and rows alternately. It converges to a matrix :math:`p_{ic}
    u_i v_c`. Of all matrices with these shares, it is the closest to the probabilities, in relative
    entropy. In all rows, the odds between two classes change by the same factor.

    References
    ----------
    Cuturi (2013), Sinkhorn Distances: Lightspeed Computation of Optimal Transport,
    arXiv:1306.0895. Asano et al. (2020), Self-labelling via simultaneous clustering and
    representation learning, arXiv:1911.05371.

    Examples
    --------
    >>> from skquickdraw.semi_supervised import align_to_prior
    >>> align_to_prior([[0.9, 0.1], [0.6, 0.4]]).round(2)
    array([[0.71, 0.29],
           [0.29, 0.71]])
    """
    rows = _check_proba("align_to_prior", proba)
    prior = check_prior("align_to_prior", class_prior, rows.shape[1])
    if not is_int(max_iter, 1):
        raise InvalidParameterError(
            f"align_to_prior: max_iter must be an int of at least 1, got {max_iter!r}."
        )
    plan = rows * _scale_columns(rows, prior, np.ones(len(prior)), max_iter)
    return plan / plan.sum(axis=1, keepdims=True)


def assign_to_prior(
    proba: ArrayLike, class_prior: ArrayLike | str = "uniform"
) -> NDArray[np.int64]:
    """Assign each row one class, so that every class gets its known number of rows.

    Parameters
    ----------
    proba : array-like of shape (n, n_classes)
        Class probabilities; each row has the sum 1.
    class_prior : 'uniform' or array-like of shape (n_classes,), default='uniform'
        Shares of the classes among these rows, not negative, with sum 1. Fractions of rows are
        rounded by largest remainder.

    Returns
    -------
    codes : ndarray of shape (n,)
        Column of each row's class.

    Raises
    ------
    InvalidTargetsError
        If the rows of ``proba`` are not probabilities with the sum 1.
    InvalidParameterError
        If ``class_prior`` is not n_classes shares with the sum 1.

    See Also
    --------
    align_to_prior : Returns probabilities.

    Notes
    -----
    The sum of the log-probabilities of the assigned classes is nearly the largest possible one for
    these numbers of rows per class. It is found in two steps. First, an entropic transport plan is
    sharpened step by step (Cuturi 2013, arXiv:1306.0895). Then the classes that have too many rows
    give rows to the classes that have too few, so that the sum decreases as little as possible. If
    the probabilities are smooth, like those of a network, only few rows have to be moved. If they
    are near 0 and 1, it can be thousands of rows, and time and memory grow with the square of this
    number. If it is more than 5 % of the rows, the second step is also applied to the plain argmax,
    unless more than 5,000 rows would be moved there. The better of both results is returned.

    Examples
    --------
    >>> from skquickdraw.semi_supervised import assign_to_prior
    >>> assign_to_prior([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7]])
    array([0, 1, 0, 1])
    """
    rows = _check_proba("assign_to_prior", proba)
    prior = check_prior("assign_to_prior", class_prior, rows.shape[1])
    places = _round_to_sum(prior * len(rows), len(rows))
    log_rows = np.log(rows)
    scores = log_rows + _nearly_hard_potentials(rows, places / len(rows))
    codes = scores.argmax(axis=1)
    plans = [_move_surplus(codes, scores, places)]
    likeliest = rows.argmax(axis=1)
    if _surplus(codes, places) > RAGGED * len(rows) and _surplus(likeliest, places) <= MOST_MOVED:
        plans.append(_move_surplus(likeliest, log_rows, places))
    return max(plans, key=lambda plan: log_rows[np.arange(len(rows)), plan].sum())


def check_prior(
    name: str,
    class_prior: object,
    n_classes: int,
    *,
    allowed: str = "'uniform' or an array of numbers",
    order: str = "the columns of proba",
) -> NDArray[np.float64]:
    """Return the shares of the classes as an array that sums to one.

    Errors say what is ``allowed``, and that an array has the ``order`` of these classes.
    """
    if isinstance(class_prior, str) and class_prior == "uniform":
        return np.full(n_classes, 1 / n_classes)
    shares = as_array(name, "class_prior", class_prior)
    got = f"got {shorten(shares.tolist())}"
    if shares.dtype.kind not in "fiu":
        raise InvalidParameterError(
            f"{name}: class_prior must be {allowed}, {got}. Pass one number for each class, in the "
            f"order of {order}."
        )
    if shares.shape != (n_classes,):
        raise InvalidParameterError(
            f"{name}: class_prior must have {n_classes} shares, one for each class, {got} of shape "
            f"{shares.shape}. Pass them in the order of {order}."
        )
    if not np.isfinite(shares).all() or shares.min() < 0:
        raise InvalidParameterError(
            f"{name}: the shares of class_prior must be finite and not negative, {got}. A class "
            "that does not occur has the share 0."
        )
    if abs(shares.sum() - 1) > SUM_TOLERANCE:
        raise InvalidParameterError(
            f"{name}: the shares of class_prior must sum to 1, {got} with the sum "
            f"{shares.sum():.4g}. Divide them by their sum."
        )
    return shares / shares.sum()


def check_prior_of_labels(
    name: str,
    class_prior: object,
    classes: NDArray[np.generic],
    names: Sequence[str] = ("uniform",),
) -> NDArray[np.float64]:
    """Return the shares of these classes; unlike :func:`check_prior`, also from a dict by label.

    Errors list the ``names`` that can replace the shares, as None can.
    """
    labels = classes.tolist()
    if hasattr(class_prior, "to_dict"):  # a pandas Series, whose index holds the labels
        class_prior = class_prior.to_dict()
    if isinstance(class_prior, Mapping):
        lacking = [label for label in labels if label not in class_prior]
        keys = [key.item() if isinstance(key, np.generic) else key for key in class_prior]
        unknown = [key for key in keys if key not in labels]
        if lacking or unknown:
            wrong = f"It lacks {lacking[:5]}" if lacking else f"{unknown[:5]} are no classes"
            raise InvalidParameterError(
                f"{name}: class_prior must give each class a share, and have no other keys. "
                f"{wrong}. Correct the keys; a share may be 0."
            )
        class_prior = [class_prior[label] for label in labels]
    return check_prior(
        name,
        class_prior,
        len(labels),
        allowed=f"{', '.join(map(repr, names))}, None, an array of numbers or a dict",
        order=f"classes_, {shorten(labels)}, or a dict from label to share",
    )


def _check_proba(name: str, proba: ArrayLike) -> NDArray[np.float64]:
    rows = check_target_array(proba, dtype=np.float64, input_name="proba")
    sums = rows.sum(axis=1)
    worst = int(np.abs(sums - 1).argmax())
    if rows.min() < 0 or abs(sums[worst] - 1) > SUM_TOLERANCE:
        raise InvalidTargetsError(
            f"{name}: each row of proba must hold probabilities that sum to 1, but the smallest "
            f"value is {rows.min():.3g}, and row {worst} sums to {sums[worst]:.4g}. Pass what "
            "predict_proba returns."
        )
    return np.maximum(rows, SMALLEST_PROBA)


def _scale_columns(
    kernel: NDArray[np.float64],
    prior: NDArray[np.float64],
    start: NDArray[np.float64],
    max_iter: int,
) -> NDArray[np.float64]:
    """Return factors for the columns that make their means the prior once rows are scaled."""
    scale = start
    for _ in range(max_iter):
        shares = scale * (kernel.T @ (1 / (kernel @ scale))) / len(kernel)
        if np.abs(shares - prior).max() < SHARE_TOLERANCE:
            break
        scale = scale * prior / np.maximum(shares, np.finfo(float).tiny)
        scale /= scale.max()
    return scale


def _nearly_hard_potentials(
    proba: NDArray[np.float64], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return offsets of the log-probabilities with which each class wins about its share."""
    scale = np.ones(len(prior))
    for before, power in zip((1, *SHARPNESS), SHARPNESS, strict=False):
        kernel = proba**power
        kernel /= kernel.max(axis=1, keepdims=True)
        scale = _scale_columns(kernel, prior, scale ** (power / before), max_iter=50)
    with np.errstate(divide="ignore"):
        return np.log(scale) / SHARPNESS[-1]  # minus infinity if a class has no place


def _round_to_sum(shares: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Round down, then round up the largest remainders until the sum is right."""
    counts = np.floor(shares + 1e-9).astype(np.int64)
    by_remainder = np.argsort(counts - shares, kind="stable")
    counts[by_remainder[: total - counts.sum()]] += 1
    return counts


def _surplus(codes: NDArray[np.int64], places: NDArray[np.int64]) -> int:
    return int(np.maximum(np.bincount(codes, minlength=len(places)) - places, 0).sum())


def _move_surplus(
    codes: NDArray[np.int64], scores: NDArray[np.float64], places: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Move rows from classes with too many to classes with places left, at least cost."""
    surplus = np.bincount(codes, minlength=len(places)) - places
    if not surplus.any():
        return codes
    open_places = np.repeat(np.arange(len(places)), np.maximum(-surplus, 0))
    losses = scores[np.arange(len(codes)), codes] - scores[:, np.unique(open_places)].max(axis=1)
    movers = np.concatenate(
        [
            _cheapest(np.flatnonzero(codes == c), losses, surplus[c])
            for c in np.flatnonzero(surplus > 0)
        ]
    )
    costs = -np.maximum(scores[np.ix_(movers, open_places)], -1e9)
    rows, columns = linear_sum_assignment(costs)
    moved = codes.copy()
    moved[movers[rows]] = open_places[columns]
    return moved


def _cheapest(members: NDArray[np.intp], losses: NDArray[np.float64], n: int) -> NDArray[np.intp]:
    return members[np.argsort(losses[members], kind="stable")[:n]]
