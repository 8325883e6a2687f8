"""The pen that describes concepts: free parameters, and a few primitives that draw strokes.

A concept describes n drawings at once: every number it uses may be a float, or an array with one
value per drawing. It draws on a page of about -1..1 in both directions, **y pointing up**; only
proportions matter, since each drawing is scaled to its box afterwards.
"""

from contextlib import contextmanager

import numpy as np

STEP = 0.26  # length of a primitive's segments: about 3 pixels of 28, short enough to look round


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

    def __init__(self, n, rng, noise):
        self.n, self.rng, self.noise = n, rng, noise
        self.strokes = []
        self._drawn = np.ones(n, dtype=bool)

    # ---- free parameters ---------------------------------------------------------------------

    def between(self, low, high):
        """Return a number per drawing within low..high: a proportion in which people differ."""
        spread = min(self.noise, 1.0) * (self.rng.random_sample(self.n) - 0.5)
        return (low + high) / 2 + spread * (high - low)

    def near(self, value, spread=0.06):
        """Return a number per drawing around `value`: a place or an angle that people aim at."""
        return value + spread * self.noise * self.rng.standard_normal(self.n).clip(-2, 2)

    def chance(self, probability):
        """Return True in a share of the drawings: a choice between ways to draw."""
        return self.rng.random_sample(self.n) < probability

    def count(self, low, high):
        """Return an int per drawing in low..high, both included: how many of something."""
        return self.rng.randint(low, high + 1, self.n)

    @contextmanager
    def when(self, chosen):
        """Lay the strokes of the block in the chosen drawings only."""
        before, self._drawn = self._drawn, self._drawn & chosen
        yield
        self._drawn = before

    # ---- primitives --------------------------------------------------------------------------

    def line(self, *corners, close=False):
        """Lay straight lines from corner (x, y) to corner."""
        corners = self._array(corners + corners[:1] if close else corners)
        n_steps = _steps(np.diff(corners, axis=1))
        knot = np.repeat(np.arange(len(n_steps)), n_steps)
        t = np.concatenate([np.arange(k) / k for k in n_steps])[:, None]
        path = corners[:, knot] * (1 - t) + corners[:, knot + 1] * t
        self._lay(np.concatenate([path, corners[:, -1:]], axis=1))

    def curve(self, *knots, close=False):
        """Lay a smooth curve (Catmull-Rom) through knots (x, y)."""
        knots = self._array(knots)
        ends = (
            (knots[:, -1:], knots[:, :1], knots[:, 1:2]) if close else (knots[:, :1], knots[:, -1:])
        )
        knots = np.concatenate([ends[0], knots, *ends[1:]], axis=1)
        n_steps = _steps(np.diff(knots[:, 1:-1], axis=1))
        knot = np.append(np.repeat(np.arange(len(n_steps)), n_steps), len(n_steps) - 1)
        t = np.append(np.concatenate([np.arange(k) / k for k in n_steps]), 1.0)[:, None]
        before, here, after, beyond = (knots[:, knot + i] for i in range(4))
        slope, next_slope = (after - before) / 2, (beyond - here) / 2
        rise = after - here
        bend, twist = 3 * rise - 2 * slope - next_slope, slope + next_slope - 2 * rise
        self._lay(here + t * (slope + t * (bend + t * twist)))

    def arc(self, x, y, rx, ry=None, start=0.0, stop=360.0, tilt=0.0):
        """Lay a part of an ellipse about (x, y) from start to stop degrees, counter-clockwise from
        the right.

        A whole one starts anywhere, since people do.
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

    def box(self, left, bottom, right, top):
        """Lay a rectangle."""
        self.line((left, bottom), (left, top), (right, top), (right, bottom), close=True)

    def dot(self, x, y, size=0.05):
        """Lay a small blob: a tiny loop that the width of the ink fills."""
        turn = np.linspace(0, 2 * np.pi, 5)
        self.trace(_column(x) + size * np.cos(turn), _column(y) + size * np.sin(turn))

    def trace(self, x, y):
        """Lay a path given point by point; x and y have shape (n_points,) or (n, n_points)."""
        x, y = np.broadcast_arrays(x, y)
        self._lay(np.broadcast_to(np.stack([x, y], axis=-1), (self.n, x.shape[-1], 2)))

    def _array(self, places):
        """Return places (x, y), each a float or an array (n,), as an array (n, n_places, 2)."""
        array = np.empty((self.n, len(places), 2))
        for i, (x, y) in enumerate(places):
            array[:, i, 0], array[:, i, 1] = x, y
        return array

    def _lay(self, path):
        rows = np.flatnonzero(self._drawn)
        if len(rows):
            self.strokes.append((rows, path[rows]))


def polar(radius, degrees, x=0.0, y=0.0):
    """Return the place at a distance and an angle from (x, y), counter-clockwise from the right."""
    angle = np.radians(degrees)
    return x + radius * np.cos(angle), y + radius * np.sin(angle)


def _steps(sides):
    """Return how many segments each side of a path (n, n_sides, 2) is drawn with."""
    length = np.hypot(sides[..., 0], sides[..., 1]).mean(axis=0)
    return np.maximum(1, np.ceil(length / STEP)).astype(int)


def _column(value):
    """Return a float or an array (n,) as a column that broadcasts against a path's points."""
    return np.asarray(value, dtype=float)[..., None]
