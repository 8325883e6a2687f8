"""Test-time views: slightly different versions of an image, the logits of which are averaged."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..augmentation import Augmentation

View = Callable[[Tensor], Tensor]

SHIFTS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))  # pixels down and right


def shift(images: Tensor, down: int, right: int, background: Tensor | None = None) -> Tensor:
    """Move images (B, C, H, W) by whole pixels; the background (C, 1, 1), or 0, fills the gap."""
    moved = torch.zeros_like(images)
    if background is not None:
        moved = moved + background.to(images)
    height, width = images.shape[2:]
    rows_to, rows_from = _overlap(down, height)
    columns_to, columns_from = _overlap(right, width)
    moved[:, :, rows_to, columns_to] = images[:, :, rows_from, columns_from]
    return moved


def _overlap(step: int, size: int) -> tuple[slice, slice]:
    to = slice(max(step, 0), size + min(step, 0))
    return to, slice(max(-step, 0), size + min(-step, 0))


def _make_view(
    images: Tensor, down: int, right: int, is_mirrored: bool, background: Tensor | None
) -> Tensor:
    images = images.flip(3) if is_mirrored else images
    return shift(images, down, right, background) if down or right else images


def mirrors(augmentation: Augmentation | None) -> bool:
    """Return whether an augmentation mirrors images, or may decide to."""
    return getattr(augmentation, "horizontal_flip", 0) != 0


def make_views(with_mirror: bool, background: NDArray[np.float32] | None = None) -> list[View]:
    """Return all views, the plain image first: five shifts, also mirrored if ``with_mirror``.

    ``background`` (C,) fills what a shift uncovers; None is 0.
    """
    mirrors = (False, True) if with_mirror else (False,)
    fill = None
    if background is not None and background.any():
        fill = torch.tensor(background).view(-1, 1, 1)  # a copy: the array may be read-only
    return [
        partial(_make_view, down=down, right=right, is_mirrored=is_mirrored, background=fill)
        for down, right in SHIFTS
        for is_mirrored in mirrors
    ]
