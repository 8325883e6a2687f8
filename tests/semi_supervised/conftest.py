"""Small sketches, most of them without labels, and a classifier that learns them in a blink."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skquickdraw import CNNClassifier
from skquickdraw.datasets import make_sketches

NAMES = np.array(["ant", "bee", "cat"])


@pytest.fixture(scope="session")
def partly():
    """Return 120 pictures of 12 x 12, and their labels, of which the last 80 are marked -1."""
    X, y = make_sketches(120, 3, image_shape=(12, 12), random_state=0)
    y = np.where(np.arange(120) < 40, y, -1)
    X.flags.writeable = y.flags.writeable = False
    return X, y


@pytest.fixture
def linear():
    return make_pipeline(MinMaxScaler(), LogisticRegression())


@pytest.fixture
def net():
    return CNNClassifier(width=0.25, max_epochs=6, lr=0.01, precision="float32")
