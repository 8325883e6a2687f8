"""Test-time views: slightly different looks at the same picture, whose logits are averaged."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

View = Callable[[Tensor], Tensor]

SHIFTS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))  # pixels down and right


def shift(images: Tensor, down: int, right: int) -> Tensor:
    """Move pictures (B, C, H, W) by whole pixels; black comes in from the edge."""
    moved = torch.zeros_like(images)
    height, width = images.shape[2:]
    rows_to, rows_from = _overlap(down, height)
    columns_to, columns_from = _overlap(right, width)
    moved[:, :, rows_to, columns_to] = images[:, :, rows_from, columns_from]
    return moved


def _overlap(step: int, size: int) -> tuple[slice, slice]:
    to = slice(max(step, 0), size + min(step, 0))
    return to, slice(max(-step, 0), size + min(-step, 0))


def _look(images: Tensor, down: int, right: int, is_mirrored: bool) -> Tensor:
    images = images.flip(3) if is_mirrored else images
    return shift(images, down, right) if down or right else images


def make_views(with_mirror: bool) -> list[View]:
    """Return all views, the plain picture first: five shifts, each mirrored too where allowed."""
    mirrors = (False, True) if with_mirror else (False,)
    return [
        partial(_look, down=down, right=right, is_mirrored=is_mirrored)
        for down, right in SHIFTS
        for is_mirrored in mirrors
    ]
