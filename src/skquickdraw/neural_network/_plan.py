"""What is trained, and how: every 'auto' of an estimator, decided once for one training set."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .._images import SMALLEST_SIDE
from .._mapped_files import spread
from ..augmentation import BoundAugmentation, bind_augmentation, resolve_augmentation
from ..losses import resolve_loss
from ._batches import ImageSet, count_batches
from ._rows import smallest_int

CONSTANT_SHARE = 0.3  # of the rate, where it neither rises nor falls: a peak is too much for that
# (lr, weight decay) of each optimizer; those of a callable are AdamW's.
RATES = {"muon": (0.02, 0.15), "adamw": (0.003, 0.05), "sgd": (0.05, 0.01)}
SMALLEST_BATCH, LARGEST_BATCH = 16, 256
SMALLEST_STRIDED_SIDE = 16  # pixels; halving a smaller image at once would lose what it shows

# Steps that a training takes: as measured in the study of the defaults. They grow more slowly than
# the rows, since more rows make fewer passes enough.
FEWEST_STEPS = 1000
STEPS_PER_ROOT = 11.0
LONG = 3  # times as many where 'long' is asked for
MOST_LOOKED_AT = 2**20  # rows of files among which those are chosen that decide
EPOCHS_OF_FEATURES = 20  # for grids of features instead of images


@dataclass(frozen=True)
class TrainingPlan:
    """What the parameters of an estimator come to for one training set.

    Attributes
    ----------
    stem_stride : {1, 2}
    loss : Loss
    augmentation : BoundAugmentation
    lr, weight_decay : float
    batch_size : int
    max_epochs : float
    """

    stem_stride: int
    loss: Any
    augmentation: BoundAugmentation
    lr: float
    weight_decay: float
    batch_size: int
    max_epochs: float

    def numbers(self) -> dict[str, Any]:
        """Return what stands for the parameters that may be 'auto', by their names."""
        names = ("stem_stride", "lr", "weight_decay", "batch_size", "max_epochs")
        return {name: getattr(self, name) for name in names}


def make_plan(
    estimator: Any,
    train: ImageSet,
    lr_schedule: str | None,
    epoch_size: int | None = None,
    *,
    previous: Any = None,
) -> TrainingPlan:
    """Decide what an estimator left open.

    ``epoch_size`` is the rows of an epoch, None all of the set; ``previous`` is the fit that
    training goes on from.
    """
    batch_size = resolve_batch_size(estimator.batch_size, len(train))
    augmentation = rebind(estimator, train, previous)
    ink = getattr(augmentation.augmentation, "ink", None)  # where images are drawn from strokes
    shape = tuple(train.images.shape[1:]) if ink is None else ink.image_shape
    is_picture = min(shape[1:]) >= SMALLEST_SIDE
    lr, weight_decay = resolve_rates(
        estimator.optimizer, estimator.lr, estimator.weight_decay, lr_schedule
    )
    return TrainingPlan(
        stem_stride=resolve_stem_stride(estimator.stem_stride, shape),
        loss=resolve_loss(estimator.loss, estimator.class_weight),
        augmentation=augmentation,
        lr=lr,
        weight_decay=weight_decay,
        batch_size=batch_size,
        max_epochs=resolve_epochs(
            estimator.max_epochs, len(train), batch_size, is_picture, epoch_size
        ),
    )


def rebind(estimator: Any, train: ImageSet, previous: Any) -> BoundAugmentation:
    """Return what the fit that training goes on from has decided, unless it was asked otherwise."""
    if previous is None:
        return bind(estimator, train)
    if previous.augmentation_source_ == repr(estimator.augmentation):
        return BoundAugmentation(previous.augmentation_, previous.background_)
    return BoundAugmentation(bind(estimator, train).augmentation, previous.background_)


def bind(estimator: Any, train: ImageSet) -> BoundAugmentation:
    """Decide by the distinct rows of a set what its augmentation leaves open.

    Rows of files, of which nothing is known before they are read, count as distinct, and among
    millions of them it is decided by some.
    """
    codes = train.codes.cpu().numpy()
    if train.image_keys is None:
        distinct = some_of_each(codes)
    else:
        distinct = np.sort(np.unique(train.image_keys, return_index=True)[1])

    def take(positions: NDArray[np.intp]) -> NDArray[Any]:
        chosen = torch.as_tensor(distinct[positions], device=train.rows.device)
        return train.images.index_select(0, train.rows[chosen]).cpu().numpy()

    shape = tuple(train.images.shape[1:])
    policy = resolve_augmentation(estimator.augmentation, image_shape=shape, with_strokes=True)
    return bind_augmentation(policy, codes[distinct], take)


def some_of_each(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return positions evenly spread among all, a million at most, and the first of each class."""
    first = np.zeros(codes.max() + 1, dtype=np.int64)
    rows = np.arange(len(codes), dtype=smallest_int(len(codes)))
    first[codes[::-1]] = rows[::-1]  # the last to be written stays
    return np.union1d(spread(len(codes), MOST_LOOKED_AT), first[np.bincount(codes) > 0])


def resolve_batch_size(batch_size: int | str, n_rows: int) -> int:
    """Return the batch size; 'auto' takes about 16 steps an epoch, within 16 to 256 rows."""
    if batch_size == "auto":
        return min(LARGEST_BATCH, max(SMALLEST_BATCH, n_rows // 16))
    return int(batch_size)


def resolve_stem_stride(stem_stride: int | str, shape: tuple[int, ...]) -> int:
    """Return the step of the first convolution; 'auto' keeps all pixels of the smallest images."""
    if stem_stride == "auto":
        return 2 if min(shape[1:]) >= SMALLEST_STRIDED_SIDE else 1
    return int(stem_stride)


def resolve_rates(
    optimizer: Any, lr: float | str, weight_decay: float | str, lr_schedule: str | None
) -> tuple[float, float]:
    """Return learning rate and weight decay; 'auto' is what suits optimizer and schedule."""
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
    """Return the number of epochs; 'auto' and 'long' go by a number of steps.

    ``epoch_size`` is the rows of an epoch; None is all ``n_rows``.
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
