"""DeepFeatureExtractor: a trained network as a transformer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from joblib import Memory
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
)
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from .._checks import (
    N_JOBS,
    ParametersMixin,
    check_random_state,
    check_sample_weight,
)
from .._compat import EstimatorWith, HasMethods, safe_indexing
from .._fitting import all_or_nothing, check_learns_from, seeded_clone
from .._images import check_rows, check_rows_and_labels
from .._random import draw_seed
from .._recall import fit_or_recall
from .._typing import CrossValidation, Estimator
from ..exceptions import InvalidParameterError
from ..model_selection import Fold, split_folds
from ._alignment import Alignment
from ._reading import has_features, last_step, read_features


class DeepFeatureExtractor(
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    ParametersMixin,
    BaseEstimator,
):
    """Train a network, and transform images to the features of one of its layers.

    Use it to train other estimators on images, such as linear discriminants, gradient boosting,
    nearest neighbours or clustering. Another classifier on the features of a network is often more
    accurate than the network's own last layer, especially for imbalanced classes.

    Parameters
    ----------
    estimator : estimator
        A classifier with ``extract_features``, like all of :mod:`skquickdraw.neural_network`, or a
        pipeline that ends with one. If it is already fitted, wrap it in a
        :class:`~sklearn.frozen.FrozenEstimator`.
    layer : str, default='penultimate'
        The layer whose activations are returned. 'penultimate' is the input of the last linear
        layer, and 'logits' is its output. You can also pass the name of another layer of the
        trained network, such as 'stem' in a ResNet; its output is averaged over the image. If you
        change it after ``fit``, ``transform`` and ``get_feature_names_out`` follow.
    cv : int, splitter, iterable of splits or None, default=None
        Folds for cross-fitting in :meth:`fit_transform` (see Notes). With None, there is no
        cross-fitting: the features of a training row come from a network that was trained on this
        row. An int of at least 2 is the number of folds, which are stratified and shuffled. If all
        rows of a group must be in the same fold, pass ``list(GroupKFold().split(X, y, groups))``.
        For a frozen estimator, ``cv`` must be None.
    n_jobs : int, default=None
        Number of networks that are fitted at the same time if ``cv`` is set, as in
        :class:`joblib.Parallel`. A single network also uses several cores.
    memory : str or joblib.Memory, default=None
        Folder in which fitted networks are stored. Then the networks are not trained again if you
        change ``layer`` or later steps of a pipeline. ``random_state`` must then be an int.
    random_state : int, RandomState instance or None, default=None
        Seed of the folds, and of every ``random_state`` inside the networks.

    Attributes
    ----------
    estimator_ : estimator
        The estimator, fitted to all rows.
    n_features_in_ : int
        Pixels per image, over all channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X. Only defined if all of them are strings.
    data_format_ : 'channels_last'
        Only defined if X had the shape (n, H, W, 3) in ``fit``. ``transform`` then refuses flat
        rows.

    See Also
    --------
    skquickdraw.few_shot.PrototypeClassifier : Assigns images to the nearest class mean of such
        features.
    sklearn.preprocessing.TargetEncoder : Cross-fits its encodings in the same sense.

    Notes
    -----
    The features of a row are closer to the mean of its class if the network was trained on this row
    than if the row is new. So an estimator that is trained on features of the network's training
    rows relies on these features too much. With ``cv``, ``fit_transform`` returns for each row the
    features of a network that was not trained on this row (cross-fitting). ``transform`` always
    uses the network that was fitted to all rows. So, as in scikit-learn's ``TargetEncoder``,
    ``fit(X, y).transform(X)`` and ``fit_transform(X, y)`` give different results. If a row is in no
    test fold, ``fit_transform`` returns its features from the network of all rows. This happens,
    for example, with an int ``cv`` if a class has only one row. If a row is in several test folds,
    the last one counts. Cross-fitting helps if the network memorises its training rows. It harms if
    the network has hardly learned the rare classes, because the features of their left-out rows are
    then similar to those of frequent classes.

    The same column means something different in each network. So the features from the network of
    each fold are mapped to those of the full network, the network that was fitted to all rows. The
    map consists of a shift and an orthogonal matrix (Schönemann 1966). It is fitted on the training
    rows of the fold, whose features from both networks are known. So a left-out row influences the
    map only through the weights of the full network. A least-squares map would fit the training
    rows of the fold better. But for left-out rows, its output varies too little, and this misleads
    discriminants. Logits are mapped too, although their columns already have the same meaning; this
    changes them only slightly.

    References
    ----------
    Kang et al., 2020, Decoupling Representation and Classifier for Long-Tailed Recognition.
    arXiv:1910.09217

    Schönemann, 1966, A generalized solution of the orthogonal Procrustes problem.
    doi:10.1007/BF02289451

    Examples
    --------
    >>> from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    >>> from sklearn.pipeline import make_pipeline
    >>> from skquickdraw import CNNClassifier, DeepFeatureExtractor
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y = make_sketches(600, n_classes=3, image_shape=(14, 14), random_state=0)
    >>> network = CNNClassifier(width=0.25, max_epochs=4)
    >>> extractor = DeepFeatureExtractor(network, random_state=0)
    >>> model = make_pipeline(extractor, LinearDiscriminantAnalysis())
    >>> model.fit(X[:500], y[:500]).score(X[500:], y[500:]) > 0.8
    True
    >>> model[0].transform(X[:2]).shape
    (2, 64)
    """

    estimator_: Estimator

    _parameter_constraints: ClassVar[dict[str, Sequence[object]]] = {
        "estimator": [EstimatorWith(["fit"])],
        "layer": [str],
        "cv": ["cv_object"],
        "n_jobs": N_JOBS,
        "memory": [str, HasMethods(["cache"]), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Estimator,
        *,
        layer: str = "penultimate",
        cv: CrossValidation | None = None,
        n_jobs: int | None = None,
        memory: str | Memory | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.layer = layer
        self.cv = cv
        self.n_jobs = n_jobs
        self.memory = memory
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = not self._is_frozen()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    @all_or_nothing
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> DeepFeatureExtractor:
        """Fit the network.

        Parameters
        ----------
        X : array-like of shape (n, H * W), (n, H, W), (n, C, H, W) or (n, H, W, C)
        y : array-like of shape (n,), default=None
            Labels of any type, of at least two classes. Only a frozen estimator needs no labels.
        sample_weight : array-like of shape (n,), default=None
            For an estimator whose ``fit`` takes it; a frozen one ignores it.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidParameterError, InvalidTargetsError, InvalidImagesError
            Before any training. Only an unknown ``layer`` raises an error after it.
        """
        self._fit(X, y, sample_weight, is_crossed=False)
        return self

    @all_or_nothing
    def fit_transform(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> NDArray[np.float32]:
        """Fit the network and return features of the training rows; with ``cv``, cross-fitted ones.

        Parameters
        ----------
        X, y, sample_weight
            As in :meth:`fit`.

        Returns
        -------
        features : ndarray of shape (n, n_features), float32
        """
        rows, members, folds = self._fit(X, y, sample_weight, is_crossed=self.cv is not None)
        features = read_features(self.estimator_, rows, self.layer)
        crossed = features.copy()
        for member, (train, left_out) in zip(members, folds, strict=True):
            own = read_features(member, rows, self.layer)
            crossed[left_out] = Alignment(own[train], features[train]).apply(own[left_out])
        return crossed

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return the features of each image, of shape (n, n_features), float32."""
        check_is_fitted(self)
        self._check_again("layer")
        rows = check_rows(self, X, reset=False)
        return read_features(self.estimator_, X if self._is_frozen() else rows, self.layer)

    @property
    def _n_features_out(self) -> int:
        """The number of columns; a layer that was set since ``fit`` is tried on an empty image."""
        estimator: Any = self.estimator_
        layer, width = getattr(self, "_width", (None, 0))  # older files have none
        if layer == self.layer:
            return width
        self._check_again("layer")
        while isinstance(estimator, FrozenEstimator | Pipeline):
            is_pipeline = isinstance(estimator, Pipeline)
            estimator = last_step(estimator) if is_pipeline else estimator.estimator
        # A stack if the shape is known: flat rows are refused if the channels came last in fit.
        n_pixels = getattr(estimator, "n_features_in_", self.n_features_in_)
        shape = getattr(estimator, "image_shape_", (n_pixels,))
        return read_features(estimator, np.zeros((1, *shape)), self.layer).shape[1]

    def _is_frozen(self) -> bool:
        return isinstance(self.estimator, FrozenEstimator)

    def _fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None,
        sample_weight: ArrayLike | None,
        *,
        is_crossed: bool,
    ) -> tuple[ArrayLike, list[Estimator], list[Fold]]:
        """Fit all networks; return the rows of X, the folds' networks and the folds."""
        self._validate_params()
        self._check_estimator(sample_weight)
        members: list[Estimator] = []
        folds: list[Fold] = []
        if self._is_frozen():
            check_rows(self, X, reset=True)
            rows, self.estimator_ = X, self.estimator.fit(X, y)
        else:
            self._warn_of_useless_memory(stacklevel=5)  # below fit and its decorator
            rows, classes, codes = check_rows_and_labels(self, X, y)
            y = classes[codes]
            rng = check_random_state(self.random_state)
            networks = [seeded_clone(self.estimator, rng)]  # the first: independent of cv
            if is_crossed:
                folds = split_folds(type(self).__name__, self.cv, rows, y, draw_seed(rng))
            networks += [seeded_clone(self.estimator, rng) for _ in folds]
            parts: list[slice | NDArray[np.intp]] = [slice(None), *(train for train, _ in folds)]
            self.estimator_, *members = self._fit_parts(networks, parts, rows, y, sample_weight)
        one = read_features(self.estimator_, safe_indexing(rows, [0]), self.layer)
        self._width = (self.layer, one.shape[1])
        return rows, members, folds

    def _check_estimator(self, sample_weight: ArrayLike | None) -> None:
        name = type(self).__name__
        if not has_features(self.estimator):
            raise InvalidParameterError(
                f"{name} needs an estimator with extract_features, or a pipeline that ends in one, "
                f"and {self.estimator!r} has none. Pass a classifier of "
                "skquickdraw.neural_network. If this estimator contains one, fit it first, and "
                "pass the network inside, such as FrozenEstimator(fitted.estimator_). Other "
                "estimators keep it in best_estimator_, student_ or the list estimators_."
            )
        if self.cv is not None and isinstance(last_step(self.estimator), FrozenEstimator):
            raise InvalidParameterError(
                f"{name}: cv={self.cv!r} fits networks to parts of the rows, and a frozen "
                "estimator is never fitted. Use cv=None, or pass what is inside the frozen one."
            )
        if sample_weight is not None and not self._is_frozen():
            check_learns_from(name, self.estimator, "sample_weight", "Leave sample_weight out.")

    def _fit_parts(
        self,
        networks: list[Estimator],
        parts: Sequence[slice | NDArray[np.intp]],
        rows: NDArray[np.number],
        y: NDArray[np.generic],
        sample_weight: ArrayLike | None,
    ) -> list[Estimator]:
        """Fit each network to its rows."""
        weights = None if sample_weight is None else check_sample_weight(sample_weight, rows)
        return Parallel(n_jobs=self.n_jobs)(
            delayed(fit_or_recall)(
                self.memory,
                network,
                rows[part],
                y[part],
                None,
                None if weights is None else weights[part],
            )
            for network, part in zip(networks, parts, strict=True)
        )
