"""The parameters that all classifiers share, and their valid values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator

from .._checks import ParametersMixin
from .._compat import HasMethods, Interval, Options, StrOptions
from .._device import PRECISIONS, SHARED, resolve_device
from ..augmentation import (
    MIXINGS,
    OBJECT_OF_AUGMENTATION,
    Augmentation,
    Mixing,
    resolve_augmentation,
    resolve_mixing,
)
from ..exceptions import InvalidParameterError
from ..losses import LOSSES, OBJECT_OF_LOSS, Loss, check_class_weight, resolve_loss
from ._networks import NETWORK_PARAMETERS, NetworkBuilder, choose_options
from ._optimizers import OptimizerBuilder, check_optimizer
from ._views import make_views, mirrors

RATE = Interval(Real, 0, 1, closed="left")
AUTO = StrOptions({"auto"})

CONSTRAINTS: dict[str, Sequence[object]] = {
    "width": [Interval(Real, 0, None, closed="neither")],
    "stem_stride": [AUTO, Options(Integral, {1, 2})],
    "dropout": [RATE],
    "spatial_dropout": [RATE],
    "stochastic_depth": [RATE],
    "weight_decay": [AUTO, Interval(Real, 0, None, closed="left")],
    "label_smoothing": [RATE],
    "loss": [StrOptions({"auto", *LOSSES}), HasMethods(["bind"])],
    "class_weight": [StrOptions({"balanced", "effective"}), dict, None],
    "sampling": [StrOptions({"balanced"}), Interval(Real, 0, 1, closed="both"), None],
    "augmentation": [StrOptions({"auto", "sketch"}), HasMethods(["draw", "apply"]), None],
    "mixing": [StrOptions({"mixup", "cutmix"}), HasMethods(["draw", "apply"]), None],
    "optimizer": [StrOptions({"adamw", "muon", "sgd"}), callable],
    "lr": [AUTO, Interval(Real, 0, None, closed="neither")],
    "lr_schedule": [StrOptions({"onecycle", "cosine", "plateau"}), None],
    "batch_size": [AUTO, Interval(Integral, 2, None, closed="left")],
    "max_epochs": [StrOptions({"auto", "long"}), Interval(Real, 0, None, closed="neither")],
    "epoch_size": [Interval(Integral, 2, None, closed="left"), None],
    "ema_decay": [RATE, None],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    "n_tta": [AUTO, Interval(Integral, 1, 10, closed="both")],
    "image_shape": [tuple, list, None],
    "device": [str, torch.device],
    "precision": [StrOptions(set(PRECISIONS))],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}


class TrainingParameters(ParametersMixin, BaseEstimator):
    """Parameters of a classifier as the user gave them, with nothing decided yet."""

    _parameter_constraints: ClassVar[dict[str, Sequence[object]]] = CONSTRAINTS

    @property
    def _network(self) -> str | NetworkBuilder:
        """The network, as ImageClassifier takes it."""
        raise NotImplementedError

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
        loss: str | Loss = "auto",
        class_weight: str | dict[Any, float] | None = None,
        sampling: str | float | None = None,
        augmentation: str | Augmentation | None = "auto",
        mixing: str | Mixing | None = None,
        optimizer: str | OptimizerBuilder = "muon",
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
        random_state: int | np.random.RandomState | None = None,
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

    def _named_objects(self) -> dict[str, Mapping[str, Callable[[], object]]]:
        return {"augmentation": OBJECT_OF_AUGMENTATION, "loss": OBJECT_OF_LOSS, "mixing": MIXINGS}

    def _given_options(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in NETWORK_PARAMETERS}

    def _network_options(self, stem_stride: int) -> dict[str, object]:
        """Return the options of the network, with 'auto' replaced by this ``stem_stride``."""
        planned: dict[str, object] = {"stem_stride": stem_stride}
        return choose_options(self._network, self._given_options(), planned)

    def _validate_params(self) -> None:
        super()._validate_params()
        check_optimizer(type(self).__name__, self.optimizer)
        self._validate_parts()
        policy = resolve_augmentation(self.augmentation, with_strokes=True)
        self._check_views(mirrors(policy))  # 'auto' counts, as it may decide to mirror

    def _validate_parts(self) -> None:
        """Check what a plan would only find out later, perhaps after a teacher was trained."""
        resolve_mixing(self.mixing)
        check_class_weight(self.class_weight)
        loss = resolve_loss(self.loss, self.class_weight)
        if hasattr(loss, "validate"):
            loss.validate()
        if str(self.device) != SHARED:  # to resolve it would join other processes
            resolve_device(self.device)

    def _check_views(self, flips: bool) -> None:
        n_views = len(make_views(flips))
        if not isinstance(self.n_tta, str) and self.n_tta > n_views:
            raise InvalidParameterError(
                f"{type(self).__name__}: n_tta={self.n_tta}, but without horizontal flips in the "
                f"augmentation there are only {n_views} views. Lower n_tta, or fit with an "
                "augmentation that mirrors images, for example "
                "AugmentationPolicy(horizontal_flip=0.5)."
            )
