"""The only classes that a file can name; no other class is saved or loaded.

Before you add one, make sure that its predictions are safe for any attributes: the writer of a file
chooses them. So classes that pass arrays to compiled code without checking the indices in them,
such as trees, neighbours and kernel machines, must not be listed.
"""

from __future__ import annotations

from inspect import signature

import imblearn.pipeline
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    LabelBinarizer,
    LabelEncoder,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVC
from torch import nn

from ..augmentation import AugmentationPolicy, CutMix, MixUp, StrokeAugmentation
from ..distillation import DistilledClassifier
from ..ensemble import SeedEnsembleClassifier
from ..feature_extraction import DeepFeatureExtractor
from ..few_shot import PrototypeClassifier, RelationNetworkClassifier, TopKReranker
from ..losses import LDAM, BalancedSoftmax, CrossEntropy, Distillation, Focal
from ..model_selection import LabeledStratifiedKFold, LabeledStratifiedShuffleSplit
from ..networks import CNN, MobileNetV2, RelationNetwork, ResNet
from ..neural_network import (
    CNNClassifier,
    ImageClassifier,
    MobileNetClassifier,
    ResNetClassifier,
)
from ..over_sampling import AugmentingOverSampler
from ..preprocessing import SketchNormalizer
from ..recipes import BudgetedClassifier
from ..semi_supervised import NoisyStudentClassifier, TransductiveClassifier

_CLASSES: list[type] = [
    AugmentationPolicy,
    AugmentingOverSampler,
    BalancedSoftmax,
    BudgetedClassifier,
    CNNClassifier,
    CrossEntropy,
    CutMix,
    DeepFeatureExtractor,
    Distillation,
    DistilledClassifier,
    Focal,
    ImageClassifier,
    LDAM,
    LabeledStratifiedKFold,
    LabeledStratifiedShuffleSplit,
    MixUp,
    MobileNetClassifier,
    NoisyStudentClassifier,
    PrototypeClassifier,
    RelationNetworkClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
    SketchNormalizer,
    StrokeAugmentation,
    TopKReranker,
    TransductiveClassifier,
    # what commonly surrounds these, from scikit-learn and imbalanced-learn
    FeatureUnion,
    FrozenEstimator,
    GaussianNB,
    KFold,
    LabelBinarizer,
    LabelEncoder,
    LinearDiscriminantAnalysis,
    LinearSVC,
    LogisticRegression,
    MaxAbsScaler,
    MinMaxScaler,
    NearestCentroid,
    Normalizer,
    PCA,
    Pipeline,
    QuadraticDiscriminantAnalysis,
    RidgeClassifier,
    RobustScaler,
    StackingClassifier,
    StandardScaler,
    StratifiedKFold,
    VotingClassifier,
    imblearn.pipeline.Pipeline,
]
# 'skquickdraw.CNNClassifier', 'sklearn.PCA': names do not change when a class moves inside its
# package.
NAME_OF = {cls: f"{cls.__module__.split('.')[0]}.{cls.__name__}" for cls in _CLASSES}
CLASS_OF = {name: cls for cls, name in NAME_OF.items()}
NETWORK_OF: dict[str, type[nn.Module]] = {
    network.__name__: network for network in (CNN, MobileNetV2, RelationNetwork, ResNet)
}

# Methods that can ask for metadata, in scikit-learn's metadata routing.
METHODS = {
    "decision_function",
    "fit",
    "fit_resample",
    "inverse_transform",
    "partial_fit",
    "predict",
    "predict_log_proba",
    "predict_proba",
    "score",
    "split",
    "transform",
}
NOT_AN_ATTRIBUTE = {
    "_metadata_request",  # an object; stored as what was requested
    "_skl_callbacks",  # belong to a run, not to its result
}


def is_folder(name: object, value: object) -> bool:
    """Return whether this is a parameter ``memory``, also of a nested estimator.

    A fit unpickles what it finds there, so a file must not choose it. Besides, a folder of one
    machine is of no use on another.
    """
    return isinstance(name, str) and name.split("__")[-1] == "memory" and isinstance(value, str)


def parameter_names(cls: type) -> set[str]:
    """Return the names that the constructor takes."""
    return set(signature(cls).parameters)


def is_fitted_attribute(cls: type, name: object) -> bool:
    """Return whether an instance may carry a fitted attribute of this name.

    It must not hide anything of the class, and must not be a parameter: those are checked
    elsewhere.
    """
    return (
        isinstance(name, str)
        and name.isidentifier()
        and not name.startswith("__")
        and name not in NOT_AN_ATTRIBUTE
        and name not in parameter_names(cls)
        and not hasattr(cls, name)
    )
