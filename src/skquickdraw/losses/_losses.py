"""Losses on row-stochastic targets, for classes of very different sizes.

Each class here holds parameters only, so that a grid search reaches them (``loss__tau``). ``bind``
ties one to the training set's class counts and returns a module that maps logits (B, C) and targets
(B, C) to one loss per row (B,). Hard labels are one-hot rows, so they need no branch of their own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from sklearn.base import BaseEstimator
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from .._checks import ParametersMixin, is_finite_number
from ..exceptions import InvalidParameterError


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the cross entropy of each row, shape (B,)."""
    return -(targets * log_softmax(logits, dim=1)).sum(dim=1)


class RowLoss(nn.Module):
    """Cross entropy of shifted, scaled logits, the common form of three of the four losses."""

    shift: Tensor
    margin: Tensor

    def __init__(self, shift: Tensor, margin: Tensor, scale: float = 1.0) -> None:
        super().__init__()
        self.register_buffer("shift", shift)  # (C,), added to every row
        self.register_buffer("margin", margin)  # (C,), subtracted from the target's own logit
        self.scale = scale

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        logits = self.scale * (logits - self.margin * targets) + self.shift
        return soft_cross_entropy(logits, targets)


class FocalRowLoss(nn.Module):
    def __init__(self, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        log_proba = log_softmax(logits, dim=1)
        # Not 0, where the gradient of a power below 1 is infinite.
        hardness = (-torch.expm1(log_proba)).clamp(min=1e-8) ** self.gamma
        return -(targets * hardness * log_proba).sum(dim=1)


class BaseLoss(ParametersMixin, BaseEstimator, ABC):
    """Parameters of a loss, before it knows the training set.

    Attributes
    ----------
    corrects_prior : bool
        Whether the loss corrects for imbalanced classes itself. If so, it is bound to the counts
        after ``sampling`` and ``class_weight``, else to the plain ones.
    """

    corrects_prior: ClassVar[bool] = True

    def validate(self) -> None:
        """Raise InvalidParameterError if a parameter is invalid, before any training."""

    @abstractmethod
    def bind(self, class_counts: Tensor) -> nn.Module:
        """Return the loss for a training set with these class counts.

        Parameters
        ----------
        class_counts : tensor of shape (n_classes,)
            Rows per class in a pass over the training set, above 0. They need not be whole numbers.

        Returns
        -------
        row_loss : Module
            Maps logits (B, n_classes) and targets (B, n_classes) to losses (B,).
        """


def check_number(loss: BaseLoss, name: str, *, is_positive: bool = False) -> None:
    """Raise InvalidParameterError unless a parameter is a finite number, at least or above 0."""
    value = getattr(loss, name)
    is_right = is_finite_number(value) and value >= 0
    if not is_right or (is_positive and value == 0):
        rule = "above 0" if is_positive else "of at least 0"
        raise InvalidParameterError(
            f"{type(loss).__name__}: {name} must be a finite number {rule}, got {value!r}."
        )


class CrossEntropy(BaseLoss):
    """Cross entropy with soft targets.

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.losses import CrossEntropy
    >>> row_loss = CrossEntropy().bind(torch.tensor([90.0, 10.0]))
    >>> row_loss(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
    tensor([0.6931])
    """

    def bind(self, class_counts: Tensor) -> nn.Module:
        zeros = torch.zeros_like(class_counts)
        return RowLoss(zeros, zeros)


class BalancedSoftmax(BaseLoss):
    r"""Cross entropy for balanced predictions: logits are adjusted by the log of the class prior.

    If ``sampling`` or ``class_weight`` already balances the training set, the prior is that of the
    balanced set. So the imbalance is not corrected twice.

    Parameters
    ----------
    tau : float, default=1.0
        Strength of the correction, at least 0. 0 is plain cross entropy, and 1 is the balanced
        softmax. With a value between 0 and 1, the imbalance is corrected only partly.

    Notes
    -----
    The loss of a row with logits :math:`z` and targets :math:`t` is :math:`-\sum_c t_c \log
    \mathrm{softmax}(z + \tau \log \pi)_c`, where :math:`\pi` is the prior, the shares of the
    classes. Predictions use :math:`z` alone.

    References
    ----------
    Ren et al. (2020), Balanced Meta-Softmax for Long-Tailed Visual Recognition, arXiv:2007.10740.
    Menon et al. (2021), Long-tail learning via logit adjustment, arXiv:2007.07314.

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.losses import BalancedSoftmax
    >>> row_loss = BalancedSoftmax().bind(torch.tensor([90.0, 10.0]))
    >>> row_loss(torch.zeros(2, 2), torch.eye(2))
    tensor([0.1054, 2.3026])
    """

    def __init__(self, tau: float = 1.0) -> None:
        self.tau = tau

    def validate(self) -> None:
        check_number(self, "tau")

    def bind(self, class_counts: Tensor) -> nn.Module:
        self.validate()
        prior = class_counts / class_counts.sum()
        return RowLoss(self.tau * prior.log(), torch.zeros_like(prior))


class Focal(BaseLoss):
    r"""Cross entropy with less weight for rows that are already predicted well.

    Parameters
    ----------
    gamma : float, default=2.0
        Strength of this effect, at least 0. 0 is plain cross entropy.

    Notes
    -----
    The loss of a row is :math:`-\sum_c t_c (1 - p_c)^\gamma \log p_c`, with targets :math:`t` and
    predicted probabilities :math:`p`.

    References
    ----------
    Lin et al. (2017), Focal Loss for Dense Object Detection, arXiv:1708.02002.

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.losses import Focal
    >>> row_loss = Focal(gamma=2.0).bind(torch.tensor([90.0, 10.0]))
    >>> row_loss(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
    tensor([0.1733])
    """

    def __init__(self, gamma: float = 2.0) -> None:
        self.gamma = gamma

    def validate(self) -> None:
        check_number(self, "gamma")

    def bind(self, class_counts: Tensor) -> nn.Module:
        self.validate()
        return FocalRowLoss(self.gamma)


class LDAM(BaseLoss):
    r"""Label-distribution-aware margin loss (LDAM), with a larger margin for rarer classes.

    Parameters
    ----------
    max_margin : float, default=0.5
        Margin of the rarest class, above 0. The margin of a row's class is subtracted from the
        logit of this class, before scaling.
    scale : float, default=1.0
        Factor for the logits; above 0. The paper uses 30, because its logits are cosines in [-1,
        1]. The logits of the networks of this package have no such limits, so 1 is suitable.

    Notes
    -----
    The margin of class :math:`c`, which has :math:`n_c` rows, is proportional to
    :math:`n_c^{-1/4}`. The paper also re-weights the classes late in the training. To weight the
    classes here, use ``class_weight``.

    References
    ----------
    Cao et al. (2019), Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss,
    arXiv:1906.07413.

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.losses import LDAM
    >>> row_loss = LDAM().bind(torch.tensor([160.0, 10.0]))
    >>> row_loss(torch.zeros(2, 2), torch.eye(2))
    tensor([0.8259, 0.9741])
    """

    corrects_prior = False  # margins depend on the number of examples, however often they are shown

    def __init__(self, max_margin: float = 0.5, scale: float = 1.0) -> None:
        self.max_margin = max_margin
        self.scale = scale

    def validate(self) -> None:
        check_number(self, "max_margin", is_positive=True)
        check_number(self, "scale", is_positive=True)

    def bind(self, class_counts: Tensor) -> nn.Module:
        self.validate()
        rarity = class_counts**-0.25
        return RowLoss(
            torch.zeros_like(rarity), self.max_margin * rarity / rarity.max(), self.scale
        )
