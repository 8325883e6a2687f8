"""Images from packed strokes, a batch at a time; the data sets' rasteriser makes the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from .._rasterizer import BOX, pixels_per_unit, rasterize_segments
from ..exceptions import InvalidImagesError

NOTHING, GOES_ON, ENDS = 0, 1, 2  # what the pen does at a point


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
        shape = self.side, self.side
        scale = pixels_per_unit(shape, self.line_width, self.margin)
        points, pen = strokes[:, 0, :2].float(), strokes[:, 0, 2]
        # Centred as by the data sets' rasteriser: by the middle of 0 and the largest coordinate.
        largest = (points * (pen != NOTHING).unsqueeze(1)).amax(2, keepdim=True)
        points = scale * points + (self.side - scale * largest) / 2
        radius = torch.full((len(strokes),), scale * self.line_width / 2, device=strokes.device)
        images = rasterize_segments(
            *_segments(points, pen),
            n_images=len(strokes),
            shape=shape,
            radius=radius if width is None else radius * width,
        )
        return images.unsqueeze(1)


def check_strokes(strokes: Any) -> None:
    """Refuse anything but a batch of packed strokes, as a tensor or an array.

    Raises
    ------
    InvalidImagesError
        If the shape is not (n, 1, 3, P), a coordinate lies outside 0 to 256, or the pen's row holds
        other values than 0, 1 and 2, or a stroke that goes on but has no next point.
    """
    if strokes.ndim != 4 or tuple(strokes.shape[1:3]) != (1, 3):
        raise InvalidImagesError(
            "StrokeAugmentation: X must hold packed strokes, three rows (x, y, pen) a drawing, but "
            f"a row of X was read as (channels, height, width) = {tuple(strokes.shape[1:])}. Pack "
            "drawings by pack_strokes; for flat rows, set image_shape=(3, n_points)."
        )
    points, pen = strokes[:, 0, :2], strokes[:, 0, 2]
    # Compared as Python's numbers: torch would convert 256 to uint8, as 0. NaN is refused too.
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


def _segments(points: Tensor, pen: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return starts and ends (m, 2), the stroke (m,) of each, and the drawing of each stroke.

    A stroke of one point is a segment from this point to itself.
    """
    goes_on, ends = pen == GOES_ON, pen == ENDS
    comes_on = pad(goes_on[:, :-1], (1, 0))
    owner, first = torch.nonzero(goes_on | (ends & ~comes_on), as_tuple=True)
    second = first + goes_on[owner, first].long()
    stroke = (ends.view(-1).cumsum(0).view(ends.shape) - ends.long())[owner, first]
    drawing = torch.nonzero(ends, as_tuple=True)[0]
    return points[owner, :, first], points[owner, :, second], stroke, drawing
