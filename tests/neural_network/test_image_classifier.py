"""ImageClassifier with a network of the user: it works like the networks that have a name."""

import pickle
from functools import partial
from inspect import signature

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn

from skquickdraw import (
    CNNClassifier,
    ImageClassifier,
    MobileNetClassifier,
    NoisyStudentClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
)
from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.networks import CNN, ResNet

NAMED = [("cnn", CNNClassifier), ("mobilenet", MobileNetClassifier), ("resnet", ResNetClassifier)]


class Perceptron(nn.Sequential):
    """A network with lazy layers and an option ``depth``, without convolutions and batch norm."""

    def __init__(self, image_shape, n_classes, *, width=0.5, depth=1, dropout=0.25):
        channels = int(64 * width)
        hidden = [layer for _ in range(depth) for layer in (nn.LazyLinear(channels), nn.ReLU())]
        super().__init__(nn.Flatten(), *hidden, nn.Dropout(dropout), nn.LazyLinear(n_classes))


class Strided(Perceptron):
    """A network with the option ``stem_stride``, which has the default 'auto' in the package."""

    def __init__(self, image_shape, n_classes, stem_stride=1):
        super().__init__(image_shape, n_classes)


@pytest.mark.parametrize(
    ("network", "params", "shown"),
    [
        (Perceptron, {}, None),
        (Strided, {}, None),  # its own default is not known
        (Strided, {"stem_stride": 2}, 2),
        ("cnn", {}, 1),
        (CNN, {}, 1),
    ],
)
def test_a_stride_is_shown_if_it_was_given_to_the_network(sketches, network, params, shown):
    clf = ImageClassifier(network, max_epochs=1, width=None, random_state=0, **params)
    assert clf.fit(*sketches).auto_params_.get("stem_stride") == shown


class Viewing(nn.Module):
    """Calls ``view`` on the output of a convolution, which needs PyTorch's usual memory layout."""

    def __init__(self, image_shape, n_classes):
        super().__init__()
        self.convolve = nn.Conv2d(image_shape[0], 8, 3, stride=2)
        self.classify = nn.LazyLinear(n_classes)

    def forward(self, x):
        x = self.convolve(x).relu()
        return self.classify(x.view(x.shape[0], -1))


class Shared(nn.Module):
    """A network with a block that is used three times, a Conv1d layer, and a frozen layer."""

    def __init__(self, image_shape, n_classes):
        super().__init__()
        _, height, width = image_shape
        self.place = nn.Parameter(0.1 * torch.randn(1, height, 16))
        self.embed = nn.Conv1d(width, 16, 1)
        self.block = nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 16), nn.GELU())
        self.frozen = nn.Linear(16, 16).requires_grad_(False)
        self.classify = nn.Linear(16, n_classes)
        self.scale = nn.Parameter(torch.tensor(1.0))

    def forward(self, x):
        x = self.embed(x[:, 0].mT).mT + self.place  # (B, H, 16)
        for _ in range(3):
            x = x + self.block(x)
        return self.scale * self.classify(x.mean(1) + self.frozen(x.mean(1)))


class Recurrent(nn.Module):
    """Reads an image row by row, and ends in a 1x1 convolution."""

    penultimate = "rows.norm"

    def __init__(self, image_shape, n_classes):
        super().__init__()
        rows = {"gru": nn.GRU(image_shape[2], 24, batch_first=True), "norm": nn.LayerNorm(24)}
        self.rows = nn.ModuleDict(rows)
        self.classify = nn.Conv1d(24, n_classes, 1)

    def forward(self, x):
        x, _ = self.rows["gru"](x[:, 0])
        x = self.rows["norm"](x)[:, -1:]  # (B, 1, 24)
        return self.classify(x.mT).flatten(1)


def plain(image_shape, n_classes):
    """Return convolutions without batch norm, and a 1x1 convolution in place of a linear layer."""
    return nn.Sequential(
        nn.Conv2d(image_shape[0], 8, 3, stride=2),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2),
        nn.ReLU(),
        nn.Conv2d(16, n_classes, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )


NETWORKS = [Perceptron, partial(Perceptron, depth=2), Viewing, Shared, Recurrent, plain]
each_network = pytest.mark.parametrize(
    "network", NETWORKS, ids=["Perceptron", "partial", "Viewing", "Shared", "Recurrent", "plain"]
)


@pytest.fixture
def own(quick):
    """Return a function that makes a small classifier of a user's network."""

    def make(network=Perceptron, **params):
        return quick(ImageClassifier, network=network, width=None, **params)

    return make


@pytest.mark.parametrize(("name", "cls"), NAMED)
def test_a_name_is_the_classifier_of_that_network(sketches, quick, name, cls):
    X, y = sketches
    expected = quick(cls, optimizer="muon").fit(X, y).predict_proba(X)
    clf = quick(ImageClassifier, network=name, optimizer="muon").fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), expected)
    network = {"cnn": CNN, "resnet": ResNet}.get(name)
    if network is not None:
        again = clf.set_params(network=network).fit(X, y)
        np.testing.assert_array_equal(again.predict_proba(X), expected)


def test_left_out_options_are_those_of_the_named_classifier(sketches, quick):
    X, y = sketches
    short = {"max_epochs": 0.1, "batch_size": 45}
    expected = quick(ResNetClassifier, width=1.0, **short).fit(X, y)
    clf = quick(ImageClassifier, width=None, **short).fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))


def test_parameters_are_those_of_the_named_classifiers():
    own, shared = signature(ImageClassifier).parameters, signature(ResNetClassifier).parameters
    assert list(own) == ["network", *shared]
    left_open = {"width", "dropout", "spatial_dropout", "stochastic_depth"}
    others = [name for name in shared if name not in left_open]
    assert {own[name].default for name in left_open} == {None}
    assert [own[name].default for name in others] == [shared[name].default for name in others]
    shown, documented = ImageClassifier().get_params(), ImageClassifier.__doc__
    assert shown.keys() == set(own)
    assert all(f"{name} :" in documented or f"{name}, " in documented for name in own)
    assert documented.count("\n    dropout") == 0


@each_network
@pytest.mark.parametrize("optimizer", ["muon", "adamw", "sgd"])
def test_each_network_learns(sketches, own, network, optimizer):
    X, y = sketches
    clf = own(network, optimizer=optimizer, max_epochs=25, loss="balanced_softmax")
    clf.set_params(label_smoothing=0.0).fit(X, y)
    assert clf.history_[-1]["train_loss"] < 0.6 * clf.history_[0]["train_loss"]
    assert clf.score(X, y) > 0.8  # the largest class alone has 0.6


@each_network
def test_a_network_is_an_estimators_like_any_other(sketches, own, network):
    X, y = sketches
    clf = own(network, ema_decay=0.9, augmentation="auto").fit(X, y)
    expected = clf.predict_proba(X)
    np.testing.assert_array_equal(clone(clf).fit(X, y).predict_proba(X), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(clf)).predict_proba(X), expected)
    np.testing.assert_array_equal(clf.predict_proba(X[:1]), expected[:1])
    clf.partial_fit(X, y)
    assert not np.array_equal(clf.predict_proba(X), expected)
    assert clf.set_params(warm_start=True).fit(X, y).n_epochs_ == 3


def test_pixels_are_standardized_in_front_of_the_network(sketches, own):
    X, y = sketches
    seen = []

    def watching(image_shape, n_classes):
        network = Perceptron(image_shape, n_classes)
        network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        return network

    clf = own(watching).fit(X, y)
    seen.clear()
    clf.predict(X[:32])
    shown = (X[:32] - X.mean(dtype=float)) / X.std(dtype=float)
    np.testing.assert_allclose(seen[0].cpu().reshape(32, -1), shown, atol=1e-4)


def test_options_reach_the_network_that_names_them(sketches, own):
    X, y = sketches
    network = own(partial(Perceptron, depth=2)).fit(X, y).net_.module_.network
    assert [layer.out_features for layer in network if isinstance(layer, nn.Linear)] == [32, 32, 3]
    assert network[-2].p == 0.25  # its own default
    clf = own(Perceptron).set_params(width=1.0, dropout=0.0).fit(X, y)
    assert clf.net_.module_.network[1].out_features == 64
    assert clf.net_.module_.network[-2].p == 0.0


def misnamed(image_shape, n_classes, *, extra):
    return Perceptron(image_shape, n_classes)


REFUSED = [
    ({"network": "vgg"}, "'network' parameter of ImageClassifier must be .*'vgg'"),
    ({"network": 3}, "'network' parameter of ImageClassifier must be"),
    (
        {"network": nn.Linear(2, 3)},
        r"network must be a class or .* got a module, Linear\(...\).*network=Linear",
    ),
    ({"width": 2.0}, r"width=2.0 must be an option that the network names, but plain takes no op"),
    ({"stem_stride": 1}, r"stem_stride=1 must be an option .* Leave stem_stride out"),
    (
        {"network": Perceptron, "stochastic_depth": 0.5},
        "stochastic_depth=0.5 must be .* but Perceptron takes width, dropout.",
    ),
    ({"network": "cnn", "stochastic_depth": 0.5}, "CNN has no residual branches"),
    ({"network": misnamed}, "callable as network.* of misnamed.*required.* 'extra'.*partial"),
    ({"network": lambda image_shape: None}, "callable as network.* too many positional"),
]


@pytest.mark.parametrize(("params", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_cannot_be_built_is_refused(sketches, own, params, message):
    clf = own(plain).set_params(**params)
    with pytest.raises(ValueError, match=message):
        clf.fit(*sketches)
    assert not hasattr(clf, "net_")


MISFITS = [
    (lambda shape, k: nn.Flatten(), r"logits of shape \(2, 3\), got \(2, 144\). Let its last"),
    (lambda shape, k: nn.Linear(7, k), r"and it raised RuntimeError: mat1 and mat2"),
    (lambda shape, k: nn.GRU(12, k), "and it raised|got tuple"),
    (lambda shape, k: "a string", "return a torch.nn.Module, got 'a string'"),
]


@pytest.mark.parametrize(("network", "message"), MISFITS)
def test_what_the_network_gives_is_looked_at_before_training(sketches, own, network, message):
    clf = own(network)
    with pytest.raises(InvalidParameterError, match="network=<lambda> must .*(" + message + ")"):
        clf.fit(*sketches)
    assert not hasattr(clf, "net_")


def test_muon_trains_hidden_matrices_alone(sketches, own):
    clf = own(Shared, optimizer="muon").fit(*sketches)
    network = clf.net_.module_.network
    groups = clf.net_.optimizer_.param_groups
    (orthogonal,) = [group["params"] for group in groups if group.get("orthogonal")]
    assert {id(w) for w in orthogonal} == {id(network.embed.weight), id(network.block[1].weight)}
    trained = {id(w) for group in groups for w in group["params"]}
    assert {id(w) for w in network.parameters()} - trained == {
        id(w) for w in network.frozen.parameters()
    }


@pytest.mark.parametrize("optimizer", ["muon", "adamw", "sgd"])
def test_frozen_weights_stay(sketches, own, optimizer):
    clf = own(Shared, optimizer=optimizer, max_epochs=2)
    short = clone(clf).set_params(max_epochs=0.1).fit(*sketches).net_.module_.network
    network = clf.fit(*sketches).net_.module_.network
    assert torch.equal(network.frozen.weight, short.frozen.weight)
    assert not torch.equal(network.block[1].weight, short.block[1].weight)


class Counting(nn.Module):
    """A network with a buffer of integers, which must not be averaged."""

    def __init__(self, image_shape, n_classes):
        super().__init__()
        self.register_buffer("table", torch.arange(144).flip(0))
        self.classify = nn.Linear(144, n_classes)

    def forward(self, x):
        return self.classify(x.flatten(1)[:, self.table])


def test_whole_numbers_are_not_averaged(sketches, own):
    clf = own(Counting, ema_decay=0.999, max_epochs=5).fit(*sketches)
    assert torch.equal(clf.net_.module_.network.table.cpu(), torch.arange(144).flip(0))


@pytest.mark.parametrize(
    ("network", "n_features"),
    [(Perceptron, 32), (Viewing, 200), (Shared, 16), (Recurrent, 12 * 24), (plain, 16)],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_penultimate_features_are_found(sketches, own, network, n_features):
    X, y = sketches
    clf = own(network, max_epochs=2).fit(X, y)
    features = clf.extract_features(X)
    assert features.shape == (90, n_features)
    np.testing.assert_array_equal(clf.extract_features(X, "logits"), clf.decision_function(X))


def test_copies_of_a_recurrent_network_hold_its_weights_in_one_piece(sketches, own, monkeypatch):
    copied = own(Recurrent, max_epochs=1).fit(*sketches)
    held = []
    monkeypatch.setattr(nn.GRU, "flatten_parameters", lambda layer: held.append(layer))
    copied.extract_features(sketches[0][:2])
    assert [type(layer) for layer in held] == [nn.GRU]
    assert held[0] is not copied.net_.module_.network.rows["gru"]


def test_the_last_layer_makes_logits_of_penultimate_features(sketches, own):
    X, y = sketches
    clf = own(Viewing).fit(X, y)
    features = torch.tensor(clf.extract_features(X), device=clf.net_.device)
    logits = clf.net_.module_.network.classify(features).detach().cpu().numpy()
    np.testing.assert_allclose(logits, clf.decision_function(X), atol=1e-5)


class Odd(nn.Module):
    """Its logits are no layer's output; one layer is never called, and one returns two tensors."""

    penultimate: str | None = None

    def __init__(self, image_shape, n_classes):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(24, n_classes))
        self.idle = nn.Linear(2, 2)
        self.gru = nn.GRU(image_shape[2], 24, batch_first=True)

    def forward(self, x):
        return self.gru(x[:, 0])[0].mean(1) @ self.weight


class Misnaming(Odd):
    penultimate = "missing"


@pytest.mark.parametrize(
    ("network", "layer", "message"),
    [
        (Odd, "penultimate", "calls no linear layer and no 1x1 convolution of 3 outputs"),
        (Odd, "network.idle", "'network.idle' must take part in predictions"),
        (Odd, "network.gru", "must give features for each of .* images, got tuple"),
        (Odd, "gru", "has no layer 'gru'. Did you mean 'network.gru'"),
        (Misnaming, "penultimate", "attribute penultimate of Misnaming must name .* got 'missing'"),
    ],
)
def test_a_layer_that_gives_no_features_is_refused(sketches, own, network, layer, message):
    clf = own(network).fit(*sketches)
    with pytest.raises(InvalidParameterError, match=message):
        clf.extract_features(sketches[0], layer)


def test_networks_can_be_searched(sketches, own):
    X, y = sketches
    grid = {"network": ["cnn", Perceptron, plain], "lr": [0.003]}
    search = GridSearchCV(own("cnn", max_epochs=2), grid, cv=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(X).shape == (90,)


def test_early_stopping_restores_the_best(sketches, own):
    X, y = sketches
    clf = own(Shared, early_stopping=True, n_iter_no_change=2, max_epochs=30, lr=0.01).fit(X, y)
    assert clf.n_epochs_ <= 30 and "valid_score" in clf.history_[-1]


def test_noisy_students_and_ensembles_take_it(sketches, own):
    X, y = sketches
    marked = np.where(np.arange(90) % 3 == 0, -1, y)
    student = NoisyStudentClassifier(own(max_epochs=2), n_iterations=1, random_state=0)
    assert student.fit(X, marked).predict(X).shape == (90,)
    seeds = SeedEnsembleClassifier(own(max_epochs=2), n_estimators=2, random_state=0).fit(X, y)
    first, second = (member.predict_proba(X) for member in seeds.estimators_)
    assert not np.array_equal(first, second)


OTHER_NETWORKS = [
    ({"network": plain}, "in network, weights, width|network"),
    ({"width": 1.0}, "weights, width"),
    ({"network": partial(Perceptron, width=1.0)}, "weights"),
]


@pytest.mark.parametrize(("params", "message"), OTHER_NETWORKS, ids=["network", "width", "partial"])
def test_training_does_not_go_on_from_another_network(sketches, own, params, message):
    clf = own(Perceptron, warm_start=True).fit(*sketches)
    with pytest.raises(InvalidParameterError, match="differs .* in .*" + message):
        clf.set_params(**params).fit(*sketches)


class Doubling(nn.Module):
    """A network with an option that changes no shape."""

    def __init__(self, image_shape, n_classes, *, width=1.0, dropout=0.0):
        super().__init__()
        self.width = width
        self.classify = nn.Linear(144, n_classes)

    def forward(self, x):
        return self.classify(x.flatten(1)) * self.width


def test_an_option_counts_where_no_shape_tells_but_rates_may_change(sketches, own):
    clf = own(Doubling, warm_start=True).fit(*sketches)
    assert clf.set_params(dropout=0.5).fit(*sketches).n_epochs_ == 2
    with pytest.raises(InvalidParameterError, match="differs .* in width"):
        clf.set_params(width=2.0).fit(*sketches)
