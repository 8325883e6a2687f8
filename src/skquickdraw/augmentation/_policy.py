"""The random changes that an image may undergo, as one object with scikit-learn parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from .._checks import ParametersMixin, is_finite_number
from ..exceptions import InvalidParameterError
from ._affine import N_UNIFORM, AffineDraw, draw_affine
from ._batch import check_batch, check_draw, check_drawn
from ._elastic import draw_elastic
from ._ink import N_UNIFORM_ERASING, change_thickness, draw_erasing, erase
from ._mirror import compare_with_mirror
from ._warp import warp

# Parameter: lowest value, highest value, what it is.
RANGES = {
    "rotation": (0, 180, "an angle in degrees"),
    "horizontal_flip": (0, 1, "a probability"),
    "shift": (0, 1, "a fraction of the side"),
    "scale": (0, inf, "a relative change of size"),
    "shear": (0, 44, "an angle in degrees"),
    "elastic": (0, inf, "a displacement in pixels"),
    "thickness": (0, 1, "a change of radius in pixels"),
    "erasing": (0, 1, "a probability"),
}
FLIP_RATE = 0.5  # where 'auto' finds that mirrored images keep their class
AFFINE = ("rotation", "horizontal_flip", "shift", "scale", "shear")


class AugmentationDraw(NamedTuple):
    """What was drawn for a batch of n images, on the CPU; None for what is switched off."""

    affine: AffineDraw | None = None
    elastic: torch.Tensor | None = None  # (n, 2, n_nodes), pixels
    thickness: torch.Tensor | None = None  # (n,), pixels
    box: torch.Tensor | None = None  # (n, 4): top, left, height (0: not erased), width, pixels


class AugmentationPolicy(ParametersMixin, BaseEstimator):
    """Random changes of images that do not change their class.

    In every epoch, each image is moved, turned and resized slightly, each time in another way. So a
    network needs fewer training images to reach the same accuracy. The defaults are those of the
    policy named ``'sketch'``. A value of 0 switches a change off. The policy is a parameter of an
    estimator, so a search can set, for example, ``augmentation__rotation``.

    Parameters
    ----------
    rotation : float, default=15.0
        Largest angle, in degrees, either way; 0 to 180.
    horizontal_flip : float or 'auto', default='auto'
        Probability of mirroring left to right; 0 to 1. With 'auto', :meth:`bind` decides from the
        training rows. It is 0.5 if mirrored images keep their class, as most drawings and
        photographs do. It is 0 if they do not, as for letters, digits and arrows, or if the
        training rows do not show it clearly.
    shift : float, default=0.08
        Largest shift along each axis, as a fraction of the image's side; 0 to 1.
    scale : float, default=0.15
        Largest relative change of the size; at least 0. With the value s, the factor is drawn
        log-uniformly from [1 / (1 + s), 1 + s].
    shear : float, default=8.0
        Largest shear along each axis, in degrees; 0 to 44.
    elastic : float, default=0.0
        Strength of a random, smooth bending of the image: the root mean square distance by which
        the pixels move, in pixels; at least 0. For sketches of 28 x 28 pixels, good values are 0.5
        to 1.5.
    thickness : float, default=0.0
        Largest change of the stroke radius, in pixels, thicker or thinner; 0 to 1.
    erasing : float, default=0.0
        Probability of blanking a random box; 0 to 1.
    erasing_area : (float, float), default=(0.02, 0.2)
        Smallest and largest share of the image that a box blanks; above 0, up to 1. If such a box
        fits into the image, its height is 0.3 to 3.3 times its width, before both are rounded to
        whole pixels.

    See Also
    --------
    resolve_augmentation : The policy behind a name.
    MixUp, CutMix : Changes that mix two images, and their targets.

    Notes
    -----
    :meth:`draw` draws random parameters from a generator on the CPU. :meth:`apply` is a pure
    function that runs on any device, so a GPU gives the same images as a CPU, up to rounding. The
    same random numbers are drawn even if some changes are switched off. Only ``elastic`` is an
    exception: its numbers are drawn last, and only if it is not 0. So ``elastic`` changes the
    random numbers of all later batches.

    First, the thickness of the strokes is changed. Then all changes that move pixels are made, with
    a single bilinear interpolation. Finally, a box is erased. It is filled with the background, and
    not with noise as in Zhong et al.

    References
    ----------
    Simard, Steinkraus & Platt, 2003, Best Practices for Convolutional Neural Networks Applied to
    Visual Document Analysis. doi:10.1109/ICDAR.2003.1227801

    Zhong, Zheng, Kang, Li & Yang, 2017, Random Erasing Data Augmentation. arXiv:1708.04896

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.augmentation import AugmentationPolicy
    >>> policy = AugmentationPolicy(rotation=30, horizontal_flip=0.5)
    >>> images = torch.rand(8, 1, 28, 28)
    >>> policy(images, torch.Generator().manual_seed(0)).shape
    torch.Size([8, 1, 28, 28])
    >>> draw = policy.draw(8, (1, 28, 28), torch.Generator().manual_seed(0))
    >>> draw.affine.angle.rad2deg().abs().max() <= 30
    tensor(True)
    """

    def __init__(
        self,
        rotation: float = 15.0,
        *,
        horizontal_flip: float | str = "auto",
        shift: float = 0.08,
        scale: float = 0.15,
        shear: float = 8.0,
        elastic: float = 0.0,
        thickness: float = 0.0,
        erasing: float = 0.0,
        erasing_area: tuple[float, float] = (0.02, 0.2),
    ):
        self.rotation = rotation
        self.horizontal_flip = horizontal_flip
        self.shift = shift
        self.scale = scale
        self.shear = shear
        self.elastic = elastic
        self.thickness = thickness
        self.erasing = erasing
        self.erasing_area = erasing_area

    @property
    def is_identity(self) -> bool:
        """Whether all changes are switched off, so that ``apply`` returns the same images."""
        return not any(getattr(self, name) for name in RANGES)

    def validate(self) -> None:
        """Check the range of every parameter.

        Raises
        ------
        InvalidParameterError
            If a parameter is out of its range. The message names the parameter and its range.
        """
        ranges = dict(RANGES)
        if isinstance(self.horizontal_flip, str) and self.horizontal_flip == "auto":
            del ranges["horizontal_flip"]
        check_ranges(self, ranges)
        _check_area(self.erasing_area)

    def bind(self, images: NDArray[np.number], codes: NDArray[np.int64]) -> AugmentationPolicy:
        """Return the policy for a training set: with ``horizontal_flip='auto'`` decided.

        Estimators call this in ``fit``, on training rows only.

        Parameters
        ----------
        images : ndarray of shape (n, C, H, W)
            About 2,000 training images are enough.
        codes : int ndarray of shape (n,)
            Classes from 0.

        Returns
        -------
        policy : AugmentationPolicy
            This policy itself, if ``horizontal_flip`` is a number.

        Raises
        ------
        InvalidParameterError
            If a parameter is out of its range.

        Notes
        -----
        The rows are divided into two halves. Each half is classified by its nearest neighbours in
        the other half, once as it is and once mirrored. Images are mirrored in training under three
        conditions: the mean recall of the original images is at least 1.5 times that of guessing,
        the mean recall of mirrored images is at least 0.6 times that of the original images, and no
        two classes are exchanged by mirroring, as b and d are.
        """
        self.validate()
        if self.horizontal_flip != "auto":
            return self
        keeps_class = compare_with_mirror(images, codes).keeps_class
        return clone(self).set_params(horizontal_flip=FLIP_RATE if keeps_class else 0.0)

    def draw(
        self,
        n_samples: int,
        image_shape: tuple[int, int, int],
        generator: torch.Generator | None = None,
    ) -> AugmentationDraw:
        """Draw the changes of a batch.

        Parameters
        ----------
        n_samples : int
        image_shape : (C, H, W)
        generator : torch.Generator on the CPU, default=None
            None draws from torch's global generator.

        Returns
        -------
        draw : AugmentationDraw

        Raises
        ------
        InvalidParameterError
            If a parameter is out of its range, or ``horizontal_flip`` is still 'auto': call
            :meth:`bind` before.
        """
        self.validate()
        if isinstance(self.horizontal_flip, str):  # validate has refused all but 'auto'
            raise InvalidParameterError(
                "AugmentationPolicy: horizontal_flip='auto' is decided by training rows, of which "
                "draw has none. Call bind(images, codes) first, or give a number such as "
                "horizontal_flip=0.5."
            )
        check_draw("AugmentationPolicy", n_samples, generator, image_shape)
        size = image_shape[1], image_shape[2]
        uniform = torch.rand((N_UNIFORM + 1 + N_UNIFORM_ERASING, n_samples), generator=generator)
        moves, stroke, box = uniform.split([N_UNIFORM, 1, N_UNIFORM_ERASING])
        affine = {name: getattr(self, name) for name in AFFINE}
        return AugmentationDraw(
            affine=draw_affine(moves, size, **affine) if any(affine.values()) else None,
            thickness=(2 * stroke[0] - 1) * self.thickness if self.thickness else None,
            box=draw_erasing(box, size, self.erasing, self.erasing_area) if self.erasing else None,
            elastic=draw_elastic(n_samples, self.elastic, generator) if self.elastic else None,
        )

    def apply(self, images: torch.Tensor, draw: AugmentationDraw) -> torch.Tensor:
        """Change a batch as drawn.

        Parameters
        ----------
        images : float tensor of shape (n, C, H, W), on any device
            Their background must be 0, because pixels that come in from outside are filled with 0.
            The tensor is not changed.
        draw : AugmentationDraw
            From :meth:`draw` with the same n and (C, H, W).

        Returns
        -------
        images : float tensor of shape (n, C, H, W)
            The same tensor, if all changes are switched off.

        Raises
        ------
        InvalidImagesError
            If ``images`` is not a floating-point tensor with four axes, or has another n than
            ``draw``.
        """
        check_batch("AugmentationPolicy", images)
        turns = None if draw.affine is None else draw.affine.angle
        drawn = (turns, draw.elastic, draw.thickness, draw.box)
        check_drawn("AugmentationPolicy", images, *drawn)
        if draw.thickness is not None:
            images = change_thickness(images, draw.thickness)
        images = warp(images, draw.affine, draw.elastic)
        if draw.box is not None:
            images = erase(images, draw.box)
        return images

    def __call__(
        self, images: torch.Tensor, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Draw the changes of a batch, and apply them."""
        check_batch("AugmentationPolicy", images)
        n_samples, channels, height, width = images.shape
        return self.apply(images, self.draw(n_samples, (channels, height, width), generator))


def check_ranges(policy: object, ranges: Mapping[str, tuple[float, float, str]]) -> None:
    """Refuse a parameter that is not a number, or out of its range (low, high, kind)."""
    for name, (low, high, kind) in ranges.items():
        value = getattr(policy, name)
        if not is_finite_number(value) or not low <= value <= high:
            upto = f"from {low} to {high}" if high < inf else f"finite and at least {low}"
            raise InvalidParameterError(
                f"{type(policy).__name__}: {name} must be {kind}, {upto}, got {value!r}. Use "
                f"{name}=0 to switch it off."
            )


def _check_area(area: Sequence[float]) -> None:
    try:
        low, high = area
        valid = 0 < low <= high <= 1
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise InvalidParameterError(
            "AugmentationPolicy: erasing_area must be (smallest, largest) share of the image, "
            f"with 0 < smallest <= largest <= 1, got {area!r}. Use erasing=0 to switch erasing off."
        )
