"""The protocol for a user's own loss, and how losses are bound to a training set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from ..exceptions import InvalidParameterError

RowLoss = Callable[[Tensor, Tensor], Tensor]


@runtime_checkable
class Loss(Protocol):
    """The protocol for the ``loss`` of a classifier.

    Any object with the method ``bind`` can be passed. If its class derives from
    :class:`sklearn.base.BaseEstimator`, a search can set its parameters, for example
    ``loss__gamma``.

    Notes
    -----
    The optional attribute ``corrects_prior`` says whether the loss corrects for imbalanced classes
    itself. If it is True or missing, ``bind`` receives the class counts after ``sampling`` and
    ``class_weight``. If it is False, ``bind`` receives the class counts of the training set.

    An optional method ``validate()`` is called at the start of ``fit``. It has to raise an error if
    a parameter is invalid.

    The loss must not apply label smoothing, class weights or sample weights. The classifier does
    so: it passes smoothed targets, and weights the results.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from torch import nn
    >>> from skquickdraw import CNNClassifier
    >>> class BrierRows(nn.Module):
    ...     def __init__(self, scale):
    ...         super().__init__()
    ...         self.scale = scale
    ...
    ...     def forward(self, logits, targets):
    ...         return self.scale * (logits.softmax(1) - targets).square().sum(1)
    >>> class Brier(BaseEstimator):
    ...     def __init__(self, scale=1.0):
    ...         self.scale = scale
    ...
    ...     def bind(self, class_counts):
    ...         return BrierRows(self.scale)
    >>> CNNClassifier(loss=Brier()).set_params(loss__scale=2.0).loss
    Brier(scale=2.0)
    """

    def bind(self, class_counts: Tensor) -> RowLoss:
        """Return the loss for a training set with these class counts.

        Parameters
        ----------
        class_counts : tensor of shape (n_classes,)
            Rows per class in a pass over the training set, above 0. They need not be whole numbers.

        Returns
        -------
        row_loss : callable
            Maps logits (B, n_classes) and targets (B, n_classes) to losses (B,). If it holds
            tensors, make it a :class:`torch.nn.Module` and register them as buffers, so that they
            are moved to the device.
        """
        ...


def bind_loss(loss: Loss, class_counts: Tensor) -> RowLoss:
    """Return ``loss.bind(class_counts)``, after checking that it gives one loss for each row.

    Raises
    ------
    InvalidParameterError
        If it gives something else, such as a mean, to which weights cannot be applied.
    """
    row_loss = loss.bind(class_counts)
    n_classes = len(class_counts)
    targets = torch.eye(n_classes)[:2]
    losses = row_loss(torch.zeros(2, n_classes), targets) if callable(row_loss) else row_loss
    if not isinstance(losses, Tensor) or losses.shape != (2,):
        found = tuple(losses.shape) if isinstance(losses, Tensor) else repr(losses)
        raise InvalidParameterError(
            f"loss: {type(loss).__name__}.bind must return a function of logits and targets, each "
            f"of shape (2, {n_classes}) for 2 rows, that gives one loss for each row, of shape "
            f"(2,), got {found}. Sum over classes, and leave out the mean over rows."
        )
    return row_loss
