"""Recipes of one network, trained on labeled images.

A GPU trains some fifty times as many images in the same time as a processor's core. There the
recipes are larger networks, at full resolution, that are trained for longer and regularised more.
"""

from __future__ import annotations

from typing import Any

import torch
from sklearn.base import clone

from ..augmentation import AugmentationPolicy
from ..neural_network import ResNetClassifier
from ._budget import BudgetedClassifier

VARIED = AugmentationPolicy(scale=0.2, shear=10, elastic=0.8, thickness=0.3)
VARIED_MORE = AugmentationPolicy(
    20, shift=0.1, scale=0.25, elastic=1.2, thickness=0.5, erasing=0.25
)
LARGE = {"width": 1.5, "stem_stride": 1, "dropout": 0.2, "stochastic_depth": 0.1}


def has_gpu() -> bool:
    """Return whether ``device='auto'`` is a GPU."""
    return torch.cuda.is_available()


def large() -> ResNetClassifier:
    """Return the network of the default for a GPU, where the time is long."""
    return ResNetClassifier(
        width=1.5, stem_stride=1, dropout=0.2, stochastic_depth=0.1, max_epochs="long"
    )


def fast(
    *, max_epochs: float | str = "auto", minutes: float | None = None, random_state: Any = None
) -> ResNetClassifier | BudgetedClassifier:
    """Return one small residual network for those who want a good model in minutes.

    It is :class:`~skquickdraw.neural_network.ResNetClassifier` with half as many channels, which
    makes it two to three times as fast. On a GPU, where that gains nothing, it has all of them.

    Parameters
    ----------
    max_epochs : float, 'auto' or 'long', default='auto'
        Passes over the training set, as in :class:`~skquickdraw.neural_network.ResNetClassifier`.
    minutes : float, default=None
        Train for so many minutes on this machine, whatever ``max_epochs`` says.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    classifier : ResNetClassifier, or with ``minutes`` a BudgetedClassifier of one
        Not fitted.

    Examples
    --------
    >>> from skquickdraw import recipes
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y = make_sketches(400, n_classes=3, image_shape=(14, 14), random_state=0)
    >>> clf = recipes.fast(max_epochs=5, random_state=0).fit(X[:300], y[:300])
    >>> clf.score(X[300:], y[300:]) > 0.7
    True
    """
    width = 1.0 if has_gpu() else 0.5
    network = ResNetClassifier(width=width, max_epochs=max_epochs, random_state=random_state)
    return within(minutes, network, random_state=random_state)


def accurate(
    *, max_epochs: float | str = "auto", minutes: float | None = None, random_state: Any = None
) -> ResNetClassifier | BudgetedClassifier:
    """Return one residual network of full width for those who want one accurate model.

    It learns from labeled images alone. It is
    :class:`~skquickdraw.neural_network.ResNetClassifier`, with the changes that suit lines whatever
    the images are: they bend, and become thicker and thinner. On a GPU it is half as wide again,
    keeps all pixels in its first layer, is regularised by dropout and stochastic depth, and changes
    images more; and 'auto' is 'long'. This recipe was called ``single`` before.

    Parameters
    ----------
    max_epochs, minutes, random_state
        As in :func:`fast`.

    Returns
    -------
    classifier : ResNetClassifier, or with ``minutes`` a BudgetedClassifier of one
        Not fitted.

    Examples
    --------
    >>> from skquickdraw import recipes
    >>> recipes.accurate(max_epochs=40).augmentation.thickness > 0
    True
    """
    augmentation = VARIED_MORE if has_gpu() else VARIED
    network = large() if has_gpu() else ResNetClassifier()
    network.set_params(
        augmentation=clone(augmentation),  # set_params would change a shared one everywhere
        random_state=random_state,
    )
    if max_epochs != "auto":
        network.set_params(max_epochs=max_epochs)
    return within(minutes, network, random_state=random_state)


def within(
    minutes: float | None, *estimators: Any, n_jobs: int | None = None, random_state: Any = None
) -> Any:
    """Return the estimator, or with ``minutes`` one that trains them for so long."""
    if minutes is None:
        return estimators[0]
    return BudgetedClassifier(
        list(estimators), minutes=minutes, n_jobs=n_jobs, random_state=random_state
    )
