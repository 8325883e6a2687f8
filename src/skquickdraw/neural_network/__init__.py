"""Classifiers for small images: scikit-learn estimators that train a network."""

from ._base import BaseImageClassifier as BaseImageClassifier
from ._classifiers import CNNClassifier, MobileNetClassifier, ResNetClassifier
from ._features import read_layer as read_layer
from ._image_classifier import ImageClassifier
from ._net import ImageNeuralNet as ImageNeuralNet
from ._networks import UserNetwork as UserNetwork
from ._plan import resolve_batch_size as resolve_batch_size
from ._plan import resolve_epochs as resolve_epochs
from ._restore import check_module_state as check_module_state
from ._restore import module_state as module_state
from ._restore import net_state as net_state
from ._restore import restore_module as restore_module
from ._restore import restore_net as restore_net
from ._training_set import repeat_rows as repeat_rows

__all__ = ["CNNClassifier", "ImageClassifier", "MobileNetClassifier", "ResNetClassifier"]
