"""Callbacks of the training: average weights, keep the best, show progress."""

from __future__ import annotations

import copy

import torch
from skorch.callbacks import Callback
from torch import Tensor, nn

from .._fit_tasks import AttributesOf, Fit, Task
from .._progress import Bar
from ..networks import copy_network
from ._net import ImageNeuralNet
from ._step import Number, TrainingStep, put


class WeightAverage(Callback):
    """Exponential moving average of weights and batch-norm statistics (Polyak and Juditsky 1992).

    The decay warms up, so that short trainings do not keep their initial weights: after t steps it
    is at most (1 + t) / (10 + t). The averaged weights are validated, kept and finally used.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay

    def on_train_begin(self, net: ImageNeuralNet, *, step: TrainingStep, **kwargs: object) -> None:
        self.network_: nn.Module | None = copy_network(net.module_)
        self.n_steps_ = 0
        self.weight_: Number = step.number()  # of the present weights in their average
        averages, weights = _tensors_of(self.network_), _tensors_of(net.module_)
        pairs = list(zip(averages, weights, strict=True))
        self.pairs_ = [(own, live) for own, live in pairs if own.is_floating_point()]
        # Integers, such as a table of positions, cannot be averaged: the mean would be truncated.
        self.whole_ = [(own, live) for own, live in pairs if not own.is_floating_point()]

    def on_batch_begin(self, net: ImageNeuralNet, **kwargs: object) -> None:
        decay = min(self.decay, (1 + self.n_steps_) / (10 + self.n_steps_))
        self.weight_ = put(self.weight_, 1 - decay if self.n_steps_ else 1.0)
        self.n_steps_ += 1

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the present weights; reads and writes tensors only."""
        own, live = (list(tensors) for tensors in zip(*self.pairs_, strict=True))
        if isinstance(self.weight_, Tensor):
            torch._foreach_mul_(own, 1 - self.weight_)
            torch._foreach_add_(own, torch._foreach_mul(live, self.weight_))
        else:
            torch._foreach_lerp_(own, live, self.weight_)
        for own_whole, live_whole in self.whole_:
            own_whole.copy_(live_whole)

    def on_train_end(self, net: ImageNeuralNet, **kwargs: object) -> None:
        net.module_.load_state_dict(self.network().state_dict())
        self.network_ = None
        self.pairs_, self.whole_ = [], []

    def network(self) -> nn.Module:
        """Return the network with averaged weights, only during training."""
        assert self.network_ is not None
        return self.network_


def _tensors_of(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]


class KeepBest(Callback):
    """Stop when the validation score stalls, and restore the weights that scored best."""

    def __init__(self, patience: int) -> None:
        self.patience = patience

    def on_train_begin(self, net: ImageNeuralNet, **kwargs: object) -> None:
        self.best_score_ = (-float("inf"), -float("inf"))
        self.best_epoch_ = 0
        self.best_weights_: dict[str, Tensor] | None = None

    def on_epoch_end(self, net: ImageNeuralNet, **kwargs: object) -> None:
        record = net.history[-1]
        score = (record["valid_score"], -record["valid_loss"])  # the loss breaks ties
        if score > self.best_score_:
            self.best_score_, self.best_epoch_ = score, record["epoch"]
            self.best_weights_ = copy.deepcopy(net.evaluated_module().state_dict())
        elif record["epoch"] - self.best_epoch_ >= self.patience:
            net.stop()

    def on_train_end(self, net: ImageNeuralNet, **kwargs: object) -> None:
        if self.best_weights_ is not None:  # else the first epoch failed
            net.module_.load_state_dict(self.best_weights_)
            self.best_weights_ = None


class ProgressBar(Callback):
    """Report each epoch to the user, with the latest loss and validation score."""

    def __init__(self, name: str, n_epochs: int) -> None:
        self.name = name
        self.n_epochs = n_epochs

    def on_train_begin(self, net: ImageNeuralNet, **kwargs: object) -> None:
        self.n_done_ = 0
        self.bar_ = Bar(self.name, "epoch", self.n_epochs)

    def on_epoch_end(self, net: ImageNeuralNet, **kwargs: object) -> None:
        record = net.history[-1]
        status = f"loss {record['train_loss']:.3f}"
        if "valid_score" in record:
            status += f", validation {100 * record['valid_score']:.1f} %"
        self.n_done_ += 1
        self.bar_.tell(self.n_done_, status)

    def on_train_end(self, net: ImageNeuralNet, **kwargs: object) -> None:
        self.bar_.close()
        del self.bar_


class EpochTasks(Callback):
    """Report each epoch to scikit-learn's callbacks, with the network that would predict then."""

    def __init__(self, told: Fit, n_epochs: int, attributes_of: AttributesOf) -> None:
        self.told: Fit | None = told
        self.n_epochs = n_epochs
        self.attributes_of: AttributesOf | None = attributes_of
        self.task_: Task | None = None

    def on_train_begin(self, net: ImageNeuralNet, **kwargs: object) -> None:
        assert self.told is not None
        self.told.begin(self.n_epochs)

    def on_epoch_begin(self, net: ImageNeuralNet, **kwargs: object) -> None:
        assert self.told is not None
        self.task_ = self.told.task("epoch")
        self.task_.begin()

    def on_epoch_end(self, net: ImageNeuralNet, **kwargs: object) -> None:
        assert self.task_ is not None and self.attributes_of is not None
        attributes_of = self.attributes_of
        if self.task_.end(lambda: attributes_of(net.snapshot())):
            net.stop()

    def on_train_end(self, net: ImageNeuralNet, **kwargs: object) -> None:
        self.told = self.attributes_of = self.task_ = None  # the net keeps no data
