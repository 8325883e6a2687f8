"""Names for what estimators take as their ``augmentation`` and ``mixing`` parameters."""

from __future__ import annotations

from .._image_shape import SMALLEST_SIDE
from ..exceptions import InvalidParameterError
from ._auto import AutoAugmentation
from ._mixing import CutMix, MixUp
from ._policy import AugmentationPolicy
from ._protocol import Augmentation, Mixing, validate_part
from ._strokes import StrokeAugmentation

AUGMENTATIONS: dict[str, type[AugmentationPolicy]] = {
    "auto": AutoAugmentation,
    "sketch": AugmentationPolicy,
}
MIXINGS = {"mixup": MixUp, "cutmix": CutMix}
# The class that replaces a name if a parameter inside is set, for example augmentation__rotation.
# For 'auto' this is not AutoAugmentation, which ignores its parameters.
OBJECT_OF_AUGMENTATION = {**AUGMENTATIONS, "auto": AugmentationPolicy}


def resolve_augmentation(
    augmentation: Augmentation | str | None,
    *,
    image_shape: tuple[int, int, int] | None = None,
    with_strokes: bool = False,
) -> Augmentation | None:
    """Return the policy that an estimator's ``augmentation`` parameter stands for.

    Parameters
    ----------
    augmentation : {'auto', 'sketch'}, Augmentation or None
        'auto' becomes an object whose ``bind`` returns the policy that suits the images.
    image_shape : (C, H, W), default=None
        Shape of the images, if it is known.
    with_strokes : bool, default=False
        Whether a :class:`StrokeAugmentation` is accepted, because the caller can draw strokes.

    Returns
    -------
    policy : Augmentation or None
        The same object, if one is passed; its ``validate``, if it has one, is called first. Its
        ``bind`` may still have to decide an 'auto'. For 'auto', None if a side in ``image_shape``
        is below 8 pixels.

    Raises
    ------
    InvalidParameterError
        If the name is unknown, a method is missing, a parameter of the object is out of range, or
        it is a StrokeAugmentation without ``with_strokes``.

    Examples
    --------
    >>> from skquickdraw.augmentation import resolve_augmentation
    >>> resolve_augmentation('sketch')
    AugmentationPolicy()
    """
    if augmentation is None:
        return None
    if isinstance(augmentation, str) and augmentation in AUGMENTATIONS:
        is_auto = augmentation == "auto"
        if is_auto and image_shape is not None and min(image_shape[1:]) < SMALLEST_SIDE:
            return None  # such arrays are features in a grid, not images
        return AUGMENTATIONS[augmentation]()
    if isinstance(augmentation, StrokeAugmentation) and not with_strokes:
        raise InvalidParameterError(
            "augmentation must change images here, but a StrokeAugmentation draws strokes. Only "
            "the classifiers of skquickdraw.neural_network take one. Rasterize the drawings and "
            "pass an AugmentationPolicy."
        )
    if isinstance(augmentation, type) or not isinstance(augmentation, Augmentation):
        raise InvalidParameterError(
            f"augmentation must be None, one of {sorted(AUGMENTATIONS)} or an AugmentationPolicy "
            "or another object with the methods draw and apply, as "
            f"skquickdraw.augmentation.Augmentation describes it, got {augmentation!r}."
        )
    validate_part("augmentation", augmentation)
    return augmentation


def resolve_mixing(mixing: str | Mixing | None) -> Mixing | None:
    """Return the object that an estimator's ``mixing`` parameter stands for.

    Parameters
    ----------
    mixing : {'mixup', 'cutmix'}, Mixing or None

    Returns
    -------
    mixing : Mixing or None
        The same object, if one is passed; its ``validate``, if it has one, is called first.

    Raises
    ------
    InvalidParameterError
        If the name is unknown, a method is missing, or a parameter of the object is out of range.

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
    if isinstance(mixing, type) or not isinstance(mixing, Mixing):
        raise InvalidParameterError(
            f"mixing must be None, one of {sorted(MIXINGS)} or an object with the methods draw and "
            f"apply such as MixUp(), got {mixing!r}."
        )
    validate_part("mixing", mixing, ("images", "targets", "draw"))
    return mixing
