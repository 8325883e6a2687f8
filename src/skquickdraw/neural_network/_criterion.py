"""The objective: a row loss on smoothed targets, weighted by row and by class."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Criterion(nn.Module):
    """Weighted mean of a row loss.

    Parameters
    ----------
    row_loss : Module
        Maps logits (B, C) and targets (B, C) to (B,).
    label_smoothing : float in [0, 1)
        Share of each target that is spread evenly over all classes (Szegedy et al. 2016,
        arXiv:1512.00567).
    class_weight : tensor of shape (C,) or None
        A row with a soft target has the mean weight of its classes.
    """

    class_weight: Tensor | None

    def __init__(
        self, row_loss: nn.Module, label_smoothing: float, class_weight: Tensor | None
    ) -> None:
        super().__init__()
        self.row_loss = row_loss
        self.label_smoothing = label_smoothing
        self.register_buffer("class_weight", class_weight)

    def forward(self, logits: Tensor, target: tuple[Tensor, Tensor | None]) -> Tensor:
        targets, weights = target
        if self.class_weight is not None:
            by_class = targets @ self.class_weight  # (B,)
            weights = by_class if weights is None else weights * by_class
        if self.label_smoothing > 0:
            targets = torch.lerp(
                targets, torch.full_like(targets, 1 / targets.shape[1]), self.label_smoothing
            )
        losses = self.row_loss(logits, targets)  # (B,)
        return losses.mean() if weights is None else (losses * weights).mean()
