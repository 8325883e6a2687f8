"""The plan of a training: everything that it needs, decided once, before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._device import is_shared, resolve_precision
from .._draws import is_ours
from .._image_shape import SMALLEST_SIDE, ImageShape
from .._mapped_files import spread
from .._random import draw_seed
from ..augmentation import (
    Augmentation,
    BoundAugmentation,
    Mixing,
    bind_augmentation,
    resolve_augmentation,
    resolve_mixing,
)
from ..losses import Loss, class_weights, resolve_loss
from ._batches import ImageSet, Ink, count_batches, smallest_int
from ._net import ImageNeuralNet
from ._networks import NetworkBuilder, UserNetwork, resolve_network
from ._optimizers import OptimizerBuilder
from ._parameters import TrainingParameters
from ._samplers import effective_counts, sampling_strength
from ._statistics import pixel_sums

CONSTANT_SHARE = 0.3  # times the rate if it is constant: a schedule's peak would be too high
# (lr, weight decay) of each optimizer; those of a callable are AdamW's.
RATES = {"muon": (0.02, 0.15), "adamw": (0.003, 0.05), "sgd": (0.05, 0.01)}
SMALLEST_BATCH, LARGEST_BATCH = 16, 256
SMALLEST_STRIDED_SIDE = 16  # pixels; halving a smaller image at once would lose too much

# Steps of a training, as measured in the study of the defaults. They grow more slowly than the
# rows: with more rows, fewer passes are enough.
FEWEST_STEPS = 1000
STEPS_PER_ROOT = 11.0
LONG = 3  # times as many for 'long'
MOST_LOOKED_AT = 2**20  # rows of files from which the deciding ones are chosen
EPOCHS_OF_FEATURES = 20  # for grids of features instead of images


@dataclass(frozen=True, eq=False)
class Objective:
    """The objective of a training, which it minimises.

    Attributes
    ----------
    loss : Loss
    class_counts : tensor of shape (n_classes,)
        The counts to which the loss is bound: how often an epoch shows each class.
    class_weight : tensor of shape (n_classes,) or None
    label_smoothing : float in [0, 1)
    """

    loss: Loss
    class_counts: Tensor
    class_weight: Tensor | None
    label_smoothing: float


@dataclass(frozen=True)
class Descent:
    """The updates of the weights: parameters as in the classifiers, with 'auto' decided."""

    optimizer: str | OptimizerBuilder
    lr: float
    weight_decay: float
    lr_schedule: str | None
    ema_decay: float | None


@dataclass(frozen=True, eq=False)
class TrainingPlan:
    """The values of a classifier's parameters for one training set, all decided.

    Attributes
    ----------
    name : str
        Of the classifier, the subject of messages.
    classes : ndarray of shape (n_classes,)
    train, validation : ImageSet
        Images, targets and weights. ``validation`` may be None.
    sampling : float in [0, 1]
        How much an epoch balances the classes.
    batch_size : int
    epoch_size : int or None
        Rows per epoch; None is all.
    augmentation : BoundAugmentation
    mixing : Mixing or None
    network : callable
        Builds the network for an image shape, a number of classes and ``network_options``.
    network_options : dict
    stem_stride : {1, 2}
    descent : Descent
    objective : Objective
    max_epochs, n_epochs : float
        Epochs of a whole fit, and those of this training: in ``partial_fit`` it is one.
    patience : int or None
        Epochs without a better score after which training stops.
    device_name : str
        The user's name of it.
    precision : torch.dtype
    batch_seed, net_seed : int
        Of all draws of batches; of initial weights and dropout.
    previous : ImageNeuralNet or None
        The net from which training continues.
    pixel_sums : tensor of shape (3, n_channels) or None
        Pixel statistics to add to the network; None if it has them already.
    verbose : int
    """

    name: str
    classes: NDArray[np.generic]
    train: ImageSet
    validation: ImageSet | None
    sampling: float
    batch_size: int
    epoch_size: int | None
    augmentation: BoundAugmentation
    mixing: Mixing | None
    network: NetworkBuilder
    network_options: dict[str, object]
    stem_stride: int
    descent: Descent
    objective: Objective
    max_epochs: float
    n_epochs: float
    patience: int | None
    device_name: str
    precision: torch.dtype
    batch_seed: int
    net_seed: int
    previous: ImageNeuralNet | None
    pixel_sums: Tensor | None
    verbose: int

    @property
    def device(self) -> torch.device:
        """The device of the images, or of each batch, and of the network."""
        return self.train.images.device

    @property
    def is_shared(self) -> bool:
        """Whether several processes train one network."""
        return is_shared(self.device_name)

    @property
    def is_own(self) -> bool:
        """Whether no user's code takes part, which would draw from torch's global generator."""
        parts = (self.objective.loss, self.mixing, self.augmentation.augmentation)
        is_named = isinstance(self.descent.optimizer, str)
        is_network = not isinstance(self.network, UserNetwork)
        return is_network and is_named and all(map(is_ours, parts))

    @property
    def ink(self) -> Ink | None:
        """The function that draws packed strokes as images."""
        return ink_of(self.augmentation)

    @property
    def image_shape(self) -> ImageShape:
        """Channels, height and width of the network's input."""
        return seen_shape(self.train, self.ink)

    def numbers(self) -> dict[str, float]:
        """Return the values of the parameters that may be 'auto', by name.

        A user's network is not given ``stem_stride`` unless it is set.
        """
        is_given = "stem_stride" in self.network_options
        return {
            **({"stem_stride": self.stem_stride} if is_given else {}),
            "lr": self.descent.lr,
            "weight_decay": self.descent.weight_decay,
            "batch_size": self.batch_size,
            "max_epochs": self.max_epochs,
        }


class Fitted(Protocol):
    """The attributes of a fitted classifier from which training continues."""

    net_: ImageNeuralNet
    n_epochs_: int
    augmentation_: Augmentation | None
    augmentation_source_: str
    background_: NDArray[np.float32]


def make_plan(
    estimator: TrainingParameters,
    classes: NDArray[np.generic],
    train: ImageSet,
    validation: ImageSet | None,
    rng: np.random.RandomState,
    *,
    previous: Fitted | None,
    is_one_epoch: bool,
) -> TrainingPlan:
    """Decide what a classifier leaves open.

    ``previous`` is the fit from which training continues. The single epoch of ``partial_fit`` shows
    all rows, at a constant rate.
    """
    epoch_size = None if is_one_epoch else estimator.epoch_size
    n_rows = len(train)
    batch_size = resolve_batch_size(estimator.batch_size, n_rows)
    augmentation = rebind(estimator, train, previous)
    ink = ink_of(augmentation)
    shape = seen_shape(train, ink)
    stem_stride = resolve_stem_stride(estimator.stem_stride, shape)
    is_picture = min(shape[1:]) >= SMALLEST_SIDE
    max_epochs = resolve_epochs(estimator.max_epochs, n_rows, batch_size, is_picture, epoch_size)
    # Continuing with the same seed would draw the same epochs again.
    net, n_before = (None, 0) if previous is None else (previous.net_, previous.n_epochs_)
    is_judged = estimator.early_stopping and validation is not None
    is_new = net is None or (is_one_epoch and net.pixel_sums_ is not None)
    return TrainingPlan(
        name=type(estimator).__name__,
        classes=classes,
        train=train,
        validation=validation,
        sampling=sampling_strength(estimator.sampling),
        batch_size=batch_size,
        epoch_size=epoch_size,
        augmentation=augmentation,
        mixing=resolve_mixing(estimator.mixing),
        network=resolve_network(estimator._network),
        network_options=estimator._network_options(stem_stride),
        stem_stride=stem_stride,
        descent=make_descent(estimator, is_one_epoch=is_one_epoch),
        objective=make_objective(estimator, classes, train),
        max_epochs=max_epochs,
        n_epochs=1 if is_one_epoch else max_epochs,
        patience=estimator.n_iter_no_change if is_judged else None,
        device_name=str(estimator.device),
        precision=resolve_precision(estimator.precision, train.images.device),
        batch_seed=draw_seed(rng) + n_before,
        net_seed=draw_seed(rng) + n_before,
        previous=net,
        pixel_sums=pixel_sums(train, ink) if is_new else None,
        verbose=estimator.verbose,
    )


def make_objective(
    estimator: TrainingParameters, classes: NDArray[np.generic], train: ImageSet
) -> Objective:
    """Decide the objective for a training set."""
    weight = None
    if estimator.class_weight is not None:
        codes, row_weights = train.codes.cpu().numpy(), train.row_weights()
        weights = class_weights(estimator.class_weight, classes, codes, row_weights)
        weight = torch.as_tensor(weights, dtype=torch.float32)
    loss = resolve_loss(estimator.loss, estimator.class_weight)
    corrects = getattr(loss, "corrects_prior", True)
    counts = effective_counts(train, sampling_strength(estimator.sampling) if corrects else 0.0)
    if corrects and weight is not None:
        weighted = counts * weight
        counts = weighted * (counts.sum() / weighted.sum())
        counts = counts.clamp(min=1.0)  # weight 0 would have no logarithm
    return Objective(loss, counts, weight, estimator.label_smoothing)


def make_descent(estimator: TrainingParameters, *, is_one_epoch: bool) -> Descent:
    """Decide the updates of the weights; in a single epoch, the rate is constant."""
    schedule = None if is_one_epoch else estimator.lr_schedule
    lr, weight_decay = resolve_rates(
        estimator.optimizer, estimator.lr, estimator.weight_decay, schedule
    )
    return Descent(estimator.optimizer, lr, weight_decay, schedule, estimator.ema_decay)


def ink_of(augmentation: BoundAugmentation) -> Ink | None:
    return getattr(augmentation.augmentation, "ink", None)


def seen_shape(train: ImageSet, ink: Ink | None) -> ImageShape:
    return train.image_shape if ink is None else ink.image_shape


def rebind(
    estimator: TrainingParameters, train: ImageSet, previous: Fitted | None
) -> BoundAugmentation:
    """Return what the previous fit decided, unless the parameter has changed."""
    if previous is None:
        return bind(estimator, train)
    if previous.augmentation_source_ == repr(estimator.augmentation):
        return BoundAugmentation(previous.augmentation_, previous.background_)
    return BoundAugmentation(bind(estimator, train).augmentation, previous.background_)


def bind(estimator: TrainingParameters, train: ImageSet) -> BoundAugmentation:
    """Decide what an augmentation leaves open, from the distinct rows of a set.

    Rows in files count as distinct, because to compare them, all would have to be read. Of millions
    of such rows, only a part is used.
    """
    codes = train.codes.cpu().numpy()
    if train.image_keys is None:
        distinct = some_of_each(codes)
    else:
        distinct = np.sort(np.unique(train.image_keys, return_index=True)[1])

    def take(positions: NDArray[np.intp]) -> NDArray[np.number]:
        chosen = torch.as_tensor(distinct[positions], device=train.rows.device)
        return train.images.index_select(0, train.rows[chosen]).cpu().numpy()

    policy = resolve_augmentation(
        estimator.augmentation, image_shape=train.image_shape, with_strokes=True
    )
    return bind_augmentation(policy, codes[distinct], take)


def some_of_each(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return positions evenly spread among all, a million at most, and the first of each class."""
    first = np.zeros(codes.max() + 1, dtype=np.int64)
    rows = np.arange(len(codes), dtype=smallest_int(len(codes)))
    first[codes[::-1]] = rows[::-1]  # the last value written stays
    return np.union1d(spread(len(codes), MOST_LOOKED_AT), first[np.bincount(codes) > 0])


def resolve_batch_size(batch_size: int | str, n_rows: int) -> int:
    """Return the batch size; 'auto' makes about 16 steps per epoch, with 16 to 256 rows."""
    if batch_size == "auto":
        return min(LARGEST_BATCH, max(SMALLEST_BATCH, n_rows // 16))
    return int(batch_size)


def resolve_stem_stride(stem_stride: int | str, shape: tuple[int, ...]) -> int:
    """Return the step of the first convolution; 'auto' keeps all pixels of the smallest images."""
    if stem_stride == "auto":
        return 2 if min(shape[1:]) >= SMALLEST_STRIDED_SIDE else 1
    return int(stem_stride)


def resolve_rates(
    optimizer: str | OptimizerBuilder,
    lr: float | str,
    weight_decay: float | str,
    lr_schedule: str | None,
) -> tuple[float, float]:
    """Return learning rate and weight decay; 'auto' suits optimizer and schedule."""
    own_lr, own_decay = RATES[optimizer if isinstance(optimizer, str) else "adamw"]
    own_lr = own_lr * CONSTANT_SHARE if lr_schedule is None else own_lr
    return (
        own_lr if lr == "auto" else float(lr),
        own_decay if weight_decay == "auto" else float(weight_decay),
    )


def resolve_epochs(
    max_epochs: float | str,
    n_rows: int,
    batch_size: int,
    is_picture: bool,
    epoch_size: int | None = None,
) -> float:
    """Return the number of epochs; 'auto' and 'long' follow from a number of steps.

    ``epoch_size`` is the number of rows per epoch; None is ``n_rows``.
    """
    if not isinstance(max_epochs, str):
        return max_epochs
    epoch_size = n_rows if epoch_size is None else epoch_size
    n_steps = max(FEWEST_STEPS, STEPS_PER_ROOT * sqrt(n_rows))
    if not is_picture:
        n_steps = EPOCHS_OF_FEATURES * count_batches(n_rows, batch_size)
    if max_epochs == "long":
        n_steps *= LONG
    return ceil(n_steps / count_batches(epoch_size, batch_size))
