"""Compare several estimators on the same folds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import get_scorer
from sklearn.model_selection import cross_validate
from sklearn.tree import DecisionTreeClassifier

from .._checks import N_JOBS, as_array, check_arguments, raised_as
from .._compat import safe_indexing
from .._fitting import check_parameters, find_mark, fit_targets, learns_from, unlabeled_marks
from .._marks import is_same_mark
from .._targets import NO_LABEL, check_same_length, read_labels
from .._typing import Classifier, CrossValidation
from ..exceptions import InvalidParameterError, InvalidTargetsError
from ._comparison import Comparison
from ._folds import Fold, read_splits
from ._kfold import LabeledStratifiedKFold

Scoring = str | Callable[..., float]


def compare(
    estimators: Mapping[str, Classifier],
    X: ArrayLike,
    y: ArrayLike,
    *,
    cv: CrossValidation = 5,
    X_unlabeled: ArrayLike | None = None,
    scoring: Scoring | Iterable[str] | Mapping[str, Scoring] = "balanced_accuracy",
    n_jobs: int | None = None,
) -> Comparison:
    """Cross-validate several estimators on the same folds, and show how much they differ.

    A difficult fold lowers the scores of all estimators, but hardly changes their differences. So
    the differences are known more precisely than the scores.

    Parameters
    ----------
    estimators : dict from str to classifier
        They are cloned, and fitted in each fold. All are compared with the first.
    X : array-like of shape (n, ...)
    y : array-like of shape (n,)
        Labels. If an estimator has a parameter ``unlabeled_label``, y may contain unlabeled rows.
        These rows belong to the training part of every fold, and to no test part. Estimators
        without this parameter are fitted to the labeled rows only.
    cv : int, splitter or iterable of (train, test), default=5
        An int is the ``n_splits`` of a :class:`LabeledStratifiedKFold`. If the rows of a group
        belong together, pass ``list(cv.split(X, y, groups))``. Unlabeled rows of a test part are
        left out.
    X_unlabeled : array-like of shape (n_unlabeled, ...), default=None
        More unlabeled rows, for the estimators whose ``fit`` has this parameter. The other
        estimators are fitted without these rows.
    scoring : str, callable, list of str or dict, default='balanced_accuracy'
        Scorers: names, or callables ``scorer(estimator, X, y)`` such as
        :func:`~skquickdraw.metrics.make_group_scorer` returns. A dict maps your names to scorers.
    n_jobs : int, default=None
        Number of fits that run at the same time, as in :class:`joblib.Parallel`.

    Returns
    -------
    comparison : Comparison
        Print it to see a table. ``to_dict`` and ``to_frame`` return the table.

    Raises
    ------
    InvalidParameterError
        Before any fit: if there is no estimator, a scorer or a parameter of an estimator is
        unknown, a scorer of scikit-learn cannot score such labels (such as 'f1' with three
        classes), ``cv`` cannot split or needs groups, estimators differ in ``unlabeled_label``, or
        no estimator takes ``X_unlabeled``.
    InvalidTargetsError
        If y cannot be read, or a fold has no labeled row to test on.

    See Also
    --------
    sklearn.model_selection.cross_validate : Does the cross-validation.
    skquickdraw.inspection.ComparisonDisplay : Draws the result.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skquickdraw.model_selection import compare
    >>> X, y = load_digits(return_X_y=True)
    >>> found = compare({"bayes": GaussianNB(), "neighbours": KNeighborsClassifier()}, X, y)
    >>> found.names, found.scores["balanced_accuracy"].shape
    (('bayes', 'neighbours'), (2, 5))
    >>> found.to_dict()["difference"].round(2).tolist()
    [0.0, 0.16]
    """
    _check_estimators(estimators)
    check_arguments("compare", {"n_jobs": N_JOBS}, {"n_jobs": n_jobs})
    scorers = _read_scoring(scoring)
    mark = _common_mark(estimators)
    classes, codes = read_labels("compare", y, unlabeled_label=mark)
    check_same_length("compare", X, codes)
    _try_scorers(scorers, classes)
    if X_unlabeled is not None and not hasattr(X_unlabeled, "columns"):  # names are compared in fit
        X_unlabeled = as_array("compare", "X_unlabeled", X_unlabeled)
    learners = {
        name: _Learner(estimator, mark, _pool_for(estimator, X_unlabeled))
        for name, estimator in estimators.items()
    }
    if X_unlabeled is not None and not any(learner.pool for learner in learners.values()):
        raise InvalidParameterError(
            "compare: X_unlabeled is given, but the fit of none of the estimators takes it: "
            f"{list(estimators)}. Leave it out."
        )
    splits = _split(cv, X, y, codes, mark)
    results = [
        cross_validate(
            learner, X, y, scoring=scorers, cv=splits, n_jobs=n_jobs, error_score="raise"
        )
        for learner in learners.values()
    ]
    return Comparison(
        tuple(estimators),
        {name: np.stack([result[f"test_{name}"] for result in results]) for name in scorers},
        np.stack([result["fit_time"] for result in results]),
        float(np.mean([len(test) / np.sum(codes[train] != NO_LABEL) for train, test in splits])),
        tuple(learner.uses_unlabeled(codes) for learner in learners.values()),
    )


def _check_estimators(estimators: object) -> None:
    if not isinstance(estimators, Mapping) or not estimators:
        raise InvalidParameterError(
            "compare: estimators must be a dict from names to classifiers, such as {'default': "
            f"CNNClassifier(), 'wide': CNNClassifier(width=2)}}, got {estimators!r}."
        )
    for name, estimator in estimators.items():
        if not isinstance(name, str):
            raise InvalidParameterError(
                f"compare: the names of estimators must be str, got {name!r}. Pass {str(name)!r}."
            )
        if isinstance(estimator, type) or not hasattr(estimator, "fit"):
            raise InvalidParameterError(
                f"compare: estimators must be objects with a method fit, but {name!r} is "
                f"{estimator!r}."
            )
        check_parameters(estimator)


def _common_mark(estimators: Mapping[str, Classifier]) -> object:
    """Return the mark of unlabeled rows; None if no estimator knows such rows."""
    marks = [find_mark(f"compare: {name}", own) for name, own in estimators.items() if _knows(own)]
    if not all(is_same_mark(mark, marks[0]) for mark in marks):
        raise InvalidParameterError(
            "compare: all estimators must mark unlabeled rows alike, got unlabeled_label "
            f"{marks}. Give them the same one."
        )
    return marks[0] if marks else None


def _knows(estimator: object) -> bool:
    return any(mark is not None for mark in unlabeled_marks(estimator))


def _read_scoring(scoring: object) -> dict[str, _OfEstimator]:
    if isinstance(scoring, str):
        scoring = [scoring]
    if callable(scoring):
        scoring = {"score": scoring}
    if not isinstance(scoring, Mapping):
        names = list(scoring) if np.iterable(scoring) else []
        is_named = all(isinstance(name, str) for name in names)
        scoring = {name: name for name in names} if is_named else {}
    are_names = all(isinstance(name, str) for name in scoring)
    are_scorers = all(isinstance(s, str) or callable(s) for s in scoring.values())
    if not scoring or not are_names or not are_scorers:
        raise InvalidParameterError(
            "compare: scoring must be the name of a scorer, a callable, a list of names, or a dict "
            f"from names to either, got {scoring!r}."
        )
    with raised_as(InvalidParameterError):
        return {name: _OfEstimator(own) for name, own in scoring.items()}


def _try_scorers(scorers: Mapping[str, _OfEstimator], classes: NDArray[np.generic]) -> None:
    """Refuse scikit-learn's scorers that cannot score such labels, as the first fold would."""
    y = np.repeat(classes, 2)
    X = np.repeat(np.arange(len(classes)), 2)[:, None]
    tree = DecisionTreeClassifier(random_state=0).fit(X, y)
    # One row of each class is right and one is wrong, so few scores are undefined. Ignoring the
    # warnings of undefined scores would change the filters of all threads.
    X = np.roll(X, 1, axis=0)
    for name, own in scorers.items():
        if not own.is_named:  # a user's scorer may need more than a tree
            continue
        try:
            own.scorer(tree, X, y)
        except (ValueError, TypeError) as error:
            raise InvalidParameterError(
                f"compare: the scorer {name!r} must be able to score y, but it says: "
                f"{str(error).rstrip('.')}. Take "
                "one for labels of this kind and number, such as 'balanced_accuracy', 'f1_macro' "
                "or 'roc_auc_ovr'."
            ) from None


def _pool_for(estimator: Classifier, X_unlabeled: Any) -> _Pool | None:
    if X_unlabeled is None or not learns_from(estimator, "X_unlabeled"):
        return None
    return _Pool(X_unlabeled)


def _split(
    cv: Any, X: ArrayLike, y: ArrayLike, codes: NDArray[np.int64], mark: object
) -> list[Fold]:
    if isinstance(cv, Integral):
        cv = LabeledStratifiedKFold(int(cv), unlabeled_label=mark)
    splits = read_splits("compare", cv, X, y)
    splits = [(train, test[codes[test] != NO_LABEL]) for train, test in splits]
    for fold, (_, test) in enumerate(splits):
        if not len(test):
            raise InvalidTargetsError(
                f"compare: every fold must test on labeled rows, but fold {fold} tests on none. "
                "Use fewer folds, or a splitter such as LabeledStratifiedKFold."
            )
    return splits


class _Pool:
    """Unlabeled rows, shared by clones: ``clone`` would copy an array."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __deepcopy__(self, memo: dict[int, object]) -> _Pool:
        return self


class _OfEstimator:
    """A scorer for what is inside of a :class:`_Learner`."""

    def __init__(self, scoring: Scoring) -> None:
        self.scorer = get_scorer(scoring)
        self.is_named = isinstance(scoring, str)

    def __call__(self, learner: _Learner, X: ArrayLike, y: ArrayLike) -> float:
        return self.scorer(learner.estimator_, X, y)


class _Learner(BaseEstimator):
    """An estimator with the unlabeled rows that it learns from in every fold.

    ``cross_validate`` would select the training rows of ``X_unlabeled`` if it had as many rows as
    X.
    """

    def __init__(self, estimator: Classifier, mark: object, pool: _Pool | None) -> None:
        self.estimator = estimator
        self.mark = mark
        self.pool = pool

    def fit(self, X: ArrayLike, y: ArrayLike) -> _Learner:
        if self.mark is not None and not _knows(self.estimator):
            _, codes = read_labels("compare", y, unlabeled_label=self.mark)
            labeled = np.flatnonzero(codes != NO_LABEL)
            if len(labeled) < len(codes):
                X, y = safe_indexing(X, labeled), safe_indexing(y, labeled)
        pool = None if self.pool is None else self.pool.rows
        self.estimator_ = fit_targets(clone(self.estimator), X, y, X_unlabeled=pool)
        return self

    def uses_unlabeled(self, codes: NDArray[np.int64]) -> bool:
        has_open = bool((codes == NO_LABEL).any())
        return self.pool is not None or (has_open and _knows(self.estimator))
