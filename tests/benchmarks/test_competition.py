"""The rows of the competition set all parameters, so new defaults do not change them."""

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from imblearn.pipeline import Pipeline
from numpy.testing import assert_allclose, assert_array_equal

from skquickdraw import ImageClassifier, MobileNetClassifier, ResNetClassifier
from skquickdraw.datasets import make_sketches
from skquickdraw.semi_supervised import assign_to_prior

# Two of these depend on the machine. With so many drawings, 'auto' takes its largest batch size.
LEFT_OPEN = {"batch_size", "device", "precision"}
KINDS = MobileNetClassifier | ResNetClassifier | ImageClassifier
OPTIONS = SimpleNamespace(passes=2, memory=None, n_jobs=1)


def networks_of(estimator):
    """Yield the networks inside an estimator."""
    parts = [part for _, part in estimator.steps] if isinstance(estimator, Pipeline) else []
    inner = [estimator, *parts, *estimator.get_params(deep=True).values()]
    yield from (each for each in inner if isinstance(each, KINDS))


@pytest.mark.parametrize(
    "row",
    [
        "original-single",
        "original-student",
        "original-six",
        "fast-4",
        "fast",
        "single",
        "vote",
    ],
)
def test_networks_leave_nothing_to_the_defaults(row):
    rows = import_module("competition.rows")
    check(rows.ROWS[row](0, OPTIONS, None))


def test_winner_and_distilled_leave_nothing_to_the_defaults():
    rows = import_module("competition.rows")
    winner = rows.winner(OPTIONS, rows.vote(OPTIONS))
    check(winner)
    check(rows.distilled(OPTIONS, winner))


@pytest.mark.parametrize("step", ["static", "live", "muon", "erasing", "longer-decay"])
def test_steps_leave_nothing_to_the_defaults(step):
    check(import_module("competition.splits").make_step(step, 0))


def check(estimator):
    networks = list(networks_of(estimator))
    assert networks
    for network in networks:
        params = network.get_params()
        left_open = {name for name, value in params.items() if is_open(value)} - LEFT_OPEN
        # The network of an ImageClassifier has its own stem.
        assert not left_open - ({"stem_stride"} if isinstance(network, ImageClassifier) else set())


def is_open(value):
    return isinstance(value, str) and value == "auto"


def test_the_original_trains_and_takes_black_for_zero(monkeypatch):
    original = import_module("competition.original")
    monkeypatch.setitem(original.FILLED, "teacher", 12)
    X, y = make_sketches(24, 3, random_state=0)
    assert original.filled("teacher", 1).fit(X, y).predict(X).shape == y.shape
    network = original.OriginalMobileNetV2((1, 28, 28), 3).eval()
    images = torch.from_numpy(X).float().view(-1, 1, 28, 28)  # all have black pixels
    with torch.no_grad():
        assert_allclose(network(images - 40), network(images), atol=1e-5)


def test_predictions_are_kept_beside_those_of_other_rows(tmp_path):
    measure = import_module("competition.measure")
    file, rng = tmp_path / "predictions.npz", np.random.default_rng(0)
    kept = {}
    for row in ("one", "two", "one"):  # the last one takes the place of the first
        kept[row] = rng.dirichlet(np.ones(3), (2, 40))
        measure.keep_predictions(row, *kept[row], file)
    found = measure.load_predictions(file)
    assert set(found) == {"one", "two"}
    for row, (unlabeled, holdout) in kept.items():
        assert found[row]["unlabeled"].dtype == np.uint8
        assert_array_equal(found[row]["unlabeled"], unlabeled.argmax(axis=1))
        assert_array_equal(found[row]["transductive"], assign_to_prior(unlabeled))
        assert_array_equal(found[row]["holdout"], holdout.argmax(axis=1))


def test_every_row_of_the_table_has_its_predictions():
    found = import_module("competition.measure").load_predictions()
    rows = import_module("competition.rows").ROWS
    assert set(found) == {*rows, "ensemble, cuda"}  # the last one is trained by speed.gpu
    assert all(len(own["unlabeled"]) == 30_000 for own in found.values())


def test_an_open_default_is_noticed():
    with pytest.raises(AssertionError):
        check(ResNetClassifier())
