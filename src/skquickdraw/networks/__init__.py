"""Networks for small images in plain PyTorch.

Those of classifiers map images (B, C, H, W) to logits (B, n_classes). :class:`Network` is what one
of your own has to be.
"""

from ._cnn import CNN
from ._folding import fold_batch_norm
from ._layers import DepthwiseConv as DepthwiseConv
from ._layers import Standardize as Standardize
from ._mobilenet import MobileNetV2
from ._protocol import Network
from ._relation import RelationNetwork
from ._resnet import ResNet

__all__ = ["CNN", "MobileNetV2", "Network", "RelationNetwork", "ResNet", "fold_batch_norm"]
