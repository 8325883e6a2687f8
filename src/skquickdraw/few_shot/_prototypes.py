"""PrototypeClassifier: each class is the mean of its feature vectors."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from .._checks import ParametersMixin, check_sample_weight
from .._compat import Interval, StrOptions
from .._fitting import all_or_nothing
from .._images import check_rows, check_rows_and_labels
from .._mapped_files import refuse_files
from .._scoring import ClassifierMixin
from ..exceptions import InvalidTargetsError


class PrototypeClassifier(ClassifierMixin, ParametersMixin, BaseEstimator):
    """Assign each row to the class whose mean is nearest.

    A single image per class is enough, and rare classes have the same weight as frequent ones. The
    accuracy depends on the features. Use the features of a trained network, not pixels.

    Parameters
    ----------
    metric : {'cosine', 'euclidean'}, default='cosine'
        How a row is compared with a class mean: 'cosine' by the angle between them, 'euclidean' by
        the squared distance.
    temperature : float, default=0.1
        Similarities are divided by it before the softmax; above 0. A higher temperature makes the
        probabilities more equal. The predicted labels do not depend on it. With 'euclidean', choose
        a value of the same magnitude as the squared distances.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    prototypes_ : ndarray of shape (n_classes, n_features), float64
        The mean of each class.
    n_features_in_ : int
        Features per row; in stacks of images, pixels per image, over all channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X. Only defined if all of them are strings.
    data_format_ : 'channels_last'
        Only defined if X had the shape (n, H, W, 3) in ``fit``. Predictions then refuse flat rows.

    Raises
    ------
    InvalidParameterError, InvalidImagesError
        If a parameter or X is invalid. X must not be a MappedFiles.
    InvalidTargetsError
        In ``fit``, if y holds fewer than two classes, a weight is negative, or all rows of a class
        have the weight 0.

    See Also
    --------
    sklearn.neighbors.NearestCentroid : Predicts the same labels as the Euclidean metric. Its
        probabilities scale features by their spread within classes, which needs more than one
        example per class.
    RelationNetworkClassifier : Learns to compare images.

    Notes
    -----
    The probability of class c for a row x is proportional to ``exp(s(x, m_c) / temperature)``. Here
    m_c is the mean of the class, and s is the cosine or the negative squared distance. A row of
    zeros has the cosine 0 with every mean.

    Stacks of images are compared pixel by pixel, as flat rows.

    References
    ----------
    Snell, Swersky & Zemel, 2017, Prototypical Networks for Few-shot Learning. arXiv:1703.05175

    Kang et al., 2020, Decoupling Representation and Classifier for Long-Tailed Recognition.
    arXiv:1910.09217. Their nearest class mean has the cosine metric.

    Examples
    --------
    >>> from skquickdraw.few_shot import PrototypeClassifier
    >>> clf = PrototypeClassifier().fit([[1.0, 0.1], [0.2, 1.0]], ['east', 'north'])
    >>> clf.predict([[5.0, 1.0], [0.1, 0.3]])
    array(['east', 'north'], dtype='<U5')
    """

    _parameter_constraints: ClassVar[dict[str, Sequence[object]]] = {
        "metric": [StrOptions({"cosine", "euclidean"})],
        "temperature": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, *, metric: str = "cosine", temperature: float = 0.1) -> None:
        self.metric = metric
        self.temperature = temperature

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    @all_or_nothing
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> PrototypeClassifier:
        """Compute the mean of each class.

        Parameters
        ----------
        X : array-like of shape (n, n_features), (n, H, W), (n, C, H, W) or (n, H, W, C)
        y : array-like of shape (n,)
            Labels of any type, of at least two classes.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows in the mean of their class; at least 0.

        Returns
        -------
        self : object
        """
        self._validate_params()
        refuse_files(type(self).__name__, X)
        rows, classes, codes = check_rows_and_labels(self, X, y)
        weights = check_sample_weight(
            sample_weight, rows, dtype=np.float64, ensure_non_negative=True
        )
        totals = np.bincount(codes, weights)
        if totals.min() == 0:
            label = classes.tolist()[totals.argmin()]
            raise InvalidTargetsError(
                f"{type(self).__name__}: class {label!r} has no row with a sample weight above 0. "
                "Give it a weight above 0, or leave its rows out."
            )
        shares = weights / totals[codes]
        members = csr_matrix((shares, (codes, np.arange(len(codes)))))  # (n_classes, n)
        self.classes_ = classes
        self.prototypes_ = members @ _flat(rows)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities, of shape (n, n_classes); columns follow ``classes_``."""
        similarities = self._similarities(X)
        return softmax(similarities / self.temperature, axis=1)

    def predict(self, X: ArrayLike) -> NDArray[np.generic]:
        """Return the label of the nearest prototype of each row, of shape (n,)."""
        similarities = self._similarities(X)
        return self.classes_[similarities.argmax(axis=1)]

    def _similarities(self, X: ArrayLike) -> NDArray[np.float64]:
        check_is_fitted(self)
        self._check_again("metric", "temperature")
        refuse_files(type(self).__name__, X)
        rows = _flat(check_rows(self, X, reset=False))
        if self.metric == "cosine":
            return cosine_similarity(rows, self.prototypes_)
        return -euclidean_distances(rows, self.prototypes_, squared=True)


def _flat(rows: NDArray[np.number]) -> NDArray[np.float64]:
    return rows.reshape(len(rows), -1).astype(np.float64)
