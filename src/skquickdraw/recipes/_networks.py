"""Recipes of one network, trained on labeled images.

In the same time, a GPU trains on about fifty times as many images as a processor's core. So the
recipes for a GPU are larger networks at full resolution, with more passes and more regularisation.
"""

from __future__ import annotations

from numbers import Real
from typing import TypeVar

import numpy as np
import torch
from sklearn.base import clone

from .._checks import check_arguments
from .._compat import Interval, StrOptions
from .._typing import ProbabilisticClassifier
from ..augmentation import AugmentationPolicy
from ..neural_network import ResNetClassifier
from ._budget import BudgetedClassifier

Recipe = TypeVar("Recipe", bound=ProbabilisticClassifier)

MAX_EPOCHS = [StrOptions({"auto", "long"}), Interval(Real, 0, None, closed="neither")]
VARIED = AugmentationPolicy(scale=0.2, shear=10, elastic=0.8, thickness=0.3)
VARIED_MORE = AugmentationPolicy(
    20, shift=0.1, scale=0.25, elastic=1.2, thickness=0.5, erasing=0.25
)


def has_gpu() -> bool:
    """Return whether ``device='auto'`` is a GPU."""
    return torch.cuda.is_available()


def large() -> ResNetClassifier:
    """Return the default network for a GPU and a long time.

    Its channels are multiples of 32, which suits tensor cores: on an H100, it trains as fast as a
    network of width 1.5.
    """
    return ResNetClassifier(
        width=2.0, stem_stride=1, dropout=0.2, stochastic_depth=0.1, max_epochs="long"
    )


def fast(
    *,
    max_epochs: float | str = "auto",
    minutes: float | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> ResNetClassifier | BudgetedClassifier:
    """Return one small residual network: a good model in minutes.

    It is a :class:`~skquickdraw.neural_network.ResNetClassifier` with half as many channels, so it
    is two to three times as fast. On a GPU, a narrower network would not be faster, so all channels
    are kept.

    Parameters
    ----------
    max_epochs : float, 'auto' or 'long', default='auto'
        Passes over the training set, as in :class:`~skquickdraw.neural_network.ResNetClassifier`.
    minutes : float, default=None
        Train for this time, above 0, on this machine, and ignore ``max_epochs``.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    classifier : ResNetClassifier or BudgetedClassifier
        Not fitted. A BudgetedClassifier if ``minutes`` is given.

    Examples
    --------
    >>> from skquickdraw import recipes
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y = make_sketches(400, n_classes=3, image_shape=(14, 14), random_state=0)
    >>> clf = recipes.fast(max_epochs=5, random_state=0).fit(X[:300], y[:300])
    >>> clf.score(X[300:], y[300:]) > 0.7
    True
    """
    check_arguments("fast", {"max_epochs": MAX_EPOCHS}, {"max_epochs": max_epochs})
    width = 1.0 if has_gpu() else 0.5
    network = ResNetClassifier(width=width, max_epochs=max_epochs, random_state=random_state)
    return within(minutes, network, random_state)


def accurate(
    *,
    max_epochs: float | str = "auto",
    minutes: float | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> ResNetClassifier | BudgetedClassifier:
    """Return one residual network of full width: an accurate single model.

    It is trained on labeled images only. It is a
    :class:`~skquickdraw.neural_network.ResNetClassifier` with the augmentation for line drawings,
    whatever the images are: lines are bent, and become thicker or thinner. On a GPU, the network is
    twice as wide, and keeps the full resolution in its first layer. It is trained with dropout,
    stochastic depth and stronger augmentation, and ``max_epochs='auto'`` means 'long'. This recipe
    was called ``single`` before.

    Parameters
    ----------
    max_epochs, minutes, random_state
        As in :func:`fast`.

    Returns
    -------
    classifier : ResNetClassifier or BudgetedClassifier
        Not fitted. A BudgetedClassifier if ``minutes`` is given.

    Examples
    --------
    >>> from skquickdraw import recipes
    >>> recipes.accurate(max_epochs=40).augmentation.thickness > 0
    True
    """
    check_arguments("accurate", {"max_epochs": MAX_EPOCHS}, {"max_epochs": max_epochs})
    augmentation = VARIED_MORE if has_gpu() else VARIED
    network = large() if has_gpu() else ResNetClassifier()
    network.set_params(
        augmentation=clone(augmentation),  # set_params would change a shared object everywhere
        random_state=random_state,
    )
    if max_epochs != "auto":
        network.set_params(max_epochs=max_epochs)
    return within(minutes, network, random_state)


def within(
    minutes: float | None,
    estimator: Recipe,
    random_state: int | np.random.RandomState | None,
) -> Recipe | BudgetedClassifier:
    """Return the estimator, or with ``minutes`` one that trains it for this time."""
    if minutes is None:
        return estimator
    return BudgetedClassifier([estimator], minutes=minutes, random_state=random_state)
