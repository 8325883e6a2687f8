"""TopKReranker: a second classifier decides among a first one's most probable classes."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from joblib import Memory
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from .._checks import ParametersMixin, check_random_state
from .._compat import EstimatorWith, HasMethods, Interval
from .._fitting import (
    all_or_nothing,
    check_classes,
    check_parameters,
    check_same_classes,
    find_mark,
    learns_from,
    seeded_clone,
)
from .._images import check_rows
from .._partly_labeled import read_partly_labeled
from .._recall import fit_or_recall
from .._scoring import ClassifierMixin
from .._typing import ProbabilisticClassifier

CLASSIFIER = EstimatorWith(["fit", "predict_proba"])


class TopKReranker(ClassifierMixin, MetaEstimatorMixin, ParametersMixin, BaseEstimator):
    """Let a second classifier decide among the classes that the first finds most probable.

    A good classifier mostly confuses similar classes. When it is wrong, the right class is usually
    among the few most probable ones. So a second classifier, for example a few-shot learner without
    a bias towards frequent classes, decides among these.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``
        Chooses the candidates.
    reranker : classifier with ``predict_proba``
        Ranks the candidates, for example a :class:`RelationNetworkClassifier`, or a pipeline that
        ends with a :class:`PrototypeClassifier`. It is fitted to the same rows.
    k : int, default=5
        Number of candidates, at least 1. If there are fewer classes, all are candidates.
    blend : float in [0, 1], default=0.5
        Weight of the reranker. With 0, the probabilities of ``estimator`` are not changed. With 1,
        ``estimator`` only chooses the candidates.
    memory : str or joblib.Memory, default=None
        Folder in which the two fitted classifiers are stored. If a run is interrupted, the next run
        uses the stored fits. ``random_state`` must then be an int.
    random_state : int, RandomState instance or None, default=None
        Seed from which every ``random_state`` inside the two classifiers is drawn.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    estimator_, reranker_ : estimators
        The fitted classifiers.
    n_features_in_ : int
        Features per row; in stacks of images, pixels per image, over all channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X. Only defined if all of them are strings.
    data_format_ : 'channels_last'
        Only defined if X had the shape (n, H, W, 3) in ``fit``. Predictions then refuse flat rows.

    Raises
    ------
    InvalidParameterError, InvalidImagesError
        If a parameter or X is invalid.
    InvalidTargetsError
        In ``fit``, if y is invalid, or if the two classifiers know different classes.

    Notes
    -----
    Let p be the probabilities of ``estimator``, q those of ``reranker``, and T the k most probable
    classes of a row. The new probability of a class c in T is ``p(T) * ((1 - blend) * p(c) / p(T) +
    blend * q(c) / q(T))``, where ``p(T)`` is the sum of p over T. So the sum over T does not
    change, and neither do the probabilities of the other classes. Probabilities are averaged, not
    multiplied, so that with a ``blend`` below 1, an over-confident reranker cannot give a class the
    probability 0. If q(T) is 0, the row is not changed.

    To use a classifier that is already fitted, wrap it in :class:`sklearn.frozen.FrozenEstimator`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skquickdraw.few_shot import PrototypeClassifier, TopKReranker
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = TopKReranker(LogisticRegression(C=1e-4), PrototypeClassifier(), k=2)
    >>> clf.fit(X[:200], y[:200]).predict(X[200:203])
    array([1, 5, 0])
    """

    _parameter_constraints: ClassVar[dict[str, Sequence[object]]] = {
        "estimator": [CLASSIFIER],
        "reranker": [CLASSIFIER],
        "k": [Interval(Integral, 1, None, closed="left")],
        "blend": [Interval(Real, 0, 1, closed="both")],
        "memory": [str, HasMethods(["cache"]), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: ProbabilisticClassifier,
        reranker: ProbabilisticClassifier,
        *,
        k: int = 5,
        blend: float = 0.5,
        memory: str | Memory | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.reranker = reranker
        self.k = k
        self.blend = blend
        self.memory = memory
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        parts = [get_tags(part) for part in (self.estimator, self.reranker)]
        tags.input_tags.three_d_array = all(part.input_tags.three_d_array for part in parts)
        return tags

    @all_or_nothing
    def fit(self, X: ArrayLike, y: ArrayLike) -> TopKReranker:
        """Fit copies of both classifiers.

        Parameters
        ----------
        X : array-like of shape (n, n_features), (n, H, W), (n, C, H, W) or (n, H, W, C)
        y : array-like of shape (n,)
            Labels of any type, of at least two classes. If ``estimator`` is semi-supervised, its
            ``unlabeled_label`` marks unlabeled rows. Only semi-supervised classifiers learn from
            these rows.

        Returns
        -------
        self : object
        """
        self._validate_params()
        self._warn_of_useless_memory(stacklevel=4)  # one more for the decorator
        name = type(self).__name__
        mark = find_mark(name, self.estimator)
        data = read_partly_labeled(self, X, y, mark)
        rng = check_random_state(self.random_state)
        copies = [seeded_clone(part, rng) for part in (self.estimator, self.reranker)]
        for part in copies:
            check_parameters(part)
            check_classes(name, part, data.classes)
        ours, theirs = (_classes_to_be(part, data.classes) for part in copies)
        check_same_classes(name, "the reranker", theirs, ours, "the estimator")
        (rows, y, _), pool = data.labeled_part(), data.pool()
        pools = (pool if learns_from(copy, "X_unlabeled") else None for copy in copies)
        self.estimator_, self.reranker_ = (
            fit_or_recall(self.memory, copy, rows, y, None, None, own)
            for copy, own in zip(copies, pools, strict=True)
        )
        ours, theirs = self.estimator_.classes_, self.reranker_.classes_
        check_same_classes(name, "the reranker", theirs, ours, "the estimator")
        self.classes_ = self.estimator_.classes_
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities, of shape (n, n_classes); columns follow ``classes_``."""
        check_is_fitted(self)
        self._check_again("k", "blend")
        rows = check_rows(self, X, reset=False)
        proba = np.asarray(self.estimator_.predict_proba(rows), dtype=np.float64)
        if self.blend == 0:
            return proba
        opinion = np.asarray(self.reranker_.predict_proba(rows), dtype=np.float64)
        return blend_top_k(proba, opinion, min(self.k, len(self.classes_)), self.blend)

    def predict(self, X: ArrayLike) -> NDArray[np.generic]:
        """Return the most probable label of each row, of shape (n,)."""
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]


def _classes_to_be(
    part: ProbabilisticClassifier, classes: NDArray[np.generic]
) -> NDArray[np.generic]:
    """Return the classes that a part knows, or will know once it is fitted."""
    if not isinstance(part, FrozenEstimator):
        return classes
    check_is_fitted(part)
    return part.classes_


def blend_top_k(
    proba: NDArray[np.float64], opinion: NDArray[np.float64], k: int, blend: float
) -> NDArray[np.float64]:
    """Blend two classifiers' probabilities (n, n_classes) inside the k largest of the first."""
    top = np.argsort(-proba, axis=1, kind="stable")[:, :k]  # (n, k)
    ours, theirs = (np.take_along_axis(p, top, axis=1) for p in (proba, opinion))
    seen = theirs.sum(axis=1, keepdims=True)  # (n, 1)
    mass = ours.sum(axis=1, keepdims=True)
    share = np.divide(theirs * mass, seen, out=ours.copy(), where=seen > 0)
    blended = proba.copy()
    np.put_along_axis(blended, top, (1 - blend) * ours + blend * share, axis=1)
    return blended
