"""A small data set, and a member whose predictions depend on its seed."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.tree import DecisionTreeClassifier

NAMES = np.array(["cat", "ant", "dog"])


@pytest.fixture(scope="session")
def blobs():
    """Return 150 rows of three overlapping classes, labeled 'ant', 'cat' and 'dog'."""
    X, y = make_blobs(150, 4, centers=3, cluster_std=4.0, random_state=0)
    return X, NAMES[y]


@pytest.fixture
def tree():
    return DecisionTreeClassifier(max_depth=3, splitter="random")
