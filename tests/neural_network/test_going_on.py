"""Training in parts: partial_fit and warm_start."""

import numpy as np
import pytest
import torch

from skquickdraw import MobileNetClassifier
from skquickdraw.exceptions import InvalidImagesError, InvalidParameterError, InvalidTargetsError


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_partial_fit_learns_over_calls(sketches, quick, optimizer):
    X, y = sketches
    clf = quick(lr=0.005, label_smoothing=0.0, optimizer=optimizer)
    for n in range(1, 11):
        assert clf.partial_fit(X, y) is clf
        assert clf.n_epochs_ == len(clf.history_) == n
    losses = [record["train_loss"] for record in clf.history_]
    assert losses[-1] < 0.5 * losses[0]
    assert [record["epoch"] for record in clf.history_] == list(range(1, 11))


def test_all_classes_may_be_named_in_the_first_call(sketches, quick):
    X, y = sketches
    names = np.array(["cat", "ant", "dog"])
    clf = quick().partial_fit(X[y == 0], names[y[y == 0]], classes=["dog", "cat", "ant"])
    assert clf.classes_.tolist() == ["ant", "cat", "dog"]
    clf.partial_fit(X[y == 1], names[y[y == 1]])
    assert clf.predict_proba(X).shape == (90, 3)


@pytest.mark.parametrize(
    "params",
    [
        {"loss": "balanced_softmax"},
        {"loss": "ldam", "sampling": "balanced"},
        {"class_weight": "balanced"},
        {"class_weight": "effective", "sampling": 0.5},
    ],
    ids=str,
)
def test_a_call_may_lack_classes(sketches, quick, params):
    X, y = sketches
    clf = quick(**params).partial_fit(X[y != 1], y[y != 1], classes=[0, 1, 2])
    assert np.isfinite(clf.predict_proba(X)).all()


def test_a_class_that_was_not_named_is_refused(sketches, quick):
    X, y = sketches
    clf = quick().partial_fit(X[y < 2], y[y < 2])
    with pytest.raises(InvalidTargetsError, match=r"not among the known classes: \[2\]"):
        clf.partial_fit(X, y)
    with pytest.raises(InvalidTargetsError, match="y holds one class"):
        quick().partial_fit(X[y == 0], y[y == 0])


def test_pictures_of_another_size_are_refused(sketches, quick):
    X, y = sketches
    clf = quick().partial_fit(X, y)
    with pytest.raises(ValueError, match="100 features, but CNNClassifier is expecting 144"):
        clf.partial_fit(X[:, :100], y)


def test_partial_fit_goes_on_from_a_fit(sketches, quick):
    X, y = sketches
    clf = quick(max_epochs=3).fit(X, y)
    loss = clf.history_[-1]["train_loss"]
    clf.partial_fit(X, y)
    assert clf.n_epochs_ == 4 and clf.history_[-1]["train_loss"] < loss + 0.1
    assert clf.fit(X, y).n_epochs_ == 3  # a new fit starts again


def test_weights_of_partial_fit_are_those_of_fit(sketches, quick):
    X, y = sketches
    repeats = np.arange(90) % 3
    weighted = quick().partial_fit(X, y, sample_weight=repeats, classes=[0, 1, 2])
    repeated = quick().partial_fit(np.repeat(X, repeats, 0), np.repeat(y, repeats))
    np.testing.assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))


def test_calls_of_one_seed_show_new_orders(sketches, quick):
    X, y = sketches
    one, other = quick(lr=1e-9), quick(lr=1e-9)
    # Nothing is learned, so only the order of the batches can change the loss.
    one.partial_fit(X, y).partial_fit(X, y)
    other.partial_fit(X, y).partial_fit(X, y)
    assert one.history_[0]["train_loss"] != one.history_[1]["train_loss"]
    assert one.history_[1]["train_loss"] == other.history_[1]["train_loss"]


@pytest.mark.parametrize("schedule", [None, "plateau", "cosine", pytest.param("onecycle")])
def test_a_warm_start_goes_on(sketches, quick, schedule):
    X, y = sketches
    clf = quick(max_epochs=4, warm_start=True, lr=0.005, label_smoothing=0, lr_schedule=schedule)
    clf.fit(X, y)
    statistics = clf.net_.module_.standardize.mean.clone()
    clf.set_params(max_epochs=3).fit(X[:60], y[:60])
    assert clf.n_epochs_ == len(clf.history_) == 7
    assert [record["epoch"] for record in clf.history_] == list(range(1, 8))
    assert clf.history_[4]["train_loss"] < 0.9 * clf.history_[0]["train_loss"]
    # Weights belong with the statistics that they were trained on.
    assert torch.equal(clf.net_.module_.standardize.mean, statistics)


def test_a_cold_start_forgets(sketches, quick):
    X, y = sketches
    clf = quick(max_epochs=2).fit(X, y)
    proba = clf.predict_proba(X)
    np.testing.assert_array_equal(clf.fit(X, y).predict_proba(X), proba)
    assert clf.n_epochs_ == 2


def test_early_stopping_of_a_warm_start_counts_from_its_own_start(sketches, quick):
    X, y = sketches
    clf = quick(max_epochs=5, warm_start=True, early_stopping=True, n_iter_no_change=2)
    clf.set_params(validation_fraction=0.3, lr_schedule=None).fit(X, y)
    before = clf.n_epochs_
    clf.fit(X, y)
    assert clf.n_epochs_ >= before + 2


def test_the_momentum_of_the_optimizer_is_kept(sketches, quick):
    clf = quick(warm_start=True, lr_schedule=None).fit(*sketches)
    steps = {int(state["step"]) for state in clf.net_.optimizer_.state.values()}
    clf.fit(*sketches)
    assert {int(s["step"]) for s in clf.net_.optimizer_.state.values()} == {2 * max(steps)}


def test_a_changed_network_cannot_go_on(sketches, quick):
    clf = quick(warm_start=True).fit(*sketches)
    with pytest.raises(
        InvalidParameterError, match="differs .* in weights, width. Set warm_start=F"
    ):
        clf.set_params(width=0.5).fit(*sketches)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_another_image_shape_cannot_come_with_more_training(sketches, quick, method):
    X, y = sketches
    clf = quick(warm_start=True).fit(X.reshape(len(X), -1), y)
    for same in (None, (12, 12), [1, 12, 12]):
        getattr(clf.set_params(image_shape=same), method)(X.reshape(len(X), -1), y)
    with pytest.raises(
        InvalidImagesError, match=r"continue with image_shape=\(9, 16\).* \(1, 12, 12\)"
    ):
        getattr(clf.set_params(image_shape=(9, 16)), method)(X.reshape(len(X), -1), y)


def test_new_classes_cannot_come_with_a_warm_start(sketches, quick):
    X, y = sketches
    clf = quick(warm_start=True).fit(X[y < 2], y[y < 2])
    with pytest.raises(InvalidTargetsError, match="not among the known classes"):
        clf.fit(X, y)


def test_parameters_may_change_between_warm_starts(sketches, quick):
    clf = quick(warm_start=True, weight_decay=0.1, lr_schedule=None).fit(*sketches)
    clf.set_params(weight_decay=0.4).fit(*sketches)
    assert clf.net_.optimizer_.param_groups[0]["weight_decay"] == 0.4


@pytest.mark.parametrize("schedule", ["cosine", "onecycle"])
def test_each_warm_start_has_its_own_schedule(sketches, quick, schedule):
    clf = quick(warm_start=True, max_epochs=10, lr_schedule=schedule).fit(*sketches)
    rates = [record["lr"] for record in clf.history_]
    clf.fit(*sketches)
    assert [record["lr"] for record in clf.history_[10:]] == pytest.approx(rates)


def test_the_schedule_may_change_between_warm_starts(sketches, quick):
    clf = quick(warm_start=True, lr=0.004, max_epochs=2).fit(*sketches)
    clf.set_params(lr_schedule="cosine").fit(*sketches)
    rates = [record["lr"] for record in clf.history_[2:]]
    assert rates == pytest.approx([0.004, 0.002])


def test_the_optimizer_may_change_between_warm_starts(sketches, quick):
    clf = quick(warm_start=True, lr_schedule=None).fit(*sketches)
    clf.set_params(optimizer="sgd", lr=0.01).fit(*sketches)
    assert clf.n_epochs_ == 2


def test_a_single_row_is_refused_clearly(sketches, quick):
    X, y = sketches
    with pytest.raises(InvalidTargetsError, match="at least two rows"):
        quick(MobileNetClassifier).partial_fit(X[:1], y[:1], classes=[0, 1, 2])


def test_a_single_class_is_refused_from_the_start(sketches, quick):
    X, y = sketches
    for few in ([0], []):
        with pytest.raises(
            InvalidTargetsError, match=r"two classes; classes holds (one class, .0|no)"
        ):
            quick().partial_fit(X, np.zeros_like(y), classes=few)
