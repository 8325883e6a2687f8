"""Class sizes that fall from rung to rung, and data sets reduced to them."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import FLAG, as_array, check_arguments, check_random_state, is_int, raised_as
from .._compat import safe_indexing
from .._targets import check_same_length, locate, read_labels
from ..exceptions import InvalidParameterError, InvalidTargetsError

LARGEST = 2**31 - 1


def ladder_counts(
    n_classes: int, *, n_max: int = 1000, n_min: int = 10, profile: str = "linear"
) -> np.ndarray:
    """Compute class sizes that fall from class to class, like the rungs of a ladder.

    Parameters
    ----------
    n_classes : int
        Number of classes, at least 1. A single class gets `n_max`.
    n_max, n_min : int, default=1000 and 10
        Size of the largest and of the smallest class; 1 <= n_min <= n_max.
    profile : {'linear', 'exponential'}, default='linear'
        Whether the sizes of consecutive classes have equal differences ('linear') or equal ratios
        ('exponential', as in the long-tailed CIFAR data sets).

    Returns
    -------
    counts : ndarray of shape (n_classes,), int64
        Class sizes, descending.

    Raises
    ------
    InvalidParameterError
        If a parameter is of the wrong kind or out of range.

    Notes
    -----
    With ``t = k / (n_classes - 1)``, class k, counted from 0, has ``n_max - (n_max - n_min) * t``
    samples if the profile is linear, and ``n_max * (n_min / n_max) ** t`` samples if it is
    exponential, rounded to the nearest integer. Cui et al. round down.

    References
    ----------
    Cui, Y., Jia, M., Lin, T.-Y., Song, Y. and Belongie, S. (2019). Class-Balanced Loss Based on
    Effective Number of Samples. arXiv:1901.05555.

    Examples
    --------
    >>> from skquickdraw.datasets import ladder_counts
    >>> ladder_counts(5, n_max=100, n_min=20)
    array([100,  80,  60,  40,  20])
    >>> ladder_counts(3, n_max=100, n_min=1, profile="exponential")
    array([100,  10,   1])
    """
    return _counts("ladder_counts", n_classes, n_max, n_min, profile)


def _counts(caller: str, n_classes: int, n_max: int, n_min: int, profile: str) -> NDArray[np.int64]:
    for name, value in [("n_classes", n_classes), ("n_max", n_max), ("n_min", n_min)]:
        if not is_int(value, 1, LARGEST):
            raise InvalidParameterError(
                f"{caller}: {name} must be an int of at least 1; got {value!r}."
            )
    if n_min > n_max:
        raise InvalidParameterError(
            f"{caller}: n_min must not exceed n_max; got n_min={n_min}, n_max={n_max}. Lower "
            "n_min or raise n_max. The sizes always fall; make_ladder's `order` says which class "
            "is largest."
        )
    if not isinstance(profile, str) or profile not in ("linear", "exponential"):
        raise InvalidParameterError(
            f"{caller}: profile must be 'linear' or 'exponential'; got {profile!r}."
        )
    t = np.arange(n_classes) / max(n_classes - 1, 1)
    counts = n_max - (n_max - n_min) * t if profile == "linear" else n_max * (n_min / n_max) ** t
    return np.rint(counts).astype(np.int64)


def make_ladder(
    X: ArrayLike,
    y: ArrayLike,
    *,
    n_max: int = 1000,
    n_min: int = 10,
    profile: str = "linear",
    order: ArrayLike | None = None,
    random_state: int | np.random.RandomState | None = None,
    return_indices: bool = False,
) -> tuple[Any, ...]:
    """Make a data set imbalanced: reduce its classes to the sizes of :func:`ladder_counts`.

    Use it to study scarce and imbalanced labels with a data set that has many labels: train on the
    reduced set, and test on the other rows or on a balanced test set.

    Parameters
    ----------
    X : array-like or list of n_samples images
        Of any number of dimensions.
    y : array-like of shape (n_samples,)
        Labels of any type. Every row needs one; -1 is a class.
    n_max, n_min, profile
        As in :func:`ladder_counts`.
    order : array-like of shape (n_classes,), default=None
        All classes of y, in the order of their sizes in the result: the first class becomes the
        largest. None is ``np.unique(y)``.
    random_state : int, RandomState instance or None, default=None
        Determines which rows are kept. If you increase the sizes and pass the same int, all rows
        that were kept before are kept again.
    return_indices : bool, default=False
        Whether to return the indices of the kept rows too.

    Returns
    -------
    X : same type as the input
    y : ndarray of shape (n_kept,)
        The kept rows, in their original order.
    indices : ndarray of shape (n_kept,), int64
        Their positions in the input, ascending. Only with ``return_indices=True``.

    Raises
    ------
    InvalidParameterError
        If a parameter is of the wrong kind or out of range.
    InvalidTargetsError
        If a class has too few rows, `order` does not hold each class once, labels cannot be read,
        or X and y differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> from skquickdraw.datasets import make_ladder, make_sketches
    >>> X, y = make_sketches(90, 3, random_state=0)
    >>> X, y = make_ladder(X, y, n_max=30, n_min=10, random_state=0)
    >>> np.bincount(y)
    array([30, 20, 10])
    """
    check_arguments("make_ladder", {"return_indices": FLAG}, {"return_indices": return_indices})
    classes, codes = read_labels("make_ladder", y, unlabeled_label=None, min_classes=1)
    check_same_length("make_ladder", X, codes)
    rungs = _rungs(classes, order)
    counts = _counts("make_ladder", len(rungs), n_max, n_min, profile)
    rng = check_random_state(random_state)
    # Every class is shuffled in full, so the rows kept do not depend on other classes' rungs.
    seeds = rng.randint(np.iinfo(np.int32).max, size=len(classes))
    kept = []
    for code, count in zip(rungs, counts, strict=True):
        rows = np.flatnonzero(codes == code)
        if len(rows) < count:
            raise InvalidTargetsError(
                f"make_ladder: class {classes[code]!s} has {len(rows)} rows, but its place on the "
                f"ladder needs {count}. Lower n_max, or move the class down the ladder with "
                "`order`."
            )
        kept.append(np.random.RandomState(seeds[code]).permutation(rows)[:count])
    indices = np.sort(np.concatenate(kept))
    kept_rows = (safe_indexing(X, indices), classes[codes[indices]])
    return (*kept_rows, indices) if return_indices else kept_rows


def _rungs(classes: NDArray[np.generic], order: ArrayLike | None) -> NDArray[np.intp]:
    """Return the code of the class on each rung."""
    if order is None:
        return np.arange(len(classes))
    order = as_array("make_ladder", "order", order, error_type=InvalidTargetsError)
    with raised_as(InvalidTargetsError):  # such as lists, which cannot be looked up
        rungs = locate(order.ravel(), classes)
    if order.ndim != 1 or not np.array_equal(np.sort(rungs), np.arange(len(classes))):
        raise InvalidTargetsError(
            f"make_ladder: order must hold each of the {len(classes)} classes of y once; got "
            f"{order.tolist()!r} for classes {classes.tolist()!r}."
        )
    return rungs
