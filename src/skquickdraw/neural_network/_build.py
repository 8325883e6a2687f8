"""From an estimator's parameters to the parts of its training."""

from __future__ import annotations

from functools import partial
from math import ceil, prod
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from .._device import is_shared, resolve_precision
from .._fit_tasks import Fit
from .._mapped import in_chunks
from .._random import make_generator
from ..augmentation import StrokeAugmentation, resolve_augmentation, resolve_mixing
from ..exceptions import InvalidParameterError
from ..losses import bind_loss, class_weights
from ._batches import ImageSet, TrainingBatches, batch_sizes, count_batches
from ._callbacks import EpochTasks, KeepBest, ProgressBar, WeightAverage
from ._criterion import Criterion
from ._mapped_images import RUN_BYTES, MappedImages, window_length
from ._net import ImageNet, count_steps
from ._networks import choose_options, resolve_network
from ._optimizers import make_optimizer
from ._plan import TrainingPlan
from ._rows import EpochSampler
from ._run_sampler import RunSampler
from ._schedules import make_schedule
from ._shared import Exchange, SharedBatches
from ._training_set import effective_counts, row_weights
from ._waiting import BusyCores, can_wait

# Options that say what is left out in training; weights mean the same whatever they are.
RATES_OF_DROPPING = {"dropout", "spatial_dropout", "stochastic_depth"}


def sampling_strength(sampling: str | float | None) -> float:
    """Return how far sampling balances classes, from 0 to 1."""
    if sampling is None:
        return 0.0
    return 1.0 if sampling == "balanced" else float(sampling)


def check_strokes(estimator: Any, images: NDArray[Any]) -> None:
    """Refuse rows that are no packed strokes where the augmentation takes nothing else."""
    policy = resolve_augmentation(estimator.augmentation, with_strokes=True)
    if isinstance(policy, StrokeAugmentation):
        for chunk in in_chunks(images):
            policy.check(chunk)


def build_batches(
    estimator: Any, plan: TrainingPlan, train: ImageSet, seed: int, epoch_size: int | None = None
) -> TrainingBatches:
    """Return the batches of an epoch; one generator of their own feeds all their draws."""
    generator = make_generator(seed)
    batches = SharedBatches if is_shared(estimator.device) else TrainingBatches
    sampling = sampling_strength(estimator.sampling)
    return batches(
        train,
        batch_size=plan.batch_size,
        sampler=build_sampler(train, sampling, generator, plan.batch_size, epoch_size),
        augmentation=plan.augmentation,
        mixing=resolve_mixing(estimator.mixing),
        generator=generator,
    )


def build_sampler(
    train: ImageSet,
    sampling: float,
    generator: torch.Generator,
    batch_size: int,
    epoch_size: int | None,
) -> EpochSampler | RunSampler:
    """Return what draws the rows of an epoch; those of many files are drawn in runs."""
    codes, shape = train.codes.cpu().numpy(), train.images.shape
    n_shown = len(codes) if epoch_size is None else epoch_size
    if isinstance(train.images, MappedImages) and train.images.is_in_files:
        sizes = batch_sizes(n_shown, count_batches(n_shown, batch_size))
        length = window_length(sizes[0], shape)
        windows = [sum(sizes[i : i + length]) for i in range(0, len(sizes), length)]
        run = max(1, RUN_BYTES // prod(shape[1:]))
        return RunSampler(codes, sampling, generator, n_shown=n_shown, run=run, windows=windows)
    if epoch_size is not None:
        return RunSampler(codes, sampling, generator, n_shown=n_shown)
    return EpochSampler(codes, sampling, generator)


def build_net(
    estimator: Any,
    plan: TrainingPlan,
    batches: TrainingBatches,
    classes: NDArray[Any],
    *,
    n_epochs: float,
    has_validation: bool,
    lr_schedule: str | None,
    told: Fit | None = None,
) -> ImageNet:
    """Return an initialized skorch net that is ready to train, and tells ``told`` of it."""
    train = batches.dataset
    device = train.images.device
    ink = getattr(plan.augmentation.augmentation, "ink", None)
    class_weight = _class_weight(estimator, train, classes)
    options = choose_options(
        estimator._network, estimator._network_options(), {"stem_stride": plan.stem_stride}
    )
    callbacks = _callbacks(estimator, plan.lr, lr_schedule, n_epochs, batches, has_validation)
    if told is not None and told.is_watched:
        attributes_of = partial(fitted_attributes, estimator, plan, batches, classes)
        callbacks.append(("tasks", EpochTasks(told, ceil(n_epochs), attributes_of)))
    net = ImageNet(
        resolve_network(estimator._network),
        **{f"module__{name}": value for name, value in options.items()},
        module__image_shape=batches.image_shape if ink is None else ink.image_shape,
        module__n_classes=train.n_classes,
        criterion=Criterion,
        criterion__row_loss=_row_loss(plan.loss, estimator.sampling, train, class_weight),
        criterion__label_smoothing=estimator.label_smoothing,
        criterion__class_weight=class_weight,
        optimizer=make_optimizer,
        optimizer__name=estimator.optimizer,
        optimizer__weight_decay=plan.weight_decay,
        lr=plan.lr,
        callbacks=callbacks,
        device=str(device),
        precision=resolve_precision(estimator.precision, device),
        ink=ink,
        verbose=0,
    )
    return net.initialize()


def _row_loss(
    loss: Any, sampling: str | float | None, train: ImageSet, class_weight: Tensor | None
) -> torch.nn.Module:
    if not getattr(loss, "corrects_prior", True):
        return bind_loss(loss, effective_counts(train, sampling=0.0))
    counts = effective_counts(train, sampling_strength(sampling))
    if class_weight is not None:
        weighted = counts * class_weight
        counts = weighted * (counts.sum() / weighted.sum())
    return bind_loss(loss, counts.clamp(min=1.0))  # a class of weight 0 has no logarithm


def _class_weight(estimator: Any, train: ImageSet, classes: NDArray[Any]) -> Tensor | None:
    if estimator.class_weight is None:
        return None
    codes = train.codes.cpu().numpy()
    weights = class_weights(estimator.class_weight, classes, codes, row_weights(train))
    return torch.as_tensor(weights, dtype=torch.float32)


def _callbacks(
    estimator: Any,
    lr: float,
    lr_schedule: str | None,
    n_epochs: float,
    batches: TrainingBatches,
    has_validation: bool,
) -> list[tuple[str, Any]]:
    """Return callbacks in the order in which they must act: average, then judge, then tell."""
    schedule = make_schedule(lr_schedule, lr=lr, n_steps=count_steps(n_epochs, len(batches)))
    average = None if estimator.ema_decay is None else WeightAverage(estimator.ema_decay)
    is_stopped_early = estimator.early_stopping and has_validation
    keeper = KeepBest(estimator.n_iter_no_change) if is_stopped_early else None
    bar = ProgressBar(type(estimator).__name__, ceil(n_epochs)) if estimator.verbose else None
    device = batches.dataset.images.device
    exchange = Exchange() if is_shared(estimator.device) else None  # schedules read its losses
    named = {
        "exchange": exchange,
        "schedule": schedule,
        "average": average,
        "keep_best": keeper,
        "progress": bar,
        "busy_cores": BusyCores(type(estimator).__name__) if can_wait(device) else None,
    }
    return [(name, callback) for name, callback in named.items() if callback is not None]


def fitted_attributes(
    estimator: Any,
    plan: TrainingPlan,
    batches: TrainingBatches,
    classes: NDArray[Any],
    net: ImageNet,
) -> dict[str, Any]:
    """Return what a classifier keeps of its fit, and predicts by."""
    history = net.epochs()
    return {
        "classes_": classes,
        "image_shape_": batches.image_shape,
        "augmentation_": plan.augmentation.augmentation,
        "background_": plan.augmentation.background,
        "augmentation_source_": repr(estimator.augmentation),
        "auto_params_": plan.numbers(),
        "net_": net,
        "history_": history,
        "n_epochs_": len(history),
    }


def check_compatible(name: str, net: ImageNet, previous: ImageNet) -> None:
    """Refuse to go on training a network that has become another one since."""
    own, before = _identity(net), _identity(previous)
    changed = sorted(key for key in own.keys() | before.keys() if own.get(key) != before.get(key))
    if changed:
        raise InvalidParameterError(
            f"{name}: training cannot go on from the network of the previous fit, which differs "
            f"from what these parameters, images and classes ask for in {', '.join(changed)}. Set "
            "warm_start=False, or leave the network, its width and stem_stride and the data's "
            "shape as they were."
        )


def _identity(net: ImageNet) -> dict[str, Any]:
    """Return what must stay where weights are to mean the same."""
    options = net.get_params_for("module")
    network = net.module_
    return {
        **{key: value for key, value in options.items() if key not in RATES_OF_DROPPING},
        "network": type(getattr(network, "network", network)),
        "weights": {key: tuple(value.shape) for key, value in network.state_dict().items()},
    }
