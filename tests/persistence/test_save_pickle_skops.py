"""The other ways to store a model: pickle, joblib and skops."""

import pickle

import joblib
import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline

from skquickdraw import (
    DeepFeatureExtractor,
    MobileNetClassifier,
    NoisyStudentClassifier,
    RelationNetworkClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
)
from skquickdraw.persistence import load_model

MODELS = {
    "CNN": lambda net: net(),
    "MobileNet": lambda net: net(MobileNetClassifier, ema_decay=0.9),
    "ResNet": lambda net: net(ResNetClassifier, loss="balanced_softmax", lr_schedule="cosine"),
    "Seeds": lambda net: SeedEnsembleClassifier(net(), n_estimators=2, random_state=0),
    "Noisy": lambda net: NoisyStudentClassifier(net(), n_iterations=1, random_state=0),
    "Features-LDA": lambda net: make_pipeline(
        DeepFeatureExtractor(net(), random_state=0), LinearDiscriminantAnalysis()
    ),
}


@pytest.fixture(scope="module")
def fitted(small, small_sketches):
    return {name: make(small).fit(*small_sketches) for name, make in MODELS.items()}


def with_joblib(model, folder):
    joblib.dump(model, folder / "model.joblib")
    return joblib.load(folder / "model.joblib")


def with_skops(model, folder):
    skops = pytest.importorskip("skops.io")
    skops.dump(model, folder / "model.skops")
    types = skops.get_untrusted_types(file=folder / "model.skops")
    known = ("skquickdraw.", "skorch.", "torch.", "functools.partial", "sklearn.", "collections.")
    assert all(name.startswith(known) for name in types)
    return skops.load(folder / "model.skops", trusted=types)


WAYS = {
    "pickle": lambda model, folder: pickle.loads(pickle.dumps(model)),
    "joblib": with_joblib,
    "skops": with_skops,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MODELS)
def test_models_come_back_the_same(name, way, fitted, small_sketches, tmp_path):
    X, _ = small_sketches
    found = WAYS[way](fitted[name], tmp_path)
    np.testing.assert_array_equal(found.predict_proba(X), fitted[name].predict_proba(X))
    assert repr(found.get_params()) == repr(fitted[name].get_params())


@pytest.mark.parametrize("way", WAYS)
def test_training_goes_on(way, small, small_sketches, tmp_path):
    X, y = small_sketches
    model = small().fit(X, y)
    found = WAYS[way](model, tmp_path)
    for clf in (model, found):
        clf.partial_fit(X, y)
    np.testing.assert_array_equal(found.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("way", WAYS)
def test_what_was_loaded_can_be_stored_again(way, net_file, small_sketches, tmp_path):
    X, _ = small_sketches
    model = load_model(net_file, device="cpu")
    found = WAYS[way](model, tmp_path)
    np.testing.assert_array_equal(found.predict_proba(X), model.predict_proba(X))


def test_pickle_stores_relation_networks(small_sketches):
    X, y = small_sketches
    model = RelationNetworkClassifier(width=0.25, n_episodes=2, random_state=0).fit(X, y)
    found = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(found.predict_proba(X), model.predict_proba(X))
