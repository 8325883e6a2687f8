"""One network, trained by several processes, each with its part of every batch.

All processes draw, augment and mix the same whole batches, and start with the same network. Their
exchanges make their steps equal to those of one process, so all end with the same network.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from types import MethodType
from typing import Any
from zlib import crc32

import torch
import torch.distributed as dist
from skorch.callbacks import Callback
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from ..exceptions import InvalidParameterError
from ._batches import Batch, ImageSet, TrainingBatches
from ._net import ImageNeuralNet


class SharedBatches(TrainingBatches):
    """Return this process' rows of every batch."""

    def __init__(self, dataset: ImageSet, **options: Any) -> None:
        super().__init__(dataset, **options)
        smallest = self.n_shown // self.n_batches
        if smallest < dist.get_world_size():
            raise InvalidParameterError(
                f"{dist.get_world_size()} processes share each batch, but the smallest one has "
                f"{smallest} rows. Raise batch_size, or start fewer processes."
            )

    def __iter__(self) -> Generator[Batch, None, None]:
        rank, n_processes = dist.get_rank(), dist.get_world_size()
        with closing(super().__iter__()) as batches:
            for images, (targets, weights) in batches:
                n_rows = len(images)
                weights = torch.ones_like(targets[:, 0]) if weights is None else weights
                images, targets, weights = (
                    column.tensor_split(n_processes)[rank] for column in (images, targets, weights)
                )
                # The factor makes the mean of the processes' means the mean over the batch.
                yield images, (targets, weights * (len(images) * n_processes / n_rows))


class Exchange(Callback):
    """Combine gradients, losses and batch-norm statistics of all processes.

    Parameters
    ----------
    seed : int
        That of the training, which must be the same in all processes.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_begin(self, net: ImageNeuralNet, X: ImageSet, **kwargs: object) -> None:
        check_alike(self.seed, X)
        for norm in batch_norms(net):
            norm.forward = MethodType(normalize_all, norm)  # type: ignore[method-assign]

    def on_grad_computed(
        self, net: ImageNeuralNet, named_parameters: Iterable[tuple[str, Tensor]], **kwargs: object
    ) -> None:
        gradients = [weight.grad for _, weight in named_parameters if weight.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])  # one message for all
        parts = mean_of_processes(flat).split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def on_epoch_end(self, net: ImageNeuralNet, **kwargs: object) -> None:
        # Exact if all batches have the same size. Otherwise each process has averaged over batches
        # with the numbers of its own rows as weights.
        loss = torch.tensor(net.history[-1]["train_loss"], device=net.device)
        net.history.record("train_loss", mean_of_processes(loss).item())

    def on_train_end(self, net: ImageNeuralNet, **kwargs: object) -> None:
        for norm in batch_norms(net):
            vars(norm).pop("forward", None)


def batch_norms(net: ImageNeuralNet) -> list[_BatchNorm]:
    return [module for module in net.module_.modules() if isinstance(module, _BatchNorm)]


def check_alike(seed: int, dataset: ImageSet) -> None:
    """Refuse to train if the processes would draw different batches."""
    own = (seed, len(dataset), crc32(dataset.codes.cpu().numpy().tobytes()))
    found: list[tuple[int, ...] | None] = [None] * dist.get_world_size()
    dist.all_gather_object(found, own)
    if len(set(found)) > 1:
        raise InvalidParameterError(
            "device='accelerate': all processes must fit the same data with the same seed, got "
            f"(seed, rows, checksum of labels) {found}. Give random_state an int, and all "
            "processes the same X and y."
        )


def mean_of_processes(tensor: Tensor) -> Tensor:
    total = tensor.clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()


class SumOfProcesses(torch.autograd.Function):
    """Add tensors of all processes, and in the backward pass their gradients."""

    @staticmethod
    def forward(ctx: object, tensor: Tensor) -> Tensor:
        total = tensor.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return sum_of_processes(gradient)


sum_of_processes: Callable[[Tensor], Tensor] = SumOfProcesses.apply


def mean_of_channels(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return means (C,) over all rows and pixels of all processes, and the number of these."""
    sums = x.transpose(0, 1).flatten(1).sum(dim=1)  # (C,)
    n_values = sums.new_full((1,), x.numel() / len(sums))
    total = sum_of_processes(torch.cat([sums, n_values]))
    return total[:-1] / total[-1], total[-1].detach()


def normalize_all(norm: Any, x: Tensor) -> Tensor:
    """Apply a batch norm with statistics over the rows of all processes.

    torch's SyncBatchNorm works on GPUs only.
    """
    if not norm.training:
        return type(norm).forward(norm, x)
    shape = (1, -1, *[1] * (x.ndim - 2))
    exact = x if x.dtype == torch.float64 else x.float()
    mean, n_values = mean_of_channels(exact)
    centered = exact - mean.view(shape)
    var, _ = mean_of_channels(centered.square())
    if norm.track_running_stats:
        with torch.no_grad():
            norm.num_batches_tracked += 1
            # Without a momentum, the statistics are means over all batches.
            mean_rate = 1 / norm.num_batches_tracked.to(mean.dtype)
            rate = mean_rate if norm.momentum is None else norm.momentum
            norm.running_mean.lerp_(mean, rate)
            norm.running_var.lerp_(var * (n_values / (n_values - 1)), rate)
    scale = (var + norm.eps).rsqrt()  # (C,)
    if not norm.affine:
        return (centered * scale.view(shape)).to(x.dtype)
    scale = norm.weight * scale
    return (centered * scale.view(shape) + norm.bias.view(shape)).to(x.dtype)
