"""Early stopping stops, and keeps the best weights; learning rates follow their schedule."""

from time import get_clock_info

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, log_loss

from skquickdraw.neural_network._net import ImageNeuralNet
from skquickdraw.neural_network._training_set import LabeledImages

LR = 0.004


@pytest.fixture
def noise(sketches):
    """Return validation data with random labels, so that scores rise and fall."""
    X, y = sketches
    return {"X_val": X, "y_val": np.random.default_rng(0).integers(0, 3, len(y))}


def rank(record):
    return record["valid_score"], -record["valid_loss"]


@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_the_best_weights_are_kept(sketches, quick, noise, ema_decay):
    clf = quick(early_stopping=True, n_iter_no_change=3, max_epochs=40, ema_decay=ema_decay)
    clf.set_params(lr_schedule=None, lr=0.01).fit(*sketches, **noise)
    best = max(clf.history_, key=rank)
    assert best["epoch"] < clf.n_epochs_
    score = balanced_accuracy_score(noise["y_val"], clf.predict(noise["X_val"]))
    assert score == pytest.approx(best["valid_score"])
    loss = log_loss(noise["y_val"], clf.predict_proba(noise["X_val"]))
    assert loss == pytest.approx(best["valid_loss"], rel=1e-4)


@pytest.mark.parametrize("patience", [1, 4])
def test_training_stops_when_the_score_has_stalled(sketches, quick, noise, patience):
    clf = quick(early_stopping=True, n_iter_no_change=patience, max_epochs=60, lr_schedule=None)
    clf.fit(*sketches, **noise)
    best = max(clf.history_, key=rank)
    assert clf.n_epochs_ == best["epoch"] + patience < 60


def test_without_early_stopping_validation_is_only_told(sketches, quick, noise):
    clf = quick(max_epochs=8, n_iter_no_change=1).fit(*sketches, **noise)
    assert clf.n_epochs_ == 8
    score = balanced_accuracy_score(noise["y_val"], clf.predict(noise["X_val"]))
    assert score == pytest.approx(clf.history_[-1]["valid_score"])
    plain = quick(max_epochs=8).fit(*sketches)
    np.testing.assert_array_equal(
        clf.predict_proba(noise["X_val"]), plain.predict_proba(noise["X_val"])
    )


def test_the_history_has_a_record_an_epoch(sketches, quick):
    plain = quick(max_epochs=2).fit(*sketches)
    assert [record["epoch"] for record in plain.history_] == [1, 2]
    keys = {"epoch", "lr", "train_loss", "n_images", "dur", "cpu"}
    assert all(set(r) == keys for r in plain.history_)
    assert all(r["n_images"] == len(sketches[0]) for r in plain.history_)
    is_coarse = get_clock_info("process_time").resolution > 0.001  # seconds, as on Windows
    assert all(r["cpu"] > 0 or is_coarse for r in plain.history_)
    judged = quick(early_stopping=True).fit(*sketches)
    assert set(judged.history_[0]) == keys | {"valid_loss", "valid_score"}


def test_the_images_of_a_part_of_an_epoch_are_counted(sketches, quick):
    X, y = sketches
    clf = quick(max_epochs=0.5, batch_size=4).fit(X[:10], y[:10])  # of 4, 3 and 3 images
    assert clf.history_[0]["n_images"] == 7


def test_validation_rows_count_by_their_weights(sketches, quick, monkeypatch):
    X, y = sketches
    weights = np.random.default_rng(0).uniform(0.2, 3, len(y))
    held_out = {}
    split = LabeledImages.split

    def spy(self, *args):
        train, held_out["rows"] = split(self, *args)
        return train, held_out["rows"]

    monkeypatch.setattr(LabeledImages, "split", spy)
    clf = quick(early_stopping=True, validation_fraction=0.4, max_epochs=1)
    clf.fit(X, y, sample_weight=weights)
    rows, record = held_out["rows"], clf.history_[0]
    kept = {"sample_weight": weights[rows]}
    score = balanced_accuracy_score(y[rows], clf.predict(X[rows]), **kept)
    assert score == pytest.approx(record["valid_score"])
    loss = log_loss(y[rows], clf.predict_proba(X[rows]), **kept)
    assert loss == pytest.approx(record["valid_loss"], rel=1e-4)


def rates(clf):
    return [record["lr"] for record in clf.history_]


def test_a_constant_rate(sketches, quick):
    clf = quick(lr=LR, lr_schedule=None, max_epochs=4).fit(*sketches)
    assert rates(clf) == pytest.approx([LR] * 4)


def test_a_cosine(sketches, quick):
    clf = quick(lr=LR, lr_schedule="cosine", max_epochs=5).fit(*sketches)
    assert rates(clf) == pytest.approx(LR * (1 + np.cos(np.pi * np.arange(5) / 5)) / 2)


def test_one_cycle_rises_for_a_fifth_and_falls_to_nothing(sketches, quick):
    lr = rates(quick(lr=LR, lr_schedule="onecycle", max_epochs=20).fit(*sketches))
    top = int(np.argmax(lr))
    assert top in (3, 4)
    assert lr[top] == pytest.approx(LR, rel=0.05)
    assert lr[0] < LR / 10 and lr[-1] < LR / 20
    assert (np.diff(lr[: top + 1]) > 0).all() and (np.diff(lr[top:]) < 0).all()


@pytest.mark.parametrize("with_validation", [True, False])
def test_a_plateau_is_pytorchs(sketches, quick, with_validation):
    X, y = sketches  # the better the network learns y, the worse its score on wrong labels
    data = {"X_val": X, "y_val": (y + 1) % 3} if with_validation else {}
    clf = quick(lr=0.003, lr_schedule="plateau", max_epochs=12)
    clf.fit(X, y, **data)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.003)
    oracle = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=3)
    expected = []
    for record in clf.history_:
        expected.append(optimizer.param_groups[0]["lr"])
        oracle.step(record["valid_loss" if with_validation else "train_loss"])
    assert rates(clf) == pytest.approx(expected)
    if with_validation:
        assert expected[-1] < 0.003


def test_partial_fit_has_a_constant_rate_under_any_schedule(sketches, quick):
    clf = quick(lr=LR, lr_schedule="onecycle", max_epochs=3).fit(*sketches)
    for _ in range(3):
        clf.partial_fit(*sketches)
    assert rates(clf)[3:] == pytest.approx([LR] * 3)


@pytest.mark.parametrize("schedule", ["onecycle", "cosine", "plateau", None])
@pytest.mark.parametrize("max_epochs", [1, 2, 3, 4, 6, 10])
def test_trainings_of_few_steps_end_well(sketches, quick, schedule, max_epochs):
    X, y = sketches
    clf = quick(lr_schedule=schedule, max_epochs=max_epochs).fit(X[:16], y[:16])
    assert clf.n_epochs_ == max_epochs


def test_a_training_of_five_steps_ends_well(sketches, quick):
    assert quick(max_epochs=5, batch_size=90).fit(*sketches).n_epochs_ == 5


def test_a_training_of_one_step_moves(sketches, quick):
    clf = quick(lr=LR, max_epochs=1, batch_size=90).fit(*sketches)
    assert rates(clf)[0] > LR / 100


def test_the_first_error_is_told_when_training_fails_before_anything_was_kept(
    sketches, quick, monkeypatch
):
    def fail(self, batch):
        raise RuntimeError("out of paper")

    monkeypatch.setattr(ImageNeuralNet, "train_step_single", fail)
    with pytest.raises(RuntimeError, match="out of paper"):
        quick().fit(*sketches)


def test_the_first_error_is_told_under_early_stopping(sketches, quick, monkeypatch):
    def fail(self, batch):
        raise RuntimeError("out of paper")

    monkeypatch.setattr(ImageNeuralNet, "train_step_single", fail)
    with pytest.raises(RuntimeError, match="out of paper"):
        quick(early_stopping=True).fit(*sketches)
