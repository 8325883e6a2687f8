"""Recipes of one network, trained on labelled pictures."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from ..augmentation import AugmentationPolicy
from ..neural_network import ResNetClassifier

LIGHT = AugmentationPolicy(rotation=15, horizontal_flip=0.5, shift=0.08, scale=0.15, shear=8)
VARIED = AugmentationPolicy(scale=0.2, shear=10, elastic=0.8, thickness=0.3)


def fast(*, max_epochs: int = 12, random_state: Any = None) -> ResNetClassifier:
    """Return a good network that trains in minutes.

    Parameters
    ----------
    max_epochs : int, default=12
        Passes over the training set. The default is meant for some 50,000 pictures; a tenth of
        these want about three times as many.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    classifier : ResNetClassifier
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
    return make_network(0.5, max_epochs, LIGHT, random_state=random_state)


def single(*, max_epochs: int = 14, random_state: Any = None) -> ResNetClassifier:
    """Return a larger network that trains longer, on labelled pictures alone.

    It is wider than that of :func:`fast`, and its pictures vary more.

    Parameters
    ----------
    max_epochs : int, default=14
        Passes over the training set, as in :func:`fast`.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    classifier : ResNetClassifier
        Not fitted.

    Examples
    --------
    >>> from skquickdraw import recipes
    >>> recipes.single(max_epochs=40).width
    1.0
    """
    return make_network(1.0, max_epochs, VARIED, random_state=random_state)


def make_network(
    width: float, max_epochs: int, augmentation: AugmentationPolicy, *, random_state: Any
) -> ResNetClassifier:
    """Return a network with what was chosen on the ladder of docs/competition.md."""
    return ResNetClassifier(
        width=width,
        max_epochs=max_epochs,
        augmentation=clone(augmentation),  # set_params would change a shared one everywhere
        optimizer="muon",
        lr=0.02,
        weight_decay=0.15,
        loss="balanced_softmax",
        label_smoothing=0.0,
        ema_decay=0.999,
        n_tta=2,
        random_state=random_state,
    )
