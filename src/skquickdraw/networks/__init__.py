"""Networks for small images in plain PyTorch.

Classifier networks map images (B, C, H, W) to logits (B, n_classes). :class:`Network` is the
protocol for a network of your own.
"""

from ._cnn import CNN
from ._folding import fold_batch_norm
from ._layers import DepthwiseConv as DepthwiseConv
from ._layers import Standardize as Standardize
from ._layers import copy_network as copy_network
from ._layers import pixel_statistics as pixel_statistics
from ._mobilenet import MobileNetV2
from ._protocol import Network
from ._relation import RelationNetwork
from ._resnet import ResNet

__all__ = ["CNN", "MobileNetV2", "Network", "RelationNetwork", "ResNet", "fold_batch_norm"]
