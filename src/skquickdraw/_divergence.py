"""Training that diverges: it stops, and goes back to the last weights that were finite."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


class LastFinite:
    """A copy of networks from the last time that all their weights were finite.

    Parameters
    ----------
    *networks : nn.Module
        The one that is trained, and others that follow it, such as its average.
    """

    def __init__(self, *networks: nn.Module) -> None:
        parts = list(dict.fromkeys(networks))  # without an average, both are the same
        self.weights = [weight.detach() for part in parts for weight in part.parameters()]
        buffers = [buffer for part in parts for buffer in part.buffers()]
        self.live: list[Tensor] = [*self.weights, *buffers]
        self.kept = [tensor.clone() for tensor in self.live]

    @torch.no_grad()
    def keep(self) -> bool:
        """Copy the networks if all weights are finite; return whether they are."""
        floats = [weight for weight in self.weights if weight.is_floating_point()]
        is_finite = bool(torch.stack(torch._foreach_norm(floats)).isfinite().all())
        if is_finite:
            torch._foreach_copy_(self.kept, self.live)
        return is_finite

    @torch.no_grad()
    def restore(self, optimizer: Optimizer) -> None:
        """Restore the last copy, and clear the optimizer's state."""
        torch._foreach_copy_(self.live, self.kept)
        optimizer.state.clear()


def has_diverged(estimator: object) -> bool:
    """Return whether the training of a fitted estimator, or of a pipeline's last step, diverged."""
    last = getattr(estimator, "_final_estimator", estimator)
    return bool(getattr(last, "diverged_", False))
