"""The network that predicts: batch normalisation folded once, and again after a change."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

from ..networks import DepthwiseConv, fold_batch_norm
from ._prediction import FewRows

KIND = attrgetter("device", "dtype", "shape")


class FoldedCopy:
    """The folded copy of one network, kept until that network is changed.

    Folding takes as long as a prediction of some hundred images, comparing weights a tenth of it.
    On CUDA, networks with depthwise convolutions leave the channels-last order: PyTorch gives
    depthwise convolutions in it to cuDNN, and has a faster kernel of its own for the usual order.

    What is seen are changes of weights and statistics, and layers and hooks that come or go; other
    attributes of a layer are not looked at.
    """

    def __init__(self) -> None:
        self._copy: nn.Module | None = None
        self._few_rows: FewRows | None = None
        self._weights: list[Tensor] = []
        self._parts: list[
            tuple[object, ...]
        ] = []  # held, so that no new layer can have the identity of an old

    def of(self, network: nn.Module) -> nn.Module:
        """Return ``fold_batch_norm(network)``, from the last call where nothing has changed."""
        weights, parts = _contents_of(network)
        if self._copy is None or parts != self._parts or not are_equal(weights, self._weights):
            folded = fold_batch_norm(network)
            device = weights[0].device if weights else torch.device("cpu")
            folded.to(memory_format=memory_format(folded, device))  # type: ignore[call-overload]
            self._few_rows = None
            self._copy = folded
            self._weights = [weight.detach().clone() for weight in weights]
            self._parts = parts
        return self._copy

    def few_rows(self, module: nn.Module, image_shape: Any, device: torch.device) -> FewRows | None:
        """Return what knows how to run the folded copy on few rows; None for other modules."""
        if module is not self._copy:
            return None
        few_rows = self._few_rows
        if few_rows is None or few_rows.network is not module:
            few_rows = self._few_rows = FewRows(module, tuple(image_shape), device)
        return few_rows


def memory_format(network: nn.Module, device: torch.device) -> torch.memory_format:
    """Return the order in which a network's weights and activations are for prediction."""
    is_depthwise = any(isinstance(part, DepthwiseConv) for part in network.modules())
    if device.type == "cuda" and is_depthwise:
        return torch.contiguous_format
    return torch.preserve_format


def _contents_of(network: nn.Module) -> tuple[list[Tensor], list[tuple[object, ...]]]:
    """Return parameters and buffers, and the layers, each with the keys of its hooks.

    By hand: PyTorch's iterators over parameters take as long as a prediction of one image.
    """
    tensors: list[Tensor | None] = []
    parts = []
    for part in network.modules():
        tensors += part._parameters.values()
        tensors += part._buffers.values()
        parts.append((part, *part._forward_hooks, *part._forward_pre_hooks))
    return [tensor for tensor in tensors if tensor is not None], parts


def are_equal(weights: list[Tensor], others: list[Tensor]) -> bool:
    """Return whether two lists hold the same tensors."""
    if list(map(KIND, weights)) != list(map(KIND, others)):
        return False
    if weights and weights[0].device.type != "cpu":
        return are_equal_at_once(weights, others)
    return all(map(torch.equal, weights, others))


def are_equal_at_once(weights: list[Tensor], others: list[Tensor]) -> bool:
    """Return whether tensors of the same shapes are equal, with one wait for all, not one each."""
    verdicts = [(a == b).all() for a, b in zip(weights, others, strict=True)]
    return bool(torch.stack(verdicts).all())
