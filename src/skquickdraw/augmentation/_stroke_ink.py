"""Images from packed strokes, a batch at a time, with the same pen as ``datasets.rasterize``.

A pixel is covered as far as it lies within the line's radius of a stroke. Distances are computed on
a grid twice as fine as the image, in small windows around short pieces of the strokes, and each
grid point keeps the smallest. So memory and time grow with the length of the strokes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from ..exceptions import InvalidImagesError

BOX = 256  # side of the box that coordinates lie in
NOTHING, GOES_ON, ENDS = 0, 1, 2  # what the pen does at a point

FINE = 2  # grid steps a pixel
EDGE = 1.0  # width of the soft edge in grid steps, fitted once to the data sets' rasteriser
CHUNK = 2**19  # grid points held at a time: this much float32 stays in a core's cache


@dataclass(frozen=True)
class StrokeInk:
    """Pen and paper: how packed strokes (n, 1, 3, P) become images (n, 1, side, side)."""

    side: int = 28
    line_width: float = 16.0
    margin: float = 16.0

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the images."""
        return 1, self.side, self.side

    def __call__(self, strokes: Tensor, width: Tensor | None = None) -> Tensor:
        """Draw a batch; ``width`` (n,) are factors on the width of the line, None is 1."""
        check_strokes(strokes)
        if width is None:
            width = strokes.new_ones(len(strokes))
        size = max(1, CHUNK // (FINE * self.side) ** 2)
        parts = zip(strokes[:, 0].split(size), width.split(size), strict=True)
        return torch.cat([self._draw(part, factor) for part, factor in parts])

    def _draw(self, strokes: Tensor, width: Tensor) -> Tensor:
        scale = FINE * self.side / (BOX + 2 * self.margin + self.line_width)
        reach = scale * self.line_width / 2 * width + EDGE / 2  # (n,)
        points, pen = scale * strokes[:, :2], strokes[:, 2]
        # As the data sets' rasteriser: centred by the middle between 0 and the largest coordinate.
        largest = (points * (pen != NOTHING).unsqueeze(1)).amax(2, keepdim=True)
        points = points + (FINE * self.side - largest) / 2
        distance = _nearest(points, pen, FINE * self.side, max(reach.tolist(), default=EDGE))
        covered = ((reach.view(-1, 1, 1) - distance) / EDGE).clamp_(0, 1)
        return avg_pool2d(covered.mul_(255).unsqueeze(1), FINE)  # (n, 1, side, side)


def check_strokes(strokes: Any) -> None:
    """Refuse anything but a batch of packed strokes, as a tensor or an array.

    Raises
    ------
    InvalidImagesError
        If the shape is not (n, 1, 3, P), a coordinate lies outside 0 to 256, or the pen's row holds
        other values than 0, 1 and 2, or a stroke that goes on to no point.
    """
    if strokes.ndim != 4 or tuple(strokes.shape[1:3]) != (1, 3):
        raise InvalidImagesError(
            "StrokeAugmentation: X must hold packed strokes, three rows (x, y, pen) a drawing, but "
            f"a row of X was read as (channels, height, width) = {tuple(strokes.shape[1:])}. Pack "
            "drawings by pack_strokes; for flat rows, set image_shape=(3, n_points)."
        )
    points, pen = strokes[:, 0, :2], strokes[:, 0, 2]
    # As Python's numbers: torch would take 256 for 0 beside uint8. NaN is in no range.
    if len(points) and not 0 <= float(points.min()) <= float(points.max()) <= BOX:
        raise InvalidImagesError(
            f"StrokeAugmentation: coordinates must lie in 0..{BOX}, as in the simplified format; "
            f"got values from {float(points.min()):g} to {float(points.max()):g}. Leave packed "
            "strokes as pack_strokes made them."
        )
    goes_on = pen == GOES_ON
    known = goes_on | (pen == NOTHING) | (pen == ENDS)
    leads_nowhere = goes_on[:, :-1] & (pen[:, 1:] == NOTHING)
    if not known.all() or leads_nowhere.any() or goes_on[:, -1:].any():
        raise InvalidImagesError(
            "StrokeAugmentation: the third row, the pen, must be 1 where a stroke goes on to the "
            "next point, 2 where it ends and 0 where there is no point; got other values, or a "
            "stroke without an end. Leave packed strokes as pack_strokes made them."
        )


def _nearest(points: Tensor, pen: Tensor, side: int, reach: float) -> Tensor:
    """Return each pixel's distance to the nearest ink, (n, side, side); at most ``reach``."""
    longest = max(1.0, 2 * reach)
    owner, start, step = _cut(*_segments(points, pen), longest)
    window = ceil(longest + 2 * reach) + 1
    width = side + 2 * window  # a border on either side takes the windows that reach beyond
    corner = (torch.minimum(start, start + step) - reach - 0.5).ceil_()
    column, row = (corner.long() + window).unbind(1)
    place = (owner * width + row) * width + column
    grid = torch.arange(window, device=points.device)
    grid = (grid.unsqueeze(1) * width + grid).view(1, -1)
    nearest = points.new_full((len(points) * width * width,), reach**2)
    pieces, size = (place, corner + 0.5 - start, step), max(1, CHUNK // window**2)
    for at, to, along in zip(*(part.split(size) for part in pieces), strict=True):
        index = (at.unsqueeze(1) + grid).view(-1)
        nearest.scatter_reduce_(0, index, _window(to, along, window).view(-1), "amin")
    inside = slice(window, -window)
    return nearest.view(-1, width, width)[:, inside, inside].sqrt()


def _segments(points: Tensor, pen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return owner (m,), start and step (m, 2); a stroke of one point is a segment to itself."""
    goes_on = pen == GOES_ON
    comes_on = pad(goes_on[:, :-1], (1, 0))
    owner, first = torch.nonzero(goes_on | ((pen == ENDS) & ~comes_on), as_tuple=True)
    second = first + goes_on[owner, first].long()
    start = points[owner, :, first]
    return owner, start, points[owner, :, second] - start


def _cut(
    owner: Tensor, start: Tensor, step: Tensor, longest: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Cut segments into pieces of one window's size."""
    n_pieces = (step.norm(dim=1) / longest).ceil_().clamp_(min=1).long()
    segment = torch.repeat_interleave(n_pieces)
    place = torch.arange(len(segment), device=step.device)
    place = place - (n_pieces.cumsum(0) - n_pieces)[segment]
    step = (step / n_pieces.unsqueeze(1))[segment]
    return owner[segment], start[segment] + step * place.unsqueeze(1), step


def _window(to: Tensor, step: Tensor, size: int) -> Tensor:
    """Return squared distances (m, size, size) to pieces that start ``-to`` from the corner."""
    to = to.unsqueeze(2) + torch.arange(size, device=to.device, dtype=to.dtype)  # (m, 2, size)
    x, y = to[:, 0].unsqueeze(1), to[:, 1].unsqueeze(2)
    step_x, step_y = step[:, 0].view(-1, 1, 1), step[:, 1].view(-1, 1, 1)
    squared = (step_x.square() + step_y.square()).clamp_(min=1e-9)
    t = (x * (step_x / squared) + y * (step_y / squared)).clamp_(0, 1)  # 0 at the start, 1 at end
    return (x - t * step_x).square_().add_((y - t * step_y).square_())
