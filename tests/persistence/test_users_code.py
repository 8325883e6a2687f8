"""Models with classes of the user: the file names them, and who loads it passes them."""

import json
import sys
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from torch import nn

from skquickdraw import (
    AugmentingOverSampler,
    DeepFeatureExtractor,
    ImageClassifier,
    PrototypeClassifier,
    SeedEnsembleClassifier,
)
from skquickdraw.augmentation import AugmentationPolicy, StrokeAugmentation
from skquickdraw.exceptions import DataFileError, InvalidParameterError
from skquickdraw.networks import CNN
from skquickdraw.persistence import load_model, save_model


class Perceptron(nn.Sequential):
    def __init__(self, image_shape, n_classes, *, width=0.5, depth=1):
        channels = int(64 * width)
        hidden = [layer for _ in range(depth) for layer in (nn.LazyLinear(channels), nn.ReLU())]
        super().__init__(nn.Flatten(), *hidden, nn.LazyLinear(n_classes))


def small_network(image_shape, n_classes):
    return Perceptron(image_shape, n_classes)


class BrierRows(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def forward(self, logits, targets):
        return self.scale * (logits.softmax(1) - targets).square().sum(1)


class Brier(BaseEstimator):
    def __init__(self, scale=1.0):
        self.scale = scale

    def bind(self, class_counts):
        return BrierRows(self.scale)


@dataclass
class Fade:
    """An augmentation that is no estimator, and computes something in ``bind``."""

    strength: float = 0.5

    def bind(self, images, codes):
        bound = Fade(self.strength)
        bound.brightness_ = float(images.mean())
        return bound

    def draw(self, n_samples, image_shape, generator=None):
        return 1 - self.strength * torch.rand(n_samples, 1, 1, 1, generator=generator)

    def apply(self, images, draw):
        return images * draw.to(images.device)


class Swap(BaseEstimator):
    """A mixing that changes nothing."""

    def draw(self, n_samples, image_shape, generator=None):
        return None

    def apply(self, images, targets, draw):
        return images, targets


TRUSTED = {
    user.__name__: user
    for user in (Perceptron, small_network, Brier, Fade, Swap, AugmentationPolicy)
}
MODELS = {
    "class": (dict(network=Perceptron, width=1.0), {"Perceptron"}),
    "function": (dict(network=small_network), {"small_network"}),
    "partial": (dict(network=partial(Perceptron, depth=2)), {"Perceptron"}),
    "own": (dict(network=CNN, width=0.25), set()),
    "own partial": (dict(network=partial(CNN, width=0.25)), set()),
    "loss": (dict(network="cnn", width=0.25, loss=Brier(2.0)), {"Brier"}),
    "augmentation": (dict(network="cnn", width=0.25, augmentation=Fade(0.25)), {"Fade"}),
    "all": (
        dict(network=Perceptron, loss=Brier(), augmentation=Fade(), mixing=Swap()),
        {"Perceptron", "Brier", "Fade", "Swap"},
    ),
}


@pytest.fixture
def make(small):
    def make(**params):
        return small(ImageClassifier, **{"width": None, "optimizer": "muon", **params})

    return make


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("name", MODELS)
def test_what_was_trusted_is_what_it_was(name, make, small_sketches, path):
    X, y = small_sketches
    params, users = MODELS[name]
    clf = make(**params).fit(X, y)
    save_model(clf, path)
    if users:
        pairs = ", ".join(f"'{user}': {user}" for user in sorted(users))
        with pytest.raises(InvalidParameterError, match=f"them and pass trusted={{{pairs}}}."):
            load_model(path, device="cpu")
    loaded = load_model(path, trusted=TRUSTED)
    np.testing.assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))
    np.testing.assert_array_equal(loaded.extract_features(X), clf.extract_features(X))
    assert repr(loaded.get_params()).split("<")[0] == repr(clf.get_params()).split("<")[0]
    assert vars(loaded.augmentation_) == vars(clf.augmentation_)
    for one in (clf, loaded):  # training goes on in the same way
        one.partial_fit(X, y)
    np.testing.assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))
    refitted = loaded.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(refitted, clf.fit(X, y).predict_proba(X))


class Stricter(Brier):
    """Another version of a class, which refuses the parameters in the file."""

    def __init__(self, scale=1.0):
        raise TypeError("scale must be below 1\nas a share")


def test_the_first_line_of_an_error_is_told(make, small_sketches, path):
    save_model(make(**MODELS["loss"][0]).fit(*small_sketches), path)
    with pytest.raises(DataFileError, match="was a TypeError: scale must be below 1. It was"):
        load_model(path, trusted={"Brier": Stricter})


def test_models_inside_others_are_found(make, small_sketches, path):
    X, y = small_sketches
    members = SeedEnsembleClassifier(
        make(network=Perceptron),
        n_estimators=2,
        member_params=[{"network": small_network}, {"loss": Brier()}],
        random_state=0,
    )
    save_model(members.fit(X, y), path)
    with pytest.raises(InvalidParameterError, match="'Brier': Brier, 'Perceptron': .*'small_netw"):
        load_model(path, device="cpu")
    loaded = load_model(path, trusted=TRUSTED)
    np.testing.assert_array_equal(loaded.predict_proba(X), members.predict_proba(X))
    features = make_pipeline(DeepFeatureExtractor(make(network=Perceptron)), PrototypeClassifier())
    save_model(features.fit(X, y), path)
    loaded = load_model(path, trusted=TRUSTED)
    np.testing.assert_array_equal(loaded.predict_proba(X), features.predict_proba(X))


def test_samplers_and_strokes_hold_augmentations_of_a_users(path):
    sampler = AugmentingOverSampler(augmentation=StrokeAugmentation(then=Fade(0.1)))
    sampler.sample_indices_ = np.arange(3)
    save_model(sampler, path)
    loaded = load_model(path, trusted=TRUSTED)
    assert loaded.augmentation.then == Fade(0.1)


def local_brier():
    class Brier(BaseEstimator):
        def bind(self, class_counts):
            return BrierRows(1.0)

    return Brier()


class Forgetful(Swap):
    def __init__(self, alpha=1.0):
        self.beta = alpha


UNSAVED = [
    (dict(network=lambda shape, k: Perceptron(shape, k)), "network must have a name, .* with def"),
    (dict(network=partial(Perceptron, depth=np.float128(1))), "depth must be of a type"),
    (dict(mixing=Forgetful()), "mixing must keep each parameter .* Forgetful has none for 'alpha'"),
]


@pytest.mark.parametrize(("params", "message"), UNSAVED, ids=["lambda", "option", "lost"])
def test_what_cannot_be_named_is_not_saved(params, message, make, small_sketches, path):
    clf = make(network="cnn").set_params(width=0.25).fit(*small_sketches)
    clf.set_params(**params)
    with pytest.raises(InvalidParameterError, match="save_model: ImageClassifier.*" + message):
        save_model(clf, path)
    assert not path.exists()


def test_two_classes_of_one_name_are_not_saved(make, small_sketches, path):
    X, y = small_sketches
    members = SeedEnsembleClassifier(
        make(network=Perceptron),
        n_estimators=2,
        member_params=[{"loss": local_brier()}, {"loss": Brier()}],
    )
    with pytest.raises(InvalidParameterError, match="holds another 'Brier'. Rename one"):
        save_model(members.fit(X, y), path)


@pytest.mark.parametrize("trusted", [[Perceptron], {"Perceptron": "x"}, {Perceptron: Perceptron}])
def test_what_is_trusted_is_named(trusted, net_file):
    with pytest.raises(InvalidParameterError, match="trusted must be a dict from names to classes"):
        load_model(net_file, trusted=trusted)


def test_another_network_of_that_name_does_not_fit(make, small_sketches, path):
    save_model(make(network=Perceptron, width=1.0).fit(*small_sketches), path)
    for other in (small_network, partial(Perceptron, depth=2)):
        with pytest.raises(DataFileError, match="the network needs|missing or unknown|TypeError"):
            load_model(path, device="cpu", trusted={"Perceptron": other})


USER = {"type": "user", "name": "user:this"}


@pytest.mark.parametrize(
    ("slot", "node", "message"),
    [
        ("network", USER, "pass trusted={'this': this}"),
        ("network", {"type": "user", "name": "this"}, "KeyError: 'this'"),
        ("network", {"type": "network", "name": "os.system"}, "KeyError: 'os.system'"),
        ("loss", {"type": "object", "class": "user:this"}, "pass trusted={'this': this}"),
        (
            "network",
            {"type": "partial", "function": {"type": "scalar"}, "args": [], "keywords": {}},
            "not for a network",
        ),
        (
            "network",
            {"type": "partial", "function": USER, "args": [], "keywords": {}},
            "pass trusted={'this': this}",
        ),
    ],
    ids=str,
)
def test_a_file_runs_and_imports_nothing(slot, node, message, make, small_sketches, path, forger):
    read_parts, forge = forger
    save_model(make(network="cnn", width=0.25).fit(*small_sketches), path)
    content, arrays = read_parts(path)
    content["model"]["params"][slot] = node
    forge(path, json.loads(json.dumps(content)), arrays)
    with pytest.raises((DataFileError, InvalidParameterError), match=message):
        load_model(path, device="cpu")
    assert "this" not in sys.modules


def test_labels_are_no_names(make, small_sketches, path):
    X, y = small_sketches
    save_model(make(network="cnn", width=0.25).fit(X, np.char.add("user:", y)), path)
    assert load_model(path, device="cpu").classes_[0].startswith("user:")
