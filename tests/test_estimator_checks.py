"""scikit-learn's own suite, on every public classifier and transformer, with nothing excused."""

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import estimator_checks_generator

from skquickdraw import (
    CNNClassifier,
    MobileNetClassifier,
    NoisyStudentClassifier,
    PrototypeClassifier,
    RelationNetworkClassifier,
    ResNetClassifier,
    SketchNormalizer,
    TopKReranker,
    TransductiveClassifier,
)

# Narrow networks: the suite fits hundreds of them, on a handful of pixels.
ESTIMATORS = [
    CNNClassifier(width=0.25),
    MobileNetClassifier(width=0.25),
    ResNetClassifier(width=0.25),
    # The suite has labels -1 and 1, of which -1 is no mark here.
    NoisyStudentClassifier(LogisticRegression(), pseudo_labels="hard", unlabeled_label=None),
    TransductiveClassifier(LogisticRegression()),
    PrototypeClassifier(),
    PrototypeClassifier(metric="euclidean"),
    TopKReranker(LogisticRegression(), PrototypeClassifier()),
    RelationNetworkClassifier(width=0.1, n_episodes=25, lr=0.01, precision="float32"),
    SketchNormalizer(image_shape=(8, 8)),
]

CHECKS = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{check.func.__name__}")
    for prototype in ESTIMATORS
    for estimator, check in estimator_checks_generator(prototype)
]


@pytest.mark.filterwarnings("default")  # the suite provokes warnings on purpose
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learn_check(estimator, check):
    check(estimator)
