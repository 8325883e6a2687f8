"""Random changes of images, batch by batch: draw parameters first, then apply them.

:class:`AugmentationPolicy` changes images, and :class:`StrokeAugmentation` the strokes from which
they are drawn. :class:`MixUp` and :class:`CutMix` mix the images of a batch. :class:`Augmentation`
and :class:`Mixing` are the protocols for objects of your own. Estimators resolve their
``augmentation`` and ``mixing`` parameters with :func:`resolve_augmentation` and
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
