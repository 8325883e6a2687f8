"""Episodes: small classification tasks drawn from a data set, each with a few of its classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class EpisodeSampler:
    """Draw classes, and rows of each: examples to learn from, then queries.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        Class of each row; every class from 0 on has at least one.
    n_way : int
        Classes in an episode; all if there are fewer.
    n_rows : int
        Rows drawn of each class: no row twice, unless the class has fewer.
    rng : RandomState
    """

    def __init__(
        self, codes: NDArray[np.int64], *, n_way: int, n_rows: int, rng: np.random.RandomState
    ) -> None:
        self.members = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
        self.n_way = min(n_way, len(self.members))
        self.n_rows = n_rows
        self.rng = rng

    def draw(self) -> NDArray[np.intp]:
        """Return the rows of one episode, of shape (n_way, n_rows)."""
        ways = self.rng.choice(len(self.members), self.n_way, replace=False)
        return np.stack([self._draw_rows(self.members[way]) for way in ways])

    def _draw_rows(self, members: NDArray[np.intp]) -> NDArray[np.intp]:
        return np.resize(self.rng.permutation(members), self.n_rows)  # begins again at the end


def choose_examples(
    codes: NDArray[np.int64], n_support: int | None, rng: np.random.RandomState
) -> NDArray[np.intp]:
    """Return up to ``n_support`` random rows of each class, in order; None returns all rows."""
    if n_support is None:
        return np.arange(len(codes))
    members = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    return np.sort(np.concatenate([rng.permutation(rows)[:n_support] for rows in members]))
