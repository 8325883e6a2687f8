"""The same seed gives the same network, and training changes no global state."""

import random

import numpy as np
import pytest
import torch

from skquickdraw import CNNClassifier, MobileNetClassifier, ResNetClassifier

# All parameters that draw random numbers.
RANDOM = {
    "dropout": 0.3,
    "spatial_dropout": 0.1,
    "augmentation": "sketch",
    "mixing": "cutmix",
    "sampling": "balanced",
    "early_stopping": True,
}
CLASSIFIERS = [
    (CNNClassifier, {}),
    (MobileNetClassifier, {"stochastic_depth": 0.3}),
    (ResNetClassifier, {"stochastic_depth": 0.3}),
]


@pytest.mark.parametrize(("cls", "params"), CLASSIFIERS)
@pytest.mark.parametrize("seed", [3, "RandomState"])
def test_one_seed_gives_one_network(sketches, quick, cls, params, seed):
    X, y = sketches
    logits = []
    for _ in range(2):
        torch.rand(5)  # moves the global generator
        seeded = np.random.RandomState(3) if seed == "RandomState" else seed
        clf = quick(cls, **RANDOM, **params, random_state=seeded).fit(X, y)
        logits.append(clf.decision_function(X))
    np.testing.assert_array_equal(*logits)


def test_a_second_fit_starts_afresh(sketches, quick):
    X, y = sketches
    clf = quick(**RANDOM).fit(X, y)
    once = clf.decision_function(X)
    np.testing.assert_array_equal(clf.fit(X, y).decision_function(X), once)
    assert clf.n_epochs_ == 1


def test_other_seeds_give_other_networks(sketches, quick):
    X, y = sketches
    one, other = (quick(random_state=s).fit(X, y).decision_function(X) for s in (0, 1))
    assert np.abs(one - other).max() > 1e-3


def test_a_random_state_that_goes_on_gives_another_network(sketches, quick):
    X, y = sketches
    rng = np.random.RandomState(0)
    one, other = (quick(random_state=rng).fit(X, y).decision_function(X) for _ in range(2))
    assert np.abs(one - other).max() > 1e-3


def test_prediction_draws_nothing(sketches, quick):
    X, y = sketches
    clf = quick(**RANDOM).fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), clf.predict_proba(X))


def test_a_prediction_does_not_depend_on_its_neighbours(sketches, quick):
    X, y = sketches
    clf = quick().fit(X, y)
    alone = np.vstack([clf.predict_proba(X[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(alone, clf.predict_proba(X)[:5], atol=1e-5)


def global_state():
    return {
        "python": random.getstate(),
        "numpy": [np.asarray(part).tolist() for part in np.random.get_state()],
        "torch": torch.random.get_rng_state().tolist(),
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "dtype": torch.get_default_dtype(),
        "deterministic": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        "cudnn": (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic),
        "matmul": torch.get_float32_matmul_precision(),
        "autocast": (torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")),
        "grad": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
    }


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_global_state_is_left_alone(sketches, quick, precision):
    X, y = sketches
    before = global_state()
    clf = quick(**RANDOM, precision=precision, n_tta=10, ema_decay=0.9, verbose=1).fit(X, y)
    assert global_state() == before
    clf.predict_proba(X)
    clf.partial_fit(X, y)
    assert global_state() == before


def test_global_state_is_left_alone_by_a_fit_that_fails(sketches, quick):
    before = global_state()
    with pytest.raises(ValueError, match="CNN has no residual branches"):
        quick(stochastic_depth=0.5).fit(*sketches)
    assert global_state() == before


def test_what_the_user_passed_is_not_written_to(sketches, quick):
    # The arrays of the fixture are read-only. Floats share their memory with the tensors.
    X = sketches[0].astype(np.float32)
    before = X.copy()
    quick(**RANDOM).fit(X, sketches[1]).predict(X)
    np.testing.assert_array_equal(X, before)


def test_gradients_may_be_taken_of_the_network_after_prediction(sketches, quick):
    X, y = sketches
    clf = quick().fit(X, y)
    clf.predict(X)
    images = torch.tensor(X[:2].reshape(-1, 1, 12, 12)).float().to(clf.net_.device)
    clf.net_.module_(images).sum().backward()
    assert all(weight.grad is not None for weight in clf.net_.module_.parameters())
