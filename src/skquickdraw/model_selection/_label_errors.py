"""Find labels that are likely to be wrong, by classifiers that were trained without them."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import Bunch
from sklearn.utils.parallel import Parallel, delayed

from .._checks import N_JOBS, check_arguments, check_random_state
from .._compat import safe_indexing
from .._fitting import check_parameters
from .._random import draw_seed
from .._targets import NO_LABEL, check_same_length, read_labels
from .._typing import CrossValidation, ProbabilisticClassifier
from ..exceptions import InvalidParameterError
from ._folds import Fold, read_splits, split_folds

NAME = "find_label_errors"


def find_label_errors(
    estimator: ProbabilisticClassifier,
    X: ArrayLike,
    y: ArrayLike,
    *,
    cv: CrossValidation = 5,
    unlabeled_label: object = "auto",
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """List the labels that are likely to be wrong, the most doubtful first.

    Cross-validation predicts the class probabilities of each image with a classifier that was not
    trained on this image. Then confident learning [1]_ selects the labels. Each class has a
    threshold: the mean probability of this class over all images that have its label. Of the
    classes whose probability reaches their threshold, the most probable one is suggested. A label
    is suspected if another class is suggested, and if its own class is not the most probable one.
    The thresholds differ, so that not all labels of a rare or difficult class are suspected.

    Parameters
    ----------
    estimator : classifier
        With ``predict_proba``. Each fold fits a clone.
    X : array-like of shape (n, ...)
    y : array-like of shape (n,)
        Labels. Rows without a label are left out.
    cv : int, splitter or iterable of (train, test), default=5
        An int is the ``n_splits`` of a shuffled :class:`LabeledStratifiedKFold`. If a class has a
        single image, it is in every training part, so its label is not examined. A splitter gets
        the labeled rows only. In an iterable, ``train`` and ``test`` are positions in X; unlabeled
        rows are left out.
    unlabeled_label : label, 'auto' or None, default='auto'
        The mark of rows without a label, as in :class:`LabeledStratifiedKFold`.
    n_jobs : int, default=None
        Number of fits that run at the same time, as in :class:`joblib.Parallel`.
    random_state : int, RandomState instance or None, default=None
        Seed of the folds. It does not change the ``random_state`` of the estimator.

    Returns
    -------
    found : :class:`~sklearn.utils.Bunch`
        rows : int64 ndarray of shape (n_suspects,)
            Positions in X of the suspected labels, by ascending ``margin``.
        given, suggested : ndarray of shape (n_suspects,)
            The label in y, and the class that is suggested. This may be another class than the most
            probable one, if that does not reach its threshold.
        margin : float64 ndarray of shape (n_suspects,)
            Probability of the given class minus that of the likeliest other one, in [-1, 0).
        proba : float64 ndarray of shape (n, n_classes)
            The probabilities of all rows of X; NaN for rows that were not examined.
        classes : ndarray of shape (n_classes,)
            The classes of the columns of ``proba``.

    Raises
    ------
    InvalidParameterError
        If the estimator has no ``predict_proba``, or cv cannot split.
    InvalidTargetsError
        If y cannot be read, or a fold does not train on all classes.

    See Also
    --------
    skquickdraw.inspection.ImageSheetDisplay : Shows the suspects.

    Notes
    -----
    Look at the suspected images before you change a label, because the classifier may be wrong.
    Never use a model to correct the labels of a test set on which the same model is scored.

    References
    ----------
    .. [1] C. Northcutt, L. Jiang, I. Chuang: Confident Learning: Estimating Uncertainty in Dataset
       Labels. Journal of Artificial Intelligence Research 70, 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skquickdraw.model_selection import find_label_errors
    >>> X, y = load_digits(return_X_y=True)
    >>> y[100] = 7  # it was a 4
    >>> found = find_label_errors(KNeighborsClassifier(), X, y, random_state=0)
    >>> for row, given, suggested in zip(found.rows, found.given, found.suggested):
    ...     print(f"row {row}: {given}, or rather {suggested}?")
    row 5: 5, or rather 9?
    row 100: 7, or rather 4?
    row 794: 8, or rather 1?
    row 1553: 8, or rather 1?
    row 1658: 9, or rather 3?
    """
    is_object = hasattr(estimator, "fit") and not isinstance(estimator, type)
    if not is_object or not hasattr(estimator, "predict_proba"):
        raise InvalidParameterError(
            f"{NAME}: estimator must be an object with fit and predict_proba, got {estimator!r}. "
            "Take a classifier that gives probabilities, or wrap it in CalibratedClassifierCV."
        )
    check_parameters(estimator)
    check_arguments(NAME, {"n_jobs": N_JOBS}, {"n_jobs": n_jobs})
    classes, codes = read_labels(NAME, y, unlabeled_label=unlabeled_label)
    check_same_length(NAME, X, codes)
    labeled = np.flatnonzero(codes != NO_LABEL)
    proba = np.full((len(codes), len(classes)), np.nan)
    if not isinstance(cv, Integral) and not hasattr(cv, "split"):
        cv = _among_labeled(read_splits(NAME, cv, X, y), codes)
    X, y = safe_indexing(X, labeled), classes[codes[labeled]]
    folds = split_folds(NAME, cv, X, y, draw_seed(check_random_state(random_state)))
    proba[labeled] = _predict_left_out(estimator, X, y, folds, n_jobs, len(classes))
    rows = labeled[~np.isnan(proba[labeled, 0])]
    suggested, margin = _judge(proba[rows], codes[rows])
    suspects = np.flatnonzero(suggested != codes[rows])
    suspects = suspects[np.argsort(margin[suspects], kind="stable")]
    return Bunch(
        rows=rows[suspects],
        given=classes[codes[rows[suspects]]],
        suggested=classes[suggested[suspects]],
        margin=margin[suspects],
        proba=proba,
        classes=classes,
    )


def _among_labeled(folds: list[Fold], codes: NDArray[np.int64]) -> list[Fold]:
    """Return positions in X as positions among the labeled rows; other rows are left out."""
    is_labeled = codes != NO_LABEL
    place = np.where(is_labeled, np.cumsum(is_labeled) - 1, NO_LABEL)
    parts = [[place[part] for part in fold] for fold in folds]
    return [(train[train >= 0], left_out[left_out >= 0]) for train, left_out in parts]


def _predict_left_out(
    estimator: ProbabilisticClassifier,
    X: ArrayLike,
    y: NDArray[np.generic],
    folds: list[Fold],
    n_jobs: int | None,
    n_classes: int,
) -> NDArray[np.float64]:
    """Return the mean of the predictions for each row by the folds that leave it out, or NaN."""
    jobs = (delayed(_predict_fold)(clone(estimator), X, y, *fold) for fold in folds)
    sums, counts = np.zeros((len(y), n_classes)), np.zeros((len(y), 1))
    for (_, left_out), proba in zip(folds, Parallel(n_jobs=n_jobs)(jobs), strict=True):
        sums[left_out] += proba
        counts[left_out] += 1
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def _predict_fold(
    estimator: ProbabilisticClassifier,
    X: ArrayLike,
    y: NDArray[np.generic],
    train: NDArray[np.intp],
    left_out: NDArray[np.intp],
) -> NDArray[np.floating]:
    fitted = estimator.fit(safe_indexing(X, train), y[train])
    return fitted.predict_proba(safe_indexing(X, left_out))


def _judge(
    proba: NDArray[np.float64], codes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the class that each label should be, and how far it is from the likeliest other."""
    rows = np.arange(len(codes))
    own = proba[rows, codes]
    counts = np.bincount(codes, minlength=proba.shape[1])
    sums = np.bincount(codes, own, minlength=proba.shape[1])
    # A class of which no label was examined has no threshold, and is never suggested.
    thresholds = np.divide(sums, counts, out=np.full(len(counts), np.inf), where=counts > 0)
    confident = np.where(proba >= thresholds, proba, -1.0)
    others = proba.copy()
    others[rows, codes] = -1.0
    margin = own - others.max(axis=1)
    is_suspect = (margin < 0) & (confident.max(axis=1) >= 0)
    return np.where(is_suspect, confident.argmax(axis=1), codes), margin
