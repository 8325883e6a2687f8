"""Build the batches and the net of a training from its plan."""

from __future__ import annotations

from math import ceil

from skorch.callbacks import Callback

from .._random import make_generator
from ..exceptions import InvalidParameterError
from ..losses import bind_loss
from ._batches import TrainingBatches
from ._callbacks import EpochTasks, KeepBest, ProgressBar, WeightAverage
from ._criterion import Criterion
from ._net import ImageNeuralNet
from ._optimizers import make_optimizer
from ._plan import TrainingPlan
from ._samplers import make_sampler
from ._schedules import make_schedule
from ._shared import Exchange, SharedBatches
from ._waiting import BusyCores, can_wait

# Options that say how much is dropped in training. They do not change the meaning of weights.
RATES_OF_DROPPING = {"dropout", "spatial_dropout", "stochastic_depth"}


def make_batches(plan: TrainingPlan) -> TrainingBatches:
    """Return the batches of an epoch; their own generator makes all their draws."""
    generator = make_generator(plan.batch_seed)
    batches = SharedBatches if plan.is_shared else TrainingBatches
    return batches(
        plan.train,
        batch_size=plan.batch_size,
        sampler=make_sampler(
            plan.train, plan.sampling, generator, plan.batch_size, plan.epoch_size
        ),
        augmentation=plan.augmentation,
        mixing=plan.mixing,
        generator=generator,
    )


def build_net(plan: TrainingPlan, n_steps: int, tasks: EpochTasks | None) -> ImageNeuralNet:
    """Return an initialized net with pixel statistics, continuing the plan's previous one.

    Initial weights come from torch's global generator, or what :class:`~.._draws.Draws` puts in its
    place.
    """
    objective, descent = plan.objective, plan.descent
    net = ImageNeuralNet(
        plan.network,
        **{f"module__{name}": value for name, value in plan.network_options.items()},
        module__image_shape=plan.image_shape,
        module__n_classes=len(plan.classes),
        criterion=Criterion,
        criterion__row_loss=bind_loss(objective.loss, objective.class_counts),
        criterion__label_smoothing=objective.label_smoothing,
        criterion__class_weight=objective.class_weight,
        optimizer=make_optimizer,
        optimizer__name=descent.optimizer,
        optimizer__weight_decay=descent.weight_decay,
        lr=descent.lr,
        callbacks=make_callbacks(plan, n_steps, tasks),
        device=str(plan.device),
        precision=plan.precision,
        ink=plan.ink,
        verbose=0,
    ).initialize()
    if plan.previous is not None:
        check_compatible(plan.name, net, plan.previous)
        net.resume(plan.previous)
    if plan.pixel_sums is not None:
        net.see_pixels(plan.pixel_sums)
    return net


def make_callbacks(
    plan: TrainingPlan, n_steps: int, tasks: EpochTasks | None
) -> list[tuple[str, Callback]]:
    """Return callbacks in the order in which they must act: average, then score, then report."""
    descent = plan.descent
    exchange = Exchange(plan.net_seed) if plan.is_shared else None
    named: dict[str, Callback | None] = {
        "exchange": exchange,  # schedules read its losses
        "schedule": make_schedule(descent.lr_schedule, lr=descent.lr, n_steps=n_steps),
        "average": None if descent.ema_decay is None else WeightAverage(descent.ema_decay),
        "keep_best": None if plan.patience is None else KeepBest(plan.patience),
        "progress": ProgressBar(plan.name, ceil(plan.n_epochs)) if plan.verbose else None,
        "busy_cores": BusyCores(plan.name) if can_wait(plan.device) else None,
        "tasks": tasks,
    }
    return [(name, callback) for name, callback in named.items() if callback is not None]


def check_compatible(name: str, net: ImageNeuralNet, previous: ImageNeuralNet) -> None:
    """Refuse to continue training if the parameters now ask for another network."""
    own, before = _identity(net), _identity(previous)
    changed = sorted(key for key in own.keys() | before.keys() if own.get(key) != before.get(key))
    if changed:
        raise InvalidParameterError(
            f"{name}: training cannot continue from the network of the previous fit, which "
            "differs from what these parameters, images and classes ask for in "
            f"{', '.join(changed)}. Set warm_start=False and call fit "
            "(warm_start_student=False in a NoisyStudentClassifier), or leave the network, its "
            "width and stem_stride and the data's shape as they were."
        )


def _identity(net: ImageNeuralNet) -> dict[str, object]:
    """Return what must stay the same so that the weights keep their meaning."""
    options = net.get_params_for("module")
    network = net.module_
    return {
        **{key: value for key, value in options.items() if key not in RATES_OF_DROPPING},
        "network": type(getattr(network, "network", network)),
        "weights": {key: tuple(value.shape) for key, value in network.state_dict().items()},
    }
