"""The hand that holds the pen: how a hurried person draws a clean template."""

import numpy as np
from numpy.typing import NDArray

from ._pen import Stroke

WOBBLE = 0.022  # trembling and bending of a line, in page units per unit of the stroke's size
DRIFT = 0.045  # how far a stroke's end strays: loops stay open, or overshoot
MISPLACE = 0.04  # how far a stroke is from its place, in page units
RESIZE = 0.07  # standard deviation of a stroke's relative size
MISS, REPEAT = 0.03, 0.04  # how often a stroke is left out, or drawn twice
STRAY, GIVE_UP = 0.03, 0.03  # how often a drawing has a stroke too many, or is left unfinished
TURN, SLANT, STRETCH = 6.0, 0.12, 0.09  # of the whole drawing: degrees, shear, relative proportions
WARP = 0.085  # how much larger one side of the page gets than the other, and how far lines bow


def by_hand(
    strokes: list[Stroke],
    n: int,
    rng: np.random.RandomState,
    noise: float,
    *,
    turn: float = TURN,
    mirror: bool = False,
) -> list[Stroke]:
    """Redraw the strokes of `n` drawings as a person would.

    Parameters
    ----------
    strokes : list of (rows, path)
        As in :attr:`Pen.strokes`; paths have shape (len(rows), n_points, 2).
    n : int
    rng : RandomState
    noise : float
        Scale of everything here; 0 only changes the side that the drawing faces.
    turn : float
        Standard deviation of the whole drawing's rotation, in degrees.
    mirror : bool
        Whether half of the drawings face the other side.

    Returns
    -------
    strokes : list of (rows, path)
    """
    flip = np.where(mirror & (rng.random_sample(n) < 0.5), -1.0, 1.0)
    if noise > 0:
        # Some people draw with care, some in haste. So all errors scale with the person.
        haste = noise * np.exp(0.45 * rng.standard_normal(n))
        strokes = _slips(strokes, n, rng, noise)
        strokes = [(rows, _shaky(path, haste[rows], rng)) for rows, path in strokes]
        bend = (WARP * noise * rng.standard_normal((n, 3, 1, 2))).clip(-0.3, 0.3)
        strokes = [(rows, _warp(path, bend[rows])) for rows, path in strokes]
    frame = _frame(n, rng, noise, turn)
    frame[:, 0, :] *= flip[:, None]
    return [(rows, path @ frame[rows]) for rows, path in strokes]


def _slips(strokes: list[Stroke], n: int, rng: np.random.RandomState, noise: float) -> list[Stroke]:
    """Leave strokes out, draw some twice, add stray ones; a drawing's first stroke stays."""
    begun = np.zeros(n, dtype=bool)
    last = np.where(rng.random_sample(n) < GIVE_UP * noise, rng.randint(2, 8, n), len(strokes))
    drawn = []
    for i, (rows, path) in enumerate(strokes):
        kept = (rng.random_sample(len(rows)) >= MISS * noise) & (i < last[rows]) | ~begun[rows]
        begun[rows] = True
        drawn.append((rows[kept], path[kept]))
        again = kept & (rng.random_sample(len(rows)) < REPEAT * noise)
        drawn.append((rows[again], path[again]))
    stray = np.flatnonzero(rng.random_sample(n) < STRAY * noise)
    ends = rng.uniform(-0.9, 0.9, (len(stray), 1, 2)) + rng.normal(0, 0.15, (len(stray), 2, 2))
    drawn.append((stray, ends))
    return [(rows, path) for rows, path in drawn if len(rows)]


def _shaky(
    path: NDArray[np.float64], haste: NDArray[np.float64], rng: np.random.RandomState
) -> NDArray[np.float64]:
    """Displace, resize, bend and tremble each of the strokes (m, n_points, 2)."""
    m, n_points, _ = path.shape
    haste = haste[:, None, None]
    centre = path.mean(axis=1, keepdims=True)
    size = 0.25 + np.ptp(path, axis=1).max(axis=1)[:, None, None]
    t = np.linspace(0, 1, n_points)[:, None]
    waves = np.arange(1, 4)  # a slow bend, and two faster trembles of less height
    phase = rng.uniform(0, 2 * np.pi, (m, 3, 1, 2))
    height = rng.standard_normal((m, 3, 1, 2)) / waves[:, None, None]
    wobble = (height * np.sin(np.pi * waves[:, None, None] * t + phase)).sum(axis=1)
    drift = (t - 0.5) * rng.standard_normal((m, 1, 2))
    place = rng.standard_normal((m, 1, 2))
    grow = 1 + (RESIZE * haste * rng.standard_normal((m, 1, 2))).clip(-0.6, 0.6)
    moved = WOBBLE * size * wobble + DRIFT * size * drift + MISPLACE * place
    return centre + grow * (path - centre) + haste * moved


def _warp(path: NDArray[np.float64], bend: NDArray[np.float64]) -> NDArray[np.float64]:
    """Change the relative proportions of the parts, by a quadratic map of the page."""
    x, y = path[..., :1].clip(-1.5, 1.5), path[..., 1:].clip(-1.5, 1.5)
    return path + bend[:, 0] * x * x + bend[:, 1] * x * y + bend[:, 2] * y * y


def _frame(n: int, rng: np.random.RandomState, noise: float, turn: float) -> NDArray[np.float64]:
    """Return a matrix (2, 2) per drawing, for row vectors: slant, stretch and turn."""
    turn, slant, stretch = (
        rng.standard_normal((3, n)) * [[np.radians(turn)], [SLANT], [STRETCH]] * noise
    )
    slant, stretch = slant.clip(-1, 1), np.exp(stretch.clip(-0.7, 0.7))
    cos, sin = np.cos(turn), np.sin(turn)
    rotation = np.moveaxis(np.array([[cos, sin], [-sin, cos]]), -1, 0)
    shape = np.zeros((n, 2, 2))
    shape[:, 0, 0], shape[:, 1, 1], shape[:, 1, 0] = stretch, 1 / stretch, slant
    return shape @ rotation
