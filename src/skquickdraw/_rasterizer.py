"""Anti-aliased lines on images, a batch at a time: the core of all that draws strokes.

A pixel is covered as far as it lies within ``radius`` of a stroke. Distances are computed on a grid
three times as fine as the image, and only in a small window around each short piece of a stroke. A
soft edge nearly one grid step wide makes a finer grid unnecessary.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

import torch
from torch import Tensor

BOX = 256  # side of the box that coordinates lie in
FINE = 3  # grid steps per pixel; 2 misses 0.6 grey levels on drawings with many small loops
EDGE = 0.9  # width of the soft edge in grid steps, fitted once to bitmaps drawn by cairo
GRID_CHUNK = 2**19  # points of the grid held at a time, as float32
WINDOW_CHUNK = 2**18  # points of windows held at a time
# Both chunks fit into a core's cache. A GPU gains nothing from that: it is fast in few large
# operations, and the CPU waits for each chunk.
TIMES_ON_GPU = 32


def pixels_per_unit(shape: tuple[int, int], line_width: float, margin: float) -> float:
    """Return how many pixels of an image one unit of the box is."""
    return min(shape) / (BOX + 2 * margin + line_width)


def rasterize_segments(
    starts: Tensor,
    ends: Tensor,
    layer: Tensor,
    owner: Tensor,
    *,
    n_images: int,
    shape: tuple[int, int],
    radius: Tensor,
) -> Tensor:
    """Return images of line segments with round ends, in whole grey levels.

    Segments of one layer are one stroke: where they overlap they are no brighter. Layers of one
    image lie over each other like glass, so that half-covered pixels add up.

    Parameters
    ----------
    starts, ends : float32 tensors of shape (n_segments, 2)
        End points (x, y) in pixels, inside the image, which spans 0..width and 0..height. A point
        becomes a dot.
    layer : int64 tensor of shape (n_segments,)
        Layer of each segment, ascending, without a gap.
    owner : int64 tensor of shape (n_layers,)
        Image of each layer, ascending.
    n_images : int
    shape : tuple (height, width)
    radius : float32 tensor of shape (n_images,)
        Half of the lines' width, in pixels.

    Returns
    -------
    images : float32 tensor of shape (n_images, height, width)
        From 0 to 255.
    """
    n_strokes = torch.bincount(owner, minlength=n_images)
    n_pieces = torch.bincount(layer, minlength=len(owner))
    first_layer = [0, *n_strokes.cumsum(0).tolist()]
    first_segment = [0, *n_pieces.cumsum(0).tolist()]
    images = []
    most = max(1, _held(GRID_CHUNK, starts.device) // (shape[0] * shape[1] * FINE**2))
    for lo, hi in _chunks(first_layer, most):
        clear = starts.new_ones((hi - lo, *shape))
        # Only a single image is drawn in several parts: it may have thousands of layers.
        for first in range(first_layer[lo], first_layer[hi], most):
            layers = slice(first, min(first + most, first_layer[hi]))
            own = slice(first_segment[layers.start], first_segment[layers.stop])
            reach = FINE * radius[owner[layers]] + EDGE / 2
            covered = _coverage(
                FINE * starts[own], FINE * ends[own], layer[own] - layers.start, reach, shape
            )
            lengths = n_strokes[lo:hi].clamp(max=len(covered))
            clear *= torch.segment_reduce(1 - covered, "prod", lengths=lengths, axis=0, initial=1.0)
        images.append(clear.neg_().add_(1).mul_(255).round_())
    return torch.cat(images) if images else starts.new_zeros((0, *shape))


def _held(n_points: int, device: torch.device) -> int:
    """Return how many points are held at a time on a device; the images do not depend on it."""
    return n_points if device.type == "cpu" else TIMES_ON_GPU * n_points


def _chunks(first_layer: list[int], most: int) -> Iterator[tuple[int, int]]:
    """Yield (lo, hi) ranges of images that hold at most ``most`` layers, or one image."""
    lo = 0
    for hi in range(1, len(first_layer)):
        is_last = hi == len(first_layer) - 1
        if is_last or first_layer[hi + 1] - first_layer[lo] > most:
            yield lo, hi
            lo = hi


def _coverage(
    starts: Tensor, ends: Tensor, layer: Tensor, reach: Tensor, shape: tuple[int, int]
) -> Tensor:
    """Return the covered part of every pixel, (n_layers, height, width), from 0 to 1.

    ``starts`` and ``ends`` are in grid steps; ``reach`` (n_layers,) is where the soft edge ends.
    """
    farthest = float(reach.max()) if len(reach) else EDGE
    layer, starts, steps = _cut(starts, ends - starts, layer, longest=max(1.0, 2 * farthest))
    longest = float(steps.abs().max()) if len(steps) else 0.0
    window = ceil(longest + 2 * farthest) + 1
    n_rows, n_columns = shape[0] + 1, shape[1] + 1  # the last takes what lies outside
    plane = len(reach) * n_rows * n_columns  # one for each point of the grid inside a pixel
    rows = _places(shape[0], window, FINE * plane, n_columns, starts.device)
    columns = _places(shape[1], window, plane, 1, starts.device)
    corner = (torch.minimum(starts, starts + steps) - farthest - 0.5).ceil_()
    covered = starts.new_zeros(FINE**2 * plane)
    within = torch.arange(window, device=starts.device)
    where = corner.long() + window, layer * (n_rows * n_columns), reach[layer]
    size = max(1, _held(WINDOW_CHUNK, starts.device) // window**2)
    pieces = (part.split(size) for part in (*where, corner + 0.5 - starts, steps))
    for at, base, own_reach, to, step in zip(*pieces, strict=True):
        index = (rows[at[:, 1:] + within] + base.unsqueeze(1)).unsqueeze(2)
        index = index + columns[at[:, :1] + within].unsqueeze(1)
        depth = _squared(to, step, window).sqrt_().neg_().add_(own_reach.view(-1, 1, 1))
        covered.scatter_reduce_(0, index.view(-1), depth.clamp_(0, EDGE).view(-1), "amax")
    covered = covered.view(FINE**2, len(reach), n_rows, n_columns).sum(0)
    return covered[:, :-1, :-1] / (EDGE * FINE**2)


def _places(n_pixels: int, window: int, plane: int, stride: int, device: torch.device) -> Tensor:
    """Return where the lines of the grid lie in memory: pixel by pixel, in planes."""
    line = torch.arange(-window, FINE * n_pixels + window, device=device)
    is_outside = (line < 0) | (line >= FINE * n_pixels)
    pixel = (line // FINE).masked_fill_(is_outside, n_pixels)
    return line % FINE * plane + pixel * stride


def _cut(
    starts: Tensor, steps: Tensor, layer: Tensor, longest: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Cut segments into pieces of one window's size."""
    n_pieces = (steps.norm(dim=1) / longest).ceil_().clamp_(min=1).long()
    segment = torch.repeat_interleave(n_pieces)
    place = torch.arange(len(segment), device=steps.device)
    place = place - (n_pieces.cumsum(0) - n_pieces)[segment]
    steps = (steps / n_pieces.unsqueeze(1))[segment]
    return layer[segment], starts[segment] + steps * place.unsqueeze(1), steps


def _squared(to: Tensor, step: Tensor, window: int) -> Tensor:
    """Return squared distances (m, window, window) to pieces that start ``-to`` from the corner."""
    to = to.unsqueeze(2) + torch.arange(window, device=to.device, dtype=to.dtype)  # (m, 2, window)
    x, y = to[:, 0].unsqueeze(1), to[:, 1].unsqueeze(2)
    share = step / step.square().sum(1, keepdim=True).clamp_(min=1e-9)
    t = (x * share[:, 0].view(-1, 1, 1)).add(y * share[:, 1].view(-1, 1, 1))
    t.clamp_(0, 1)  # 0 at the start, 1 at the end
    off_x = torch.addcmul(x, t, step[:, 0].view(-1, 1, 1), value=-1)
    off_y = torch.addcmul(y, t, step[:, 1].view(-1, 1, 1), value=-1)
    return off_x.square_().addcmul_(off_y, off_y)
