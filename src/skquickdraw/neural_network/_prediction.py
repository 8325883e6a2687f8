"""The batch size of predictions, chosen so that an image's logits do not depend on other rows.

Libraries choose their algorithms, and so the order of their sums, by the size of a batch. So all
batches are full: the last one is padded. For few rows this takes many times as long as the rows
alone, so a smaller batch is used if it gives the same logits to the bit. That depends on the
machine, its libraries and the network, so it is tried.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from ..networks import DepthwiseConv

# On CPUs small batches are as fast as large ones.
FULL_BATCH_CPU = 32
FULL_BATCH_ACCELERATOR = 1024
SMALLER_BATCHES_CPU = (1, 2, 4, 8, 16)
SMALLER_BATCHES_ACCELERATOR = (32, 256)


def full_batch(device: torch.device) -> int:
    """Return the number of rows of a full batch."""
    return FULL_BATCH_CPU if device.type == "cpu" else FULL_BATCH_ACCELERATOR


def pad_rows(rows: Tensor, size: int) -> Tensor:
    """Append rows of zeros up to ``size`` rows."""
    return pad(rows, (*(0, 0) * (rows.ndim - 1), 0, size - rows.shape[0]))


class FewRows:
    """Find the smallest batch in which a network gives rows the same logits as in a full batch.

    Each size is tried once, with random images, for each number of threads. The order of sums does
    not depend on the values, so it is the same for all images.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode. It must not change afterwards.
    image_shape : (channels, height, width)
    device : torch.device
        That of the network.
    """

    def __init__(
        self, network: nn.Module, image_shape: tuple[int, int, int], device: torch.device
    ) -> None:
        self.network = network
        self.shape = image_shape
        self.device = device
        self.full = full_batch(device)
        is_cpu = device.type == "cpu"
        # A user's hook expects to be called for images only.
        is_hooked = any(p._forward_hooks or p._forward_pre_hooks for p in network.modules())
        sizes = SMALLER_BATCHES_CPU if is_cpu else SMALLER_BATCHES_ACCELERATOR
        self.sizes = () if is_hooked else sizes
        self._for_few: nn.Module | None = None
        self._is_same: dict[tuple[int, int], bool] = {}

    def choose(self, n_rows: int) -> tuple[nn.Module, int]:
        """Return the network to run on ``n_rows`` rows, and the size to pad them to."""
        for size in self.sizes:
            if n_rows <= size and self._gives_same_logits(size):
                return self.for_few, size
        return self.network, self.full

    @property
    def for_few(self) -> nn.Module:
        """The network in the form that runs on smaller batches, with the same weights."""
        if self._for_few is None:
            self._for_few = _make_for_few(self.network, self.full, self.device)
        return self._for_few

    def _gives_same_logits(self, size: int) -> bool:
        key = size, torch.get_num_threads()
        if key not in self._is_same:
            self._is_same[key] = self._try_out(size)
        return self._is_same[key]

    def _try_out(self, size: int) -> bool:
        generator = torch.Generator().manual_seed(0)
        images = 255 * torch.rand(self.full, *self.shape, generator=generator)
        images = images.to(self.device)
        expected = self.network(images)[-size:]  # the last: position must not matter
        try:
            found = self.for_few(images[-size:])
        except (AttributeError, RuntimeError):  # oneDNN is not part of every build of PyTorch
            return False
        return torch.equal(found, expected)


class FullLinear(nn.Module):
    """A linear layer that pads to a full batch: below 16 rows its sums have another order."""

    def __init__(self, layer: nn.Linear, n_rows: int) -> None:
        super().__init__()
        self.layer = layer
        self.n_rows = n_rows

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(pad_rows(x, self.n_rows))[: x.shape[0]]


class OneDNNConvolution(nn.Module):
    """A convolution that always uses oneDNN; for few rows, PyTorch's layer uses other libraries.

    The weights are put into oneDNN's own order once. PyTorch's own layer does so in every call,
    which takes about as long as the convolution of one image.
    """

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        self.layer = layer
        self.arguments: Any = None  # prepared in the first call, which tells the shape of images

    def forward(self, x: Tensor) -> Tensor:
        if self.arguments is None:
            self.arguments = self._prepare(x.shape)
        return torch.ops.mkldnn._convolution_pointwise.default(x, *self.arguments)

    def _prepare(self, shape: torch.Size) -> tuple[object, ...]:
        """Return all as one tuple: looking up parameters takes as long as a small convolution."""
        layer = self.layer
        geometry = (layer.padding, layer.stride, layer.dilation, layer.groups)
        weight = torch.ops.mkldnn._reorder_convolution_weight(layer.weight, *geometry, shape)
        return (weight, layer.bias, *geometry, "none", [], "")  # nothing is fused


def _make_for_few(network: nn.Module, n_rows: int, device: torch.device) -> nn.Module:
    tensors = chain(network.parameters(), network.buffers())
    for_few = copy.deepcopy(network, {id(tensor): tensor for tensor in tensors})
    _replace(for_few, (nn.Linear,), lambda layer: FullLinear(layer, n_rows))
    if device.type == "cpu":
        _replace(for_few, (nn.Conv2d, DepthwiseConv), OneDNNConvolution)
    return for_few


def _replace(network: nn.Module, types: tuple[type, ...], make: Callable[[Any], nn.Module]) -> None:
    """Replace each layer of one of these types, but not of subclasses, by ``make(layer)``."""
    for part in list(network.modules()):
        for name, layer in list(part.named_children()):
            if type(layer) in types:
                setattr(part, name, make(layer))
