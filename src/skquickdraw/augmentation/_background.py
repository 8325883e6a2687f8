"""The colour of the paper: what fills an image where a change uncovers what lay outside of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ._batch import to_device

PAPER_SHARE = 0.5  # of all border pixels; a colour that has less is no paper


def find_background(images: NDArray[Any]) -> NDArray[np.float32]:
    """Return the colour that surrounds the images.

    Parameters
    ----------
    images : ndarray of shape (n, C, H, W)

    Returns
    -------
    background : float32 ndarray of shape (C,)
        For each channel the commonest value of the outermost pixels, where half of them have it,
        as on paper; else their mean, as in photographs.
    """
    border = [images[:, :, 0], images[:, :, -1], images[:, :, 1:-1, 0], images[:, :, 1:-1, -1]]
    channels = np.concatenate(border, axis=2).transpose(1, 0, 2).reshape(images.shape[1], -1)
    return np.array([_paper_or_mean(values) for values in channels], dtype=np.float32)


def _paper_or_mean(values: NDArray[Any]) -> float:
    found, counts = np.unique(values, return_counts=True)
    is_paper = counts.max() >= PAPER_SHARE * counts.sum()
    return float(found[counts.argmax()] if is_paper else values.mean(dtype=np.float64))


class OnBackground:
    """An augmentation for images whose background is not 0, which augmentations take for granted.

    Parameters
    ----------
    augmentation : object with ``draw`` and ``apply``
    background : ndarray of shape (C,)
    """

    def __init__(self, augmentation: Any, background: NDArray[np.float32]) -> None:
        self.augmentation = augmentation
        self.background = torch.as_tensor(background).view(-1, 1, 1) if background.any() else None

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        """Draw and apply; takes and returns float images (n, C, H, W)."""
        draw = self.augmentation.draw(len(images), tuple(images.shape[1:]), generator)
        if self.background is None:
            return self.augmentation.apply(images, draw)
        background = to_device(self.background, images)
        return self.augmentation.apply(images - background, draw) + background
