"""Whether mirrored images keep their class, decided from the training rows alone.

Mirroring doubles the training set where left and right do not matter, as in photographs. It teaches
wrong answers where they do, as in letters and arrows. The test is cheap: each half of the rows
classifies the other half by nearest neighbours, once as it is and once mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_ROWS = 2000
SMALLEST_HALVED_SIDE = 16  # pixels; smaller images are compared as they are
# Mirrored rows must be recognised nearly as often as plain ones. This is averaged over classes, so
# that large ones do not decide alone. On sketches, clothes and photos the ratio is at least 0.72;
# on digits, letters and characters it is at most 0.5.
LEAST_RATIO = 0.6
# If mirroring exchanges two classes, such as b and d, at least this share goes to the other one.
MOST_EXCHANGED = 0.3
FEWEST_OF_A_PAIR = 6  # rows of a class, below which a pair is not judged
# Recall as a multiple of guessing, below which the neighbours know too little to judge.
LEAST_RECALL = 1.5


@dataclass(frozen=True)
class MirrorTest:
    """The result of the comparison with mirrored rows.

    Attributes
    ----------
    recall, mirrored_recall : float
        Share of rows whose nearest neighbour has their class, averaged over classes: for rows as
        they are, and mirrored.
    exchanged : float
        The largest share of two classes that mirroring exchanges with each other.
    n_classes : int
    """

    recall: float
    mirrored_recall: float
    exchanged: float
    n_classes: int

    @property
    def keeps_class(self) -> bool:
        """Whether mirrored images keep their class; False if the rows cannot tell."""
        return (
            self.recall * self.n_classes >= LEAST_RECALL
            and self.mirrored_recall >= LEAST_RATIO * self.recall
            and self.exchanged < MOST_EXCHANGED
        )


def choose_rows(codes: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return at most ``MOST_ROWS`` positions: the first rows of each class, in equal numbers."""
    rank = _rank_in_class(codes)
    lowest = np.sort(rank)[:MOST_ROWS]
    # Beyond the limit, the last rank may not fit for all classes, so no class gets it.
    is_chosen = rank <= lowest[-1] if len(codes) <= MOST_ROWS else rank < lowest[-1]
    return np.flatnonzero(is_chosen) if is_chosen.any() else np.flatnonzero(rank == 0)[:MOST_ROWS]


def compare_with_mirror(images: NDArray[np.number], codes: NDArray[np.int64]) -> MirrorTest:
    """Classify each half of the rows by the other half, as they are and mirrored.

    Parameters
    ----------
    images : ndarray of shape (n, C, H, W)
    codes : int64 ndarray of shape (n,)
        Classes from 0.
    """
    plain = _shrink(images)
    mirrored = plain[..., ::-1].reshape(len(plain), -1)
    plain = plain.reshape(len(plain), -1)
    half = _rank_in_class(codes) % 2
    found, found_mirrored = np.empty_like(codes), np.empty_like(codes)
    for fold in (0, 1):
        known, asked = half == fold, half != fold
        if not known.any() or not asked.any():
            return MirrorTest(0.0, 0.0, 0.0, 1)
        found[asked] = _nearest(plain[known], codes[known], plain[asked])
        found_mirrored[asked] = _nearest(plain[known], codes[known], mirrored[asked])
    counts = np.bincount(codes)
    confusion, mirrored_confusion = _confusion(codes, found), _confusion(codes, found_mirrored)
    is_present = counts > 0
    return MirrorTest(
        recall=float(np.diag(confusion)[is_present].mean()),
        mirrored_recall=float(np.diag(mirrored_confusion)[is_present].mean()),
        exchanged=_most_exchanged(mirrored_confusion - confusion, counts),
        n_classes=int(is_present.sum()),
    )


def _rank_in_class(codes: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return for each row how many rows of its class come before it."""
    order = np.argsort(codes, kind="stable")
    starts = np.cumsum(np.bincount(codes)) - np.bincount(codes)
    rank = np.empty(len(codes), dtype=np.intp)
    rank[order] = np.arange(len(codes)) - starts[codes[order]]
    return rank


def _shrink(images: NDArray[np.number]) -> NDArray[np.float32]:
    """Halve both sides of all but the smallest images: a shift by a pixel then matters less."""
    height, width = images.shape[2:]
    if min(height, width) < SMALLEST_HALVED_SIDE:
        return images.astype(np.float32)
    even = images[:, :, : height // 2 * 2, : width // 2 * 2].astype(np.float32)
    return (even[..., ::2] + even[..., 1::2]).reshape(*images.shape[:2], -1, 2, width // 2).sum(3)


def _nearest(
    known: NDArray[np.float32], codes: NDArray[np.int64], asked: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Return the code of the known row that is nearest to each asked one."""
    distances = np.square(known).sum(axis=1) - 2 * asked @ known.T  # up to a constant per row
    return codes[distances.argmin(axis=1)]


def _confusion(codes: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of each class (rows) that was predicted as each class (columns)."""
    n_classes = codes.max() + 1
    pairs = np.bincount(codes * n_classes + found, minlength=n_classes**2)
    return pairs.reshape(n_classes, n_classes) / np.maximum(np.bincount(codes), 1)[:, None]


def _most_exchanged(rise: NDArray[np.float64], counts: NDArray[np.int64]) -> float:
    """Return the largest rise of a mutual confusion."""
    mutual = np.minimum(rise, rise.T)
    np.fill_diagonal(mutual, 0.0)
    is_small = counts < FEWEST_OF_A_PAIR
    mutual[is_small], mutual[:, is_small] = 0.0, 0.0
    return float(mutual.max())
