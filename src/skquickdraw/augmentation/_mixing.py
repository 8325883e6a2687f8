"""Mixing two images of a batch, and their targets in the same proportion."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from sklearn.base import BaseEstimator

from .._checks import ParametersMixin, is_finite_number
from .._random import MAX_SEED
from ..exceptions import InvalidParameterError, InvalidTargetsError
from ._batch import box_mask, check_batch, check_draw, check_drawn, to_device


class MixingDraw(NamedTuple):
    """Which images of a batch of n are mixed, and how much. All tensors are on the CPU."""

    partner: torch.Tensor  # (n,), int64: a permutation of the batch
    share: torch.Tensor  # (n,), from 0 to 1: lambda, what an image keeps of itself
    box: torch.Tensor | None = None  # (n, 4): top, left, height, width, pixels


class _Mixing(ParametersMixin, BaseEstimator):
    """What MixUp and CutMix share: alpha, and how targets mix."""

    def validate(self) -> None:
        """Check alpha.

        Raises
        ------
        InvalidParameterError
            If it is not a finite number above 0.
        """
        alpha = self.alpha
        if not is_finite_number(alpha) or alpha <= 0:
            raise InvalidParameterError(
                f"{type(self).__name__}: alpha must be a finite number above 0, got {alpha!r}. Use "
                "mixing=None to mix nothing."
            )

    def _draw_pairs(self, n_samples: int, generator: torch.Generator | None) -> MixingDraw:
        self.validate()
        check_draw(type(self).__name__, n_samples, generator)
        partner = torch.randperm(n_samples, generator=generator)
        # torch's Beta distribution takes no generator, numpy's does.
        seed = int(torch.randint(MAX_SEED, (), generator=generator))
        share = np.random.default_rng(seed).beta(self.alpha, self.alpha, n_samples)
        return MixingDraw(partner, torch.from_numpy(share).float())

    def _mix_targets(self, targets: torch.Tensor, draw: MixingDraw) -> torch.Tensor:
        if targets.ndim != 2 or len(targets) != len(draw.partner):
            raise InvalidTargetsError(
                f"{type(self).__name__}: targets must be rows of class probabilities, of shape "
                f"({len(draw.partner)}, n_classes), got {tuple(targets.shape)}. Turn labels into "
                "rows by torch.nn.functional.one_hot(labels, n_classes).float()."
            )
        share = to_device(draw.share, targets).to(targets.dtype).unsqueeze(1)
        return torch.lerp(targets[to_device(draw.partner, targets)], targets, share)


class MixUp(_Mixing):
    """Blend each image, and its target, with another one of the batch.

    A network that is trained on mixed images is less confident about images that are unlike all
    training images. This helps most if there are few training images.

    Parameters
    ----------
    alpha : float, default=0.2
        Above 0. Each image keeps a random share lambda, drawn from the Beta distribution
        Beta(alpha, alpha). With a small value, most images are mixed only a little. With 1, all
        shares are equally likely.

    Notes
    -----
    ``x = lambda * x_i + (1 - lambda) * x_j``, and the same for the targets, with one lambda per
    image; Zhang et al. draw one per batch.

    References
    ----------
    Zhang, Cisse, Dauphin & Lopez-Paz, 2018, mixup: Beyond Empirical Risk Minimization.
    arXiv:1710.09412

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.augmentation import MixUp
    >>> mixing = MixUp(alpha=0.4)
    >>> images, targets = torch.rand(4, 1, 28, 28), torch.eye(4)
    >>> draw = mixing.draw(4, (1, 28, 28), torch.Generator().manual_seed(0))
    >>> images, targets = mixing.apply(images, targets, draw)
    >>> torch.allclose(targets.sum(1), torch.ones(4))
    True
    """

    def __init__(self, alpha: float = 0.2):
        self.alpha = alpha

    def draw(
        self,
        n_samples: int,
        image_shape: tuple[int, int, int],
        generator: torch.Generator | None = None,
    ) -> MixingDraw:
        """Draw the partner and the share of each image in a batch.

        Parameters
        ----------
        n_samples : int
        image_shape : (C, H, W)
        generator : torch.Generator on the CPU, default=None
            None draws from torch's global generator.

        Returns
        -------
        draw : MixingDraw

        Raises
        ------
        InvalidParameterError
            If alpha is not a finite number above 0.
        """
        return self._draw_pairs(n_samples, generator)

    def apply(
        self, images: torch.Tensor, targets: torch.Tensor, draw: MixingDraw
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mix a batch as drawn.

        Parameters
        ----------
        images : float tensor of shape (n, C, H, W)
        targets : float tensor of shape (n, n_classes)
            Rows are mixed linearly, so rows with the sum 1 still have the sum 1.
        draw : MixingDraw
            From :meth:`draw` with the same n.

        Returns
        -------
        images, targets : tensors of the same shapes

        Raises
        ------
        InvalidImagesError, InvalidTargetsError
            If a shape does not fit, or images are not floating point. Of ``targets``, only the
            axes and the number of rows are checked.
        """
        check_batch("MixUp", images)
        check_drawn("MixUp", images, draw.partner)
        share = to_device(draw.share, images).to(images.dtype).view(-1, 1, 1, 1)
        mixed = torch.lerp(images[to_device(draw.partner, images)], images, share)
        return mixed, self._mix_targets(targets, draw)


class CutMix(_Mixing):
    """Replace a box in each image by a box of another image, and mix the targets by its area.

    So the network cannot rely on one typical detail of a class: this detail is often replaced by a
    part of the other image.

    Parameters
    ----------
    alpha : float, default=1.0
        Above 0. Each image keeps a random share lambda, drawn from the Beta distribution
        Beta(alpha, alpha). With 1, all shares are equally likely.

    Notes
    -----
    The sides of the box are those of the image times ``sqrt(1 - lambda)``. Its centre is any pixel,
    with equal probability. The box is cut off at the edges of the image, and lambda is corrected to
    the area that is really replaced. Each image has its own box and share; Yun et al. draw one per
    batch.

    References
    ----------
    Yun, Han, Oh, Chun, Choe & Yoo, 2019, CutMix: Regularization Strategy to Train Strong
    Classifiers with Localizable Features. arXiv:1905.04899

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.augmentation import CutMix
    >>> mixing = CutMix()
    >>> draw = mixing.draw(4, (1, 28, 28), torch.Generator().manual_seed(0))
    >>> images, targets = mixing.apply(torch.rand(4, 1, 28, 28), torch.eye(4), draw)
    >>> torch.allclose(targets.sum(1), torch.ones(4))
    True
    """

    def __init__(self, alpha: float = 1.0):
        self.alpha = alpha

    def draw(
        self,
        n_samples: int,
        image_shape: tuple[int, int, int],
        generator: torch.Generator | None = None,
    ) -> MixingDraw:
        """Draw partners, boxes and shares; parameters and results as in :meth:`MixUp.draw`.

        Raises
        ------
        InvalidParameterError
            If alpha is not a finite number above 0.
        """
        check_draw("CutMix", n_samples, generator, image_shape)
        pairs = self._draw_pairs(n_samples, generator)
        size = torch.tensor(image_shape[-2:])
        sides = ((1 - pairs.share).sqrt().unsqueeze(1) * size).long()  # (n, 2)
        centre = (torch.rand((n_samples, 2), generator=generator) * size).long()
        start = centre - sides // 2
        stop = (start + sides).minimum(size)
        start = start.clamp_(min=0)
        box = torch.cat([start, stop - start], 1)
        share = 1 - (stop - start).prod(1) / size.prod()
        return MixingDraw(pairs.partner, share, box)

    def apply(
        self, images: torch.Tensor, targets: torch.Tensor, draw: MixingDraw
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mix a batch as drawn; parameters, results and errors as in :meth:`MixUp.apply`.

        Raises
        ------
        InvalidParameterError
            If ``draw`` is from :meth:`MixUp.draw`, and so has no boxes.
        """
        check_batch("CutMix", images)
        check_drawn("CutMix", images, draw.partner)
        if draw.box is None:
            raise InvalidParameterError(
                "CutMix: draw must hold boxes, got one without. Make it by "
                "CutMix.draw, not MixUp.draw."
            )
        mask = box_mask(draw.box, images)
        mixed = torch.where(mask, images[to_device(draw.partner, images)], images)
        return mixed, self._mix_targets(targets, draw)
