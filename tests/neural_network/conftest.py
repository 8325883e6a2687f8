"""A tiny imbalanced data set, and a classifier that trains on it in a blink."""

import pytest

from skquickdraw import CNNClassifier
from skquickdraw.datasets import make_sketches


@pytest.fixture(scope="session")
def sketches():
    """Return 90 flat pictures of 12 x 12, all different, and their labels: 54 : 27 : 9."""
    X, y = make_sketches(90, 3, weights=[6, 3, 1], image_shape=(12, 12), random_state=0)
    X.flags.writeable = y.flags.writeable = False
    return X, y


# Short, exact, and without what a test is not about; test_defaults.py looks at the defaults.
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
