"""Augmentation of drawings that are stored as strokes, and become images batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from .._checks import ParametersMixin, is_finite_number
from .._image_shape import SMALLEST_SIDE
from ..exceptions import InvalidParameterError
from ._batch import check_draw, check_drawn, to_device
from ._policy import AugmentationPolicy, check_ranges
from ._protocol import Augmentation, check_bound, validate_part
from ._stroke_changes import drop_strokes, drop_tails, shake
from ._stroke_ink import StrokeInk, check_strokes

# Parameter: lowest value, highest value, what it is.
RANGES = {
    "drop_stroke": (0, 1, "a probability"),
    "drop_tail": (0, 1, "a share of a stroke's length"),
    "jitter": (0, inf, "a distance in units of the 256 box"),
    "width": (0, inf, "a relative change of width"),
}


class StrokeDraw(NamedTuple):
    """What was drawn for a batch of n drawings, on the CPU; None for what is switched off."""

    is_lost: torch.Tensor | None = None  # (n, P), bool: the k-th stroke, unless it is the longest
    tail: torch.Tensor | None = None  # (n, P), share of its length that the k-th stroke loses
    offset: torch.Tensor | None = None  # (n, 2, P), in units of the 256 box
    width: torch.Tensor | None = None  # (n,), factor
    then: object = None  # the draw of the policy that changes the images afterwards


class StrokeAugmentation(ParametersMixin, BaseEstimator):
    """Random changes of drawings stored as strokes, which become new images in each epoch.

    In strokes, unlike in images, it is known where one line ends and the next one begins. So single
    strokes, points and the pen can be changed, and the new image is as sharp as the original one. A
    classifier with this policy expects packed strokes as X. Its network receives images.

    Parameters
    ----------
    drop_stroke : float, default=0.1
        Probability with which each stroke is left out; 0 to 1. The longest stroke always stays.
    drop_tail : float, default=0.2
        Each stroke loses a random share of its length at its end, up to this value; 0 to 1.
    jitter : float, default=2.0
        Standard deviation of the random displacement of each point along each axis, in the units of
        the coordinates (0 to 255); at least 0. Points stay within 0 to 255.
    width : float, default=0.25
        Largest relative change of the width of the line; at least 0. With the value w, the factor
        is drawn log-uniformly from [1 / (1 + w), 1 + w].
    then : {'sketch'}, Augmentation or None, default='sketch'
        Augmentation of the images after they are drawn, such as turning, moving and resizing. If it
        is an object, its parameters can be set through this policy, for example ``then__rotation``.
    side : int, default=28
        Height and width of the images, in pixels; at least 8.
    line_width, margin : float, default=16.0
        Width of the line (above 0), and width of the empty margin on each side (at least 0). Both
        are in the units of the coordinates (0 to 255), as for
        :func:`skquickdraw.datasets.rasterize`.

    See Also
    --------
    skquickdraw.datasets.pack_strokes : Makes X from drawings.
    AugmentationPolicy : Random changes of images.

    Notes
    -----
    As in :class:`AugmentationPolicy`, :meth:`draw` draws random parameters from a generator on the
    CPU, and :meth:`apply` is a pure function that runs on any device. The same random numbers are
    drawn even if some changes of the strokes are switched off. The numbers of ``then`` are drawn
    last.

    First, strokes are left out. Then the ends of strokes are cut off, and then the points are
    moved. The result is drawn and centred like any other drawing. A change of the width of the line
    does not change the scale of the drawing.

    For predictions, and to compute the mean and standard deviation of the pixels, a classifier
    draws the strokes without changes, with :attr:`ink`. These images are the same as those of
    :func:`skquickdraw.datasets.rasterize`.

    References
    ----------
    Yu, Yang, Liu, Song, Xiang & Hospedales, 2017, Sketch-a-Net: A Deep Neural Network that Beats
    Humans. doi:10.1007/s11263-016-0932-3 (They remove strokes by their length and order.)

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.augmentation import StrokeAugmentation
    >>> policy = StrokeAugmentation(drop_stroke=0.2, then=None)
    >>> corner = [[0.0, 255, 255, 0], [0, 0, 255, 0], [1, 1, 2, 0]]  # x, y, pen of 3 points
    >>> strokes = torch.tensor(corner).expand(8, 1, 3, 4)
    >>> policy(strokes, torch.Generator().manual_seed(0)).shape
    torch.Size([8, 1, 28, 28])
    """

    def __init__(
        self,
        drop_stroke: float = 0.1,
        *,
        drop_tail: float = 0.2,
        jitter: float = 2.0,
        width: float = 0.25,
        then: Augmentation | str | None = "sketch",
        side: int = 28,
        line_width: float = 16.0,
        margin: float = 16.0,
    ):
        self.drop_stroke = drop_stroke
        self.drop_tail = drop_tail
        self.jitter = jitter
        self.width = width
        self.then = then
        self.side = side
        self.line_width = line_width
        self.margin = margin

    def _named_objects(self) -> Mapping[str, Mapping[str, Callable[[], object]]]:
        return {"then": {"sketch": AugmentationPolicy}}

    @property
    def ink(self) -> StrokeInk:
        """A function that draws unchanged strokes (n, 1, 3, P) as images (n, 1, side, side)."""
        return StrokeInk(int(self.side), float(self.line_width), float(self.margin))

    @property
    def horizontal_flip(self) -> float | str:
        """Probability that ``then`` mirrors an image, or 'auto' if that is not decided yet."""
        policy = self._picture_policy()
        return getattr(policy, "horizontal_flip", 0.0)

    def validate(self) -> None:
        """Check the range of every parameter.

        Raises
        ------
        InvalidParameterError
            If a parameter is out of its range. The message names the parameter and its range.
        """
        check_ranges(self, RANGES)
        _check_paper(self)
        policy = self._picture_policy()
        if policy is not None:
            validate_part("StrokeAugmentation", policy)

    def bind(self, strokes: NDArray[np.number], codes: NDArray[np.int64]) -> StrokeAugmentation:
        """Return the augmentation for a training set: with the mirroring of ``then`` decided.

        Parameters
        ----------
        strokes : ndarray of shape (n, 1, 3, P)
            Packed strokes; about 2,000 are enough.
        codes : int ndarray of shape (n,)
            Classes from 0.

        Returns
        -------
        augmentation : StrokeAugmentation
            The same object, if ``then`` has nothing to decide.
        """
        policy: Any = self._picture_policy()
        if not hasattr(policy, "bind"):
            return self
        images = self.ink(torch.as_tensor(np.ascontiguousarray(strokes)).float()).numpy()
        bound = check_bound(policy, policy.bind(images, codes))
        return self if bound is policy else clone(self).set_params(then=bound)

    def check(self, strokes: object) -> None:
        """Check that a batch, a tensor or an array, holds packed strokes (n, 1, 3, P).

        Raises
        ------
        InvalidImagesError
            If the shape is another one, a coordinate lies outside 0 to 256, a value of the pen is
            not 0, 1 or 2, or a stroke has no end.
        """
        check_strokes(strokes)

    def draw(
        self,
        n_samples: int,
        image_shape: tuple[int, int, int],
        generator: torch.Generator | None = None,
    ) -> StrokeDraw:
        """Draw the changes of a batch.

        Parameters
        ----------
        n_samples : int
        image_shape : (1, 3, P)
            Of a drawing's packed strokes.
        generator : torch.Generator on the CPU, default=None
            None draws from torch's global generator.

        Returns
        -------
        draw : StrokeDraw

        Raises
        ------
        InvalidParameterError
            If a parameter is out of its range, or ``then`` is 'sketch' or still has an 'auto': call
            :meth:`bind` before.
        """
        self.validate()
        check_draw("StrokeAugmentation", n_samples, generator, image_shape)
        n_points = image_shape[2]
        uniform = torch.rand((n_samples, 2 * n_points + 1), generator=generator)
        normal = torch.randn((n_samples, 2, n_points), generator=generator)
        lot, tail, width = uniform.split([n_points, n_points, 1], dim=1)
        policy, picture_shape = self._picture_policy(), self.ink.image_shape
        return StrokeDraw(
            is_lost=lot < self.drop_stroke if self.drop_stroke else None,
            tail=tail * self.drop_tail if self.drop_tail else None,
            offset=normal * self.jitter if self.jitter else None,
            width=(1.0 + self.width) ** (2 * width[:, 0] - 1) if self.width else None,
            then=policy.draw(n_samples, picture_shape, generator) if policy is not None else None,
        )

    def apply(self, strokes: torch.Tensor, draw: StrokeDraw) -> torch.Tensor:
        """Change a batch as drawn, and draw its images.

        Parameters
        ----------
        strokes : tensor of shape (n, 1, 3, P), on any device
            Float or uint8. The tensor is not changed.
        draw : StrokeDraw
            From :meth:`draw` with the same n and P.

        Returns
        -------
        images : float tensor of shape (n, 1, side, side)
            Values from 0 to 255.

        Raises
        ------
        InvalidImagesError
            If ``strokes`` are not packed strokes, or have another n than ``draw``.
        """
        strokes = self.change(strokes, draw)
        width = None if draw.width is None else to_device(draw.width, strokes)
        images = self.ink(strokes, width)
        policy = self._picture_policy()
        return images if policy is None else policy.apply(images, draw.then)

    def change(self, strokes: torch.Tensor, draw: StrokeDraw) -> torch.Tensor:
        """Change the strokes of a batch as drawn, and return them packed as before."""
        check_strokes(strokes)
        drawn = (draw.is_lost, draw.tail, draw.offset, draw.width)
        check_drawn("StrokeAugmentation", strokes, *drawn)
        if not strokes.is_floating_point():
            strokes = strokes.float()
        points, pen = strokes[:, 0, :2], strokes[:, 0, 2]
        if draw.is_lost is not None:
            pen = drop_strokes(points, pen, to_device(draw.is_lost, strokes))
        if draw.tail is not None:
            points, pen = drop_tails(points, pen, to_device(draw.tail, strokes))
        if draw.offset is not None:
            points = shake(points, to_device(draw.offset, strokes))
        return torch.cat([points, pen.unsqueeze(1)], 1).unsqueeze(1)

    def __call__(
        self, strokes: torch.Tensor, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Draw the changes of a batch, and apply them."""
        self.check(strokes)
        n_points = strokes.shape[3]
        return self.apply(strokes, self.draw(len(strokes), (1, 3, n_points), generator))

    def _picture_policy(self) -> Augmentation | None:
        if self.then == "sketch":
            return AugmentationPolicy()
        return self.then  # type: ignore[return-value]  # validate has refused other names


def _check_paper(policy: StrokeAugmentation) -> None:
    """Raise if ``then``, the side, the line's width or the margin is invalid."""
    then = policy.then
    is_named = then is None or (isinstance(then, str) and then == "sketch")
    is_other = isinstance(then, type | StrokeAugmentation) or not isinstance(then, Augmentation)
    if not is_named and is_other:
        raise InvalidParameterError(
            "StrokeAugmentation: then must be an AugmentationPolicy, 'sketch' or None, got "
            f"{then!r}. Any object with draw and apply that changes images will do; then=None "
            "changes only the strokes."
        )
    for name, kind, least, rule in [
        ("side", Integral, SMALLEST_SIDE, f"an int of at least {SMALLEST_SIDE}, in pixels"),
        ("line_width", Real, 1e-6, "a finite number above 0"),
        ("margin", Real, 0, "a finite number of at least 0"),
    ]:
        value = getattr(policy, name)
        is_right = isinstance(value, kind) and is_finite_number(value)
        if not is_right or value < least:
            raise InvalidParameterError(
                f"StrokeAugmentation: {name} must be {rule}, got {value!r}. Leave it out for "
                "images like Google's bitmaps."
            )
