"""Random changes of pictures, batch by batch: draw parameters first, then apply them.

:class:`AugmentationPolicy` changes each picture by itself, :class:`StrokeAugmentation` the strokes
that a picture is drawn from, :class:`MixUp` and :class:`CutMix` mix the pictures of a batch.
:class:`Augmentation` and :class:`Mixing` are what such objects of your own have to be. Estimators
read their ``augmentation`` and ``mixing`` parameters by :func:`resolve_augmentation` and
:func:`resolve_mixing`.
"""

from ._batch import to_device as to_device
from ._bound import BoundAugmentation as BoundAugmentation
from ._bound import bind_augmentation as bind_augmentation
from ._mixing import CutMix, MixUp
from ._policy import AugmentationPolicy
from ._protocol import Augmentation, Mixing
from ._resolve import MIXINGS as MIXINGS
from ._resolve import OBJECT_OF_AUGMENTATION as OBJECT_OF_AUGMENTATION
from ._resolve import resolve_augmentation, resolve_mixing
from ._strokes import StrokeAugmentation

__all__ = [
    "Augmentation",
    "AugmentationPolicy",
    "CutMix",
    "MixUp",
    "Mixing",
    "StrokeAugmentation",
    "resolve_augmentation",
    "resolve_mixing",
]
