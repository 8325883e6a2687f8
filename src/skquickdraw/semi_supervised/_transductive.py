"""Predictions for a whole test set with a known class balance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._checks import ParametersMixin, check_sample_weight
from .._compat import EstimatorWith
from .._fitting import all_or_nothing, check_learns_from, find_mark, fit_targets
from .._images import check_rows, check_rows_and_labels
from .._scoring import ClassifierMixin
from .._typing import ProbabilisticClassifier
from ._prior import assign_to_prior, check_prior_of_labels


def inner_has(method: str) -> Callable[[PredictsWithinMixin], bool]:
    """Return a check that the fitted, or else the given, estimator has the method."""

    def check(self: PredictsWithinMixin) -> bool:
        inner = self.estimator_ if hasattr(self, "estimator_") else self.estimator
        getattr(inner, method)  # raises the AttributeError that names the missing method
        return True

    return check


class PredictsWithinMixin:
    """Prediction by the fitted classifier inside, ``estimator_``: row by row, or jointly."""

    estimator: ProbabilisticClassifier
    estimator_: Any  # may have a decision_function
    classes_: NDArray[np.generic]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()  # type: ignore[misc]  # BaseEstimator's, behind a mixin
        tags.input_tags.three_d_array = get_tags(self.estimator).input_tags.three_d_array
        return tags

    def predict(self, X: ArrayLike) -> NDArray[np.generic]:
        """Return the labels, of shape (n,); each depends on its own row only."""
        X = self._check_X(X)
        return self.estimator_.predict(X)

    @available_if(inner_has("predict_proba"))
    def predict_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return class probabilities, of shape (n, n_classes); columns follow ``classes_``."""
        X = self._check_X(X)
        return self.estimator_.predict_proba(X)

    @available_if(inner_has("decision_function"))
    def decision_function(self, X: ArrayLike) -> NDArray[np.number]:
        """Return the ``decision_function`` of ``estimator_``."""
        X = self._check_X(X)
        return self.estimator_.decision_function(X)

    @available_if(inner_has("predict_proba"))
    def predict_transductive(
        self, X: ArrayLike, class_prior: ArrayLike | Mapping[Any, float] | str | None = None
    ) -> NDArray[np.generic]:
        """Return labels for a whole test set, given the share of each class.

        :func:`~skquickdraw.semi_supervised.assign_to_prior` assigns the labels together, so the
        label of a row depends on the other rows. If the shares are right, this is usually more
        accurate than :meth:`predict`. When you report such a score, say that it is transductive.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            All rows of the test set.
        class_prior : 'uniform', array-like of shape (n_classes,), dict or None, default=None
            Shares of the classes among these rows, with sum 1. An array has the order of
            ``classes_``; a dict or a pandas Series maps each label to its share. None means the
            ``class_prior_`` of a noisy student, and equal shares if there is none.

        Returns
        -------
        labels : ndarray of shape (n,)
        """
        check_is_fitted(self, "estimator_")
        if class_prior is None:
            fitted = getattr(self, "class_prior_", None)
            class_prior = "uniform" if fitted is None else fitted
        # Checked before the work.
        prior = check_prior_of_labels(type(self).__name__, class_prior, self.classes_)
        return self.classes_[assign_to_prior(self.predict_proba(X), prior)]

    def _check_X(self, X: ArrayLike) -> NDArray[np.number]:
        check_is_fitted(self, "estimator_")
        return check_rows(self, X, reset=False)


class TransductiveClassifier(
    PredictsWithinMixin, MetaEstimatorMixin, ClassifierMixin, ParametersMixin, BaseEstimator
):
    """Add ``predict_transductive`` to any classifier, for test sets of known class balance.

    Parameters
    ----------
    estimator : classifier
        With ``predict_proba``. Wrap a fitted one in a :class:`~sklearn.frozen.FrozenEstimator`.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X. Only defined if all of them are strings.

    See Also
    --------
    NoisyStudentClassifier : Has the same method. It can also learn from the test images, unlabeled.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skquickdraw.semi_supervised import TransductiveClassifier
    >>> X, y = np.arange(12.0)[:, None], np.repeat(["low", "high"], [9, 3])
    >>> clf = TransductiveClassifier(LogisticRegression()).fit(X, y)
    >>> test = [[6], [7], [7.5], [8]]
    >>> clf.predict(test).tolist()
    ['low', 'low', 'low', 'low']
    >>> clf.predict_transductive(test).tolist()
    ['low', 'low', 'high', 'high']
    """

    _parameter_constraints: dict[str, Sequence[object]] = {
        "estimator": [EstimatorWith(["fit", "predict_proba"])]
    }

    def __init__(self, estimator: ProbabilisticClassifier) -> None:
        self.estimator = estimator

    @all_or_nothing
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> TransductiveClassifier:
        """Fit a copy of the classifier.

        Parameters
        ----------
        X : array-like of shape (n, ...)
        y : array-like of shape (n,)
            Labels of any type. If the classifier has a parameter ``unlabeled_label``, y may also
            contain this mark of unlabeled rows.
        sample_weight : array-like of shape (n,), default=None
            For classifiers that take weights.

        Returns
        -------
        self : TransductiveClassifier
        """
        self._validate_params()
        mark = find_mark(type(self).__name__, self.estimator)
        rows, classes, codes = check_rows_and_labels(self, X, y, unlabeled_label=mark)
        # Marks stay in y: the classifier inside reads them itself.
        labels = classes[codes] if mark is None else y
        weights = None
        if sample_weight is not None:
            subject = f"{type(self).__name__}: sample_weight"
            check_learns_from(subject, self.estimator, "sample_weight", "Leave it out.")
            weights = check_sample_weight(sample_weight, rows)
        self.estimator_ = fit_targets(clone(self.estimator), rows, labels, None, weights)
        self.classes_ = self.estimator_.classes_
        return self
