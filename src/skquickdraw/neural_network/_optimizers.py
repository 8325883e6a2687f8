"""Optimizers with decoupled weight decay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

from ..exceptions import InvalidParameterError
from ._muon import Muon
from ._networks import makes_logits, name_of

OptimizerBuilder = Callable[..., torch.optim.Optimizer]

SGD_MOMENTUM = 0.9


class DecoupledSGD(torch.optim.SGD):
    """Nesterov SGD with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101)."""

    def __init__(self, params: Iterable[dict[str, Any]], lr: float, weight_decay: float) -> None:
        for group in params:
            group["decay"] = group.pop("weight_decay", weight_decay)
        super().__init__(params, lr=lr, momentum=SGD_MOMENTUM, nesterov=True)

    def step(self, closure: Callable[[], float] | None = None) -> Any:
        loss = super().step(closure)
        with torch.no_grad():
            for group in self.param_groups:
                for weight in group["params"] if group["decay"] else ():
                    weight.mul_(1 - group["lr"] * group["decay"])
        return loss


def make_optimizer(
    params: Iterable[dict[str, Any]],
    *,
    name: str | OptimizerBuilder,
    lr: float,
    weight_decay: float,
    hidden: Sequence[Tensor] | None = None,
) -> torch.optim.Optimizer:
    """Build the optimizer; batch-norm weights and biases, all one-dimensional, do not decay.

    ``hidden`` are the weights that Muon trains; by default those of dense convolutions.
    """
    tensors: list[Tensor] = [p for group in params for p in group["params"] if p.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in tensors if p.ndim > 1]},
        {"params": [p for p in tensors if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if name == "muon":
        groups[0]["params"], dense = _part_dense(groups[0]["params"], hidden)
        groups.append({"params": dense, "orthogonal": True})
        return Muon(groups, lr=lr, weight_decay=weight_decay)
    if name == "sgd":
        return DecoupledSGD(groups, lr=lr, weight_decay=weight_decay)
    if isinstance(name, str):
        return torch.optim.AdamW(groups, lr=lr, weight_decay=weight_decay, fused=True)
    optimizer = name(groups, lr=lr, weight_decay=weight_decay)
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise InvalidParameterError(
            f"optimizer={name_of(name)} must return a torch.optim.Optimizer, got {optimizer!r}. "
            "Pass a class such as torch.optim.Adam."
        )
    return optimizer


def check_optimizer(subject: str, optimizer: str | OptimizerBuilder) -> None:
    """Refuse a callable that cannot be called as optimizers are, before any work."""
    if not callable(optimizer):
        return
    try:
        found = signature(optimizer)
    except (TypeError, ValueError):  # some callables in C have no signature
        return
    try:
        found.bind([], lr=1.0, weight_decay=1.0)
    except TypeError as error:
        own = name_of(optimizer)
        raise InvalidParameterError(
            f"{subject}: optimizer must be callable as optimizer(params, lr=..., "
            f"weight_decay=...), but Python says of {own}: {error}. Wrap it in a function that "
            "takes these, or pass 'adamw', 'muon' or 'sgd'."
        ) from error


def _part_dense(
    weights: list[Tensor], hidden: Sequence[Tensor] | None
) -> tuple[list[Tensor], list[Tensor]]:
    """Separate the hidden weights, or those of convolutions over many channels, from all others.

    A depthwise filter has no rows that could be made orthogonal, and the linear layers make the
    logits or their features.
    """
    if hidden is None:
        hidden = [w for w in weights if w.ndim == 4 and w.shape[1] > 1]
    known = {id(w) for w in hidden}
    others = [w for w in weights if id(w) not in known]
    return others, [w for w in weights if id(w) in known]


def find_hidden_weights(network: nn.Module, n_classes: int) -> list[Tensor]:
    """Return the weights of any network that are matrices between hidden features.

    Left out are embeddings, layers that make logits, filters of one channel, and single rows, such
    as the embedding of a token's position.
    """
    left_out = {
        id(weight)
        for layer in network.modules()
        if isinstance(layer, nn.Embedding | nn.EmbeddingBag) or makes_logits(layer, n_classes)
        for weight in layer.parameters(recurse=False)
    }
    matrices = [w for w in network.parameters() if w.ndim > 1 and id(w) not in left_out]
    return [w for w in matrices if w.shape[0] > 1 and w.shape[1] > 1]
