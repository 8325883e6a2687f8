"""The base of all classifiers: scikit-learn's interface outside, a private skorch net inside."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil, prod

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from .._checks import check_arguments, check_random_state, check_sample_weight
from .._compat import CallbackSupportMixin, with_callbacks
from .._device import plain_torch, resolve_device
from .._fit_tasks import Fit
from .._image_shape import ImageShape, resolve_image_shape
from .._images import check_images, check_images_and_labels
from .._mapped import in_chunks
from .._pixel_range import check_scores
from .._scoring import ClassifierMixin
from .._targets import check_soft_targets, check_weighted_classes, read_labels
from ..augmentation import Augmentation, StrokeAugmentation
from ..exceptions import FitInterrupted, InvalidImagesError, InvalidTargetsError
from ._batches import as_images
from ._callbacks import EpochTasks
from ._features import read_layer
from ._loop import train
from ._net import ImageNeuralNet
from ._out_of_memory import memory_to_predict, unchanged_by_failure
from ._parameters import TrainingParameters
from ._plan import TrainingPlan, make_plan
from ._training_set import LabeledImages, part
from ._views import View, make_views, mirrors


class BaseImageClassifier(ClassifierMixin, CallbackSupportMixin, TrainingParameters):
    """All of a classifier except its network, which subclasses name in ``_network``."""

    classes_: NDArray[np.generic]
    image_shape_: ImageShape
    net_: ImageNeuralNet
    n_epochs_: int
    history_: list[dict[str, float]]
    augmentation_: Augmentation | None
    augmentation_source_: str
    background_: NDArray[np.float32]
    auto_params_: dict[str, float]

    def __sklearn_tags__(self) -> Tags:
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
            Images with 1 or 3 channels C. The pixels have any dtype, from 0 to 255 or on a smaller
            scale, such as 0 to 1; predictions need the same scale. uint8 is fastest and smallest.
            ``image_shape`` says how flat rows are read. If a side is below 8 pixels, X holds
            features instead, with any values that float32 can hold.
        y : array-like of shape (n,)
            Labels of at least two classes: text, numbers or booleans, also in pandas columns. Every
            row needs one; -1 is a class.
        sample_weight : array-like of shape (n,), default=None
            At least 0, and not all 0. Weight 0 leaves a row out. Whole numbers repeat rows. But if
            a weight is not whole, or if the weights above 0 have a mean above 10, each weight is
            divided by this mean, and multiplies the loss of its row.
        soft_targets : array-like of shape (n, n_classes), default=None
            Class probabilities to learn in place of y, such as a teacher's. Each row has the sum 1.
            Columns follow the sorted classes of y. Sampling and splitting still use the classes of
            y.
        X_val, y_val : array-like, default=None
            Images and labels to validate on after each epoch. ``early_stopping`` then uses them
            instead of a part of X.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidImagesError, InvalidTargetsError, InvalidParameterError
            If an argument or a parameter is invalid; before any training.
        OutOfMemoryError
            If memory runs out; the message says what to lower.
        FitInterrupted
            If the user interrupts the fit after its first epoch. What it learned is kept.
        """
        self._validate_params()
        previous = self._previous() if self.warm_start else None
        data, validation = self._read(
            X, y, sample_weight, soft_targets, previous, X_val=X_val, y_val=y_val
        )
        held_out = self.validation_fraction if self.early_stopping else None
        with Fit(self, X, y, sample_weight) as told:
            self._train(data, validation, held_out, previous, told)
        return self

    @unchanged_by_failure
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> BaseImageClassifier:
        """Train for one more epoch on these rows, at a constant learning rate.

        Parameters
        ----------
        X, y, sample_weight
            As in :meth:`fit`.
        classes : array-like of shape (n_classes,), default=None
            All labels of this and later calls. Needed in the first call if its y lacks a class.

        Returns
        -------
        self : object
        """
        self._validate_params()
        previous = self._previous()
        if classes is not None:
            classes = self._read_classes(classes, previous)
        data, _ = self._read(X, y, sample_weight, None, previous, classes=classes)
        self._train(data, None, None, previous, None)
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return logits.

        Parameters
        ----------
        X : array-like of images, as in :meth:`fit`

        Returns
        -------
        logits : float64 ndarray of shape (n, n_classes), or (n,) for two classes
            For two classes, the logit of ``classes_[1]`` minus that of ``classes_[0]``.
        """
        logits = self._logits(X).astype(np.float64)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities, of shape (n, n_classes); columns follow ``classes_``."""
        return softmax(self._logits(X).astype(np.float64), axis=1)

    def predict(self, X: ArrayLike) -> NDArray[np.generic]:
        """Return the most probable label of each image, of shape (n,)."""
        logits = self._logits(X)
        return self.classes_[logits.argmax(axis=1)]

    def extract_features(self, X: ArrayLike, layer: str = "penultimate") -> NDArray[np.float32]:
        """Return the features of each image at a layer of the trained network.

        As in predictions, dropout is off, and the features are averaged over ``n_tta`` views.

        Parameters
        ----------
        X : array-like of images, as in :meth:`fit`
        layer : str, default='penultimate'
            'penultimate' is the input of the layer that computes the logits. 'logits' is its
            output, one column for each of ``classes_``. Any other name is that of a submodule of
            ``net_.module_``, such as 'blocks' in a ResNet. Outputs of shape (n, c, h, w) are
            averaged over h and w; others are flattened.

        Returns
        -------
        features : ndarray of shape (n, n_features)

        Raises
        ------
        InvalidParameterError
            If the network has no such layer, or its output is not a tensor with a row per image.
        """
        check_is_fitted(self, "net_")
        name = type(self).__name__
        check_arguments(f"{name}.extract_features", {"layer": [str]}, {"layer": layer})
        return self._outputs(X, partial(read_layer, name, self.net_, layer))

    def _logits(self, X: ArrayLike) -> NDArray[np.float32]:
        check_is_fitted(self, "net_")
        return check_scores(type(self).__name__, self._outputs(X, self.net_.folded_module))

    @plain_torch()
    def _outputs(self, X: ArrayLike, find: Callable[[], torch.nn.Module]) -> NDArray[np.float32]:
        """Return the outputs of the module that ``find`` returns, averaged over the views."""
        views = self._views()
        images = as_images(check_images(self, X, reset=False, image_shape=self.image_shape_))
        with memory_to_predict(type(self).__name__, self.net_):
            module = find()
            outputs = [self.net_.logits(images, module, view) for view in views]
            return torch.stack(outputs).mean(dim=0).cpu().numpy()

    def _views(self) -> list[View]:
        """Return the views that are averaged."""
        self._check_again("n_tta")  # may have been set since fit
        flips = mirrors(self.augmentation_)
        self._check_views(flips)
        n_views = (2 if flips else 1) if isinstance(self.n_tta, str) else self.n_tta
        return make_views(flips, self.background_)[:n_views]

    def _previous(self) -> BaseImageClassifier | None:
        """Return this classifier if it is fitted, so that training can continue from it."""
        return self if hasattr(self, "net_") else None

    def _read_classes(
        self, classes: ArrayLike, previous: BaseImageClassifier | None
    ) -> NDArray[np.generic]:
        name = type(self).__name__
        read = read_labels(name, classes, unlabeled_label=None, input_name="classes")[0]
        if previous is not None and not np.array_equal(read, previous.classes_):
            raise InvalidTargetsError(
                f"{name}: classes={read.tolist()} differ from those of the first "
                f"call, {previous.classes_.tolist()}. Leave classes out, or start with a new "
                "estimator."
            )
        return read

    def _read(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        soft_targets: ArrayLike | None,
        previous: BaseImageClassifier | None,
        *,
        classes: NDArray[np.generic] | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> tuple[LabeledImages, LabeledImages | None]:
        """Validate what to train on and what to validate on, before any work is done."""
        name = type(self).__name__
        if previous is not None:
            self._check_same_shape(previous.image_shape_)
        images, classes, codes = check_images_and_labels(
            self,
            X,
            y,
            reset=previous is None,
            image_shape=self.image_shape if previous is None else previous.image_shape_,
            classes=classes if previous is None else previous.classes_,
        )
        check_weighted_classes(name, self.class_weight, classes)
        device, validation, soft, weights = resolve_device(self.device), None, None, None
        if (X_val is None) != (y_val is None):
            raise InvalidTargetsError(f"{name}: X_val and y_val go together; one is missing.")
        if X_val is not None:
            others, other_codes = self._read_validation(X_val, y_val, images.shape[1:], classes)
            validation = LabeledImages(others, other_codes, classes, device)
        self._check_strokes(images)
        if soft_targets is not None:
            soft = check_soft_targets(name, soft_targets, len(codes), len(classes))
        if sample_weight is not None:
            weights = self._read_weights(sample_weight, images)
        return LabeledImages(images, codes, classes, device, soft, weights), validation

    def _read_validation(
        self, X: ArrayLike, y: ArrayLike | None, shape: ImageShape, classes: NDArray[np.generic]
    ) -> tuple[NDArray[np.number], NDArray[np.int64]]:
        """Validate X_val and y_val. Errors name these in place of X and y."""
        try:
            images, _, codes = check_images_and_labels(
                self, X, y, reset=False, image_shape=shape, classes=classes
            )
            self._check_strokes(images)
        except (InvalidImagesError, InvalidTargetsError) as error:
            name = type(self).__name__
            raise type(error)(
                f"{name}: invalid X_val or y_val, called X and y here: {error}"
            ) from None
        return images, codes

    def _check_same_shape(self, known: ImageShape) -> None:
        """Refuse an ``image_shape`` that was set since the fit from which training continues."""
        name = type(self).__name__
        if self.image_shape is None:
            return
        if resolve_image_shape(name, prod(known), self.image_shape) != known:
            raise InvalidImagesError(
                f"{name}: training cannot continue with image_shape={self.image_shape!r}, because "
                f"the network of the previous fit reads images of shape {known} (channels, height, "
                "width). Set it back to that shape or None, or start with a new estimator."
            )

    def _check_strokes(self, images: NDArray[np.number]) -> None:
        """Refuse rows that are not packed strokes if the augmentation takes nothing else."""
        if isinstance(self.augmentation, StrokeAugmentation):
            for chunk in in_chunks(images):
                self.augmentation.check(chunk)

    def _read_weights(
        self, sample_weight: ArrayLike, images: NDArray[np.number]
    ) -> NDArray[np.float64]:
        weights = check_sample_weight(sample_weight, images, dtype=np.float64)
        if weights.min() < 0 or weights.max() == 0:
            raise InvalidTargetsError(
                f"{type(self).__name__}: sample weights must be at least zero and not all "
                f"zero, got values from {weights.min():g} to {weights.max():g}."
            )
        return weights

    def _train(
        self,
        data: LabeledImages,
        validation: LabeledImages | None,
        held_out: float | None,
        previous: BaseImageClassifier | None,
        told: Fit | None,
    ) -> None:
        """Plan, train and store the result; if ``told`` is None, for one epoch only."""
        rng = check_random_state(self.random_state)
        shown, judged = part(data, validation, held_out, rng, type(self).__name__)
        plan = make_plan(
            self, data.classes, shown, judged, rng, previous=previous, is_one_epoch=told is None
        )
        self._check_views(mirrors(plan.augmentation.augmentation))
        tasks = None
        if told is not None and told.is_watched:
            tasks = EpochTasks(told, ceil(plan.n_epochs), partial(self._fitted, plan))
        net = train(plan, tasks)
        self.__dict__.update(self._fitted(plan, net))
        if net.is_interrupted_:
            n_before = 0 if plan.previous is None else len(plan.previous.history)
            raise FitInterrupted(
                f"{plan.name}: fit was interrupted, and {self.n_epochs_ - n_before} of "
                f"{plan.n_epochs:g} epochs are kept. It can predict as it is."
            )

    def _fitted(self, plan: TrainingPlan, net: ImageNeuralNet) -> dict[str, object]:
        """Return the fitted attributes."""
        history = net.epochs()
        return {
            "classes_": plan.classes,
            "image_shape_": plan.train.image_shape,
            "augmentation_": plan.augmentation.augmentation,
            "background_": plan.augmentation.background,
            "augmentation_source_": repr(self.augmentation),
            "auto_params_": plan.numbers(),
            "net_": net,
            "history_": history,
            "n_epochs_": len(history),
            "diverged_": getattr(net, "is_diverged_", False),
        }
