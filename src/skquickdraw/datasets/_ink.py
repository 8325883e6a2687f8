"""Anti-aliased ink for many drawings at once: the numerical core of drawing strokes.

A pixel is covered as far as it lies within ``radius`` of a stroke. Distances are computed on a grid
three times as fine as the image, and only in a small window around each short piece of a stroke. A
soft edge nearly one grid step wide makes a finer grid unnecessary.
"""

import numpy as np

FINE = 3  # grid steps a pixel; 2 misses 0.6 grey levels on drawings with many small loops
EDGE = 0.9  # width of the soft edge in grid steps, fitted once to bitmaps drawn by cairo
CHUNK = 400_000  # grid points held at a time: this much float32 stays in a core's cache


def draw_ink(starts, ends, layer, owner, *, n_drawings, shape, radius):
    """Draw line segments of one width with round ends.

    Segments of one layer are one stroke: the ink is not darker where they overlap. Layers of one
    drawing add up like glass, so half-covered pixels become darker.

    Parameters
    ----------
    starts, ends : ndarray of shape (n_segments, 2)
        End points (x, y) in pixels; the image spans 0..width and 0..height. A point is drawn as a
        dot.
    layer : ndarray of shape (n_segments,)
        Layer of each segment, ascending.
    owner : ndarray of shape (n_layers,)
        Drawing of each layer, ascending, in 0..n_drawings - 1.
    n_drawings : int
    shape : tuple (height, width)
    radius : float
        Half of the line's width, in pixels.

    Returns
    -------
    images : ndarray of shape (n_drawings, height, width), uint8
    """
    images = np.zeros((n_drawings, *shape), dtype=np.uint8)
    starts, ends, layer = _cut(starts, ends, layer, longest=max(1.0, 2.5 * radius))
    first_layer = np.searchsorted(owner, np.arange(n_drawings + 1))
    first_piece = np.searchsorted(layer, np.arange(len(owner) + 1))
    for lo, hi in _chunks(first_layer, max(1, CHUNK // (shape[0] * shape[1] * FINE**2))):
        layers = slice(first_layer[lo], first_layer[hi])
        pieces = slice(first_piece[layers.start], first_piece[layers.stop])
        n_layers = layers.stop - layers.start
        covered = _coverage(
            starts[pieces], ends[pieces], layer[pieces] - layers.start, n_layers, shape, radius
        )
        drawn, first = np.unique(owner[layers], return_index=True)
        clear = (
            np.multiply.reduceat(1 - covered, first, axis=0)
            if n_layers > len(drawn)
            else 1 - covered
        )
        images[drawn] = np.rint(255 * (1 - clear))
    return images


def _cut(starts, ends, layer, longest):
    """Cut segments into pieces of one window's size."""
    step = ends - starts
    n_pieces = np.maximum(1, np.ceil(np.hypot(step[:, 0], step[:, 1]) / longest)).astype(np.intp)
    segment = np.repeat(np.arange(len(starts)), n_pieces)
    place = np.arange(len(segment)) - np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces)
    step = (step / n_pieces[:, None])[segment]
    starts = starts[segment] + step * place[:, None]
    return starts, starts + step, layer[segment]


def _chunks(first_layer, most):
    """Yield (lo, hi) ranges of drawings that hold at most `most` layers, or one drawing."""
    lo, n_drawings = 0, len(first_layer) - 1
    while lo < n_drawings:
        hi = int(np.searchsorted(first_layer, first_layer[lo] + most, side="right")) - 1
        hi = min(max(hi, lo + 1), n_drawings)
        yield lo, hi
        lo = hi


def _coverage(starts, ends, layer, n_layers, shape, radius):
    """Return the covered part of every pixel, (n_layers, height, width) in 0..1."""
    reach = np.float32(FINE * radius + EDGE / 2)
    # If the margin is 0, one grid step of border holds the outer half of the soft edge.
    height, width = FINE * shape[0] + 2, FINE * shape[1] + 2
    squared, index = _near(FINE * starts, FINE * ends, reach, width)
    inside = squared < reach**2
    index += (layer * height * width)[:, None, None]
    nearest = np.full(n_layers * height * width, reach**2, dtype=np.float32)
    np.minimum.at(nearest, index[inside], squared[inside])
    nearest = nearest.reshape(n_layers, height, width)[:, 1:-1, 1:-1]
    covered = np.minimum((reach - np.sqrt(nearest)) / np.float32(EDGE), 1)
    rows = sum(covered[:, i::FINE] for i in range(FINE))
    return sum(rows[:, :, i::FINE] for i in range(FINE)) / FINE**2


def _near(starts, ends, reach, width):
    """Return each window's squared distances to its piece, and its places on the bordered grid."""
    size = int(np.ceil(np.abs(ends - starts).max(initial=0) + 2 * reach)) + 1
    corner = np.ceil(np.minimum(starts, ends) - reach - 0.5)
    step = (ends - starts).astype(np.float32)
    window = np.arange(size, dtype=np.float32)
    to = (corner + 0.5 - starts).astype(np.float32)[
        :, :, None
    ] + window  # (n, 2, size): grid - start
    along = to * (step / np.maximum((step**2).sum(axis=1, keepdims=True), 1e-9))[:, :, None]
    t = (
        along[:, 1, :, None] + along[:, 0, None, :]
    )  # (n, size, size), 0 at the start and 1 at the end
    np.clip(t, 0, 1, out=t)
    squared = to[:, 0, None, :] - t * step[:, 0, None, None]
    squared *= squared
    t *= step[:, 1, None, None]
    np.subtract(to[:, 1, :, None], t, out=t)
    t *= t
    squared += t
    corner = corner.astype(np.intp) + 1
    grid = np.arange(size)[:, None] * width + np.arange(size)
    return squared, (corner[:, 1] * width + corner[:, 0])[:, None, None] + grid
