"""Rows of the competition do not follow the package's defaults."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from imblearn.pipeline import Pipeline

from skquickdraw import MobileNetClassifier, ResNetClassifier

# The machine decides about two; batches of so many drawings are the largest that 'auto' takes.
LEFT_OPEN = {"batch_size", "device", "precision"}
OPTIONS = SimpleNamespace(passes=None, memory=None, n_jobs=1)


def networks_of(estimator):
    """Yield the networks inside an estimator."""
    parts = [part for _, part in estimator.steps] if isinstance(estimator, Pipeline) else []
    inner = [estimator, *parts, *estimator.get_params(deep=True).values()]
    yield from (each for each in inner if isinstance(each, MobileNetClassifier | ResNetClassifier))


@pytest.mark.parametrize(
    "row",
    ["original-single", "original-student", "original-six", "fast-4", "fast", "single", "vote"],
)
def test_networks_leave_nothing_to_the_defaults(row):
    check(import_module("competition.rows").ROWS[row](0, OPTIONS, None))


def test_winner_and_distilled_leave_nothing_to_the_defaults():
    settings = import_module("competition.settings")
    winner = settings.winner(n_jobs=1, memory=None)
    check(winner)
    check(settings.distilled(winner, memory=None, random_state=0))


@pytest.mark.parametrize("step", ["static", "live", "muon", "erasing", "longer-decay"])
def test_steps_leave_nothing_to_the_defaults(step):
    check(import_module("competition.steps").make_estimator(step, 0))


def check(estimator):
    networks = list(networks_of(estimator))
    assert networks
    for network in networks:
        params = network.get_params()
        assert {name for name, value in params.items() if is_open(value)} <= LEFT_OPEN


def is_open(value):
    return isinstance(value, str) and value == "auto"


def test_an_open_default_is_noticed():
    with pytest.raises(AssertionError):
        check(ResNetClassifier())
