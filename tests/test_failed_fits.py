"""A fit that fails changes nothing: a new estimator stays unfitted, a fitted one as it was."""

from importlib import import_module
from inspect import isclass

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

import skquickdraw
from skquickdraw import (
    AugmentingOverSampler,
    CNNClassifier,
    DeepFeatureExtractor,
    DistilledClassifier,
    ImageClassifier,
    MobileNetClassifier,
    NoisyStudentClassifier,
    PrototypeClassifier,
    RelationNetworkClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
    SketchNormalizer,
    TopKReranker,
    TransductiveClassifier,
    save_model,
)
from skquickdraw.datasets import make_sketches
from skquickdraw.exceptions import FitInterrupted, InvalidTargetsError
from skquickdraw.recipes import BudgetedClassifier

X, Y = make_sketches(30, 2, image_shape=(8, 8), random_state=0)
OTHER_X, OTHER_Y = make_sketches(30, 3, weights=[3, 2, 1], image_shape=(9, 9), random_state=1)


class Moody(LogisticRegression):
    """Raises ``error`` in its fit, if it is not None."""

    def __init__(self, error=None):
        super().__init__()
        self.error = error

    def fit(self, X, y, sample_weight=None):
        if self.error is not None:
            raise self.error("on purpose")
        return super().fit(X / 255, y, sample_weight)


class Broken:
    """An augmentation that raises an error when training uses it."""

    def __init__(self, error):
        self.error = error

    def draw(self, n_samples, image_shape, generator=None):
        raise self.error("on purpose")

    def apply(self, images, draw):
        return images


class SteadyMachine:
    """A stopwatch that always measures the same time for a pass."""

    def __init__(self, X, y, seed):
        pass

    def wanted_epochs(self, work):
        return 1.0

    def seconds(self, work, n_epochs=1.0):
        return work.n_copies * n_epochs

    def look_longer(self, seconds):
        pass


def in_training(error):
    return {"augmentation": Broken(error)}


def in_part(name, error):
    return {f"{name}__augmentation": Broken(error)}


def in_estimator(error):
    return {"estimator__error": error}


def in_budget(error):
    return {"estimators": [cnn(**in_training(error))]}


def cnn(**params):
    return CNNClassifier(width=0.25, max_epochs=1, random_state=0, **params)


# Each estimator, parameters with which its fit fails as late as possible, arguments of this fit.
CASES = [
    (cnn(), in_training, {}),
    (MobileNetClassifier(width=0.25, max_epochs=1), in_training, {}),
    (ResNetClassifier(width=0.25, max_epochs=1), in_training, {}),
    (ImageClassifier("cnn", width=0.25, max_epochs=1), in_training, {}),
    (RelationNetworkClassifier(width=0.1, n_episodes=2, batch_size=1), in_training, {}),
    (AugmentingOverSampler(), in_training, {}),
    (SeedEnsembleClassifier(Moody(), 2), in_estimator, {}),
    (NoisyStudentClassifier(Moody(), pseudo_labels="hard"), in_estimator, {}),
    (DistilledClassifier(Moody(), cnn()), lambda e: in_part("student", e), {}),
    (TransductiveClassifier(Moody()), in_estimator, {}),
    (TopKReranker(Moody(), Moody(), k=2), lambda error: {"reranker__error": error}, {}),
    (DeepFeatureExtractor(cnn()), lambda e: in_part("estimator", e), {}),
    (BudgetedClassifier([cnn()], minutes=0.05), in_budget, {}),
    (PrototypeClassifier(), None, {"sample_weight": OTHER_Y != 1}),
    (SketchNormalizer(input_shape=(1, 8, 8)), None, {}),
]

IDS = [type(case[0]).__name__ for case in CASES]


@pytest.fixture(autouse=True)
def steady_machine(monkeypatch):
    monkeypatch.setattr("skquickdraw.recipes._budget.Stopwatch", SteadyMachine)


def answer(estimator):
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(X)
    return estimator.transform(X)


def fail(estimator, make_params, data, error):
    """Run a fit on other images that fails; return the attributes before it."""
    params = {} if make_params is None else make_params(error)
    is_known = make_params is None
    before = estimator.get_params(deep=False)
    estimator.set_params(**params)
    attributes = dict(vars(estimator))
    with pytest.raises(ValueError if is_known else error):
        method = "fit_resample" if hasattr(estimator, "fit_resample") else "fit"
        getattr(estimator, method)(OTHER_X, OTHER_Y, **data)
    assert vars(estimator).keys() == attributes.keys()
    assert all(vars(estimator)[name] is value for name, value in attributes.items())
    estimator.set_params(**before)


def test_every_public_estimator_is_here():
    subpackages = [
        import_module(f"skquickdraw.{name}")
        for name in set(skquickdraw.__all__)
        if name == name.lower() and not callable(getattr(skquickdraw, name))
    ]
    named = {name: getattr(part, name) for part in subpackages for name in part.__all__}
    estimators = {name for name, it in named.items() if isclass(it) and hasattr(it, "fit")}
    found = estimators ^ set(IDS)
    assert not found, f"add a fit of {sorted(found)} that fails to CASES, or remove them there"


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
@pytest.mark.parametrize(("estimator", "make_params", "data"), CASES, ids=IDS)
def test_a_fresh_estimator_stays_unfitted(tmp_path, estimator, make_params, data, error):
    fresh = clone(estimator)
    fail(fresh, make_params, data, error)
    if not isinstance(fresh, SketchNormalizer):  # it has nothing to learn
        with pytest.raises(NotFittedError):
            check_is_fitted(fresh)
        with pytest.raises(NotFittedError):
            save_model(fresh, tmp_path / "model.safetensors")


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
@pytest.mark.parametrize(("estimator", "make_params", "data"), CASES, ids=IDS)
def test_a_fitted_estimator_stays_as_it_was(estimator, make_params, data, error):
    fitted = clone(estimator).fit(X, Y)
    if isinstance(fitted, AugmentingOverSampler):  # it predicts and transforms nothing
        fail(fitted, make_params, data, error)
        return
    before = answer(fitted)
    fail(fitted, make_params, data, error)
    np.testing.assert_array_equal(answer(fitted), before)


@pytest.mark.parametrize(
    ("estimator", "make_params"),
    [case[:2] for case in CASES if hasattr(case[0], "partial_fit")],
)
def test_a_partial_fit_that_fails_leaves_the_network_as_it_was(estimator, make_params):
    fitted = clone(estimator).fit(X, Y)
    before, n_epochs = fitted.predict_proba(X), fitted.n_epochs_
    fitted.set_params(**make_params(ZeroDivisionError))
    with pytest.raises(ZeroDivisionError):
        fitted.partial_fit(X, Y)
    np.testing.assert_array_equal(fitted.predict_proba(X), before)
    assert fitted.n_epochs_ == n_epochs
    fresh = clone(fitted)
    with pytest.raises(ZeroDivisionError):
        fresh.partial_fit(X, Y)
    assert vars(fresh).keys() == vars(clone(fitted)).keys()


def test_an_adapt_that_fails_changes_nothing():
    fitted = clone(CASES[4][0]).fit(X, Y)
    before = dict(vars(fitted))
    with pytest.raises(InvalidTargetsError, match="at least two classes|2 classes"):
        fitted.adapt(X, np.zeros(len(X)))
    assert vars(fitted) == before


@pytest.mark.parametrize(
    "estimator",
    [TransductiveClassifier(Moody()), TopKReranker(Moody(), Moody(), k=2)],
    ids=lambda estimator: type(estimator).__name__,
)
def test_an_interrupt_of_what_is_inside_leaves_nothing_either(estimator):
    fresh = clone(estimator).set_params(estimator__error=FitInterrupted)
    attributes = dict(vars(fresh))
    with pytest.raises(KeyboardInterrupt) as raised:
        fresh.fit(X, Y)
    assert not isinstance(raised.value, FitInterrupted)  # that would mean that it can predict
    assert vars(fresh) == attributes
