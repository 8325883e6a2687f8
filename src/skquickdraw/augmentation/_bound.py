"""An augmentation bound to one training set: everything is decided, and the background is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .._image_shape import SMALLEST_SIDE
from ..exceptions import InvalidParameterError
from ._batch import to_device
from ._mirror import choose_rows
from ._protocol import check_bound

PAPER_SHARE = 0.5  # of all border pixels; a rarer colour is not paper


def find_background(images: NDArray[np.number]) -> NDArray[np.float32]:
    """Return the colour that surrounds the images.

    Parameters
    ----------
    images : ndarray of shape (n, C, H, W)

    Returns
    -------
    background : float32 ndarray of shape (C,)
        For each channel: the commonest value of the outermost pixels if half of them have it, as on
        paper, else their mean, as in photographs.
    """
    border = [images[:, :, 0], images[:, :, -1], images[:, :, 1:-1, 0], images[:, :, 1:-1, -1]]
    channels = np.concatenate(border, axis=2).transpose(1, 0, 2).reshape(images.shape[1], -1)
    return np.array([_paper_or_mean(values) for values in channels], dtype=np.float32)


def _paper_or_mean(values: NDArray[np.number]) -> float:
    found, counts = np.unique(values, return_counts=True)
    is_paper = counts.max() >= PAPER_SHARE * counts.sum()
    return float(found[counts.argmax()] if is_paper else values.mean(dtype=np.float64))


class BoundAugmentation:
    """An augmentation for the images of one training set.

    Augmentations assume a background of 0. So the background is subtracted before they work, and
    added back afterwards.

    Parameters
    ----------
    augmentation : object with ``draw`` and ``apply``, or None
        None changes nothing.
    background : ndarray of shape (C,)
        What surrounds the images, and fills what a change uncovers.
    """

    def __init__(self, augmentation: Any, background: NDArray[np.float32]) -> None:
        self.augmentation = augmentation
        self.background = background

    @property
    def is_identity(self) -> bool:
        """Whether images stay as they are."""
        return self.augmentation is None or getattr(self.augmentation, "is_identity", False)

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        """Draw and apply; takes and returns float images (n, C, H, W)."""
        if self.is_identity:
            return images
        draw = self.augmentation.draw(len(images), tuple(images.shape[1:]), generator)
        if not self.background.any():
            return self._apply(images, draw)
        background = to_device(torch.as_tensor(self.background).view(-1, 1, 1), images)
        return self._apply(images - background, draw) + background

    def _apply(self, images: torch.Tensor, draw: object) -> torch.Tensor:
        changed = self.augmentation.apply(images, draw)
        ink = getattr(self.augmentation, "ink", None)
        shape = (len(images), *(images.shape[1:] if ink is None else ink.image_shape))
        if not isinstance(changed, torch.Tensor) or changed.shape != shape:
            is_tensor = isinstance(changed, torch.Tensor)
            found = tuple(changed.shape) if is_tensor else type(changed).__name__
            raise InvalidParameterError(
                f"augmentation: {type(self.augmentation).__name__}.apply must return images of the "
                f"shape {tuple(shape)}, got {found}. Keep the size, and return the batch."
            )
        return changed


def bind_augmentation(
    augmentation: Any,
    codes: NDArray[np.int64],
    take: Callable[[NDArray[np.intp]], NDArray[np.number]],
) -> BoundAugmentation:
    """Decide from training rows what an augmentation leaves open, and find their background.

    Parameters
    ----------
    augmentation : object with ``draw`` and ``apply``, or None
        As :func:`resolve_augmentation` returns it; its method ``bind`` is called if it has one.
    codes : ndarray of shape (n,)
        Classes of the training rows, from 0.
    take : callable
        Maps positions among these rows to images (n_taken, C, H, W); called with at most 2,000.
    """
    rows = choose_rows(codes)
    images = take(rows)
    if hasattr(augmentation, "bind"):
        augmentation = check_bound(augmentation, augmentation.bind(images, codes[rows]))
    is_picture = min(images.shape[2:]) >= SMALLEST_SIDE
    ink = getattr(augmentation, "ink", None)  # for strokes, which are drawn on 0
    n_channels = images.shape[1] if ink is None else ink.image_shape[0]
    if ink is not None or not is_picture:
        return BoundAugmentation(augmentation, np.zeros(n_channels, dtype=np.float32))
    return BoundAugmentation(augmentation, find_background(images))
