"""Muon: momentum with matrices that are made orthogonal before each step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from .._device import multiplies_bfloat16

# The iteration of this quintic drives all singular values of a matrix towards 1, quickly rather
# than exactly: five rounds bring them into 0.7 to 1.2 (Jordan et al. 2024).
QUINTIC = (3.4445, -4.7750, 2.0315)
N_ROUNDS = 5
MOMENTUM = 0.95
ADAM_RMS = 0.2  # the usual root mean square of Adam's update, so that one rate serves both


class Muon(torch.optim.AdamW):
    """Muon for dense convolutions and hidden layers, AdamW for all other weights.

    A few directions dominate the gradient of a layer. With an orthogonal matrix, every direction is
    learned at the same pace. AdamW updates weights of one dimension, depthwise filters, and the
    layer that makes the logits, with the same rate and weight decay.

    Parameters
    ----------
    params : iterable of dicts
        Parameter groups; in a group with ``"orthogonal": True`` all weights are updated by Muon, as
        matrices of shape (n_out, everything else).
    lr : float
    weight_decay : float

    References
    ----------
    Jordan et al. (2024), Muon: An optimizer for hidden layers in neural networks,
    https://kellerjordan.github.io/posts/muon/; the scale is that of Liu et al. (2025), Muon is
    Scalable for LLM Training, arXiv:2502.16982.
    """

    def __init__(self, params: Iterable[dict[str, Any]], lr: float, weight_decay: float) -> None:
        super().__init__(params, lr=lr, weight_decay=weight_decay, fused=True)

    def step(self, closure: Callable[[], float] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            if group.get("orthogonal", False):
                self._step_orthogonal(group)
        super().step()  # skips weights without a gradient
        return loss

    @torch.no_grad()
    def _step_orthogonal(self, group: dict[str, Any]) -> None:
        weights = [weight for weight in group["params"] if weight.grad is not None]
        if not weights:
            return
        alike = defaultdict(list)  # matrices of one shape are multiplied at once
        # Channels last, like convolutions in memory; the order of columns does not matter.
        for weight, momentum in zip(weights, self._momentum(weights), strict=True):
            alike[weight.shape].append((weight, momentum.movedim(1, -1).flatten(1)))
        torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
        for pairs in alike.values():
            changed, momenta = zip(*pairs, strict=True)
            updates = orthogonalize(torch.stack(momenta))
            updates *= -ADAM_RMS * max(updates.shape[1:]) ** 0.5 * group["lr"]
            shape = changed[0].movedim(1, -1).shape
            torch._foreach_add_(
                list(changed), [update.view(shape).movedim(-1, 1) for update in updates]
            )
        for weight in weights:
            weight.grad = None

    def _momentum(self, weights: list[Tensor]) -> list[Tensor]:
        """Return Nesterov momenta: the gradients, blended with their running means."""
        for weight in weights:
            if "mean" not in self.state[weight]:
                # AdamW needs a step in every weight's state when it is loaded.
                self.state[weight].update(mean=torch.zeros_like(weight), step=torch.zeros(()))
        means = [self.state[weight]["mean"] for weight in weights]
        gradients: Any = [weight.grad for weight in weights]
        torch._foreach_lerp_(means, gradients, 1 - MOMENTUM)
        return list(torch._foreach_lerp(gradients, means, MOMENTUM))


def orthogonalize(matrices: Tensor) -> Tensor:
    """Return matrices (n, rows, columns) with their singular values brought close to 1.

    With Newton-Schulz rounds, which need only products of matrices.
    """
    is_tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.bfloat16() if multiplies_bfloat16(matrices.device) else matrices
    x = x.mT if is_tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    x = iterate(x) if x.dtype == torch.bfloat16 else orthogonal_factor(x @ x.mT) @ x
    return (x.mT if is_tall else x).to(matrices.dtype)


def iterate(x: Tensor) -> Tensor:
    """Return wide matrices after the rounds, each a polynomial of the matrix before."""
    a, b, c = QUINTIC
    for _ in range(N_ROUNDS):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x


def orthogonal_factor(square: Tensor) -> Tensor:
    """Return the factor of ``x`` that gives the same result, from ``square = x @ x.mT`` alone.

    With nine times as many columns as rows, as in most 3x3 convolutions, this takes 0.4 times as
    many products. In bfloat16, rounding errors would grow from round to round.
    """
    a, b, c = QUINTIC
    factor = None
    for i in range(N_ROUNDS):
        own = torch.baddbmm(square, square, square, beta=b, alpha=c)
        own.diagonal(dim1=1, dim2=2).add_(a)
        factor = own if factor is None else own @ factor
        if i < N_ROUNDS - 1:  # the square of the next round's x
            square = own @ square @ own
    assert factor is not None
    return factor
