"""AugmentingOverSampler copies the rows that RandomOverSampler would, each changed a little."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from numpy.typing import NDArray
from sklearn.utils import Tags

from .._checks import ParametersMixin, as_array, check_random_state, raised_as, validate_data
from .._compat import safe_indexing
from .._fitting import all_or_nothing
from .._image_shape import flatten_stack, resolve_image_shape
from .._mapped_files import refuse_files
from .._pixel_range import check_numbers
from .._random import draw_seed
from .._targets import NO_LABEL, check_same_length, read_labels
from ..exceptions import InvalidImagesError, InvalidTargetsError
from ._copies import append_copies, whole_columns
from ._strategy import Strategy, choose_copies, resolve_sampling_strategy

if TYPE_CHECKING:
    from ..augmentation import AugmentationPolicy, BoundAugmentation


class AugmentingOverSampler(ParametersMixin, BaseOverSampler):
    """Fill small classes with changed copies of their own images.

    A classifier memorises exact copies easily. So each copy is turned, moved and resized at random.
    Any classifier can then be trained on more, and different, images of the rare classes.

    Parameters
    ----------
    sampling_strategy : str, int, float, dict or callable, default='auto'
        Which classes get new samples, and how many.

        - str: 'auto' or 'not majority' fills all classes up to the largest one, 'minority' only the
          smallest; 'all' and 'not minority' as in imbalanced-learn.
        - int above 1: number of samples per class after resampling. A class that already has as
          many or more samples is not changed.
        - float in (0, 1], or the int 1: only for two classes, the ratio of the smaller to the
          larger one after resampling.
        - dict: samples per class after resampling, at least as many as the class has. Classes that
          are left out stay as they are.
        - callable: takes the labels and returns such a dict.
    augmentation : {'auto', 'sketch'}, Augmentation or None, default='auto'
        How copies are changed. 'auto' is an :class:`~skquickdraw.augmentation.AugmentationPolicy`
        that suits the images, and 'sketch' is the one with default values. Both mirror images only
        if the labeled rows show that mirrored images keep their class. None makes exact copies. So
        does 'auto' if a side of the images is below 8 pixels. You can set parameters of the policy
        by names such as ``augmentation__rotation``. You can also pass an augmentation of your own
        (:class:`~skquickdraw.augmentation.Augmentation`).
    image_shape : (H, W) or (C, H, W), default=None
        Shape of the images if X has flat rows; C is 1 or 3. With None, flat rows are read as square
        images of one channel if possible, else as images that are one pixel high.
    unlabeled_label : label, 'auto' or None, default='auto'
        The value that marks unlabeled rows in y. These rows are kept unchanged, in their place, and
        do not count as a class. With 'auto', the marks are missing values (None, NaN, NA). If there
        are none, -1 is the mark, unless y holds only one other class, such as 1. With None, all
        rows of y are labeled.
    random_state : int, RandomState instance or None, default=None
        Decides which rows are copied and how the copies are changed.

    Attributes
    ----------
    sampling_strategy_ : dict
        How many copies each class received.
    sample_indices_ : ndarray of shape (n_samples_new,), int
        For each row of the result, the position in X of the same row, or of the row that it is a
        copy of.
    augmentation_ : Augmentation or None
        What changed the copies; every 'auto' in it is replaced by the decision. None if
        ``augmentation`` makes exact copies.
    image_shape_ : (C, H, W)
        Shape that was used to read the rows.
    n_features_in_ : int
        Pixels of an image, over all channels.
    feature_names_in_ : ndarray of shape (n_features,), object
        Names of the columns of X. Only defined if all of them are strings.

    Raises
    ------
    InvalidParameterError
        If ``augmentation`` is unknown or has a parameter out of range, or if ``sampling_strategy``
        asks for fewer samples than a class has.
    InvalidImagesError
        If X has an unsupported number of axes, or rows that do not fit ``image_shape``.
    InvalidTargetsError
        If y holds fewer than two classes.

    See Also
    --------
    imblearn.over_sampling.RandomOverSampler : Chooses the same rows, and makes exact copies.
    skquickdraw.augmentation.AugmentationPolicy : What may change, and how much.

    Notes
    -----
    X may be flat, (n, H * W), or a stack of shape (n, H, W), (n, C, H, W) or (n, H, W, C). The
    result has the same number of axes and the same dtype; if it is an integer dtype, values are
    rounded. Each column of a DataFrame keeps its own dtype. y is returned in the type in which it
    was passed: array, list or pandas column. The original rows come first, and are not changed. X
    may have any finite values. Images are changed in float32, a few megabytes at a
    time. Sparse rows stay sparse.

    Pixels that become empty are filled with the background colour of the images. So resample before
    you standardise X.

    Split off validation rows before you resample. Otherwise, the training part may contain copies
    of validation rows, and the validation score is too high. In an imbalanced-learn pipeline,
    cross-validation resamples only the training rows.

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

    # Else imbalanced-learn would count the classes itself, with the unlabeled rows as one.
    _sampling_type = "bypass"

    _parameter_constraints: dict[str, Sequence[object]] = {
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
        sampling_strategy: Strategy = "auto",
        *,
        augmentation: AugmentationPolicy | str | None = "auto",
        image_shape: tuple[int, ...] | None = None,
        unlabeled_label: object = "auto",
        random_state: int | np.random.RandomState | None = None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.augmentation = augmentation
        self.image_shape = image_shape
        self.unlabeled_label = unlabeled_label
        self.random_state = random_state

    def _named_objects(self) -> Mapping[str, Mapping[str, Callable[[], object]]]:
        from ..augmentation import OBJECT_OF_AUGMENTATION

        return {"augmentation": OBJECT_OF_AUGMENTATION}

    @all_or_nothing
    def fit(self, X: Any, y: Any, **params: Any) -> AugmentingOverSampler:
        """Check the input and count the classes; :meth:`fit_resample` does all the work.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix
            Of shape (n, H * W), (n, H, W), (n, C, H, W) or (n, H, W, C).
        y : array-like of shape (n,)
            Labels of any type, of at least two classes. ``unlabeled_label`` marks rows without one.
        **params : dict
            Ignored. The signature is that of imbalanced-learn.

        Returns
        -------
        self : AugmentingOverSampler
        """
        from ..augmentation import resolve_augmentation

        resolve_augmentation(self.augmentation)
        classes, codes = self._read_labels(y)
        super().fit(X, codes, **params)
        self._choose_copies(classes, codes, check_random_state(0))
        return self

    @all_or_nothing
    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Return the rows, followed by changed copies of rows of small classes.

        Parameters
        ----------
        X, y, **params
            As in :meth:`fit`.

        Returns
        -------
        X_resampled : as X, of shape (n_samples_new, ...)
        y_resampled : as y, of shape (n_samples_new,)
        """
        from .._device import plain_torch  # late, as it imports torch
        from .._out_of_memory import out_of_memory_as

        classes, codes = self._read_labels(y)
        with plain_torch(), out_of_memory_as(self._describe_memory):
            # imbalanced-learn refuses some labels that we accept, so it gets codes.
            own = {"classes": classes, "whole": whole_columns(X)}
            X_new, _ = super().fit_resample(X, codes, **own, **params)
        y_new = safe_indexing(y, self.sample_indices_)
        is_indexed = hasattr(y_new, "reset_index")  # a column of pandas
        return X_new, y_new.reset_index(drop=True) if is_indexed else y_new

    def _describe_memory(self) -> str:
        return (
            f"{type(self).__name__}: memory ran out: the copies lie in memory beside X. Lower "
            "sampling_strategy, or pass X as uint8. Classifiers of this package balance classes "
            "without copies, by sampling='balanced'."
        )

    def _read_labels(self, y: Any) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
        if isinstance(y, list | tuple):
            as_array(type(self).__name__, "y", y, error_type=InvalidTargetsError)
        if np.ndim(y) == 2 and np.shape(y)[1] == 1:
            y = y.iloc[:, 0] if hasattr(y, "iloc") else np.ravel(y)
        elif np.ndim(y) == 2:  # one-hot, which imbalanced-learn takes
            with raised_as(InvalidTargetsError):
                y = check_target_type(np.asarray(y))
        return read_labels(type(self).__name__, y, unlabeled_label=self.unlabeled_label)

    def _check_X_y(
        self, X: Any, y: Any, accept_sparse: tuple[str, ...] = ("csr", "csc")
    ) -> tuple[Any, Any, bool]:
        """Validate images as rows of pixels, and return them in their original shape."""
        name = type(self).__name__
        refuse_files(name, X)
        flat, layout = flatten_stack(name, X, self.image_shape)
        shape = None if layout is None else np.shape(X)
        with raised_as(InvalidImagesError):
            X = validate_data(self, X=flat, reset=True, accept_sparse=list(accept_sparse))
        check_numbers(name, X)
        check_same_length(name, X, y)
        stacked_shape = None if layout is None else layout.shape
        self.image_shape_ = resolve_image_shape(name, X.shape[1], self.image_shape, stacked_shape)
        return X if shape is None else X.reshape(shape), y, False

    def _fit_resample(
        self,
        X: Any,
        codes: NDArray[np.int64],
        classes: NDArray[np.generic],
        whole: NDArray[np.bool_] | None,
        **params: Any,
    ) -> tuple[Any, NDArray[np.int64]]:
        rng = check_random_state(self.random_state)
        copies = self._choose_copies(classes, codes, rng)
        channels_last = X.ndim == 4 and X.shape[1:] != self.image_shape_
        stack = np.moveaxis(X, -1, 1) if channels_last else X
        flat = stack.reshape(len(X), -1) if X.ndim > 2 else X
        change = self._bind_augmentation(flat, codes)
        rows = append_copies(flat, copies, self.image_shape_, change, draw_seed(rng), whole)
        rows = rows.reshape(-1, *stack.shape[1:]) if X.ndim > 2 else rows
        rows = np.moveaxis(rows, 1, -1) if channels_last else rows
        self.sample_indices_ = np.concatenate([np.arange(X.shape[0]), copies])
        return rows, codes

    def _bind_augmentation(self, flat: Any, codes: NDArray[np.int64]) -> BoundAugmentation | None:
        """Return how copies are changed, or None; sets ``augmentation_``."""
        # Imported late: the import of torch takes seconds.
        from ..augmentation import bind_augmentation, resolve_augmentation

        def take(positions: NDArray[np.intp]) -> NDArray[np.number]:
            rows = flat[labeled[positions]]
            dense = rows if isinstance(rows, np.ndarray) else rows.toarray()
            return dense.reshape(-1, *self.image_shape_)

        labeled = np.flatnonzero(codes != NO_LABEL)
        policy = resolve_augmentation(self.augmentation, image_shape=self.image_shape_)
        bound = bind_augmentation(policy, codes[labeled], take)
        self.augmentation_ = bound.augmentation
        return None if bound.is_identity else bound

    def _choose_copies(
        self, classes: NDArray[np.generic], codes: NDArray[np.int64], rng: np.random.RandomState
    ) -> NDArray[np.intp]:
        """Return the rows to copy, among those that have a label; sets ``sampling_strategy_``."""
        name = type(self).__name__
        labeled = np.flatnonzero(codes != NO_LABEL)
        y = classes[codes[labeled]]
        strategy = resolve_sampling_strategy(name, self.sampling_strategy, y)
        positions, self.sampling_strategy_ = choose_copies(y, strategy, rng)
        return labeled[positions]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.sampler_tags.sample_indices = True
        return tags
