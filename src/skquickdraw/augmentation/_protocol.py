"""The protocols for a user's own augmentation or mixing."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from numbers import Real
from typing import Any, Protocol, runtime_checkable

from torch import Generator, Tensor

from .._image_shape import ImageShape
from ..exceptions import InvalidParameterError


@runtime_checkable
class Augmentation(Protocol):
    """What an estimator takes as its ``augmentation``: random changes of the images of a batch.

    Any object with the methods ``draw`` and ``apply`` can be passed to classifiers, to
    :class:`~skquickdraw.over_sampling.AugmentingOverSampler` and as ``then`` to a
    :class:`StrokeAugmentation`. If its class derives from :class:`sklearn.base.BaseEstimator`, a
    search can set its parameters, for example ``augmentation__strength``.

    Notes
    -----
    These further members are used if they exist:

    - ``validate()`` raises an error if a parameter is invalid. It is called at the start of
      ``fit``.
    - ``is_identity`` is True if the images stay as they are. Then classifiers and the sampler do
      not call ``draw`` and ``apply``.
    - ``bind(images, codes)`` returns the augmentation for a training set. It is called with up to
      2,000 of the training rows: their images, an ndarray of shape (n, C, H, W), and the numbers of
      their classes, which start at 0. The returned object is used for training, and becomes the
      attribute ``augmentation_``.
    - ``horizontal_flip`` is the probability that an image is mirrored, or 'auto' before ``bind``.
      If it is not 0, predictions with ``n_tta`` may also use mirrored images.

    Examples
    --------
    >>> import torch
    >>> from sklearn.base import BaseEstimator
    >>> from skquickdraw import CNNClassifier
    >>> class Fade(BaseEstimator):
    ...     def __init__(self, strength=0.5):
    ...         self.strength = strength
    ...
    ...     def draw(self, n_samples, image_shape, generator=None):
    ...         return 1 - self.strength * torch.rand(n_samples, 1, 1, 1, generator=generator)
    ...
    ...     def apply(self, images, draw):
    ...         return images * draw.to(images.device)
    >>> CNNClassifier(augmentation=Fade()).set_params(augmentation__strength=0.2).augmentation
    Fade(strength=0.2)
    """

    def draw(
        self, n_samples: int, image_shape: ImageShape, generator: Generator | None = None
    ) -> object:
        """Draw the changes of a batch.

        Parameters
        ----------
        n_samples : int
        image_shape : (C, H, W)
        generator : torch.Generator on the CPU or None
            Draw all random numbers from it, so that the same seed gives the same network.

        Returns
        -------
        draw : object
            Small tensors on the CPU. :meth:`apply` moves them to the device of the images.
        """
        ...

    def apply(self, images: Tensor, draw: Any) -> Tensor:
        """Change a batch as drawn.

        Parameters
        ----------
        images : float tensor of shape (n, C, H, W), on any device
            Their background is 0: the real background was subtracted before, and is added again
            afterwards. Do not change this tensor in place.
        draw : object
            From :meth:`draw`.

        Returns
        -------
        images : float tensor of shape (n, C, H, W)
        """
        ...


@runtime_checkable
class Mixing(Protocol):
    """What a classifier takes as its ``mixing``: it mixes images of a batch, and their targets.

    Any object with the methods ``draw`` and ``apply`` can be passed. If it has a method
    ``validate``, this method is called at the start of ``fit``.

    Examples
    --------
    >>> from skquickdraw.augmentation import Mixing, MixUp
    >>> isinstance(MixUp(), Mixing)
    True
    """

    def draw(
        self, n_samples: int, image_shape: ImageShape, generator: Generator | None = None
    ) -> object:
        """Draw which images of a batch are mixed; as :meth:`Augmentation.draw`."""
        ...

    def apply(self, images: Tensor, targets: Tensor, draw: Any) -> tuple[Tensor, Tensor]:
        """Mix a batch as drawn.

        Parameters
        ----------
        images : float tensor of shape (n, C, H, W), on any device
        targets : float tensor of shape (n, n_classes)
            Each row has the class probabilities, multiplied by the weight of the row if there are
            weights. Mix the rows linearly, without scaling them.
        draw : object
            From :meth:`draw`.

        Returns
        -------
        images, targets : tensors of the same shapes
        """
        ...


def validate_part(
    name: str, part: Augmentation | Mixing, arguments: Sequence[str] = ("images", "draw")
) -> None:
    """Check an augmentation or a mixing, and let it check its parameters.

    Parameters
    ----------
    name : str
        The subject of errors.
    part : object
    arguments : sequence of str
        What its ``apply`` takes.

    Raises
    ------
    InvalidParameterError
        If ``apply`` takes other arguments, for instance because a mixing was passed as
        augmentation, or if ``horizontal_flip`` is not a probability. Also whatever ``validate``
        raises.
    """
    try:
        signature(part.apply).bind(*arguments)
    except TypeError as error:
        raise InvalidParameterError(
            f"{name}: apply of {type(part).__name__} must take ({', '.join(arguments)}), but "
            f"Python says: {error}. An augmentation changes images; a mixing mixes pairs of "
            f"images and their targets."
        ) from error
    if hasattr(part, "validate"):
        part.validate()
    rate = getattr(part, "horizontal_flip", 0)
    if isinstance(rate, str) and rate == "auto" and hasattr(part, "bind"):
        return
    is_number = isinstance(rate, Real) and not isinstance(rate, bool)
    if not is_number or not 0 <= float(rate) <= 1:
        raise InvalidParameterError(
            f"{name}: horizontal_flip of {type(part).__name__} must be a probability from 0 to 1, "
            f"or 'auto' where bind decides it, got {rate!r}. Use 0 where images are not mirrored."
        )


def check_bound(augmentation: object, bound: object) -> Augmentation:
    """Return what ``bind`` of an augmentation returned.

    Raises
    ------
    InvalidParameterError
        If it is not an augmentation, or does not decide the mirroring.
    """
    if not isinstance(bound, Augmentation) or getattr(bound, "horizontal_flip", 0) == "auto":
        raise InvalidParameterError(
            f"augmentation: {type(augmentation).__name__}.bind must return an object with draw and "
            f"apply that leaves nothing open, got {bound!r}. Return self where there is nothing to "
            "decide."
        )
    validate_part("augmentation", bound)
    return bound
