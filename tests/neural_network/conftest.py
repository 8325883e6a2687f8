"""A tiny imbalanced data set, and a small classifier for it."""

import pytest

from skquickdraw import CNNClassifier
from skquickdraw.datasets import make_sketches


@pytest.fixture(scope="session")
def sketches():
    """Return 90 different flat images of 12 x 12, and labels of classes of 54, 27 and 9."""
    X, y = make_sketches(90, 3, weights=[6, 3, 1], image_shape=(12, 12), random_state=0)
    X.flags.writeable = y.flags.writeable = False
    return X, y


# Short and exact, without the parts that most tests do not need; test_defaults.py has the defaults.
PLAIN = {
    "width": 0.25,
    "max_epochs": 1,
    "precision": "float32",
    "loss": "cross_entropy",
    "label_smoothing": 0.1,
    "augmentation": None,
    "optimizer": "adamw",
    "ema_decay": None,
    "n_tta": 1,
    "random_state": 0,
}


@pytest.fixture
def quick():
    """Return a function that makes a small and plain classifier, in float32."""

    def make(cls=CNNClassifier, **params):
        return cls(**{**PLAIN, **params})

    return make
