"""AugmentingOverSampler: RandomOverSampler's choice of rows, each copy changed a little."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from .._images import flatten_stack, resolve_image_shape
from .._random import draw_seed
from .._targets import check_labeled_classes, find_labeled
from ._copies import append_copies
from ._strategy import choose_copies, resolve_sampling_strategy

if TYPE_CHECKING:
    from ..augmentation import AugmentationPolicy


class AugmentingOverSampler(BaseOverSampler):
    """Fill small classes with changed copies of their own pictures.

    A class that is balanced by exact copies is soon learned by heart. Here each copy is turned,
    moved and resized at random, so that a classifier of any kind sees new pictures of the rare
    classes.

    Parameters
    ----------
    sampling_strategy : str, int, float, dict or callable, default='auto'
        How many samples the classes shall have afterwards.

        - str: 'auto' or 'not majority' fills all classes up to the largest one, 'minority' only the
          smallest; 'all' and 'not minority' as in imbalanced-learn.
        - int above 1: samples per class. A class that has as many or more is left alone.
        - float in (0, 1]: for two classes, the ratio of the smaller to the larger one. The int 1 is
          the ratio 1.0, as in imbalanced-learn.
        - dict: samples per class, not below what the class has; classes that are left out stay as
          they are.
        - callable: takes the labels and returns such a dict.
    augmentation : {'sketch', 'none'}, AugmentationPolicy or None, default='sketch'
        How copies are changed; None or 'none' copies as it is. As an object its parameters are this
        estimator's too: ``augmentation__rotation``.
    image_shape : (H, W) or (C, H, W), default=None
        How to read flat rows, with 1 or 3 channels. None reads rows as one square channel where
        their length is a square, and else as a picture that is one row of pixels high.
    unlabeled_label : label or None, default=-1
        Rows with this label pass through untouched, in their place: they are no class. None
        switches that off, which labels from {-1, 1} need.
    random_state : int, RandomState instance or None, default=None
        Decides which rows are copied and how the copies are changed.

    Attributes
    ----------
    sampling_strategy_ : dict
        How many copies each class received.
    sample_indices_ : ndarray of shape (n_samples_new,), int
        Which row of X each row of the result is, or is a copy of.
    image_shape_ : (C, H, W)
        How rows were read.
    n_features_in_ : int
        Pixels of a picture, over all channels.
    feature_names_in_ : ndarray of shape (n_features,), object
        Where X has column names that are all strings.

    Raises
    ------
    InvalidParameterError
        If ``augmentation`` is unknown or has a parameter out of range, or ``sampling_strategy``
        asks for fewer samples than a class has.
    InvalidImagesError
        If X has another number of axes, or rows that do not fit ``image_shape``.
    InvalidTargetsError
        If fewer than two classes are labelled.

    See Also
    --------
    imblearn.over_sampling.RandomOverSampler : Chooses the same rows, and copies them as they are.
    skquickdraw.augmentation.AugmentationPolicy : What may change, and how much.

    Notes
    -----
    X is flat, (n, H * W); a stack, (n, H, W), (n, C, H, W) or (n, H, W, C), comes back as one.
    dtypes are kept: integers are rounded. The original rows come first, as they were. Values are
    not bound to 0 to 255, but 0 is taken for background: it fills what a change uncovers, so
    augment first and standardise afterwards. Missing values are refused. Pictures are changed in
    single precision, a few megabytes at a time; sparse rows stay sparse.

    Split off validation rows first: a copy of a validation row in the training part tells what it
    shows. In an imbalanced-learn pipeline, cross-validation sees to that.

    Examples
    --------
    >>> import numpy as np
    >>> from skquickdraw.over_sampling import AugmentingOverSampler
    >>> X = np.random.RandomState(0).randint(0, 256, (10, 784), dtype=np.uint8)
    >>> y = np.array(['cat'] * 8 + ['dog'] * 2)
    >>> X_new, y_new = AugmentingOverSampler(random_state=0).fit_resample(X, y)
    >>> X_new.shape, X_new.dtype, np.unique(y_new, return_counts=True)[1]
    ((16, 784), dtype('uint8'), array([8, 8]))
    """

    # Else imbalanced-learn counts the classes itself, and takes the unlabelled rows for one.
    _sampling_type = "bypass"

    _parameter_constraints: dict = {
        **BaseOverSampler._parameter_constraints,
        "sampling_strategy": [
            *BaseOverSampler._parameter_constraints["sampling_strategy"],
            Integral,
        ],
        "augmentation": "no_validation",
        "image_shape": [tuple, list, None],
        "unlabeled_label": "no_validation",
    }

    def __init__(
        self,
        sampling_strategy: Any = "auto",
        *,
        augmentation: AugmentationPolicy | str | None = "sketch",
        image_shape: tuple[int, ...] | None = None,
        unlabeled_label: Any = -1,
        random_state: Any = None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.augmentation = augmentation
        self.image_shape = image_shape
        self.unlabeled_label = unlabeled_label
        self.random_state = random_state

    def fit(self, X: Any, y: Any, **params: Any) -> AugmentingOverSampler:
        """Check the input and count the classes; :meth:`fit_resample` does all the work.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix
            Of shape (n, H * W), (n, H, W), (n, C, H, W) or (n, H, W, C).
        y : array-like of shape (n,)
        **params : dict
            Ignored, for imbalanced-learn's signature.

        Returns
        -------
        self : AugmentingOverSampler
        """
        from ..augmentation import resolve_augmentation

        resolve_augmentation(self.augmentation)
        super().fit(X, y, **params)
        self._choose_copies(np.asarray(check_target_type(y)), check_random_state(0))
        return self

    def _check_X_y(self, X, y, accept_sparse=("csr", "csc")):
        """Validate pictures as rows of pixels, and return them in the shape that they came in."""
        name = type(self).__name__
        y, is_one_hot = check_target_type(y, indicate_one_vs_all=True)
        flat, layout = flatten_stack(name, X, self.image_shape)
        shape = None if layout is None else np.shape(X)
        X, y = validate_data(self, X=flat, y=y, reset=True, accept_sparse=list(accept_sparse))
        stacked_shape = None if layout is None else layout.shape
        self.image_shape_ = resolve_image_shape(name, X.shape[1], self.image_shape, stacked_shape)
        return X if shape is None else X.reshape(shape), y, is_one_hot

    def _fit_resample(self, X, y, **params):
        # Imported late: the import of torch takes seconds.
        from ..augmentation import resolve_augmentation

        policy = resolve_augmentation(self.augmentation)
        rng = check_random_state(self.random_state)
        copies = self._choose_copies(y, rng)
        channels_last = X.ndim == 4 and X.shape[1:] != self.image_shape_
        stack = np.moveaxis(X, -1, 1) if channels_last else X
        flat = stack.reshape(len(X), -1) if X.ndim > 2 else X
        rows = append_copies(flat, copies, self.image_shape_, policy, draw_seed(rng))
        rows = rows.reshape(-1, *stack.shape[1:]) if X.ndim > 2 else rows
        rows = np.moveaxis(rows, 1, -1) if channels_last else rows
        self.sample_indices_ = np.concatenate([np.arange(X.shape[0]), copies])
        return rows, y[self.sample_indices_]

    def _choose_copies(self, y: NDArray[Any], rng: np.random.RandomState) -> NDArray[np.intp]:
        """Return the rows to copy, among those that have a label; sets ``sampling_strategy_``."""
        name = type(self).__name__
        labeled = find_labeled(y, self.unlabeled_label)
        y = y[labeled]
        check_labeled_classes(name, y, self.unlabeled_label)
        strategy = resolve_sampling_strategy(name, self.sampling_strategy, y)
        positions, self.sampling_strategy_ = choose_copies(y, strategy, rng)
        return labeled[positions]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.sampler_tags.sample_indices = True
        return tags
