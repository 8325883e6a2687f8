"""Threads of a process do not wait for fits of others, or draw from their generators."""

import copy
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from skquickdraw import (
    CNNClassifier,
    ImageClassifier,
    MobileNetClassifier,
    RelationNetworkClassifier,
    ResNetClassifier,
    load_model,
    save_model,
)
from skquickdraw._draws import Draws, is_ours
from skquickdraw._turns import SharedTurns, lent_generator
from skquickdraw.augmentation import AugmentationPolicy, StrokeAugmentation
from skquickdraw.datasets import make_sketches
from skquickdraw.networks import CNN, MobileNetV2, ResNet
from skquickdraw.neural_network import _loop, _step

X, Y = make_sketches(60, 3, weights=[3, 2, 1], image_shape=(12, 12), random_state=0)
LONG = 60  # seconds until a thread counts as hanging
DROPPING = {"dropout": 0.3, "spatial_dropout": 0.2, "precision": "float32"}
QUICK = {"width": 0.25, "max_epochs": 2, "random_state": 0, "device": "cpu"}


class OwnNetwork(nn.Sequential):
    def __init__(self, image_shape, n_classes):
        layers = nn.Flatten(), nn.LazyLinear(8), nn.ReLU(), nn.Dropout(0.3)
        super().__init__(*layers, nn.Linear(8, n_classes))


class OwnAugmentation:
    def draw(self, n_samples, image_shape, generator=None):
        return torch.rand(n_samples, 1, 1, 1)  # from the global generator

    def apply(self, images, draw):
        return images * draw.to(images.device)


OWN = ImageClassifier(OwnNetwork, max_epochs=2, random_state=0, device="cpu")
RELATION = RelationNetworkClassifier(width=0.1, n_episodes=4, random_state=0, device="cpu")
NETWORKS = {
    "cnn": CNNClassifier(**QUICK, **DROPPING),
    "mobilenet": MobileNetClassifier(**QUICK, **DROPPING, stochastic_depth=0.3),
    "resnet": ResNetClassifier(**QUICK, **DROPPING, stochastic_depth=0.3),
    "bfloat16": CNNClassifier(**QUICK, **{**DROPPING, "precision": "bfloat16"}),
    "relation network": RELATION,
}


def fitted(estimator):
    return copy.deepcopy(estimator).fit(X, Y)


def proba(estimator):
    return fitted(estimator).predict_proba(X)


@pytest.fixture
def aside():
    """Return a function that calls another one in a new thread, and waits for it."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda function, *args: pool.submit(function, *args).result(LONG)


@pytest.fixture
def paused(monkeypatch):
    """Return a function that starts a fit in a thread, and returns while it is inside a step."""
    go_on, inside = threading.Event(), threading.Event()
    step = _step.TrainingStep.__call__

    def wait(self, batch):
        if threading.current_thread().name.startswith("paused"):
            inside.set()
            assert go_on.wait(2 * LONG)
        step(self, batch)

    monkeypatch.setattr(_step.TrainingStep, "__call__", wait)
    with ThreadPoolExecutor(1, thread_name_prefix="paused") as pool:

        def begin(estimator):
            future = pool.submit(proba, estimator)
            assert inside.wait(LONG)
            return future

        yield begin
        go_on.set()


@pytest.mark.parametrize("running", [NETWORKS["resnet"], OWN], ids=["ours", "own"])
@pytest.mark.parametrize("model", [NETWORKS["cnn"], RELATION], ids=["cnn", "relation network"])
def test_models_are_loaded_and_predict_during_a_fit(tmp_path, aside, paused, running, model):
    clf = fitted(model)
    save_model(clf, tmp_path / "model.safetensors")
    stored, expected = pickle.dumps(clf), clf.predict_proba(X)
    fit = paused(running)
    loaded = aside(lambda: load_model(tmp_path / "model.safetensors", device="cpu"))
    for each in (clf, loaded, aside(pickle.loads, stored)):
        np.testing.assert_array_equal(aside(each.predict_proba, X), expected)
    assert not fit.done()


def test_a_model_of_a_users_network_waits_for_one_step_only(tmp_path):
    clf = fitted(OWN)
    save_model(clf, tmp_path / "model.safetensors")
    running, is_over = threading.Event(), threading.Event()

    class Endless(OwnNetwork):
        def forward(self, x):
            if self.training:
                running.set()
                assert not is_over.is_set()
            return super().forward(x)

    endless = ImageClassifier(Endless, max_epochs=10**6, random_state=0, device="cpu")
    with ThreadPoolExecutor(2) as pool:
        fit = pool.submit(endless.fit, X, Y)
        assert running.wait(LONG)
        load = pool.submit(
            load_model,
            tmp_path / "model.safetensors",
            device="cpu",
            trusted={"OwnNetwork": OwnNetwork},
        )
        try:
            found = load.result(LONG).predict_proba(X)
            assert not fit.done()
        finally:
            is_over.set()
        assert isinstance(fit.exception(LONG), AssertionError)
    np.testing.assert_array_equal(found, clf.predict_proba(X))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_fit_and_another_thread_do_not_disturb_each_others_draws(monkeypatch, aside, name):
    alone, drawn = proba(NETWORKS[name]), []

    def drawing(function):
        def call(*args, **kwargs):
            drawn.append(aside(torch.rand, 3))
            return function(*args, **kwargs)

        return call

    monkeypatch.setattr(nn.Conv2d, "reset_parameters", drawing(nn.Conv2d.reset_parameters))
    monkeypatch.setattr(nn.BatchNorm2d, "forward", drawing(nn.BatchNorm2d.forward))
    torch.manual_seed(4)
    np.testing.assert_array_equal(proba(NETWORKS[name]), alone)
    assert len(drawn) > 50
    torch.manual_seed(4)
    assert all(torch.equal(numbers, torch.rand(3)) for numbers in drawn)


@pytest.mark.parametrize(
    "estimator",
    [
        OWN,
        CNNClassifier(**QUICK, **DROPPING, augmentation=OwnAugmentation()),
        ImageClassifier(ResNet, augmentation=OwnAugmentation(), max_epochs=1, random_state=0),
        RELATION.__class__(**{**RELATION.get_params(), "augmentation": OwnAugmentation()}),
    ],
    ids=["network", "augmentation", "both", "relation network"],
)
def test_code_of_a_users_is_seeded_and_other_threads_may_draw_between_steps(
    monkeypatch, aside, estimator
):
    alone, drawn = proba(estimator), []

    def before(step):
        def call(*args):
            drawn.append(aside(torch.rand, 3))
            return step(*args)

        return call

    take_step = _loop.TrainingLoop.take_step
    monkeypatch.setattr(_loop.TrainingLoop, "take_step", before(take_step))
    monkeypatch.setattr(Draws, "to_step", before(Draws.to_step))
    torch.manual_seed(4)
    np.testing.assert_array_equal(proba(estimator), alone)
    assert len(drawn) >= 4
    torch.manual_seed(4)
    assert all(torch.equal(numbers, torch.rand(3)) for numbers in drawn)


def test_a_loaded_model_leaves_the_global_generator_alone(tmp_path):
    save_model(fitted(OWN), tmp_path / "model.safetensors")
    before = torch.get_rng_state()
    load_model(tmp_path / "model.safetensors", trusted={"OwnNetwork": OwnNetwork})
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_fit_beside_another_gives_its_own_network(paused, aside, name):
    alone = [proba(NETWORKS[each]) for each in ("resnet", name)]
    first = paused(NETWORKS["resnet"])
    np.testing.assert_array_equal(aside(proba, NETWORKS[name]), alone[1])
    assert not first.done()


def test_fits_at_once_give_what_each_gives_alone():
    estimators = [
        ResNetClassifier(**{**QUICK, "random_state": seed}, **DROPPING, stochastic_depth=0.3)
        for seed in range(3)
    ] + [OWN]
    alone = [proba(each) for each in estimators]
    state = torch.get_rng_state()
    with ThreadPoolExecutor(4) as pool:
        for found, expected in zip(pool.map(proba, estimators), alone, strict=True):
            np.testing.assert_array_equal(found, expected)
    assert torch.equal(torch.get_rng_state(), state)


# Our layers draw from their own generator. Compare them with those of torch and torch.manual_seed.


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("network", [CNN, MobileNetV2, ResNet], ids=lambda n: n.__name__)
def test_own_draws_are_those_of_the_seeded_global_generator(network, dtype):
    rates = {"dropout": 0.3, "spatial_dropout": 0.2}
    if network is not CNN:
        rates["stochastic_depth"] = 0.4
    images = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))

    def compute(module):
        with torch.autocast("cpu", dtype, enabled=dtype == torch.bfloat16):
            return [module(images) for _ in range(2)]

    state, draws = torch.get_rng_state(), Draws(7)
    with draws.to_build():
        module = network((1, 28, 28), 3, width=0.25, **rates)
    with draws.to_step():
        found = compute(module)
    assert torch.equal(torch.get_rng_state(), state)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        other = network((1, 28, 28), 3, width=0.25, **rates)
        expected = compute(other)
    assert all(map(torch.equal, module.state_dict().values(), other.state_dict().values()))
    assert all(map(torch.equal, found, expected))
    assert not torch.equal(*found)


def test_gradients_pass_through_what_is_kept():
    module, draws = CNN((1, 8, 8), 3, width=0.25, dropout=0.5, spatial_dropout=0.5), Draws(0)
    images = torch.rand(4, 1, 8, 8)
    gradients = []
    for seeded in (draws.to_step(), lent_generator(torch.Generator().manual_seed(0))):
        module.zero_grad()
        with seeded:
            module(images).sum().backward()
        gradients.append([weight.grad for weight in module.parameters()])
    assert all(map(torch.equal, *gradients))


def test_networks_with_draws_of_their_own_can_be_copied_and_stored():
    draws = Draws(0)
    with draws.to_step():
        module = ResNet((1, 8, 8), 3, width=0.25, dropout=0.5, stochastic_depth=0.3)
        module(torch.rand(2, 1, 8, 8))
        for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
            assert all(map(torch.equal, again.parameters(), module.parameters()))


@pytest.mark.parametrize("is_own", [True, False])
@pytest.mark.parametrize("block", ["to_build", "to_step"])
def test_after_an_error_all_draw_from_the_global_generator_again(is_own, block):
    state = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), getattr(Draws(0, is_own=is_own), block)():
        _ = CNN((1, 8, 8), 3, width=0.25, dropout=0.5) if block == "to_build" else 1 / 0
        _ = 1 / 0
    assert torch.equal(torch.get_rng_state(), state)
    module = CNN((1, 8, 8), 3, width=0.25, dropout=0.5)
    drawn = torch.get_rng_state()
    assert not torch.equal(drawn, state)
    module(torch.zeros(2, 1, 8, 8))
    assert not torch.equal(torch.get_rng_state(), drawn)


def test_a_users_part_is_found():
    assert is_ours(None) and is_ours(AugmentationPolicy()) and is_ours(StrokeAugmentation())
    assert is_ours(StrokeAugmentation(then=AugmentationPolicy()))
    assert not is_ours(StrokeAugmentation(then=OwnAugmentation()))
    assert not is_ours(OwnAugmentation())


# Turns.


def test_users_share_and_one_alone_waits_for_them(aside):
    turns, log = SharedTurns(), []

    def alone():
        with turns.alone():
            log.append("alone")

    def share(text):
        with turns.shared():
            log.append(text)

    with turns.shared(), turns.shared():
        aside(share, "other")  # does not wait
        waiting = threading.Thread(target=alone)
        waiting.start()
        while not turns._n_waiting:
            pass
        late = threading.Thread(target=share, args=["late"])  # must wait for `alone`
        late.start()
        share("again")  # this thread shares already
        assert log == ["other", "again"]
    waiting.join(LONG)
    late.join(LONG)
    assert log == ["other", "again", "alone", "late"]


def test_who_is_alone_may_take_it_again_and_others_wait():
    turns, is_inside = SharedTurns(), threading.Event()

    def share():
        with turns.shared():
            is_inside.set()

    with turns.alone(), turns.shared(), turns.alone():
        other = threading.Thread(target=share)
        other.start()
        assert not is_inside.wait(0.1)
    assert is_inside.wait(LONG)
    other.join()


def test_those_who_want_it_alone_take_turns():
    turns, done = SharedTurns(), []

    def alone():
        with turns.alone():
            done.append("alone")

    waiting = threading.Thread(target=alone, daemon=True)
    with turns.alone():
        waiting.start()
        while not turns._n_waiting:
            pass
    waiting.join(LONG)
    next_one = threading.Thread(target=alone, daemon=True)  # must not wait for the first holder
    next_one.start()
    next_one.join(LONG)
    assert done == ["alone", "alone"]
