"""Epochs of any number of rows, drawn so that rows which lie side by side are read at once.

Reading single rows from all over a disk is slow. Neighbours are drawn together instead, as a run,
and runs from all over the files make a window, within which single rows are shuffled.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ._rows import round_shares, sampling_factors, smallest_int


class RunSampler:
    """Draws the order of an epoch, which goes on where the one before ended.

    A row comes again only after all others; where classes are balanced, after all of its class.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        Class of each row that may be shown.
    sampling : float in [0, 1]
        As in :class:`~._rows.EpochSampler`.
    generator : torch.Generator
    n_shown : int
        Rows that an epoch shows.
    run : int, default=1
        How many rows that follow each other are drawn together.
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
    """Return rows run by run, such that each window has runs from all over the files.

    A run is a stretch of rows that follow each other. Of each as many neighbouring runs as there
    are windows, every window gets one: so all windows show classes in much the same shares, even
    where a file holds one class only.

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
    before = lengths.cumsum(0) - lengths  # rows in front of each run, in its new place
    places = torch.repeat_interleave(starts[runs] - before, lengths) + torch.arange(len(shown))
    return shown[places]


class _Members:
    """The rows of a class, without end: all of them, run by run, and again in another order.

    ``rows`` (n_members,) are positions; None stands for all from 0 on, which need no memory.
    """

    def __init__(
        self, rows: Tensor | None, n_rows: int, run: int, generator: torch.Generator
    ) -> None:
        self.rows = rows
        self.n_rows = n_rows
        self.run = run
        self.generator = generator
        self.runs = torch.empty(0, dtype=torch.int32)  # that are still to come
        self.left = torch.empty(0, dtype=torch.int64)  # rows of a run that was begun

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
