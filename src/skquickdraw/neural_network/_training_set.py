"""Make the sets that the net trains and validates on from the arguments of ``fit``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from zlib import adler32, crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._mapped import in_chunks
from .._mapped_files import MappedFiles
from ..exceptions import InvalidParameterError, InvalidTargetsError
from ..model_selection import LabeledStratifiedShuffleSplit
from ._batches import ImageSet, as_images, smallest_int
from ._mapped_images import MappedImages

# Whole-number weights are repetitions, unless an epoch became this many times longer.
LONGEST_REPETITION = 10


@dataclass
class LabeledImages:
    """Validated input: images (n, C, H, W), codes (n,), and optionally soft targets and weights."""

    images: NDArray[np.number] | MappedFiles
    codes: NDArray[np.int64]
    classes: NDArray[np.generic]
    device: torch.device
    soft_targets: NDArray[np.float32] | None = None
    weights: NDArray[np.float64] | None = None

    def order(self) -> NDArray[np.int64]:
        """Return the rows with weight, in an order that depends only on their content.

        Rows of many files keep their order, because reading all of them would take too long.
        """
        if self.is_in_files:
            rows = np.arange(len(self.codes), dtype=smallest_int(len(self.codes)))
            return rows if self.weights is None else rows[self.weights > 0]
        columns = (self.codes, self.weights, self.soft_targets)  # later ones break ties
        keys = [self.image_keys, *(checksums(column) for column in columns if column is not None)]
        order = np.lexsort(keys[::-1])
        return order if self.weights is None else order[self.weights[order] > 0]

    @property
    def is_in_files(self) -> bool:
        """Whether the images are in many files, which are not read before they are shown."""
        return isinstance(self.images, MappedFiles)

    @cached_property
    def image_keys(self) -> NDArray[np.uint64]:
        """A checksum of each image: equal images have equal ones."""
        return checksums(self.images)

    @cached_property
    def pictures(self) -> Tensor | MappedImages:
        """All images, on the device or in their files; all subsets share them."""
        return as_images(self.images, self.device)

    def subset(self, rows: NDArray[np.int64]) -> ImageSet:
        """Return these rows, repeated and weighted by their weights."""
        weights = None if self.weights is None else self.weights[rows]
        is_whole = self.is_in_files and weights is None and len(rows) == len(self.codes)
        rows, weights = repeat_rows(rows, weights)
        soft = None if self.soft_targets is None else self.soft_targets[rows]
        is_mapped = isinstance(self.pictures, MappedImages)
        return ImageSet(
            images=self.pictures,
            rows=torch.as_tensor(rows) if is_mapped else self._on_device(rows),
            codes=self._on_device(self.codes if is_whole else self.codes[rows]),  # avoids a copy
            image_keys=None if self.is_in_files else self.image_keys[rows],
            n_classes=len(self.classes),
            soft_targets=None if soft is None else self._on_device(soft),
            weights=None if weights is None else self._on_device(weights.astype(np.float32)),
        )

    def _on_device(self, values: NDArray[np.generic]) -> Tensor:
        return torch.as_tensor(values, device=self.device)

    def split(
        self, fraction: float, rng: np.random.RandomState, name: str
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return training rows and validation rows, in an order that depends only on content."""
        order = self.order()
        codes = self.codes[order]
        splitter = LabeledStratifiedShuffleSplit(
            n_splits=1, test_size=fraction, random_state=rng, unlabeled_label=None
        )
        try:
            train, validation = next(splitter.split(codes, codes))
        except InvalidParameterError as error:
            raise InvalidTargetsError(
                f"{name}: validation_fraction={fraction} of {len(order)} rows leaves no "
                "class with a row to validate on. Raise it, pass X_val and y_val, or set "
                "early_stopping=False."
            ) from error
        if self.is_in_files:  # to read neighbours at once
            train, validation = np.sort(train), np.sort(validation)
        return order[train], order[validation]


def part(
    data: LabeledImages,
    validation: LabeledImages | None,
    held_out: float | None,
    rng: np.random.RandomState,
    name: str,
) -> tuple[ImageSet, ImageSet | None]:
    """Return what to train on, and what to validate on after each epoch.

    If ``validation`` is None, the share ``held_out`` of the rows is used for it. ``name`` is the
    subject of errors.
    """
    if validation is None and held_out is not None:
        rows, others = data.split(held_out, rng, name)
        judged: ImageSet | None = data.subset(others)
    else:
        rows = data.order()
        judged = None if validation is None else validation.subset(validation.order())
    train = data.subset(rows)
    if len(train) < 2:
        raise InvalidTargetsError(
            f"{name}: batch normalisation needs at least two rows to train on, got {len(train)} "
            "that count. Collect more rows before a call."
        )
    return train, judged


def checksums(column: NDArray[np.generic] | MappedFiles) -> NDArray[np.uint64]:
    """Return a checksum of each row's content.

    A CRC alone has 32 bits: of 100,000 different images, two may have the same one.
    """
    chunks = (np.ascontiguousarray(chunk).reshape(len(chunk), -1) for chunk in in_chunks(column))
    rows = (row.data for chunk in chunks for row in chunk)
    return np.fromiter((crc32(row) << 32 | adler32(row) for row in rows), np.uint64, len(column))


def repeat_rows(
    rows: NDArray[np.int64], weights: NDArray[np.float64] | None
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """Turn whole-number weights into repetitions; leave out rows of weight 0; keep other weights.

    Parameters
    ----------
    rows : ndarray of shape (n,)
        Positions in the data set.
    weights : ndarray of shape (n,) or None
        Weight of each of ``rows``.

    Returns
    -------
    rows : ndarray of shape (n_shown,)
    weights : ndarray of shape (n_shown,) or None
        With mean 1; None if all are equal.
    """
    if weights is None:
        return rows, None
    is_whole = np.all(weights == np.round(weights))
    if is_whole and weights.sum() <= LONGEST_REPETITION * len(rows):
        return np.repeat(rows, weights.astype(np.int64)), None
    rows, weights = rows[weights > 0], weights[weights > 0]
    return rows, weights / weights.mean()
