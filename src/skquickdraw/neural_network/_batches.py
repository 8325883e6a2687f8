"""The data set in memory, and the batches that are cut from it as whole tensors.

Nothing works row by row: a batch is gathered, augmented and mixed as one tensor, on the device.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from .._image_shape import ImageShape
from .._mapped import map_rows
from .._mapped_files import MappedFiles
from ..augmentation import BoundAugmentation, Mixing, to_device
from ._mapped_images import MappedImages, as_tensor, read_batches

Target = tuple[Tensor, Tensor | None]  # targets, weights
Batch = tuple[Tensor, Target]  # images, and their targets


class Ink(Protocol):
    """Draws rows that are packed strokes as images."""

    @property
    def image_shape(self) -> ImageShape: ...
    def __call__(self, strokes: Tensor) -> Tensor: ...


class Sampler(Protocol):
    """Draws the rows of an epoch: ``n_shown`` positions."""

    n_shown: int

    def draw(self) -> Tensor: ...


@dataclass
class ImageSet:
    """Images with targets. ``rows`` selects the images shown, so that subsets share memory.

    Attributes
    ----------
    images : tensor or MappedImages of shape (n, C, H, W)
        In the user's dtype.
    rows : int64 tensor of shape (n_shown,)
        Positions in ``images``; repeated ones are shown repeatedly. On the CPU if images are in
        files.
    codes : int64 tensor of shape (n_shown,)
    image_keys : uint64 ndarray of shape (n_shown,) or None
        Checksums of the images; None if the images were not read for them.
    n_classes : int
    soft_targets : float32 tensor of shape (n_shown, n_classes) or None
    weights : float32 tensor of shape (n_shown,) or None
    """

    images: Tensor | MappedImages
    rows: Tensor
    codes: Tensor
    image_keys: NDArray[np.uint64] | None
    n_classes: int
    soft_targets: Tensor | None = None
    weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def image_shape(self) -> ImageShape:
        """Channels, height, width."""
        _, channels, height, width = self.images.shape
        return channels, height, width

    def row_weights(self) -> NDArray[np.float64] | None:
        """Return the weights of the rows, of shape (n_shown,); None if all are equal."""
        return None if self.weights is None else self.weights.cpu().numpy().astype(np.float64)

    def gather(self, positions: Tensor, images: Tensor) -> Batch:
        """Return the batch at positions (B,), its images as float32 (B, C, H, W) from 0 to 255."""
        images = images.float()
        positions = to_device(positions, self.codes)
        if self.soft_targets is None:
            targets = one_hot(self.codes[positions], self.n_classes).float()
        else:
            targets = self.soft_targets[positions]
        weights = None if self.weights is None else self.weights[positions]
        return images, (targets, weights)


def as_images(
    images: NDArray[np.number] | MappedFiles, device: torch.device | None = None
) -> Tensor | MappedImages:
    """Put images on the device as one tensor; images in a file stay there."""
    device = device or torch.device("cpu")
    mapped = map_rows(images)
    if mapped is not None:
        return MappedImages(mapped, device)
    assert not isinstance(images, MappedFiles)  # which are mapped
    return as_tensor(images).to(device)


def smallest_int(n_rows: int) -> type[np.integer]:
    """Return the dtype for positions among this many rows."""
    return np.int32 if n_rows < 2**31 else np.int64


def count_batches(n_rows: int, batch_size: int) -> int:
    """Return the number of batches in an epoch: equally large, and none of a single row."""
    return max(1, min(-(-n_rows // batch_size), n_rows // 2))


def batch_sizes(n_rows: int, n_batches: int) -> list[int]:
    """Return the number of rows of each batch, as ``tensor_split`` divides them."""
    return [n_rows // n_batches + (i < n_rows % n_batches) for i in range(n_batches)]


class TrainingBatches:
    """One epoch for each iteration: drawn, gathered, augmented, mixed.

    Parameters
    ----------
    images : ImageSet
    batch_size : int
    sampler : Sampler
    augmentation : BoundAugmentation
    mixing : Mixing or None
    generator : torch.Generator
    """

    def __init__(
        self,
        dataset: ImageSet,
        *,
        batch_size: int,
        sampler: Sampler,
        augmentation: BoundAugmentation,
        mixing: Mixing | None,
        generator: torch.Generator,
    ) -> None:
        self.dataset = dataset
        self.n_batches = count_batches(sampler.n_shown, batch_size)
        self.sampler = sampler
        self.augmentation = augmentation
        self.mixing = mixing
        self.generator = generator

    def __len__(self) -> int:
        return self.n_batches

    @property
    def n_shown(self) -> int:
        """Rows that an epoch shows."""
        return self.sampler.n_shown

    def __iter__(self) -> Generator[Batch, None, None]:
        order = self.sampler.draw().to(self.dataset.rows.device)
        parts = order.tensor_split(self.n_batches)
        with closing(self._images(parts)) as gathered:
            for positions, images in zip(parts, gathered, strict=True):
                images, (targets, weights) = self.dataset.gather(positions, images)
                images = self.augmentation(images, self.generator)
                if self.mixing is not None:
                    images, targets, weights = self._mix(self.mixing, images, targets, weights)
                yield images, (targets, weights)

    def _images(self, parts: tuple[Tensor, ...]) -> Generator[Tensor, None, None]:
        """Iterate over the images of each batch; those in files are read ahead."""
        images, rows = self.dataset.images, self.dataset.rows
        if isinstance(images, MappedImages):
            yield from read_batches(images, [rows[positions] for positions in parts])
            return
        for positions in parts:
            yield images.index_select(0, rows[positions])

    def _mix(
        self, mixing: Mixing, images: Tensor, targets: Tensor, weights: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Mix pairs of rows; targets are weighted by the weights of their rows."""
        n_rows, channels, height, width = images.shape
        draw = mixing.draw(n_rows, (channels, height, width), self.generator)
        if weights is None:
            return *mixing.apply(images, targets, draw), None
        images, weighted = mixing.apply(images, targets * weights[:, None], draw)
        weights = weighted.sum(dim=1)
        # A weight too small for the precision is 0, and then its classes do not matter.
        return (
            images,
            weighted / weights[:, None].clamp(min=torch.finfo(weights.dtype).tiny),
            weights,
        )
