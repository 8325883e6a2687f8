"""The training loop: a plan becomes a net, epoch by epoch and step by step."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from time import process_time

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import recall_score
from torch.nn.functional import cross_entropy

from .._device import repeatable_cudnn
from .._divergence import LastFinite
from .._draws import Draws
from .._turns import seeded_device
from ._batches import Batch, ImageSet, TrainingBatches, batch_sizes
from ._build import build_net, make_batches
from ._callbacks import EpochTasks
from ._net import ImageNeuralNet
from ._out_of_memory import memory_to_train
from ._plan import TrainingPlan
from ._replay import make_step
from ._step import TrainingStep

VALIDATION_CHUNK = 1024  # rows gathered at a time


def train(plan: TrainingPlan, tasks: EpochTasks | None) -> ImageNeuralNet:
    """Return a net that is trained by the plan, and report each epoch to ``tasks``."""
    batches, draws = make_batches(plan), Draws(plan.net_seed, is_own=plan.is_own)
    n_steps = count_steps(plan.n_epochs, len(batches))
    with (
        memory_to_train(plan),
        seeded_device(plan.net_seed, plan.device),
        repeatable_cudnn(plan.device),
    ):
        with draws.to_build():
            net = build_net(plan, n_steps, tasks)
        TrainingLoop(plan.name, net, batches, plan.validation, n_steps, draws).run()
    return net


def count_steps(n_epochs: float, n_batches: int) -> int:
    """Return the number of steps in these passes, the last of which may be a part; at least one."""
    return max(1, round(n_epochs * n_batches))


class TrainingLoop:
    """Train a net on whole tensors without needless waiting.

    It differs from skorch's loop to be faster on whole tensors. Batches are cut, not collated.
    Losses are summed on the device and read once per epoch, while skorch waits for each. An
    interrupt by the user ends the fit, while skorch ignores it.

    Parameters
    ----------
    name : str
        Of the classifier, the subject of messages.
    net : ImageNeuralNet
    batches : TrainingBatches
    validation : ImageSet or None
        Rows on which the net is scored after each epoch.
    n_steps : int
        Number of steps after which training ends, also in the middle of an epoch.
    draws : Draws
        The random numbers of the network's layers, such as dropout.
    """

    step: TrainingStep
    last_finite: LastFinite

    def __init__(
        self,
        name: str,
        net: ImageNeuralNet,
        batches: TrainingBatches,
        validation: ImageSet | None,
        n_steps: int,
        draws: Draws,
    ) -> None:
        self.name = name
        self.net = net
        self.batches = batches
        self.validation = validation
        self.n_steps = n_steps
        self.draws = draws

    def run(self) -> None:
        """Train until all steps are taken, or a callback stops the net.

        An interrupt by the user ends it too. After the first epoch, what was learned is then kept,
        and ``is_interrupted_`` of the net is True.
        """
        net, dataset, n_before = self.net, self.batches.dataset, len(self.net.history)
        net.is_stopped_ = net.is_interrupted_ = net.is_diverged_ = False
        with make_step(net, self.n_steps) as self.step:
            net.notify("on_train_begin", X=dataset, y=None, step=self.step)
            self.last_finite = LastFinite(net.module_, net.evaluated_module())
            try:
                for n_done in range(0, self.n_steps, len(self.batches)):
                    self.run_epoch(min(self.n_steps - n_done, len(self.batches)))
                    if net.is_stopped_:
                        break
            except KeyboardInterrupt:
                if net.history and "dur" not in net.history[-1]:
                    net.history.pop()  # the interrupted epoch
                if len(net.history) == n_before:
                    raise
                net.is_interrupted_ = True
                if not self.last_finite.keep():  # it had diverged in the interrupted epoch
                    self.last_finite.restore(net.optimizer_)
            finally:
                net.notify("on_train_end", X=dataset, y=None)
                net.module_.eval()

    def run_epoch(self, n_steps: int) -> None:
        """Train for one epoch, or the first ``n_steps`` of it, and score the net."""
        net, sets = self.net, (self.batches.dataset, self.validation)
        net.notify("on_epoch_begin", dataset_train=sets[0], dataset_valid=sets[1])
        net.history.record("lr", float(net.optimizer_.param_groups[0]["lr"]))
        started = process_time()
        with closing(iter(self.batches)) as epoch:  # may hold a thread that reads ahead
            self.run_steps(islice(epoch, n_steps))
        net.history.record("cpu", process_time() - started)
        sizes = batch_sizes(self.batches.n_shown, len(self.batches))
        net.history.record("n_images", sum(sizes[:n_steps]))
        if self.validation is not None:
            with self.draws.to_step():
                self.validate(self.validation)
        net.notify("on_epoch_end", dataset_train=sets[0], dataset_valid=sets[1])

    def run_steps(self, batches: Iterator[Batch]) -> None:
        """Take a step for each batch, and record the mean loss."""
        self.net.module_.train()
        self.step.begin_epoch()
        n_rows = 0
        while n_new := self.take_step(batches):
            n_rows += n_new
        loss = self.step.loss_sum.item() / n_rows
        self.net.history.record("train_loss", loss)
        if not self.last_finite.keep():
            self.turn_back(loss)

    def take_step(self, batches: Iterator[Batch]) -> int:
        """Change the weights by the next batch, and return its number of rows; 0 at the end."""
        with self.draws.to_step():
            batch = next(batches, None)
            if batch is None:
                return 0
            self.net.notify("on_batch_begin", batch=batch)
            self.step(batch)
        return len(batch[0])

    def turn_back(self, loss: float) -> None:
        """Return to the weights before this epoch, which have not diverged, and stop."""
        net = self.net
        self.last_finite.restore(net.optimizer_)
        net.is_diverged_ = net.is_stopped_ = True
        n_epochs, lr = len(net.history), net.history[-1, "lr"]
        untrained = ", which are untrained" if n_epochs == 1 else ""
        warnings.warn(
            f"{self.name}: training has diverged in epoch {n_epochs}, at a rate of {lr:.2g} and a "
            f"train loss of {loss:.3g}: weights became infinite or NaN. It has stopped, and keeps "
            f"the weights of the epoch before{untrained}. Lower lr, or look for extreme values in "
            "X and sample_weight.",
            ConvergenceWarning,
            stacklevel=2,
        )

    def validate(self, validation: ImageSet) -> None:
        """Record cross entropy and balanced accuracy of the network that would be kept."""
        module = self.net.evaluated_module()
        parts = validation.rows.split(VALIDATION_CHUNK)
        images = (validation.images.index_select(0, rows) for rows in parts)
        logits = torch.cat([self.net.logits(part, module) for part in images])
        losses = cross_entropy(logits, validation.codes, reduction="none").cpu().double().numpy()
        codes, weights = validation.codes.cpu().numpy(), validation.row_weights()
        score = recall_score(
            codes,
            logits.argmax(1).cpu().numpy(),
            labels=sorted(set(codes)),
            average="macro",
            sample_weight=weights,
        )
        self.net.history.record("valid_loss", float(np.average(losses, weights=weights)))
        self.net.history.record("valid_score", float(score))
