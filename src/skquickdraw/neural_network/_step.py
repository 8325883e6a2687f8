"""One step of a training, from a batch to changed weights."""

from __future__ import annotations

import torch
from torch import Tensor

from ._batches import Batch
from ._net import ImageNeuralNet

Number = float | Tensor  # a tensor if the device reads it in each step


def put(number: Number, value: float) -> Number:
    """Return ``value``, written into the tensor that holds the number on the device, if any."""
    return number.fill_(value) if isinstance(number, Tensor) else value


class TrainingStep:
    """Run each step in Python: forward, loss, backward, optimizer, average of the weights.

    A context manager around a whole training.

    Parameters
    ----------
    net : ImageNeuralNet

    Attributes
    ----------
    loss_sum : tensor of shape ()
        Sum of losses since the start of the epoch. It stays on the device, because reading it would
        wait.
    """

    def __init__(self, net: ImageNeuralNet) -> None:
        self.net = net
        self.loss_sum = torch.zeros((), dtype=torch.float32, device=net.device)
        self.average = dict(net.callbacks_).get("average")

    def __enter__(self) -> TrainingStep:
        return self

    def __exit__(self, *error: object) -> None:
        self.net.optimizer_.zero_grad(set_to_none=True)

    def number(self) -> Number:
        """Return a number that changes in every step; 0 at first."""
        return 0.0

    def begin_epoch(self) -> None:
        self.loss_sum.zero_()

    def __call__(self, batch: Batch) -> None:
        """Run one step."""
        loss = self.net.train_step(batch)["loss"].detach()
        if self.average is not None:
            self.average.update()
        self.loss_sum.add_(loss, alpha=len(batch[0]))
