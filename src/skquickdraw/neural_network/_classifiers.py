"""The public classifiers: one network each, trained in the same way."""

from __future__ import annotations

from ._base import BaseImageClassifier
from ._docs import share_parameters


@share_parameters
class ResNetClassifier(BaseImageClassifier):
    """Classify small images with a residual network of dense 3x3 convolutions.

    For the same training time, it is more accurate than a MobileNet, because processors compute
    dense convolutions more efficiently than depthwise convolutions. With width 1.0 it has 1.6
    million weights.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    MobileNetClassifier : A quarter of the weights.
    CNNClassifier : Without shortcuts.
    ImageClassifier : With a network of your own.

    References
    ----------
    He et al. (2016), Deep Residual Learning for Image Recognition, arXiv:1512.03385.

    Examples
    --------
    >>> from skquickdraw import ResNetClassifier
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y = make_sketches(600, n_classes=3, random_state=0)
    >>> clf = ResNetClassifier(width=0.25, max_epochs=4, random_state=0)
    >>> clf.fit(X[:500], y[:500]).score(X[500:], y[500:]) > 0.8
    True
    """

    _network = "resnet"


@share_parameters
class MobileNetClassifier(BaseImageClassifier):
    """Classify small images with MobileNetV2, a network with few weights.

    It has only 0.4 million weights, so saved files are small, and predictions need little
    computation. But it does not train faster than larger networks, because depthwise convolutions
    mostly wait for data from memory.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    ResNetClassifier : More accurate for the same training time.

    References
    ----------
    Sandler et al. (2018), MobileNetV2: Inverted Residuals and Linear Bottlenecks,
    arXiv:1801.04381.

    Examples
    --------
    >>> from skquickdraw import MobileNetClassifier
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y = make_sketches(600, n_classes=3, random_state=0)
    >>> clf = MobileNetClassifier(width=0.25, max_epochs=8, random_state=0)
    >>> clf.fit(X[:500], y[:500]).score(X[500:], y[500:]) > 0.8
    True
    """

    _network = "mobilenet"


@share_parameters
class CNNClassifier(BaseImageClassifier):
    """Classify small images with a plain convolutional network.

    It is simple and trains fast for its size. It can be the most accurate network if you have only
    a few minutes.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    ResNetClassifier : With shortcuts, which let it be deeper.

    References
    ----------
    Simonyan and Zisserman (2015), Very Deep Convolutional Networks for Large-Scale Image
    Recognition, arXiv:1409.1556.

    Examples
    --------
    >>> from skquickdraw import CNNClassifier
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y = make_sketches(600, n_classes=3, random_state=0)
    >>> clf = CNNClassifier(width=0.25, max_epochs=12, random_state=0)
    >>> clf.fit(X[:500], y[:500]).score(X[500:], y[500:]) > 0.8
    True
    """

    _network = "cnn"
