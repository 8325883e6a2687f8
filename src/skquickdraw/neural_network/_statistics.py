"""Mean and standard deviation of pixels, by which a network scales its images.

They are stored as sums, so that calls of ``partial_fit`` add up: the first call may hold anything,
such as blank images.
"""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from .._mapped_files import N_SAMPLED, spread
from ._batches import ImageSet, Ink
from ._mapped_images import MappedImages

STATISTICS_CHUNK = 2**20  # pixels at a time


def pixel_sums(train: ImageSet, ink: Ink | None = None) -> Tensor:
    """Return number, sum and sum of squares of each channel's pixels, float64 of shape (3, C).

    If rows are packed strokes, ``ink`` draws the images. For many files, an evenly spread sample of
    the rows is read, and its sums are used for all of them.
    """
    is_sampled = isinstance(train.images, MappedImages) and train.images.is_in_files
    shown = train.rows
    if is_sampled:
        shown = shown[torch.from_numpy(spread(len(train), N_SAMPLED))]
    n_channels, *size = train.images.shape[1:] if ink is None else ink.image_shape
    n_channel_pixels = prod(size)
    has_double = train.images.device.type != "mps"  # the GPU of a Mac
    sums = torch.zeros(3, n_channels, dtype=torch.float64)
    sums[0] = len(shown) * n_channel_pixels
    for rows in shown.split(max(1, STATISTICS_CHUNK // (n_channels * n_channel_pixels))):
        images = train.images.index_select(0, rows)
        pixels = images if ink is None else ink(images.float())
        pixels = (pixels if has_double else pixels.cpu()).double()
        sums[1] += pixels.sum(dim=(0, 2, 3)).cpu()
        sums[2] += pixels.square().sum(dim=(0, 2, 3)).cpu()
    return sums * (len(train) / len(shown))
