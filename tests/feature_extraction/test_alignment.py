"""The alignment of cross-fitted features undoes rotations and shifts between networks."""

import numpy as np
import pytest
from scipy.stats import ortho_group
from sklearn.base import BaseEstimator
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skquickdraw import DeepFeatureExtractor


class TurnedNetwork(BaseEstimator):
    """Features are the pixels, in a basis and with an origin that depend on the seed."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.basis_ = ortho_group.rvs(X.shape[1], random_state=self.random_state)
        self.origin_ = np.random.RandomState(self.random_state).normal(size=X.shape[1])
        return self

    def extract_features(self, X, layer="penultimate"):
        return (X @ self.basis_ + self.origin_).astype(np.float32)


@pytest.fixture
def blobs():
    """Return 120 rows of two overlapping classes."""
    y = np.tile([0, 1], 60)
    return np.random.default_rng(0).normal(size=(120, 5)) + y[:, None], y


def test_another_basis_and_origin_are_undone(blobs):
    extractor = DeepFeatureExtractor(TurnedNetwork(), cv=4, random_state=0)
    crossed = extractor.fit_transform(*blobs)
    np.testing.assert_allclose(crossed, extractor.transform(blobs[0]), atol=1e-4)


def test_the_networks_do_differ_in_their_basis(blobs):
    first, second = (
        DeepFeatureExtractor(TurnedNetwork(), random_state=seed).fit_transform(*blobs)
        for seed in (0, 1)
    )
    assert np.abs(first - second).max() > 1


def test_a_head_on_aligned_features_is_as_good_as_on_pixels(blobs):
    X, y = blobs
    extractor = DeepFeatureExtractor(TurnedNetwork(), cv=4, random_state=0)
    head = LinearDiscriminantAnalysis().fit(extractor.fit_transform(X, y), y)
    expected = LinearDiscriminantAnalysis().fit(X, y).predict(X)
    np.testing.assert_array_equal(head.predict(extractor.transform(X)), expected)
