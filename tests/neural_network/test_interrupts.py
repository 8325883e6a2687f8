"""After an interrupt, a fit keeps its complete epochs."""

import numpy as np
import pytest

from skquickdraw import SeedEnsembleClassifier, recipes
from skquickdraw.exceptions import FitInterrupted
from skquickdraw.neural_network._loop import TrainingLoop


@pytest.fixture
def interrupt(monkeypatch):
    """Return a function that sets which epoch is interrupted, counted over all fits."""
    run, seen = TrainingLoop.run_steps, []

    def in_epoch(number):
        def run_or_interrupt(self, batches):
            seen.append(self)
            if len(seen) == number:
                raise KeyboardInterrupt
            run(self, batches)

        monkeypatch.setattr(TrainingLoop, "run_steps", run_or_interrupt)

    return in_epoch


@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_complete_epochs_are_kept(quick, sketches, interrupt, ema_decay):
    X, y = sketches
    interrupt(3)
    clf = quick(max_epochs=5, ema_decay=ema_decay)
    with pytest.raises(FitInterrupted, match="CNNClassifier: .* 2 of 5 epochs are kept"):
        clf.fit(X, y)
    assert clf.n_epochs_ == len(clf.history_) == 2
    assert set(clf.predict(X)) <= set(y)


def test_without_a_complete_epoch_all_stays_as_it_was(quick, sketches, interrupt):
    X, y = sketches
    clf = quick().fit(X, y)
    before = clf.predict_proba(X)
    interrupt(1)
    with pytest.raises(KeyboardInterrupt) as raised:
        clf.set_params(random_state=1).fit(X, y)
    assert not isinstance(raised.value, FitInterrupted)
    np.testing.assert_array_equal(clf.predict_proba(X), before)


def test_the_best_epoch_is_kept_where_there_is_one(quick, sketches, interrupt):
    X, y = sketches
    interrupt(4)
    clf = quick(max_epochs=9, early_stopping=True)
    with pytest.raises(FitInterrupted):
        clf.fit(X, y, X_val=X, y_val=y)
    best = max(record["valid_score"] for record in clf.history_)
    assert clf.score(X, y) > 0 and np.isfinite(best)


@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_an_interrupted_epoch_that_had_diverged_is_not_kept(
    quick, sketches, monkeypatch, ema_decay
):
    X, y = sketches
    before = quick(max_epochs=2, lr_schedule=None, ema_decay=ema_decay).fit(X, y)
    run = TrainingLoop.run_steps

    def diverge_in_the_third_epoch(self, batches):
        if len(self.net.history) < 3:
            return run(self, batches)
        for network in (self.net.module_, self.net.evaluated_module()):
            for weight in network.parameters():
                weight.data.fill_(float("nan"))
        raise KeyboardInterrupt

    monkeypatch.setattr(TrainingLoop, "run_steps", diverge_in_the_third_epoch)
    clf = quick(max_epochs=5, lr_schedule=None, ema_decay=ema_decay)
    with pytest.raises(FitInterrupted, match="2 of 5 epochs are kept"):
        clf.fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), before.predict_proba(X))


def test_training_goes_on_after_an_interrupt(quick, sketches, interrupt):
    X, y = sketches
    interrupt(2)
    clf = quick(max_epochs=3, warm_start=True)
    with pytest.raises(FitInterrupted, match="1 of 3"):
        clf.fit(X, y)
    assert clf.fit(X, y).n_epochs_ == 4


def test_a_vote_keeps_its_finished_members(quick, sketches, interrupt):
    X, y = sketches
    interrupt(6)
    vote = SeedEnsembleClassifier(quick(max_epochs=2), 4, random_state=0)
    with pytest.raises(FitInterrupted, match="2 of 4 members are kept"):
        vote.fit(X, y)
    assert len(vote.estimators_) == 2 and vote.weights_.tolist() == [0.5, 0.5]
    np.testing.assert_allclose(vote.predict_proba(X).sum(axis=1), 1)


def fitted_attributes(estimator):
    return [name for name in vars(estimator) if name.endswith("_")]


def test_a_vote_without_a_member_is_not_fitted(quick, sketches, interrupt):
    interrupt(2)
    vote = SeedEnsembleClassifier(quick(max_epochs=2), 4)
    with pytest.raises(KeyboardInterrupt) as raised:
        vote.fit(*sketches)
    assert not isinstance(raised.value, FitInterrupted) and fitted_attributes(vote) == []


def test_a_vote_that_was_fitted_before_stays(quick, sketches, interrupt):
    X, y = sketches
    vote = SeedEnsembleClassifier(quick(max_epochs=1), 2, random_state=0).fit(X, y)
    before = vote.predict_proba(X)
    interrupt(1)
    with pytest.raises(KeyboardInterrupt):
        vote.fit(X[:, :121], y)
    np.testing.assert_array_equal(vote.predict_proba(X), before)


@pytest.mark.filterwarnings("ignore:BudgetedClassifier. fit took:UserWarning")
@pytest.mark.parametrize("epoch", [1, 2])  # of the measurement; in the second, a network exists
def test_a_budget_that_is_still_measuring_is_not_fitted(quick, sketches, interrupt, epoch):
    X, y = sketches
    clf = recipes.BudgetedClassifier([quick()], minutes=0.01, random_state=0)
    interrupt(epoch)
    with pytest.raises(KeyboardInterrupt) as raised:
        clf.fit(X, y)
    assert not isinstance(raised.value, FitInterrupted) and fitted_attributes(clf) == []


@pytest.mark.filterwarnings("ignore:BudgetedClassifier. fit took:UserWarning")
def test_a_budget_that_was_fitted_before_stays(quick, sketches, monkeypatch):
    X, y = sketches
    clf = recipes.BudgetedClassifier([quick()], minutes=0.01, random_state=0).fit(X, y)
    before, plan, fit = clf.predict_proba(X), clf.plan_, type(quick()).fit

    def interrupt_the_training(self, *args, **kwargs):
        if clf.plan_ is not plan:
            raise KeyboardInterrupt
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(type(quick()), "fit", interrupt_the_training)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X[:, :121], y)
    np.testing.assert_array_equal(clf.predict_proba(X), before)
    assert clf.plan_ is plan


@pytest.mark.filterwarnings("ignore:BudgetedClassifier. fit took:UserWarning")
def test_a_budget_keeps_what_its_plan_keeps(quick, sketches, monkeypatch):
    X, y = sketches
    clf = recipes.BudgetedClassifier([quick()], minutes=0.02, random_state=0)
    fit = type(quick()).fit

    def fit_or_interrupt(self, *args, **kwargs):
        fit(self, *args, **kwargs)
        if hasattr(clf, "plan_"):
            raise FitInterrupted("CNNClassifier: fit was interrupted")
        return self

    monkeypatch.setattr(type(quick()), "fit", fit_or_interrupt)
    with pytest.raises(FitInterrupted, match="BudgetedClassifier: CNNClassifier: fit was"):
        clf.fit(X, y)
    assert set(clf.predict(X)) <= set(y) and clf.elapsed_minutes_ > 0
