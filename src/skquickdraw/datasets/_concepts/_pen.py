"""The pen that describes concepts: free parameters, and a few primitives that draw strokes.

A concept describes n drawings at once: every number it uses may be a float, or an array with one
value per drawing. It draws on a page of about -1..1 in both directions, **y pointing up**; only
proportions matter, since each drawing is scaled to its box afterwards.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

STEP = 0.26  # length of a primitive's segments: about 3 pixels of 28, short enough to look round

Number = float | NDArray[np.float64]  # one for all drawings, or one for each
Place = tuple[Number, Number]
Stroke = tuple[
    NDArray[np.intp], NDArray[np.float64]
]  # the rows that have it, and its points in them


class Pen:
    """Lay the strokes of `n` drawings of one concept.

    Parameters
    ----------
    n : int
        Number of drawings.
    rng : RandomState
    noise : float
        Scale of the human variation; at 0 every free parameter takes its middle value.

    Attributes
    ----------
    strokes : list of (ndarray (m,), ndarray (m, n_points, 2))
        The rows that have the stroke, and its points in each of them.
    """

    def __init__(self, n: int, rng: np.random.RandomState, noise: float) -> None:
        self.n, self.rng, self.noise = n, rng, noise
        self.strokes: list[Stroke] = []
        self._drawn = np.ones(n, dtype=bool)

    # ---- free parameters ---------------------------------------------------------------------

    def between(self, low: float, high: float) -> NDArray[np.float64]:
        """Return a number per drawing within low..high: a proportion in which people differ."""
        spread = min(self.noise, 1.0) * (self.rng.random_sample(self.n) - 0.5)
        return (low + high) / 2 + spread * (high - low)

    def near(self, value: Number, spread: float = 0.06) -> NDArray[np.float64]:
        """Return a number per drawing around `value`: a place or an angle that people aim at."""
        return value + spread * self.noise * self.rng.standard_normal(self.n).clip(-2, 2)

    def chance(self, probability: float) -> NDArray[np.bool_]:
        """Return True in a share of the drawings: a choice between ways to draw."""
        return self.rng.random_sample(self.n) < probability

    def count(self, low: int, high: int) -> NDArray[np.int64]:
        """Return an int per drawing in low..high, both included: how many of something."""
        return self.rng.randint(low, high + 1, self.n)

    @contextmanager
    def when(self, chosen: NDArray[np.bool_]) -> Iterator[None]:
        """Lay the strokes of the block in the chosen drawings only."""
        before, self._drawn = self._drawn, self._drawn & chosen
        yield
        self._drawn = before

    # ---- primitives --------------------------------------------------------------------------

    def line(self, *corners: Place, close: bool = False) -> None:
        """Lay straight lines from corner (x, y) to corner."""
        path = self._array(corners + corners[:1] if close else corners)
        n_steps = _steps(np.diff(path, axis=1))
        knot = np.repeat(np.arange(len(n_steps)), n_steps)
        t = np.concatenate([np.arange(k) / k for k in n_steps])[:, None]
        steps = path[:, knot] * (1 - t) + path[:, knot + 1] * t
        self._lay(np.concatenate([steps, path[:, -1:]], axis=1))

    def curve(self, *knots: Place, close: bool = False) -> None:
        """Lay a smooth curve (Catmull-Rom) through knots (x, y)."""
        path = self._array(knots)
        ends = (path[:, -1:], path[:, :1], path[:, 1:2]) if close else (path[:, :1], path[:, -1:])
        path = np.concatenate([ends[0], path, *ends[1:]], axis=1)
        n_steps = _steps(np.diff(path[:, 1:-1], axis=1))
        knot = np.append(np.repeat(np.arange(len(n_steps)), n_steps), len(n_steps) - 1)
        t = np.append(np.concatenate([np.arange(k) / k for k in n_steps]), 1.0)[:, None]
        before, here, after, beyond = (path[:, knot + i] for i in range(4))
        slope, next_slope = (after - before) / 2, (beyond - here) / 2
        rise = after - here
        bend, twist = 3 * rise - 2 * slope - next_slope, slope + next_slope - 2 * rise
        self._lay(here + t * (slope + t * (bend + t * twist)))

    def arc(
        self,
        x: Number,
        y: Number,
        rx: Number,
        ry: Number | None = None,
        start: Number = 0.0,
        stop: Number = 360.0,
        tilt: Number = 0.0,
    ) -> None:
        """Lay a part of an ellipse about (x, y) from start to stop degrees, counter-clockwise from
        the right.

        A whole ellipse starts at a random place, because people start anywhere.
        """
        ry = rx if ry is None else ry
        whole = np.ndim(start) == 0 and np.ndim(stop) == 0 and stop - start == 360
        first = self.between(0, 360) if whole else start
        span = np.asarray(stop - start, dtype=float)
        n_steps = max(
            6, int(np.ceil(np.radians(np.abs(span).mean()) * np.mean(rx + ry) / 2 / STEP))
        )
        angle = np.radians(_column(first) + _column(span) * np.linspace(0, 1, n_steps + 1))
        across, up = _column(rx) * np.cos(angle), _column(ry) * np.sin(angle)
        cos, sin = np.cos(np.radians(_column(tilt))), np.sin(np.radians(_column(tilt)))
        self.trace(_column(x) + across * cos - up * sin, _column(y) + across * sin + up * cos)

    def box(self, left: Number, bottom: Number, right: Number, top: Number) -> None:
        """Lay a rectangle."""
        self.line((left, bottom), (left, top), (right, top), (right, bottom), close=True)

    def dot(self, x: Number, y: Number, size: Number = 0.05) -> None:
        """Lay a small blob: a tiny loop that the width of the ink fills."""
        turn = np.linspace(0, 2 * np.pi, 5)
        self.trace(_column(x) + size * np.cos(turn), _column(y) + size * np.sin(turn))

    def trace(self, x: Number, y: Number) -> None:
        """Lay a path given point by point; x and y have shape (n_points,) or (n, n_points)."""
        x, y = np.broadcast_arrays(x, y)
        self._lay(np.broadcast_to(np.stack([x, y], axis=-1), (self.n, x.shape[-1], 2)))

    def _array(self, places: Sequence[Place]) -> NDArray[np.float64]:
        """Return places (x, y), each a float or an array (n,), as an array (n, n_places, 2)."""
        array = np.empty((self.n, len(places), 2))
        for i, (x, y) in enumerate(places):
            array[:, i, 0], array[:, i, 1] = x, y
        return array

    def _lay(self, path: NDArray[np.float64]) -> None:
        rows = np.flatnonzero(self._drawn)
        if len(rows):
            self.strokes.append((rows, path[rows]))


def polar(radius: Number, degrees: Number, x: Number = 0.0, y: Number = 0.0) -> Place:
    """Return the place at a distance and an angle from (x, y), counter-clockwise from the right."""
    angle = np.radians(degrees)
    return x + radius * np.cos(angle), y + radius * np.sin(angle)


def _steps(sides: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many segments each side of a path (n, n_sides, 2) is drawn with."""
    length = np.hypot(sides[..., 0], sides[..., 1]).mean(axis=0)
    return np.maximum(1, np.ceil(length / STEP)).astype(int)


def _column(value: Number) -> NDArray[np.float64]:
    """Return a float or an array (n,) as a column that broadcasts against a path's points."""
    return np.asarray(value, dtype=float)[..., None]
