"""Epochs of any number of rows, drawn so that rows which lie side by side are read at once.

Reading single rows from all over a disk is slow. Neighbours are drawn together instead, as a run,
and runs from all over the files make a window, within which single rows are shuffled.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ._rows import round_shares, sampling_factors


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
        counts = np.array([len(codes)]) if sampling == 0 else np.bincount(codes)
        shares = counts * sampling_factors(counts, sampling) / len(codes)
        self.expected = torch.as_tensor(shares * n_shown)
        order = np.arange(len(codes)) if sampling == 0 else np.argsort(codes, kind="stable")
        rows = torch.as_tensor(order.astype(np.int32 if len(codes) < 2**31 else np.int64))
        self.members = [_Members(part, run, generator) for part in rows.split(counts.tolist())]

    def draw(self) -> Tensor:
        """Return positions of shape (n_shown,) for one epoch."""
        offset = torch.rand(1, generator=self.generator, dtype=torch.float64)
        quotas = round_shares(self.expected, offset, self.n_shown)
        shown = [m.take(int(q)) for m, q in zip(self.members, quotas, strict=True)]
        return self._shuffle(torch.cat(shown).long())

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
    """The rows of a class, without end: all of them, run by run, and again in another order."""

    def __init__(self, rows: Tensor, run: int, generator: torch.Generator) -> None:
        self.rows = rows
        self.run = run
        self.generator = generator
        self.left = rows[:0]

    def take(self, n_rows: int) -> Tensor:
        """Return the next rows."""
        parts = []
        while True:
            parts.append(self.left[:n_rows])
            self.left = self.left[n_rows:]
            n_rows -= len(parts[-1])
            if n_rows == 0:
                return torch.cat(parts)
            self.left = self._deal()

    def _deal(self) -> Tensor:
        n_rows = len(self.rows)
        runs = torch.randperm(-(-n_rows // self.run), generator=self.generator)
        if self.run == 1:
            return self.rows[runs]
        places = (runs[:, None] * self.run + torch.arange(self.run)).flatten()
        return self.rows[places[places < n_rows]]
