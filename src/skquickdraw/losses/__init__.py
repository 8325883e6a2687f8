"""Losses for imbalanced classes and for soft targets.

:class:`Loss` describes the methods that a loss of your own needs.
"""

from __future__ import annotations

from ..exceptions import InvalidParameterError
from ._distillation import Distillation
from ._losses import LDAM, BalancedSoftmax, BaseLoss, CrossEntropy, Focal
from ._protocol import Loss
from ._protocol import bind_loss as bind_loss
from ._weights import check_class_weight as check_class_weight
from ._weights import class_weights as class_weights

__all__ = ["LDAM", "BalancedSoftmax", "CrossEntropy", "Distillation", "Focal", "Loss"]

LOSSES: dict[str, type[BaseLoss]] = {
    "cross_entropy": CrossEntropy,
    "focal": Focal,
    "balanced_softmax": BalancedSoftmax,
    "ldam": LDAM,
}
# The class that replaces a name if a parameter inside is set, for example loss__tau.
OBJECT_OF_LOSS: dict[str, type[BaseLoss]] = {"auto": BalancedSoftmax, **LOSSES}


def resolve_loss(loss: str | Loss, class_weight: object = None) -> Loss:
    """Return the loss that a name stands for, with its default parameters, or the loss itself.

    'auto' is the balanced softmax. With ``class_weight`` it is cross entropy, because the balanced
    softmax would undo the weights.
    """
    if isinstance(loss, str) and loss == "auto":
        return BalancedSoftmax() if class_weight is None else CrossEntropy()
    if isinstance(loss, str) and loss in LOSSES:
        return LOSSES[loss]()
    if isinstance(loss, Loss) and not isinstance(loss, type):
        return loss
    raise InvalidParameterError(
        f"loss must be one of {['auto', *sorted(LOSSES)]} or an object with the method bind, as "
        f"skquickdraw.losses.Loss describes it, got {loss!r}. If you have a class, "
        "pass an object of it, such as Focal()."
    )
