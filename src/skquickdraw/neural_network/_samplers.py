"""The rows that an epoch shows, how often, and in which order.

An epoch is all rows once, or any number of them. Reading scattered single rows from a disk is slow.
So neighbours are drawn together, as a run. A window collects runs from everywhere in the files, and
single rows are shuffled within it.
"""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ._batches import ImageSet, Sampler, batch_sizes, count_batches, smallest_int
from ._mapped_images import RUN_BYTES, MappedImages, window_length


def make_sampler(
    train: ImageSet,
    sampling: float,
    generator: torch.Generator,
    batch_size: int,
    epoch_size: int | None,
) -> Sampler:
    """Return the sampler of an epoch's rows; rows of many files are drawn in runs."""
    codes, shape = train.codes.cpu().numpy(), train.images.shape
    n_shown = len(codes) if epoch_size is None else epoch_size
    if isinstance(train.images, MappedImages) and train.images.is_in_files:
        sizes = batch_sizes(n_shown, count_batches(n_shown, batch_size))
        length = window_length(sizes[0], shape)
        windows = [sum(sizes[i : i + length]) for i in range(0, len(sizes), length)]
        run = max(1, RUN_BYTES // prod(shape[1:]))
        return RunSampler(codes, sampling, generator, n_shown=n_shown, run=run, windows=windows)
    if epoch_size is not None:
        return RunSampler(codes, sampling, generator, n_shown=n_shown)
    return EpochSampler(codes, sampling, generator)


def sampling_strength(sampling: str | float | None) -> float:
    """Return how far the parameter ``sampling`` balances classes, from 0 to 1."""
    if sampling is None:
        return 0.0
    return 1.0 if sampling == "balanced" else float(sampling)


def effective_counts(train: ImageSet, sampling: float) -> Tensor:
    """Return how often an epoch of this set shows each class, of shape (n_classes,)."""
    soft = train.soft_targets
    return shown_counts(
        train.codes.cpu().numpy(),
        train.n_classes,
        sampling,
        None if soft is None else soft.cpu().numpy(),
        train.row_weights(),
    )


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


def sampling_factors(counts: NDArray[np.int64], sampling: float) -> NDArray[np.float64]:
    """Return how many times more often than its rows each class is shown."""
    present = np.maximum(counts, 1).astype(np.float64)
    factors = present**-sampling
    return factors * counts.sum() / (factors * counts).sum()


class EpochSampler:
    """Draw the order of an epoch.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        Class of each row that may be shown.
    sampling : float in [0, 1]
        Class c is shown in proportion to ``n_c ** (1 - sampling)``: 0 shows every row once, 1 all
        classes equally often. The rows of a class are shown equally often, up to a difference of
        one.
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


class RunSampler:
    """Draw the order of an epoch, which continues where the last one ended.

    A row comes again only after all others; if classes are balanced, after all of its class.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        Class of each row that may be shown.
    sampling : float in [0, 1]
        As in :class:`EpochSampler`.
    generator : torch.Generator
    n_shown : int
        Rows that an epoch shows.
    run : int, default=1
        Number of consecutive rows that are drawn together.
    windows : list of int, default=None
        Numbers of rows, ``n_shown`` in all, that are shuffled among themselves. None is one window.
    """

    def __init__(
        self,
        codes: NDArray[np.int64],
        sampling: float,
        generator: torch.Generator,
        *,
        n_shown: int,
        run: int = 1,
        windows: list[int] | None = None,
    ) -> None:
        self.n_shown = n_shown
        self.generator = generator
        self.windows = [n_shown] if windows is None else windows
        if sampling == 0:
            self.expected = torch.tensor([n_shown], dtype=torch.float64)
            self.members = [_Members(None, len(codes), run, generator)]
            return
        counts = np.bincount(codes)
        shares = counts * sampling_factors(counts, sampling) / len(codes)
        self.expected = torch.as_tensor(shares * n_shown)
        order = np.argsort(codes, kind="stable").astype(smallest_int(len(codes)))
        parts = torch.as_tensor(order).split(counts.tolist())
        self.members = [_Members(part, len(part), run, generator) for part in parts]

    def draw(self) -> Tensor:
        """Return positions of shape (n_shown,) for one epoch."""
        offset = torch.rand(1, generator=self.generator, dtype=torch.float64)
        quotas = round_shares(self.expected, offset, self.n_shown)
        shown = [m.take(int(q)) for m, q in zip(self.members, quotas, strict=True)]
        return self._shuffle(torch.cat(shown))

    def _shuffle(self, shown: Tensor) -> Tensor:
        if len(self.windows) > 1:
            shown = spread_runs(shown, len(self.windows), self.generator)
        parts = [
            part[torch.randperm(len(part), generator=self.generator)]
            for part in shown.split(self.windows)
        ]
        return torch.cat(parts)


def spread_runs(shown: Tensor, n_windows: int, generator: torch.Generator) -> Tensor:
    """Return rows run by run, so that each window has runs from everywhere in the files.

    A run is a stretch of consecutive rows. Neighbouring runs are dealt out to the windows, one to
    each. So all windows have nearly the same class shares, even if a file holds only one class.

    Parameters
    ----------
    shown : int64 tensor of shape (n_shown,)
    n_windows : int
        Of equal length.
    generator : torch.Generator
    """
    starts = (shown.diff(prepend=shown[:1] - 2) != 1).nonzero()[:, 0]
    lengths = starts.diff(append=starts.new_tensor([len(shown)]))
    n_groups = -(-len(starts) // n_windows)
    keys = torch.rand(n_groups, n_windows, generator=generator)
    windows = keys.argsort(dim=1).flatten()[: len(starts)]
    runs = shown[starts].argsort()[windows.argsort(stable=True)]
    lengths = lengths[runs]
    before = lengths.cumsum(0) - lengths  # rows before each run, in its new place
    places = torch.repeat_interleave(starts[runs] - before, lengths) + torch.arange(len(shown))
    return shown[places]


class _Members:
    """An endless sequence of a class's rows: all of them, run by run, then again in another order.

    ``rows`` (n_members,) are positions; None stands for all from 0 on, which need no memory.
    """

    def __init__(
        self, rows: Tensor | None, n_rows: int, run: int, generator: torch.Generator
    ) -> None:
        self.rows = rows
        self.n_rows = n_rows
        self.run = run
        self.generator = generator
        self.runs = torch.empty(0, dtype=torch.int32)  # not yet used
        self.left = torch.empty(0, dtype=torch.int64)  # rest of a started run

    def take(self, n_rows: int) -> Tensor:
        """Return the next rows, int64."""
        parts, n_found = [self.left], len(self.left)
        while n_found < n_rows:
            if not len(self.runs):
                n_runs = -(-self.n_rows // self.run)
                order = torch.randperm(n_runs, generator=self.generator)
                self.runs = order.int() if n_runs < 2**31 else order
            n_more = -(-(n_rows - n_found) // self.run)
            parts.append(self._rows_of(self.runs[:n_more].long()))
            self.runs = self.runs[n_more:]
            n_found += len(parts[-1])
        found = torch.cat(parts)
        self.left = found[n_rows:].clone()
        return found[:n_rows]

    def _rows_of(self, runs: Tensor) -> Tensor:
        rows = (runs[:, None] * self.run + torch.arange(self.run)).flatten()
        rows = rows[rows < self.n_rows]
        return rows if self.rows is None else self.rows[rows].long()


def round_shares(expected: Tensor, offset: Tensor, n_shown: int) -> Tensor:
    """Return whole numbers with sum ``n_shown``, each the floor or the ceiling of its share.

    Systematic rounding: averaged over offsets from 0 to 1, they equal the shares.
    """
    ends = (expected.cumsum(0) + offset).floor().long().clamp(max=n_shown)
    ends[-1] = n_shown
    return ends.diff(prepend=ends.new_zeros(1))
