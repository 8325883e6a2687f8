"""The checks of scikit-learn, on all public classifiers and transformers, without exceptions."""

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import estimator_checks_generator

from skquickdraw import (
    CNNClassifier,
    ImageClassifier,
    MobileNetClassifier,
    NoisyStudentClassifier,
    PrototypeClassifier,
    RelationNetworkClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
    SketchNormalizer,
    TopKReranker,
    TransductiveClassifier,
)
from skquickdraw.recipes import BudgetedClassifier


class Perceptron(torch.nn.Sequential):
    """A network of a user."""

    def __init__(self, image_shape, n_classes):
        layers = torch.nn.LazyLinear(32), torch.nn.ReLU(), torch.nn.Linear(32, n_classes)
        super().__init__(torch.nn.Flatten(), *layers)


# Narrow networks, because the checks fit hundreds of them, on few pixels. One makes the default
# passes; the others share its code, and make fewer, or fewer steps.
ESTIMATORS = [
    CNNClassifier(width=0.25, max_epochs=6),
    MobileNetClassifier(width=0.1, max_epochs=4),
    ResNetClassifier(width=0.1, max_epochs=6, batch_size=64),
    ImageClassifier(Perceptron),
    NoisyStudentClassifier(LogisticRegression(), pseudo_labels="hard"),
    TransductiveClassifier(LogisticRegression()),
    PrototypeClassifier(),
    PrototypeClassifier(metric="euclidean"),
    TopKReranker(LogisticRegression(), PrototypeClassifier()),
    RelationNetworkClassifier(width=0.1, n_episodes=25, lr=0.01, precision="float32"),
    SketchNormalizer(image_shape=(8, 8)),
    BudgetedClassifier(
        [CNNClassifier(width=0.25), SeedEnsembleClassifier(CNNClassifier(width=0.25), 2)],
        minutes=0.1,
    ),
]

CHECKS = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{check.func.__name__}")
    for prototype in ESTIMATORS
    for estimator, check in estimator_checks_generator(prototype)
]


class SteadyMachine:
    """A stopwatch that reads one second for each pass.

    A real stopwatch would give a different number of passes in each fit.
    """

    def __init__(self, X, y, seed):
        pass

    def wanted_epochs(self, work):
        return 20.0

    def seconds(self, work, n_epochs=1.0):
        return work.n_copies * n_epochs

    def look_longer(self, seconds: float) -> None:
        pass


@pytest.fixture(autouse=True)
def steady_machine(monkeypatch):
    monkeypatch.setattr("skquickdraw.recipes._budget.Stopwatch", SteadyMachine)
    monkeypatch.setattr("skquickdraw.recipes._budget.perf_counter", lambda: 0.0)


@pytest.mark.filterwarnings("default")  # the suite provokes warnings on purpose
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learn_check(estimator, check):
    check(estimator)
