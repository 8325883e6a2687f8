"""Random changes of pictures, batch by batch: draw parameters first, then apply them.

:class:`AugmentationPolicy` changes each picture by itself, :class:`MixUp` and :class:`CutMix` mix
the pictures of a batch. Estimators read their ``augmentation`` and ``mixing`` parameters by
:func:`resolve_augmentation` and :func:`resolve_mixing`.
"""

from ._mixing import CutMix, MixUp
from ._policy import AugmentationPolicy
from ._resolve import resolve_augmentation, resolve_mixing

__all__ = [
    "AugmentationPolicy",
    "CutMix",
    "MixUp",
    "resolve_augmentation",
    "resolve_mixing",
]
