"""Which rows an epoch shows, how often, and in which order."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._mapped import in_chunks

# Whole-number weights are repetitions; but not where that made an epoch this many times longer.
LONGEST_REPETITION = 10


def smallest_int(n_rows: int) -> Any:
    """Return the dtype that positions among so many rows need."""
    return np.int32 if n_rows < 2**31 else np.int64


def checksums(column: Any) -> NDArray[np.uint32]:
    """Return a checksum of each row's content."""
    chunks = (np.ascontiguousarray(chunk).reshape(len(chunk), -1) for chunk in in_chunks(column))
    return np.fromiter((crc32(row.data) for rows in chunks for row in rows), np.uint32, len(column))


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
        With mean 1; None where all are equal.
    """
    if weights is None:
        return rows, None
    is_whole = np.all(weights == np.round(weights))
    if is_whole and weights.sum() <= LONGEST_REPETITION * len(rows):
        return np.repeat(rows, weights.astype(np.int64)), None
    rows, weights = rows[weights > 0], weights[weights > 0]
    return rows, weights / weights.mean()


def shown_counts(
    codes: NDArray[np.int64],
    n_classes: int,
    sampling: float,
    soft_targets: NDArray[np.float32] | None = None,
    weights: NDArray[np.float64] | None = None,
) -> Tensor:
    """Return how often an epoch shows each class, after sampling and weights, (n_classes,).

    A class that is never shown counts as shown once, so that logarithms of the counts stay finite.
    """
    mass = np.bincount(codes, weights, minlength=n_classes).astype(np.float64)
    factors = sampling_factors(np.bincount(codes, minlength=n_classes), sampling)
    if soft_targets is None:
        counts = mass * factors
    else:
        row_factors = factors[codes] if weights is None else factors[codes] * weights
        counts = row_factors @ soft_targets
    return torch.as_tensor(np.maximum(counts, 1.0), dtype=torch.float32)


def sampling_factors(counts: NDArray, sampling: float) -> NDArray[np.float64]:
    """Return how many times more often than its rows each class is shown."""
    present = np.maximum(counts, 1).astype(np.float64)
    factors = present**-sampling
    return factors * counts.sum() / (factors * counts).sum()


class EpochSampler:
    """Draws the order of an epoch.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        Class of each row that may be shown.
    sampling : float in [0, 1]
        Class c is shown in proportion to ``n_c ** (1 - sampling)``: 0 shows every row once, 1 all
        classes equally often. The rows of a class are shown equally often, give or take one.
    generator : torch.Generator
    """

    def __init__(
        self, codes: NDArray[np.int64], sampling: float, generator: torch.Generator
    ) -> None:
        self.n_shown = len(codes)
        self.generator = generator
        self.members: list[Tensor] = []
        if sampling > 0:
            counts = np.bincount(codes)
            self.expected = torch.as_tensor(counts * sampling_factors(counts, sampling))
            self.members = [torch.as_tensor(np.flatnonzero(codes == c)) for c in range(len(counts))]

    def draw(self) -> Tensor:
        """Return positions of shape (n,) for one epoch."""
        order = torch.randperm(self.n_shown, generator=self.generator)
        if not self.members:
            return order
        return self._balanced()[order]

    def _balanced(self) -> Tensor:
        offset = torch.rand(1, generator=self.generator, dtype=torch.float64)
        quotas = round_shares(self.expected, offset, self.n_shown)
        shown = [self._cycle(m, int(q)) for m, q in zip(self.members, quotas, strict=True)]
        return torch.cat(shown)

    def _cycle(self, members: Tensor, quota: int) -> Tensor:
        n_rounds = -(-quota // max(1, len(members)))
        rounds = [
            members[torch.randperm(len(members), generator=self.generator)] for _ in range(n_rounds)
        ]
        return torch.cat([members[:0], *rounds])[:quota]


def round_shares(expected: Tensor, offset: Tensor, n_shown: int) -> Tensor:
    """Return whole numbers with sum ``n_shown``, each the floor or the ceiling of its share.

    Systematic rounding: in the mean over offsets from 0 to 1 they are the shares.
    """
    ends = (expected.cumsum(0) + offset).floor().long().clamp(max=n_shown)
    ends[-1] = n_shown
    return ends.diff(prepend=ends.new_zeros(1))
