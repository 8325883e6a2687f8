"""What a hasty hand does to strokes: leave some out, end them early, miss some points.

All functions are pure, on points (n, 2, P) and the pen (n, P) of packed strokes. Strokes of a
drawing count from 0.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from ._stroke_ink import ENDS, GOES_ON, NOTHING

LARGEST = 255.0  # coordinate: a changed drawing is still one of the simplified format


def drop_strokes(points: Tensor, pen: Tensor, is_lost: Tensor) -> Tensor:
    """Take away the points of lost strokes, and return the pen.

    Parameters
    ----------
    points : tensor of shape (n, 2, P)
    pen : tensor of shape (n, P)
    is_lost : bool tensor of shape (n, P)
        Whether each drawing's k-th stroke is lost. The longest one always stays: without it many
        drawings show nothing.
    """
    number = _stroke_numbers(pen)
    total = torch.zeros_like(pen).scatter_add(1, number, _lengths(points, pen))
    is_lost = is_lost.scatter(1, total.argmax(1, keepdim=True), False)
    return pen.masked_fill(is_lost.gather(1, number), NOTHING)


def drop_tails(points: Tensor, pen: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """End each drawing's k-th stroke early, by a ``share`` (n, P) of its length.

    Returns
    -------
    points : tensor of shape (n, 2, P)
        Where a stroke was cut, its next point lies at the cut.
    pen : tensor of shape (n, P)
    """
    number, length = _stroke_numbers(pen), _lengths(points, pen)
    behind = pad(length.cumsum(1)[:, :-1], (1, 0))  # up to each point, over all strokes
    begin = torch.full_like(behind, torch.inf).scatter_reduce(1, number, behind, "amin")
    total = torch.zeros_like(length).scatter_add(1, number, length)
    limit = torch.where(share > 0, begin + total * (1 - share), torch.inf).gather(1, number)
    stays = behind <= limit
    is_cut = (pen == GOES_ON) & stays & ~pad(stays[:, 1:], (0, 1), value=True)  # after this point
    part = torch.where(is_cut, (limit - behind) / length.clamp(min=1e-9), 0.0)
    cut = points[:, :, :-1] + part[:, None, :-1] * points.diff(dim=2)
    is_end = pad(is_cut[:, :-1], (1, 0))
    points = torch.where(is_end.unsqueeze(1), pad(cut, (1, 0)), points)
    return points, pen.masked_fill(~stays, NOTHING).masked_fill(is_end, ENDS)


def shake(points: Tensor, offset: Tensor) -> Tensor:
    """Move points by offsets (n, 2, P) in units of the box, and clip them to the box."""
    return (points + offset).clamp(0, LARGEST)


def _stroke_numbers(pen: Tensor) -> Tensor:
    """Return the stroke (n, P) that each point belongs to."""
    ends = (pen == ENDS).long()
    return ends.cumsum(1) - ends


def _lengths(points: Tensor, pen: Tensor) -> Tensor:
    """Return the length (n, P) of the line from each point to the next; 0 where there is none."""
    return pad(points.diff(dim=2).norm(dim=1), (0, 1)) * (pen == GOES_ON)
