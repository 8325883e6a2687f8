"""The network for predictions: batch normalisation is folded once, and again after a change."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ..networks import DepthwiseConv, fold_batch_norm
from ._prediction import FewRows
from ._weight_changes import Snapshot


class FoldedCopy:
    """The folded copy of one network, kept until that network changes.

    Folding takes as long as predicting some hundred images.
    On CUDA, networks with depthwise convolutions leave the channels-last order. In that order,
    PyTorch uses cuDNN for these convolutions, but for the usual order it has a faster kernel of its
    own.

    Changes of weights and statistics are noticed, as :class:`Snapshot` says, and so are layers and
    hooks that are added or removed. Other attributes of a layer are not compared.
    """

    def __init__(self) -> None:
        self._copy: nn.Module | None = None
        self._few_rows: FewRows | None = None
        self._weights = Snapshot([])
        # Kept alive, so that no new layer can have the id of an old one.
        self._parts: list[tuple[object, ...]] = []

    def of(self, network: nn.Module) -> nn.Module:
        """Return ``fold_batch_norm(network)``, from the last call if nothing has changed."""
        weights, parts = _contents_of(network)
        if self._copy is None or parts != self._parts or not self._weights.is_of(weights):
            snapshot = Snapshot(weights)  # before they are read: other threads may change them
            folded = fold_batch_norm(network)
            device = weights[0].device if weights else torch.device("cpu")
            folded.to(memory_format=memory_format(folded, device))  # type: ignore[call-overload]
            self._few_rows = None
            self._copy = folded
            self._weights = snapshot
            self._parts = parts
        return self._copy

    def few_rows(self, module: nn.Module, image_shape: Any, device: torch.device) -> FewRows | None:
        """Return the object that runs the folded copy on few rows; None for other modules."""
        if module is not self._copy:
            return None
        few_rows = self._few_rows
        if few_rows is None or few_rows.network is not module:
            few_rows = self._few_rows = FewRows(module, tuple(image_shape), device)
        return few_rows


def memory_format(network: nn.Module, device: torch.device) -> torch.memory_format:
    """Return the memory order of a network's weights and activations for prediction."""
    is_depthwise = any(isinstance(part, DepthwiseConv) for part in network.modules())
    if device.type == "cuda" and is_depthwise:
        return torch.contiguous_format
    return torch.preserve_format


def _contents_of(network: nn.Module) -> tuple[list[Tensor], list[tuple[object, ...]]]:
    """Return weights and statistics, and the layers, each with the keys of its hooks.

    Integers are left out: in networks of this package, they only count batches. PyTorch's iterators
    over parameters would take as long as a prediction of one image.
    """
    tensors: list[Tensor | None] = []
    parts = []
    for part in network.modules():
        tensors += part._parameters.values()
        tensors += part._buffers.values()
        parts.append((part, *part._forward_hooks, *part._forward_pre_hooks))
    weights = [t for t in tensors if t is not None and t.is_floating_point()]
    return weights, parts
