"""The data set in memory, and the whole tensors that are cut out of it, batch by batch.

Nothing here works row by row: a batch is gathered, augmented and mixed as one tensor, on the
device.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot
from torch.utils.data import Dataset

from .._mapped import MappedRows, map_rows
from ..augmentation import BoundAugmentation
from ._rows import EpochSampler

Batch = tuple[Tensor, tuple[Tensor, Tensor | None]]  # images, (targets, weights)


@dataclass
class ImageSet(Dataset):
    """Images with targets; ``rows`` says which images are shown, so that subsets share memory.

    Attributes
    ----------
    images : tensor or MappedImages of shape (n, C, H, W)
        In the dtype that the user gave.
    rows : int64 tensor of shape (n_shown,)
        Positions in ``images``; repeated ones are shown repeatedly.
    codes : int64 tensor of shape (n_shown,)
    image_keys : uint32 ndarray of shape (n_shown,)
        Checksums of the images.
    n_classes : int
    soft_targets : float32 tensor of shape (n_shown, n_classes) or None
    weights : float32 tensor of shape (n_shown,) or None
    """

    images: Tensor | MappedImages
    rows: Tensor
    codes: Tensor
    image_keys: NDArray[np.uint32]
    n_classes: int
    soft_targets: Tensor | None = None
    weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def gather(self, positions: Tensor) -> Batch:
        """Return the batch at positions (B,), images as float32 (B, C, H, W) from 0 to 255."""
        images = self.images.index_select(0, self.rows[positions]).float()
        if self.soft_targets is None:
            targets = one_hot(self.codes[positions], self.n_classes).float()
        else:
            targets = self.soft_targets[positions]
        weights = None if self.weights is None else self.weights[positions]
        return images, (targets, weights)


class MappedImages:
    """Stands in for the tensor of all images where these lie in a file.

    It has those methods of a tensor that are asked for. Each reads what it returns, and nothing
    else comes into memory or goes to the device.

    Parameters
    ----------
    rows : MappedRows
        Of shape (n, C, H, W).
    device : torch.device
        Where the tensors go that are cut out of it.
    """

    def __init__(self, rows: MappedRows, device: torch.device) -> None:
        self.rows = rows
        self.device = device
        self.shape = rows.array.shape

    def index_select(self, dim: int, positions: Tensor) -> Tensor:
        """Return the images at ``positions`` (B,); ``dim`` is 0."""
        return as_tensor(self.rows.take(positions.cpu().numpy())).to(self.device)

    def split(self, size: int) -> Iterator[Tensor]:
        """Go through all images in order, ``size`` at a time."""
        for start in range(0, self.shape[0], size):
            yield as_tensor(self.rows.cut(start, start + size)).to(self.device)


def as_images(images: NDArray[Any], device: torch.device | None = None) -> Tensor | MappedImages:
    """Put images on the device, as one tensor; those that lie in a file stay there."""
    device = device or torch.device("cpu")
    mapped = map_rows(images)
    return as_tensor(images).to(device) if mapped is None else MappedImages(mapped, device)


def as_tensor(images: NDArray[Any]) -> Tensor:
    """Wrap an array without copying it, also one that must not be written to (a memory map)."""
    if images.dtype.kind == "f" and images.dtype.itemsize > 8:
        images = images.astype(np.float64)
    images = images.astype(images.dtype.newbyteorder("="), copy=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(np.ascontiguousarray(images))


def count_batches(n_rows: int, batch_size: int) -> int:
    """Return how many batches an epoch has: equal ones, none of which is a single row."""
    return max(1, min(-(-n_rows // batch_size), n_rows // 2))


class TrainingBatches:
    """One epoch for each iteration: drawn, gathered, augmented, mixed.

    Parameters
    ----------
    images : ImageSet
    batch_size : int
    sampler : EpochSampler
    augmentation : BoundAugmentation
    mixing : object with ``draw`` and ``apply``, or None
    generator : torch.Generator
    """

    def __init__(
        self,
        dataset: ImageSet,
        *,
        batch_size: int,
        sampler: EpochSampler,
        augmentation: BoundAugmentation,
        mixing: Any,
        generator: torch.Generator,
    ) -> None:
        self.dataset = dataset
        self.n_batches = count_batches(len(dataset), batch_size)
        self.sampler = sampler
        self.augmentation = augmentation
        self.mixing = mixing
        self.generator = generator

    def __len__(self) -> int:
        return self.n_batches

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        _, channels, height, width = self.dataset.images.shape
        return channels, height, width

    def __iter__(self) -> Iterator[Batch]:
        order = self.sampler.draw().to(self.dataset.images.device)
        for positions in order.tensor_split(self.n_batches):
            images, (targets, weights) = self.dataset.gather(positions)
            images = self.augmentation(images, self.generator)
            if self.mixing is not None:
                images, targets, weights = self._mix(images, targets, weights)
            yield images, (targets, weights)

    def _mix(
        self, images: Tensor, targets: Tensor, weights: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Mix pairs of rows; each brings its weight along with its target."""
        draw = self.mixing.draw(len(images), tuple(images.shape[1:]), self.generator)
        if weights is None:
            return *self.mixing.apply(images, targets, draw), None
        images, weighted = self.mixing.apply(images, targets * weights[:, None], draw)
        weights = weighted.sum(dim=1)
        # A weight too small for its precision is 0, and then it does not matter of which classes.
        return (
            images,
            weighted / weights[:, None].clamp(min=torch.finfo(weights.dtype).tiny),
            weights,
        )
