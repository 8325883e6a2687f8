"""Learning-rate schedules that end with the training."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi

from skorch.callbacks import Callback
from torch.optim.lr_scheduler import ReduceLROnPlateau

from ._net import ImageNeuralNet
from ._step import put

WARM_UP = 0.2  # share of one cycle in which the rate rises
PLATEAU_FACTOR = 0.3
PLATEAU_PATIENCE = 3  # epochs without improvement that are tolerated: the fourth lowers the rate


def one_cycle(step: int, n_steps: int) -> float:
    """Return the share of the highest rate at a step: up in a line, down in a half cosine."""
    n_rising = max(1, round(WARM_UP * n_steps))
    if step < n_rising:
        return (step + 1) / n_rising
    return cosine(step - n_rising + 1, n_steps - n_rising + 1)


def cosine(step: int, n_steps: int) -> float:
    """Return the share of the highest rate at a step: down in a half cosine."""
    return (1 + cos(pi * step / n_steps)) / 2


class StepSchedule(Callback):
    """Set the rate before each step.

    torch's and skorch's schedulers take their position from the history of the optimizer or the
    net, which continues from an earlier fit under ``warm_start``. A schedule here starts with its
    training.
    """

    def __init__(self, shape: Callable[[int, int], float], lr: float, n_steps: int) -> None:
        self.shape = shape
        self.lr = lr
        self.n_steps = n_steps

    def on_train_begin(self, net: ImageNeuralNet, **kwargs: object) -> None:
        self.step_ = 0

    def on_epoch_begin(self, net: ImageNeuralNet, **kwargs: object) -> None:
        self._set_rate(net)  # the net records the rate at the start of an epoch

    def on_batch_begin(self, net: ImageNeuralNet, **kwargs: object) -> None:
        self._set_rate(net)
        self.step_ += 1

    def _set_rate(self, net: ImageNeuralNet) -> None:
        for group in net.optimizer_.param_groups:
            group["lr"] = put(group["lr"], self.lr * self.shape(self.step_, self.n_steps))


class PlateauSchedule(Callback):
    """Lower the rate when the validation loss, or without validation the training loss, stalls."""

    def on_train_begin(self, net: ImageNeuralNet, **kwargs: object) -> None:
        self.scheduler_ = ReduceLROnPlateau(
            net.optimizer_, factor=PLATEAU_FACTOR, patience=PLATEAU_PATIENCE
        )

    def on_epoch_end(self, net: ImageNeuralNet, **kwargs: object) -> None:
        record = net.history[-1]
        self.scheduler_.step(record.get("valid_loss", record["train_loss"]))

    def on_train_end(self, net: ImageNeuralNet, **kwargs: object) -> None:
        del self.scheduler_  # it holds the optimizer, and the net is kept


def make_schedule(name: str | None, *, lr: float, n_steps: int) -> Callback | None:
    """Return the callback of a named schedule; None for a constant rate."""
    if name == "plateau":
        return PlateauSchedule()
    shapes = {"onecycle": one_cycle, "cosine": cosine}
    return None if name is None else StepSchedule(shapes[name], lr, n_steps)
