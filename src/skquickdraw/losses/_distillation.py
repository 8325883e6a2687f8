"""Distillation: a teacher's probabilities at a temperature, and the labels without one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax
from torch import Tensor, nn

from .._checks import as_array, is_finite_number
from ..exceptions import InvalidParameterError
from ._losses import BaseLoss, check_number, soft_cross_entropy

SMALLEST_SHARE = 1e-9  # the share of a class that is never shown would have no logarithm


class DistillationRowLoss(nn.Module):
    shift: Tensor

    def __init__(self, temperature: float, alpha: float, shift: Tensor) -> None:
        super().__init__()
        self.temperature = temperature
        self.alpha = alpha
        self.register_buffer("shift", shift)  # (C,), added to every row

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        logits = logits + self.shift
        tempered = self.temperature**2 * soft_cross_entropy(logits / self.temperature, targets)
        return self.alpha * tempered + (1 - self.alpha) * soft_cross_entropy(logits, targets)


class Distillation(BaseLoss):
    r"""Hinton's distillation: learn from a teacher's tempered probabilities and from the labels.

    A temperature above 1 gives more weight to small probabilities. These show which classes the
    teacher finds similar. Pass the result of :meth:`merge_targets` as ``soft_targets``, and switch
    label smoothing off. :class:`~skquickdraw.distillation.DistilledClassifier` does both for you.

    Parameters
    ----------
    temperature : float, default=3.0
        Divides the logits of teacher and student; above 0. With 1 this is cross entropy.
    alpha : float in [0, 1], default=0.9
        Weight of the teacher's probabilities. The weight of the labels is ``1 - alpha``.
    class_prior : array-like of shape (n_classes,) or None, default=None
        Shares of the classes in the training set; at least 0, with sum 1. The loss corrects for
        them, as :class:`~skquickdraw.losses.BalancedSoftmax` does. With None, there is no
        correction.

    Notes
    -----
    With logits :math:`z`, teacher's probabilities :math:`p`, labels :math:`y` and temperature
    :math:`T` the paper's loss of a row is

    .. math::

        \alpha T^2 H(q, \mathrm{softmax}(z / T)) + (1 - \alpha) H(y, \mathrm{softmax}(z)),
        \qquad q \propto p^{1 / T},

    where :math:`H` is cross entropy, which differs from the Kullback-Leibler divergence by a
    constant. This loss depends on the targets only by the sum :math:`-\alpha T q^\top z - (1 -
    \alpha) y^\top z`. So the loss stays exactly the same if the single target

    .. math:: m = \frac{\alpha T q + (1 - \alpha) y}{\alpha T + 1 - \alpha}

    replaces both :math:`q` and :math:`y`. A loss of this package gets one row of class
    probabilities per image, and :math:`m` is such a row. MixUp and CutMix can also mix it.

    With a prior :math:`\pi`, :math:`z + \log \pi` takes the place of the logits in training. The
    teacher's probabilities are assumed to be for balanced classes, and are first adapted to the
    training set: :math:`q \propto (p \pi)^{1 / T}`. Without a prior, the network would learn the
    class frequencies from the labels, and from rows that its teacher has memorised, especially at a
    low temperature.

    References
    ----------
    Hinton et al. (2015), Distilling the Knowledge in a Neural Network, arXiv:1503.02531.

    Examples
    --------
    >>> import numpy as np
    >>> from skquickdraw.losses import Distillation
    >>> loss = Distillation(temperature=2.0, alpha=0.5)
    >>> proba, labels = np.array([[0.8, 0.2]]), np.array([[0.0, 1.0]])
    >>> loss.merge_targets(proba, labels)
    array([[0.44444444, 0.55555556]])
    """

    corrects_prior = False

    def __init__(
        self, temperature: float = 3.0, alpha: float = 0.9, class_prior: ArrayLike | None = None
    ) -> None:
        self.temperature = temperature
        self.alpha = alpha
        self.class_prior = class_prior

    def bind(self, class_counts: Tensor) -> nn.Module:
        shift = torch.as_tensor(self._log_prior(len(class_counts)), dtype=class_counts.dtype)
        return DistillationRowLoss(self.temperature, self.alpha, shift)

    def merge_targets(
        self, proba: NDArray[np.number], labels: NDArray[np.number]
    ) -> NDArray[np.float64]:
        """Return the targets to train on with this loss.

        Parameters
        ----------
        proba : ndarray of shape (n, n_classes)
            The teacher's probabilities at temperature 1.
        labels : ndarray of shape (n, n_classes)
            One-hot rows, or probabilities with the sum 1. With a ``class_prior``, probabilities are
            adapted to it like ``proba``; one-hot rows stay as they are.

        Returns
        -------
        targets : ndarray of shape (n, n_classes)

        Raises
        ------
        InvalidParameterError
            If a parameter is out of range, or ``class_prior`` does not fit the classes.
        """
        log_prior = self._log_prior(np.shape(proba)[1])
        tempered = _softmax(_log(proba) + log_prior, self.temperature)
        labels = _softmax(_log(labels) + log_prior)
        share = self.alpha * self.temperature
        return (share * tempered + (1 - self.alpha) * labels) / (share + 1 - self.alpha)

    def _log_prior(self, n_classes: int) -> NDArray[np.float64]:
        self.validate()
        if self.class_prior is None:
            return np.zeros(n_classes)
        prior = as_array("Distillation", "class_prior", self.class_prior, np.float64)
        is_right = prior.shape == (n_classes,) and prior.min() >= 0
        if not is_right or not abs(prior.sum() - 1) < 1e-3:
            raise InvalidParameterError(
                f"Distillation: class_prior must be {n_classes} shares, one per class, that are "
                f"not negative and sum to 1, got {self.class_prior!r}."
            )
        return np.log(np.maximum(prior, SMALLEST_SHARE))

    def validate(self) -> None:
        check_number(self, "temperature", is_positive=True)
        if not is_finite_number(self.alpha) or not 0 <= self.alpha <= 1:
            raise InvalidParameterError(
                f"Distillation: alpha must be a number from 0 to 1, got {self.alpha!r}."
            )


def _log(proba: NDArray[np.number]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.log(np.asarray(proba, dtype=np.float64))  # minus infinity for 0


def _softmax(logits: NDArray[np.float64], temperature: float = 1.0) -> NDArray[np.float64]:
    return softmax(logits / temperature, axis=1)
