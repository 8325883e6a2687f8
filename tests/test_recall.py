"""Finished fits are found again in the memory folder, by estimator and data."""

import os
import pickle
import re
import subprocess
import sys
from copy import deepcopy
from io import BytesIO

import joblib
import numpy as np
import pytest
import torch
from joblib import Memory
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.tree import DecisionTreeClassifier
from torch import nn

from skquickdraw import CNNClassifier, ImageClassifier
from skquickdraw._recall import content_hash, fit_or_recall
from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.datasets import make_sketches

X = np.random.default_rng(0).normal(size=(12, 3))
Y = np.repeat(["a", "b"], 6)
WEIGHTS = np.arange(12.0)


class Counted(DecisionTreeClassifier):
    """Counts its fits in a list of the module."""

    def fit(self, X, y, sample_weight=None):
        FITS.append(self.random_state)
        return super().fit(X, y, sample_weight)


class Log(list):
    """A list that the memory ignores; a plain list would be a constant of this module."""


FITS = Log()


class Linear(nn.Sequential):
    def __init__(self, image_shape, n_classes):
        super().__init__(nn.Flatten(), nn.Linear(144, n_classes))


class Wider(nn.Sequential):
    def __init__(self, image_shape, n_classes):
        super().__init__(nn.Flatten(), nn.Linear(144, 8), nn.Linear(8, n_classes))


Wider.__qualname__ = Wider.__name__ = "Linear"  # as if Linear had been edited


@pytest.mark.parametrize("make_memory", [str, lambda path: Memory(path, verbose=0)])
def test_finished_fits_are_recalled(tmp_path, make_memory):
    FITS.clear()
    memory = make_memory(tmp_path)
    first = fit_or_recall(memory, Counted(random_state=1), X, Y, None, WEIGHTS)
    again = fit_or_recall(memory, Counted(random_state=1), X.copy(), Y, None, WEIGHTS)
    assert FITS == [1]
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))
    fit_or_recall(memory, Counted(random_state=2), X, Y, None, WEIGHTS)
    fit_or_recall(memory, Counted(random_state=1), X, Y, None, WEIGHTS + 1)
    fit_or_recall(memory, Counted(random_state=1), X, Y[::-1], None, WEIGHTS)
    assert FITS == [1, 2, 1, 1]


def test_without_memory_all_is_fitted():
    FITS.clear()
    for _ in range(2):
        fit_or_recall(None, Counted(random_state=1), X, Y)
    assert FITS == [1, 1]


@pytest.fixture(scope="module")
def net():
    images, codes = make_sketches(30, 2, image_shape=(12, 12), random_state=0)
    policy = AugmentationPolicy(rotation=5)
    net = CNNClassifier(width=0.25, max_epochs=1, augmentation=policy, ema_decay=0.9)
    return net.set_params(random_state=0).fit(images, codes), images, codes


def test_equal_networks_are_one(net):
    fitted = net[0]
    copies = [pickle.loads(pickle.dumps(fitted)), deepcopy(fitted), clone(fitted).fit(*net[1:])]
    for copy in copies:
        assert content_hash(copy.net_) == content_hash(fitted.net_)
    assert content_hash(FrozenEstimator(copies[0])) == content_hash(FrozenEstimator(fitted))


def test_other_networks_are_others(net):
    fitted, images, codes = net
    others = [
        clone(fitted).set_params(random_state=1).fit(images, codes),
        clone(fitted).set_params(max_epochs=2).fit(images, codes),
    ]
    assert len({content_hash(other.net_) for other in [fitted, *others]}) == 3


def test_tensors_count_by_their_values():
    one = torch.arange(6.0).reshape(2, 3)
    assert content_hash([one]) == content_hash([one.T.contiguous().T])
    assert content_hash([one]) != content_hash([one + 1])


def test_an_array_is_the_same_in_a_worker_to_which_it_comes_as_a_memory_map(tmp_path):
    np.save(tmp_path / "X.npy", X)
    assert content_hash([np.load(tmp_path / "X.npy", mmap_mode="r")]) == content_hash([X])


class Versioned(Counted):
    fingerprint = "v2"


def test_an_attribute_of_a_user_may_have_any_name(tmp_path):
    FITS.clear()
    for _ in range(2):
        fit_or_recall(str(tmp_path), Versioned(), X, Y)
    assert FITS == [None]


def test_a_frozen_estimator_is_no_fit(tmp_path, net):
    frozen = FrozenEstimator(net[0])
    assert fit_or_recall(str(tmp_path), frozen, *net[1:]) is frozen
    assert not list(tmp_path.rglob("output.pkl"))


def test_functions_are_known_by_what_they_do():
    def times(factor):
        return lambda x: [x * factor for _ in "ab"]

    assert content_hash(times(2)) == content_hash(times(2)) != content_hash(times(3))
    sources = ["lambda x: x * 2", "lambda x: x * 3", "lambda x: x + 2", "lambda x, y=1: x * 2"]
    functions = [eval(source, {"__name__": __name__}) for source in sources]
    assert len({content_hash(function) for function in functions}) == len(sources)


def test_a_function_may_know_itself():
    def count(n):
        return 0 if n == 0 else 1 + count(n - 1)

    assert content_hash(count) == content_hash(count)


def test_what_is_closed_over_counts_and_modules_may_be_defaults():
    def sum_of(function):
        return lambda x, xp=np: xp.sum(function(x))

    double, again, triple = (sum_of(lambda x, k=k: x * k) for k in (2, 2, 3))
    assert content_hash(double) == content_hash(again) != content_hash(triple)


def test_functions_are_the_same_in_another_process():
    code = """if True:
        from skquickdraw._recall import content_hash
        print(content_hash(lambda x: x in {"alpha", "beta", "gamma", "delta"}))
    """
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(3)
    }
    assert len(hashes) == 1


NETWORK = """
from torch import nn

WIDTH = 8

class Block(nn.Module):
    def forward(self, x):
        return x.relu()

def make_layer(n):
    return nn.Linear(n, WIDTH)

class Network(nn.Module):
    scale = 1.0

    def __init__(self, image_shape, n_classes):
        super().__init__()
        self.layers = nn.Sequential(make_layer(4), Block())

    @property
    def double(self):
        return 2 * self.scale

    @staticmethod
    def half(x):
        return x / 2

    def forward(self, x):
        return self.layers(x) * self.double
"""

EDITS = [
    ("x.relu()", "x.tanh()"),
    ("WIDTH = 8", "WIDTH = 9"),
    ("nn.Linear(n, WIDTH)", "nn.Linear(n, WIDTH, bias=False)"),
    ("scale = 1.0", "scale = 2.0"),
    ("2 * self.scale", "3 * self.scale"),
    ("x / 2", "x / 3"),
    ("* self.double", "+ self.double"),
    ("class Network(nn.Module)", "class Network(Block)"),
]


def user_network(source=NETWORK):
    module = {"__name__": "of_a_user"}
    exec(source, module)
    return module["Network"]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_an_edited_class_is_another(before, after):
    assert before in NETWORK
    first = content_hash(user_network())
    assert content_hash(user_network()) == first
    assert content_hash(user_network("# a comment" + NETWORK)) == first
    assert content_hash(user_network(NETWORK.replace(before, after))) != first


def test_objects_of_an_edited_class_are_others():
    hashes = {content_hash([user_network(source)((1, 2, 2), 3)]) for source in (NETWORK, NETWORK)}
    other = user_network(NETWORK.replace("* self.double", "+ self.double"))
    assert content_hash([other((1, 2, 2), 3)]) not in hashes


def test_a_fit_of_an_edited_network_is_not_recalled(tmp_path, monkeypatch):
    images, codes = make_sketches(30, 2, image_shape=(12, 12), random_state=0)

    def fit(network):
        clf = ImageClassifier(network, max_epochs=1, random_state=0)
        return fit_or_recall(str(tmp_path), clf, images, codes)

    first = fit(Linear)
    assert fit(Linear).history_ == first.history_  # even the seconds are equal
    assert len(list(tmp_path.rglob("output.pkl"))) == 1
    monkeypatch.setattr(sys.modules[__name__], "Linear", Wider)
    fit(Wider)
    assert len(list(tmp_path.rglob("output.pkl"))) == 2


CONSTANTS = """
import numpy as np, torch
from torch.nn import ReLU, Tanh

def scale(x):
    return x * VALUE
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[1, 2]", "[1, 3]"),
        ("{'a': [1]}", "{'a': [2]}"),
        ("{1, 2}", "{1, 3}"),
        ("(1, {'a': ReLU})", "(1, {'a': Tanh})"),
        ("[len, object(), 1]", "[len, object(), 2]"),
        ("np.arange(3)", "np.arange(1, 4)"),
        ("np.float64(1)", "np.float64(2)"),
        ("torch.arange(3)", "torch.arange(1, 4)"),
        ("torch.tensor(2**24)", "torch.tensor(2**24 + 1)"),
        ("torch.tensor(1.0, dtype=torch.bfloat16)", "torch.tensor(2.0, dtype=torch.bfloat16)"),
    ],
)
def test_a_changed_constant_of_a_users_module_counts(before, after):
    def scale(value):
        module = {"__name__": "of_a_user"}
        exec(f"{CONSTANTS}\nVALUE = {value}", module)
        return content_hash(module["scale"])

    assert scale(before) == scale(before) != scale(after)


def test_a_constant_may_hold_itself():
    module = {"__name__": "of_a_user"}
    exec(f"{CONSTANTS}\nVALUE = [1]\nVALUE.append(VALUE)", module)
    content_hash(module["scale"])


def flip_a_bit(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def foreign(value):
    buffer = BytesIO()
    joblib.dump(value, buffer)
    return lambda content: buffer.getvalue()


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_bit,
        lambda content: content[:-20],
        lambda content: b"",
        foreign(DecisionTreeClassifier()),
        foreign(3),
        foreign(("0" * 64, pickle.dumps(DecisionTreeClassifier()))),
    ],
    ids=["bit", "cut off", "empty", "estimator", "number", "checksum"],
)
def test_a_damaged_entry_is_fitted_again(tmp_path, damage):
    FITS.clear()

    def fit():
        return fit_or_recall(str(tmp_path), Counted(random_state=1), X, Y).predict_proba(X)

    expected = fit()
    (entry,) = tmp_path.rglob("output.pkl")
    entry.write_bytes(damage(entry.read_bytes()))
    place = re.escape(repr(str(tmp_path)))
    with pytest.warns(UserWarning, match=f"Counted: in memory {place} an entry is damaged"):
        np.testing.assert_array_equal(fit(), expected)
    assert FITS == [1, 1]
    np.testing.assert_array_equal(fit(), expected)
    assert FITS == [1, 1]


def test_an_entry_of_another_fit_is_not_taken_for_this_one(tmp_path):
    for seed in (1, 2):
        fit_or_recall(str(tmp_path), Counted(random_state=seed), X, Y)
    one, two = tmp_path.rglob("output.pkl")
    one.write_bytes(two.read_bytes())
    with pytest.warns(UserWarning, match="checksum"):
        fitted = [fit_or_recall(str(tmp_path), Counted(random_state=s), X, Y) for s in (1, 2)]
    assert [each.random_state for each in fitted] == [1, 2]


class Unpicklable(Counted):
    def fit(self, X, y, sample_weight=None):
        self.function_ = lambda x: x
        return super().fit(X, y)


def test_a_fit_that_has_no_pickle_is_returned_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="Unpicklable: in memory .* cannot be kept"):
        fitted = fit_or_recall(str(tmp_path), Unpicklable(random_state=1), X, Y)
    assert fitted.predict(X).shape == (12,)


@pytest.mark.parametrize("error", [AttributeError, TypeError])
def test_errors_of_the_fit_are_raised_as_they_are(tmp_path, error):
    class Raising(Counted):
        def fit(self, X, y, sample_weight=None):
            raise error("of the fit")

    with pytest.raises(error, match="of the fit"):
        fit_or_recall(str(tmp_path), Raising(), X, Y)
