"""Settings of torch do not change results of this package, and stay as the program set them."""

import pickle
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from skquickdraw import (
    AugmentingOverSampler,
    CNNClassifier,
    RelationNetworkClassifier,
    load_model,
    save_model,
)
from skquickdraw._device import plain_torch
from skquickdraw.datasets import make_sketches
from skquickdraw.persistence import to_onnx

X, Y = make_sketches(60, 3, weights=[3, 2, 1], image_shape=(12, 12), random_state=0)
QUICK = {"device": "cpu", "random_state": 0}


@contextmanager
def changed(put, get, value):
    before = get()
    put(value)
    try:
        yield
    finally:
        put(before)


def default_dtype(dtype):
    return changed(torch.set_default_dtype, torch.get_default_dtype, dtype)


@contextmanager
def default_device():
    torch.set_default_device("meta")
    try:
        yield
    finally:
        torch.set_default_device(None)


SETTINGS = {
    "float64": lambda: default_dtype(torch.float64),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "device": default_device,
    "device of a block": lambda: torch.device("meta"),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "grad": lambda: changed(torch.set_grad_enabled, torch.is_grad_enabled, False),
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "deterministic": lambda: changed(
        torch.use_deterministic_algorithms, torch.are_deterministic_algorithms_enabled, True
    ),
}
MAKERS = {
    "network": lambda: CNNClassifier(width=0.25, max_epochs=2, mixing="cutmix", **QUICK),
    "relation network": lambda: RelationNetworkClassifier(
        width=0.1, n_episodes=6, batch_size=2, precision="bfloat16", **QUICK
    ),
}


def state():
    return (
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.are_deterministic_algorithms_enabled(),
        type(torch.zeros(0)),
        torch.zeros(0).dtype,
        torch.zeros(0).device,
    )


@pytest.fixture(scope="module", params=MAKERS)
def fitted(request, tmp_path_factory):
    make = MAKERS[request.param]
    clf = make().fit(X, Y)
    path = tmp_path_factory.mktemp("models") / "model.safetensors"
    save_model(clf, path)
    return make, clf, path, clf.predict_proba(X)


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_setting_changes_a_bit(fitted, setting, tmp_path):
    make, clf, path, expected = fitted
    stored = pickle.dumps(clf)
    with SETTINGS[setting]():
        before = state()
        again = make().fit(X, Y)
        loaded = load_model(path, device="cpu")
        unpickled = pickle.loads(stored)
        found = [each.predict_proba(X) for each in (clf, again, loaded, unpickled)]
        save_model(again, tmp_path / "again.safetensors")
        assert state() == before
    found += [each.predict_proba(X) for each in (again, loaded, unpickled)]
    for proba in found:
        np.testing.assert_array_equal(proba, expected)


@pytest.mark.parametrize("setting", SETTINGS)
def test_nor_of_features_of_more_training_and_of_copies(setting):
    def use():
        clf = CNNClassifier(width=0.25, max_epochs=1, **QUICK).partial_fit(X, Y)
        sampler = AugmentingOverSampler(random_state=0)
        return clf.partial_fit(X, Y).extract_features(X), sampler.fit_resample(X, Y)[0]

    expected = use()
    with SETTINGS[setting]():
        before = state()
        found = use()
        assert state() == before
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_nor_of_an_adapted_relation_network():
    clf = MAKERS["relation network"]().fit(X, Y)
    expected = clf.adapt(X[:20], Y[:20]).predict_proba(X)
    with default_device(), torch.autocast("cpu", torch.bfloat16), torch.inference_mode():
        found = clf.adapt(X[:20], Y[:20]).predict_proba(X)
    np.testing.assert_array_equal(found, expected)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Return a classifier, and the bytes of its graph."""
    pytest.importorskip("onnxscript")
    path = tmp_path_factory.mktemp("onnx") / "plain.onnx"
    clf = CNNClassifier(width=0.25, max_epochs=1, **QUICK).fit(X, Y)
    to_onnx(clf, path)
    return clf, path.read_bytes()


@pytest.mark.parametrize("setting", ["float64", "autocast", "device of a block"])
def test_nor_of_an_exported_graph(tmp_path, exported, setting):
    clf, plain = exported
    with SETTINGS[setting]():
        before = state()
        to_onnx(clf, tmp_path / "set.onnx")
        assert state() == before
    assert (tmp_path / "set.onnx").read_bytes() == plain


def test_an_error_restores_the_settings_too():
    with default_dtype(torch.float64), torch.no_grad():
        before = state()
        with pytest.raises(ZeroDivisionError), plain_torch():
            assert torch.zeros(0).dtype == torch.float32 and torch.is_grad_enabled()
            raise ZeroDivisionError
        assert state() == before
