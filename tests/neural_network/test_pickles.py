"""Pickles of a trained classifier can predict and train further, on any machine."""

import copy
import pickle
import pickletools
import warnings

import numpy as np
import pytest
import torch
from sklearn.utils.validation import check_is_fitted

from skquickdraw import CNNClassifier, MobileNetClassifier, RelationNetworkClassifier

TRAININGS = [
    {"lr_schedule": "plateau"},
    {"lr_schedule": "onecycle", "ema_decay": 0.9},
    {"lr_schedule": None, "early_stopping": True, "validation_fraction": 0.3},
    {"optimizer": "muon", "verbose": 1},
    {"optimizer": "sgd", "lr_schedule": "cosine"},
    {"optimizer": torch.optim.Adam, "lr_schedule": "plateau"},
]


def names_in(data):
    """Return all classes and functions that a pickle names, with their modules."""
    texts, names = [], set()
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name == "GLOBAL":
            names.add(argument.replace(" ", "."))
        elif opcode.name == "STACK_GLOBAL":
            names.add(".".join(texts[-2:]))
        elif isinstance(argument, str):
            texts.append(argument)
    return names


def n_weights(clf):
    return sum(weight.numel() for weight in clf.net_.module_.parameters())


@pytest.mark.parametrize("params", TRAININGS, ids=str)
def test_no_live_part_of_the_training_is_pickled(sketches, quick, params):
    clf = quick(device="cpu", **params).fit(*sketches)
    data = pickle.dumps(clf)
    kept = {torch.optim.Adam} & {params.get("optimizer")}  # the parameter itself, by name
    torches = {name for name in names_in(data) if name.startswith(("torch", "skorch"))}
    assert torches <= {f"{cls.__module__}.{cls.__name__}" for cls in kept}
    assert b"cuda" not in data


@pytest.mark.parametrize("params", TRAININGS, ids=str)
def test_training_goes_on_from_a_pickle_to_the_bit(sketches, quick, params):
    X, y = sketches
    clf = quick(**params).fit(X, y)
    found = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(found.predict_proba(X), clf.predict_proba(X))
    assert found.history_ == clf.history_ == found.net_.epochs()
    for one in (clf, found):
        one.partial_fit(X, y)
        one.set_params(warm_start=True).fit(X, y)
    np.testing.assert_array_equal(found.predict_proba(X), clf.predict_proba(X))


@pytest.mark.parametrize("schedule", ["plateau", "onecycle"])
def test_a_pickle_is_three_times_the_weights(sketches, quick, schedule):
    """It contains the weights, and for each of them the two numbers of AdamW."""
    clf = quick(width=1.0, lr_schedule=schedule).fit(*sketches)
    assert len(pickle.dumps(clf)) < 3 * 4 * n_weights(clf) + 40_000


def test_an_average_of_weights_is_pickled_once(sketches, quick):
    clf = quick(width=1.0, ema_decay=0.9, early_stopping=True, validation_fraction=0.3)
    clf.fit(*sketches)
    assert len(pickle.dumps(clf)) < 3 * 4 * n_weights(clf) + 40_000


def test_a_deep_copy_shares_nothing(sketches, quick):
    X, y = sketches
    clf = quick().fit(X, y)
    expected = clf.predict_proba(X)
    copy.deepcopy(clf).partial_fit(X[::-1], y[::-1])
    found = copy.deepcopy(clf)
    with torch.no_grad():
        found.net_.module_.head.classify.bias += 1.0
    np.testing.assert_array_equal(clf.predict_proba(X), expected)


def test_without_the_device_the_cpu_serves_and_says_so(sketches, quick):
    X, y = sketches
    clf = quick(device="cpu").fit(X, y)
    expected = clf.predict_proba(X)
    clf.net_.device = "cuda:7"  # as if it was trained there
    data = pickle.dumps(clf)
    with pytest.warns(UserWarning, match="trained on device='cuda:7' goes to the CPU"):
        found = pickle.loads(data)
    assert found.net_.device == "cpu"
    np.testing.assert_array_equal(found.predict_proba(X), expected)


def test_a_net_that_stays_holds_no_scheduler(sketches, quick):
    callbacks = dict(quick(lr_schedule="plateau").fit(*sketches).net_.callbacks_)
    assert not hasattr(callbacks["schedule"], "scheduler_")


@pytest.fixture
def gpu(monkeypatch):
    """Return a function that makes torch pickle tensors as if they were on a GPU."""
    there = set()

    def tag(storage):
        return "cuda:99" if storage.data_ptr() in there else None

    registry = torch.serialization._package_registry
    monkeypatch.setattr(
        torch.serialization, "_package_registry", [(0, tag, lambda *_: None), *registry]
    )

    def move(module):
        there.update(weight.untyped_storage().data_ptr() for weight in module.state_dict().values())

    return move


def test_a_relation_network_loads_without_a_gpu(sketches, gpu):
    X, y = sketches
    clf = RelationNetworkClassifier(width=0.1, n_episodes=2, device="cpu", random_state=0)
    clf.fit(X, y)
    gpu(clf.network_)
    with pytest.raises(RuntimeError, match="CUDA"):
        pickle.loads(pickle.dumps(clf.network_))  # the bare module cannot be loaded
    found = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(found.predict_proba(X), clf.predict_proba(X))


def test_a_relation_network_stays_in_place_when_it_is_pickled(sketches):
    X, y = sketches
    clf = RelationNetworkClassifier(width=0.1, n_episodes=2, random_state=0).fit(X, y)
    network = clf.network_
    pickle.dumps(clf)
    assert clf.network_ is network
    assert copy.copy(clf).network_ is network and clf.adapt(X, y).network_ is network
    assert set(vars(pickle.loads(pickle.dumps(clf)))) == set(vars(clf))


def test_an_unfitted_relation_classifier_can_be_pickled():
    found = pickle.loads(pickle.dumps(RelationNetworkClassifier(n_way=3)))
    assert found.n_way == 3 and not hasattr(found, "network_")


@pytest.mark.parametrize("cls", [CNNClassifier, MobileNetClassifier])
def test_unpickling_leaves_global_generators_alone(sketches, quick, cls):
    data = pickle.dumps(quick(cls).fit(*sketches))
    before = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_is_fitted(pickle.loads(data))
    assert torch.equal(torch.get_rng_state(), before)
