"""Optimizers with decoupled weight decay."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from ._muon import Muon

SGD_MOMENTUM = 0.9


class DecoupledSGD(torch.optim.SGD):
    """Nesterov SGD with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101)."""

    def __init__(self, params: Any, lr: float, weight_decay: float) -> None:
        for group in params:
            group["decay"] = group.pop("weight_decay", weight_decay)
        super().__init__(params, lr=lr, momentum=SGD_MOMENTUM, nesterov=True)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = super().step(closure)
        with torch.no_grad():
            for group in self.param_groups:
                for weight in group["params"] if group["decay"] else ():
                    weight.mul_(1 - group["lr"] * group["decay"])
        return loss


def make_optimizer(
    params: Iterable[Any], *, name: str | Callable[..., Any], lr: float, weight_decay: float
) -> torch.optim.Optimizer:
    """Build the optimizer; batch-norm weights and biases, all one-dimensional, do not decay."""
    tensors: list[Tensor] = [p for group in params for p in group["params"]]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in tensors if p.ndim > 1]},
        {"params": [p for p in tensors if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if name == "muon":
        groups[0]["params"], dense = _part_dense(groups[0]["params"])
        groups.append({"params": dense, "orthogonal": True})
        return Muon(groups, lr=lr, weight_decay=weight_decay)
    if name == "sgd":
        return DecoupledSGD(groups, lr=lr, weight_decay=weight_decay)
    if isinstance(name, str):
        return torch.optim.AdamW(groups, lr=lr, weight_decay=weight_decay, fused=True)
    return name(groups, lr=lr, weight_decay=weight_decay)


def _part_dense(weights: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Part the weights of convolutions over many channels from all others.

    A depthwise filter has no rows to make orthogonal to each other, and linear layers are those
    that make the logits, or features of it.
    """
    dense = [w for w in weights if w.ndim == 4 and w.shape[1] > 1]
    others = [w for w in weights if not (w.ndim == 4 and w.shape[1] > 1)]
    return others, dense
