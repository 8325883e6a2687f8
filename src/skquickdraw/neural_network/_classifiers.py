"""The public classifiers: one network each, one set of parameters for all."""
from ..networks import CNN, MobileNetV2, ResNet
from ._base import BaseImageClassifier

class MobileNetClassifier(BaseImageClassifier):
    _network = MobileNetV2
class ResNetClassifier(BaseImageClassifier):
    _network = ResNet
class CNNClassifier(BaseImageClassifier):
    _network = CNN
