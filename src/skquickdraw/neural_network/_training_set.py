"""From what the user passed to ``fit`` to the sets that the net trains and validates on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._mapped_files import MappedFiles
from ..exceptions import InvalidParameterError, InvalidTargetsError
from ..model_selection import LabeledStratifiedShuffleSplit
from ._batches import ImageSet, as_images
from ._mapped_images import MappedImages
from ._rows import checksums, repeat_rows, shown_counts, smallest_int


@dataclass
class LabeledImages:
    """Validated input: images (n, C, H, W), codes (n,), and optionally soft targets and weights."""

    images: NDArray[Any] | MappedFiles
    codes: NDArray[np.int64]
    classes: NDArray[Any]
    device: torch.device
    soft_targets: NDArray[np.float32] | None = None
    weights: NDArray[np.float64] | None = None

    def order(self) -> NDArray[np.int64]:
        """Return the rows that count, in an order that depends on their content only.

        Those of many files keep their order: to read all of them for it would take too long.
        """
        if self.is_in_files:
            rows = np.arange(len(self.codes), dtype=smallest_int(len(self.codes)))
            return rows if self.weights is None else rows[self.weights > 0]
        columns = (self.codes, self.weights, self.soft_targets)  # each breaks ties of those before
        keys = [self.image_keys, *(checksums(column) for column in columns if column is not None)]
        order = np.lexsort(keys[::-1])
        return order if self.weights is None else order[self.weights[order] > 0]

    @property
    def is_in_files(self) -> bool:
        """Whether the images are those of many files, which are not read before they are shown."""
        return isinstance(self.images, MappedFiles)

    @cached_property
    def image_keys(self) -> NDArray[np.uint32]:
        """A checksum of each image: equal images have equal ones."""
        return checksums(self.images)

    @cached_property
    def pictures(self) -> Tensor | MappedImages:
        """All images, on the device or in their file, once, for every subset."""
        return as_images(self.images, self.device)

    def subset(self, rows: NDArray[np.int64]) -> ImageSet:
        """Return these rows, repeated and weighted as their weights ask."""
        weights = None if self.weights is None else self.weights[rows]
        is_whole = self.is_in_files and weights is None and len(rows) == len(self.codes)
        rows, weights = repeat_rows(rows, weights)
        soft = None if self.soft_targets is None else self.soft_targets[rows]
        is_mapped = isinstance(self.pictures, MappedImages)
        return ImageSet(
            images=self.pictures,
            rows=torch.as_tensor(rows) if is_mapped else self._on_device(rows),
            codes=self._on_device(self.codes if is_whole else self.codes[rows]),  # no copy of all
            image_keys=None if self.is_in_files else self.image_keys[rows],
            n_classes=len(self.classes),
            soft_targets=None if soft is None else self._on_device(soft),
            weights=None if weights is None else self._on_device(weights.astype(np.float32)),
        )

    def _on_device(self, values: NDArray[Any]) -> Tensor:
        return torch.as_tensor(values, device=self.device)

    def split(
        self, fraction: float, rng: np.random.RandomState, name: str
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return training rows and validation rows, in an order that depends on content only."""
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
        if self.is_in_files:  # so that neighbours are read at once
            train, validation = np.sort(train), np.sort(validation)
        return order[train], order[validation]


def effective_counts(train: ImageSet, sampling: float) -> Tensor:
    """Return how often an epoch of this set shows each class, of shape (n_classes,)."""
    soft = train.soft_targets
    return shown_counts(
        train.codes.cpu().numpy(),
        train.n_classes,
        sampling,
        None if soft is None else soft.cpu().numpy(),
        row_weights(train),
    )


def row_weights(train: ImageSet) -> NDArray[np.float64] | None:
    """Return the weights of the rows of a set, of shape (n_shown,); None where all are equal."""
    return None if train.weights is None else train.weights.cpu().numpy().astype(np.float64)
