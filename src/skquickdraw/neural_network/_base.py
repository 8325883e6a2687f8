"""The classifier that all networks share: scikit-learn outside, the private skorch net inside."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._checks import ParametersMixin, check_random_state, check_sample_weight
from .._compat import CallbackSupportMixin, with_callbacks
from .._device import resolve_device, tuned_backends
from .._fit_tasks import Fit
from .._images import check_images, check_images_and_labels
from .._random import draw_seed, isolated_torch_rng
from .._scoring import ClassifierMixin
from .._targets import check_soft_targets, read_labels
from ..augmentation import MIXINGS, OBJECT_OF_AUGMENTATION, resolve_augmentation
from ..exceptions import InvalidParameterError, InvalidTargetsError
from ..losses import OBJECT_OF_LOSS
from ._batches import ImageSet, as_images
from ._build import build_batches, build_net, check_compatible, check_strokes, fitted_attributes
from ._constraints import CONSTRAINTS
from ._features import read_layer
from ._networks import NETWORK_PARAMETERS
from ._out_of_memory import memory_to_predict, memory_to_train, unchanged_by_failure
from ._plan import make_plan
from ._statistics import pixel_sums
from ._training_set import LabeledImages
from ._views import make_views, mirrors


class BaseImageClassifier(ClassifierMixin, ParametersMixin, CallbackSupportMixin, BaseEstimator):
    """Everything but the network. Subclasses name theirs in ``_network``."""

    _network: Any  # as ImageClassifier takes it

    classes_: NDArray[Any]
    image_shape_: tuple[int, int, int]
    n_epochs_: int
    augmentation_: Any
    background_: NDArray[np.float32]
    auto_params_: dict[str, Any]

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    def __init__(
        self,
        *,
        width: float = 1.0,
        stem_stride: int | str = "auto",
        dropout: float = 0.0,
        spatial_dropout: float = 0.0,
        stochastic_depth: float = 0.0,
        weight_decay: float | str = "auto",
        label_smoothing: float = 0.0,
        loss: Any = "auto",
        class_weight: Any = None,
        sampling: str | float | None = None,
        augmentation: Any = "auto",
        mixing: Any = None,
        optimizer: Any = "muon",
        lr: float | str = "auto",
        lr_schedule: str | None = "onecycle",
        batch_size: int | str = "auto",
        max_epochs: float | str = "auto",
        epoch_size: int | None = None,
        ema_decay: float | None = 0.999,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        n_tta: int | str = "auto",
        image_shape: tuple[int, ...] | None = None,
        device: str | torch.device = "auto",
        precision: str = "auto",
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.width = width
        self.stem_stride = stem_stride
        self.dropout = dropout
        self.spatial_dropout = spatial_dropout
        self.stochastic_depth = stochastic_depth
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.loss = loss
        self.class_weight = class_weight
        self.sampling = sampling
        self.augmentation = augmentation
        self.mixing = mixing
        self.optimizer = optimizer
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.epoch_size = epoch_size
        self.ema_decay = ema_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.n_tta = n_tta
        self.image_shape = image_shape
        self.device = device
        self.precision = precision
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    @unchanged_by_failure
    @with_callbacks
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        soft_targets: ArrayLike | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> BaseImageClassifier:
        """Train on images and their labels.

        Parameters
        ----------
        X : array-like of shape (n, H * W), (n, H, W), (n, C, H, W) or (n, H, W, C)
            Pixels from 0 to 255 of any dtype, or on another scale inside that range, such as 0 to
            1, and then always on it; uint8 is fastest and smallest. Flat rows whose length
            is no square are read as images one row high, unless ``image_shape`` says otherwise.
            If a side is below 8 pixels X holds features, and its values may be any.
        y : array-like of shape (n,)
            Labels of at least two classes: text, numbers or booleans, also as pandas holds them.
            Every row needs one; -1 is a class.
        sample_weight : array-like of shape (n,), default=None
            Whole numbers repeat rows (0 leaves a row out), up to ten times as many in all; others
            weigh their losses.
        soft_targets : array-like of shape (n, n_classes), default=None
            Class probabilities to learn in place of y, such as a teacher's. Columns follow the
            sorted classes of y, which still says to which class a row belongs for sampling and
            splitting.
        X_val, y_val : array-like, default=None
            Images and labels to validate on after each epoch, in place of a part of X.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidImagesError, InvalidTargetsError, InvalidParameterError
            Before any training, each with the value that broke the rule.
        OutOfMemoryError
            If memory runs out; it names what to lower.
        """
        self._validate_params()
        previous = getattr(self, "net_", None) if self.warm_start else None
        classes = None if previous is None else self.classes_
        data = self._read(X, y, sample_weight, soft_targets, classes, is_first=previous is None)
        validation = self._read_validation(X_val, y_val, data)
        rng = check_random_state(self.random_state)
        if validation is None and self.early_stopping:
            rows, held_out = data.split(self.validation_fraction, rng, type(self).__name__)
            validation_set: ImageSet | None = data.subset(held_out)
        else:
            rows = data.order()
            validation_set = validation.subset(validation.order()) if validation else None
        told = Fit(self, X, y, sample_weight)
        self._train(data.classes, data.subset(rows), validation_set, rng, previous, told)
        return told.end()

    @unchanged_by_failure
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> BaseImageClassifier:
        """Train for one epoch on these rows, at a constant learning rate, going on from before.

        Parameters
        ----------
        X, y, sample_weight
            As in :meth:`fit`.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come; needed in the first call, unless y holds them all.

        Returns
        -------
        self : object
        """
        self._validate_params()
        previous = getattr(self, "net_", None)
        if classes is not None:
            classes = read_labels(
                type(self).__name__, classes, unlabeled_label=None, input_name="classes"
            )[0]
        if previous is not None:
            self._check_same_classes(classes)
            classes = self.classes_
        data = self._read(X, y, sample_weight, None, classes, is_first=previous is None)
        rng = check_random_state(self.random_state)
        train = data.subset(data.order())
        self._train(data.classes, train, None, rng, previous)
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return logits.

        Parameters
        ----------
        X : array-like of images, as in :meth:`fit`

        Returns
        -------
        logits : ndarray of shape (n, n_classes), or (n,) for two classes
            For two classes, the logit of ``classes_[1]`` minus that of ``classes_[0]``.
        """
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities, of shape (n, n_classes); columns follow ``classes_``."""
        return softmax(self._logits(X).astype(np.float64), axis=1)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable label of each image, of shape (n,)."""
        logits = self._logits(X)
        return self.classes_[logits.argmax(axis=1)]

    def extract_features(self, X: ArrayLike, layer: str = "penultimate") -> NDArray[np.float32]:
        """Return what a layer of the trained network makes of each image.

        As for predictions, dropout is off and the features of ``n_tta`` views are averaged.

        Parameters
        ----------
        X : array-like of images, as in :meth:`fit`
        layer : str, default='penultimate'
            'penultimate' is the input of the last linear layer; 'logits' its output, one column for
            each of ``classes_``; else the name of a submodule of ``net_.module_``, such as 'stem'.
            Maps are averaged over the image, and other outputs of more than two axes flattened.

        Returns
        -------
        features : ndarray of shape (n, n_features)

        Raises
        ------
        InvalidParameterError
            If the network has no such layer, or the layer gives no row of numbers for each image.
        """
        check_is_fitted(self, "net_")
        return self._outputs(X, partial(read_layer, type(self).__name__, self.net_, layer))

    def _logits(self, X: ArrayLike) -> NDArray[np.float32]:
        check_is_fitted(self, "net_")
        return self._outputs(X, self.net_.folded_module)

    def _outputs(self, X: ArrayLike, find: Callable[[], torch.nn.Module]) -> NDArray[np.float32]:
        """Return what the module that ``find`` returns makes of each image, mean of the views."""
        views = self._views()
        images = as_images(check_images(self, X, reset=False, image_shape=self.image_shape_))
        with memory_to_predict(self):
            module = find()
            outputs = [self.net_.logits(images, module, view) for view in views]
            return torch.stack(outputs).mean(dim=0).cpu().numpy()

    def _views(self) -> list[Any]:
        """Return the views that are averaged."""
        flips = mirrors(self.augmentation_)
        self._check_views(flips)
        n_views = (2 if flips else 1) if isinstance(self.n_tta, str) else self.n_tta
        return make_views(flips, self.background_)[:n_views]

    def _named_objects(self) -> Any:
        return {"augmentation": OBJECT_OF_AUGMENTATION, "loss": OBJECT_OF_LOSS, "mixing": MIXINGS}

    def _network_options(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in NETWORK_PARAMETERS}

    def _validate_params(self) -> None:
        super()._validate_params()
        policy = resolve_augmentation(self.augmentation, with_strokes=True)
        self._check_views(mirrors(policy))  # 'auto' counts: it may turn out so

    def _check_views(self, flips: bool) -> None:
        n_views = len(make_views(flips))
        if not isinstance(self.n_tta, str) and self.n_tta > n_views:
            raise InvalidParameterError(
                f"{type(self).__name__}: n_tta={self.n_tta}, but without horizontal flips in the "
                f"augmentation there are only {n_views} views. Lower n_tta, or set "
                "augmentation__horizontal_flip=0.5."
            )

    def _check_same_classes(self, classes: NDArray[Any] | None) -> None:
        if classes is not None and not np.array_equal(classes, self.classes_):
            raise InvalidTargetsError(
                f"{type(self).__name__}: classes={classes.tolist()} differ from those of the first "
                f"call, {self.classes_.tolist()}. Leave classes out, or start with a new estimator."
            )

    def _read(
        self, X: Any, y: Any, sample_weight: Any, soft_targets: Any, classes: Any, *, is_first: bool
    ) -> LabeledImages:
        """Validate everything that ``fit`` was given, before any work is done."""
        name = type(self).__name__
        shape = self.image_shape if is_first else self.image_shape_
        images, classes, codes = check_images_and_labels(
            self, X, y, reset=is_first, image_shape=shape, classes=classes
        )
        check_strokes(self, images)
        if soft_targets is not None:
            soft_targets = check_soft_targets(name, soft_targets, len(codes), len(classes))
        if sample_weight is not None:
            sample_weight = self._read_weights(sample_weight, images)
        device = resolve_device(self.device)
        return LabeledImages(images, codes, classes, device, soft_targets, sample_weight)

    def _read_weights(self, sample_weight: Any, images: NDArray[Any]) -> NDArray[np.float64]:
        weights = check_sample_weight(sample_weight, images, dtype=np.float64)
        if weights.min() < 0 or weights.max() == 0:
            raise InvalidTargetsError(
                f"{type(self).__name__}: sample weights must be at least zero and not all "
                f"zero, got values from {weights.min():g} to {weights.max():g}."
            )
        return weights

    def _read_validation(self, X_val: Any, y_val: Any, data: LabeledImages) -> LabeledImages | None:
        name = type(self).__name__
        if (X_val is None) != (y_val is None):
            raise InvalidTargetsError(f"{name}: X_val and y_val go together; one is missing.")
        if X_val is None:
            return None
        images, _, codes = check_images_and_labels(
            self,
            X_val,
            y_val,
            reset=False,
            image_shape=data.images.shape[1:],
            classes=data.classes,
        )
        check_strokes(self, images)
        return LabeledImages(images, codes, data.classes, data.device)

    def _train(
        self,
        classes: NDArray[Any],
        train: ImageSet,
        validation: ImageSet | None,
        rng: np.random.RandomState,
        previous: Any,
        told: Fit | None = None,
    ) -> None:
        is_one_epoch = told is None
        if len(train) < 2:
            raise InvalidTargetsError(
                f"{type(self).__name__}: batch normalisation needs at least two rows to train on, "
                f"got {len(train)} that count. Collect more rows before a call."
            )
        lr_schedule, epoch_size = (
            (None, None) if is_one_epoch else (self.lr_schedule, self.epoch_size)
        )
        going_on_from = None if previous is None else self
        plan = make_plan(self, train, lr_schedule, epoch_size, previous=going_on_from)
        self._check_views(mirrors(plan.augmentation.augmentation))
        n_epochs = 1 if is_one_epoch else plan.max_epochs
        n_before = 0 if previous is None else self.n_epochs_
        # Going on with the same seed would draw the same epochs again.
        batches = build_batches(self, plan, train, draw_seed(rng) + n_before, epoch_size)
        device, seed = train.images.device, draw_seed(rng) + n_before
        with memory_to_train(self, plan), isolated_torch_rng(seed, device), tuned_backends(device):
            net = build_net(
                self,
                plan,
                batches,
                classes,
                n_epochs=n_epochs,
                has_validation=validation is not None,
                lr_schedule=lr_schedule,
                told=told,
            )
            if previous is not None:
                check_compatible(type(self).__name__, net, previous)
                net.resume(previous)
            if previous is None or (is_one_epoch and net.pixel_sums_ is not None):
                net.see_pixels(pixel_sums(train, net.ink))
            net.train(batches, validation, n_epochs)
        self.__dict__.update(fitted_attributes(self, plan, batches, classes, net))
        net.pass_interrupt_on(type(self).__name__, self.n_epochs_ - n_before, n_epochs)
