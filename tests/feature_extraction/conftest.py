"""A tiny imbalanced data set, and a small network for it."""

import pytest

from skquickdraw import CNNClassifier
from skquickdraw.datasets import make_sketches


@pytest.fixture(scope="session")
def sketches():
    """Return 90 different flat images of 12 x 12, and names of classes of 54, 27 and 9."""
    X, y, names = make_sketches(
        90, 3, weights=[6, 3, 1], image_shape=(12, 12), random_state=0, return_names=True
    )
    y = names[y]
    X.flags.writeable = y.flags.writeable = False
    return X, y


@pytest.fixture
def network():
    """Return a small unfitted classifier, in float32 so that results are exact."""
    return CNNClassifier(width=0.25, max_epochs=2, precision="float32")
