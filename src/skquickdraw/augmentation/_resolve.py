"""Names for what estimators take as their ``augmentation`` and ``mixing`` parameters."""

from __future__ import annotations

from typing import Any

from .._images import SMALLEST_SIDE
from ..exceptions import InvalidParameterError
from ._mixing import CutMix, MixUp
from ._policy import AugmentationPolicy
from ._strokes import StrokeAugmentation

# What names stand for, and what takes their place when a parameter inside is set.
AUGMENTATIONS = {"auto": AugmentationPolicy, "sketch": AugmentationPolicy}
MIXINGS = {"mixup": MixUp, "cutmix": CutMix}


def resolve_augmentation(
    augmentation: AugmentationPolicy | StrokeAugmentation | str | None,
    *,
    image_shape: tuple[int, int, int] | None = None,
    with_strokes: bool = False,
) -> AugmentationPolicy | StrokeAugmentation | None:
    """Return the policy that an estimator's ``augmentation`` parameter stands for.

    Parameters
    ----------
    augmentation : {'auto', 'sketch'}, AugmentationPolicy, StrokeAugmentation or None
        'auto' is made for the images: see :func:`auto_policy`.
    image_shape : (C, H, W), default=None
        Of the images, where they are known.
    with_strokes : bool, default=False
        Whether the caller can draw strokes, and so takes a StrokeAugmentation too.

    Returns
    -------
    policy : AugmentationPolicy, StrokeAugmentation or None
        A policy comes back itself, validated. It may hold an 'auto' that its ``bind`` decides.

    Raises
    ------
    InvalidParameterError
        If the name is unknown, the type is another one or not for the caller, or a parameter of the
        policy is out of range.

    Examples
    --------
    >>> from skquickdraw.augmentation import resolve_augmentation
    >>> resolve_augmentation('sketch')
    AugmentationPolicy()
    """
    if augmentation is None:
        return None
    if isinstance(augmentation, str) and augmentation == "auto" and image_shape is not None:
        return auto_policy(image_shape)
    if isinstance(augmentation, str) and augmentation in AUGMENTATIONS:
        return AUGMENTATIONS[augmentation]()
    if isinstance(augmentation, StrokeAugmentation) and not with_strokes:
        raise InvalidParameterError(
            "augmentation must change pictures here, but a StrokeAugmentation makes pictures of "
            "strokes, which only CNNClassifier and its kin do, live. Rasterize the drawings and "
            "pass an AugmentationPolicy."
        )
    if not isinstance(augmentation, AugmentationPolicy | StrokeAugmentation):
        raise InvalidParameterError(
            f"augmentation must be None, one of {sorted(AUGMENTATIONS)} or an AugmentationPolicy, "
            f"got {augmentation!r}."
        )
    augmentation.validate()
    return augmentation


def auto_policy(image_shape: tuple[int, int, int]) -> AugmentationPolicy | None:
    """Return what ``augmentation='auto'`` means for images of this shape.

    None where a side is below 8 pixels: that is no picture, but features in a grid.
    """
    if min(image_shape[1:]) < SMALLEST_SIDE:
        return None
    return AugmentationPolicy()


def resolve_mixing(mixing: Any) -> Any:
    """Return the object that an estimator's ``mixing`` parameter stands for.

    Parameters
    ----------
    mixing : {'mixup', 'cutmix'}, MixUp, CutMix or None
        Another object will do if it has their ``draw`` and ``apply``.

    Returns
    -------
    mixing : object with ``draw`` and ``apply``, or None
        An object comes back itself, validated where it has ``validate``.

    Raises
    ------
    InvalidParameterError
        If the name is unknown, a method is missing, or alpha is out of range.

    Examples
    --------
    >>> from skquickdraw.augmentation import resolve_mixing
    >>> resolve_mixing('mixup')
    MixUp()
    """
    if mixing is None:
        return None
    if isinstance(mixing, str) and mixing in MIXINGS:
        return MIXINGS[mixing]()
    if isinstance(mixing, type) or not (hasattr(mixing, "draw") and hasattr(mixing, "apply")):
        raise InvalidParameterError(
            f"mixing must be None, one of {sorted(MIXINGS)} or an object with the methods draw and "
            f"apply such as MixUp(), got {mixing!r}."
        )
    if hasattr(mixing, "validate"):
        mixing.validate()
    return mixing
