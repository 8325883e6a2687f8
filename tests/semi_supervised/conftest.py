"""Small sketches, most of them without labels, and small classifiers for them."""

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
    """Return 120 images of 12 x 12, and labels, the last 80 of which are -1."""
    X, y = make_sketches(120, 3, image_shape=(12, 12), random_state=0)
    y = np.where(np.arange(120) < 40, y, -1)
    X.flags.writeable = y.flags.writeable = False
    return X, y


@pytest.fixture
def linear():
    return make_pipeline(MinMaxScaler(), LogisticRegression())


@pytest.fixture
def net():
    return CNNClassifier(width=0.25, max_epochs=3, lr=0.03, precision="float32")
