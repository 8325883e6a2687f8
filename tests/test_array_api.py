"""With array_api_dispatch of scikit-learn, tensors as X, y and weights are read as arrays."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn import config_context

from skquickdraw import (
    AugmentingOverSampler,
    CNNClassifier,
    DeepFeatureExtractor,
    PrototypeClassifier,
    RelationNetworkClassifier,
    SeedEnsembleClassifier,
    SketchNormalizer,
)
from skquickdraw.datasets import make_sketches

NETWORK = CNNClassifier(width=0.25, max_epochs=1, random_state=0)
CLASSIFIERS = [
    NETWORK,
    PrototypeClassifier(),
    RelationNetworkClassifier(width=0.25, n_way=2, n_episodes=2, random_state=0),
    SeedEnsembleClassifier(NETWORK, n_estimators=1, random_state=0),
]


@pytest.fixture
def data():
    X, y = make_sketches(40, 3, image_shape=(12, 12), random_state=0)
    return X[5:], y[5:]  # so that classes are imbalanced


@pytest.fixture
def tensors(data, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    try:
        with config_context(array_api_dispatch=True):
            yield tuple(map(torch.as_tensor, data))
    except ImportError as error:  # an old scikit-learn needs another package for this
        pytest.skip(str(error))


@pytest.mark.parametrize("clf", CLASSIFIERS, ids=lambda clf: type(clf).__name__)
def test_a_classifier_reads_flat_tensors_as_arrays(data, tensors, clf):
    expected = clf.fit(*data).predict_proba(data[0])
    found = clf.fit(*tensors).predict_proba(tensors[0])
    assert_array_equal(found, expected)
    assert clf.score(*tensors) == clf.score(*data)


def test_weights_and_soft_targets_may_be_tensors(data, tensors):
    X, y = data
    weights, soft = np.arange(len(y)) % 3 + 0.5, np.eye(3)[y]
    expected = NETWORK.fit(X, y, weights, soft).predict_proba(X)
    found = NETWORK.fit(*tensors, torch.as_tensor(weights), torch.as_tensor(soft))
    assert_array_equal(found.predict_proba(X), expected)


@pytest.mark.parametrize(
    "transformer",
    [DeepFeatureExtractor(NETWORK, random_state=0), SketchNormalizer()],
    ids=lambda transformer: type(transformer).__name__,
)
def test_a_transformer_reads_flat_tensors_as_arrays(data, tensors, transformer):
    expected = transformer.fit(*data).transform(data[0])
    assert_array_equal(transformer.fit(*tensors).transform(tensors[0]), expected)


def test_a_sampler_reads_flat_tensors_as_arrays(data, tensors):
    sampler = AugmentingOverSampler(random_state=0)
    expected = sampler.fit_resample(*data)
    assert_array_equal(sampler.fit_resample(tensors[0], data[1])[0], expected[0])
