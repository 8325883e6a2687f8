"""The network that predicts: batch normalisation folded once, and again after a change."""

from __future__ import annotations

from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from ..networks import fold_batch_norm


class FoldedCopy:
    """The folded copy of one network, kept until that network is changed.

    Folding takes as long as a prediction of some hundred pictures, comparing weights a tenth of it.
    What is seen are changes of weights and statistics, and layers and hooks that come or go; other
    attributes of a layer are not looked at.
    """

    def __init__(self) -> None:
        self._copy: nn.Module | None = None
        self._weights: list[Tensor] = []
        self._parts: list[Any] = []  # held, so that no new layer can have the identity of an old

    def of(self, network: nn.Module) -> nn.Module:
        """Return ``fold_batch_norm(network)``, from the last call where nothing has changed."""
        weights, parts = _weights_of(network), _parts_of(network)
        if self._copy is None or parts != self._parts or not _are_equal(weights, self._weights):
            self._copy = fold_batch_norm(network)
            self._weights, self._parts = [weight.clone() for weight in weights], parts
        return self._copy


def _weights_of(network: nn.Module) -> list[Tensor]:
    return [weight.detach() for weight in chain(network.parameters(), network.buffers())]


def _parts_of(network: nn.Module) -> list[Any]:
    """Return the layers, each with the keys of its hooks."""
    return [(part, *part._forward_hooks, *part._forward_pre_hooks) for part in network.modules()]


def _are_equal(weights: list[Tensor], others: list[Tensor]) -> bool:
    return len(weights) == len(others) and all(map(_is_equal, weights, others))


def _is_equal(weight: Tensor, other: Tensor) -> bool:
    is_alike = (weight.device, weight.dtype) == (other.device, other.dtype)
    return is_alike and torch.equal(weight, other)
