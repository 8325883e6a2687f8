"""The defaults of a classifier: the training set decides, and attributes tell the decisions."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from skquickdraw import CNNClassifier
from skquickdraw.augmentation import AugmentationPolicy, StrokeAugmentation
from skquickdraw.datasets import make_sketches, pack_strokes
from skquickdraw.neural_network._plan import resolve_epochs, resolve_rates, resolve_stem_stride


def default(**params):
    return CNNClassifier(**{"width": 0.25, "precision": "float32", "random_state": 0, **params})


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "n_epochs"),
    [(272, 17, 63), (1600, 100, 63), (16_000, 256, 23), (50_500, 256, 13), (2, 16, 1000)],
)
def test_passes_follow_from_the_number_of_steps(n_rows, batch_size, n_epochs):
    assert resolve_epochs("auto", n_rows, batch_size, is_picture=True) == n_epochs


def test_features_take_twenty_passes():
    assert resolve_epochs("auto", 100, 16, is_picture=False) == 20
    assert resolve_epochs(3.5, 100, 16, is_picture=False) == 3.5


def test_long_is_three_times_as_many_steps():
    once, long = (resolve_epochs(name, 50_000, 256, is_picture=True) for name in ("auto", "long"))
    assert long == pytest.approx(3 * once, abs=2)  # both are rounded up to whole passes
    assert resolve_epochs("long", 100, 16, is_picture=False) == 60


@pytest.mark.parametrize(("side", "stride"), [(8, 1), (15, 1), (16, 2), (28, 2)])
def test_small_images_keep_their_pixels(side, stride):
    assert resolve_stem_stride("auto", (1, side, side)) == stride
    assert resolve_stem_stride(2, (1, side, side)) == 2


def test_the_rates_go_by_the_optimizer():
    assert resolve_rates("muon", "auto", "auto", "onecycle") == (0.02, 0.15)
    assert resolve_rates("adamw", "auto", 0.5, "cosine") == (0.003, 0.5)
    assert resolve_rates(dict, 0.1, "auto", None) == (0.1, 0.05)


def test_a_constant_rate_is_lower(sketches):
    assert resolve_rates("muon", "auto", "auto", None)[0] == pytest.approx(0.006)
    assert default().partial_fit(*sketches).auto_params_["lr"] == pytest.approx(0.006)


def test_what_was_decided_is_told_and_parameters_stay(sketches):
    clf = default(max_epochs=1).fit(*sketches)
    params = clone(default(max_epochs=1)).get_params()
    assert str(clf.get_params()) == str(params)
    assert clf.auto_params_ == {
        "stem_stride": 1,
        "lr": 0.02,
        "weight_decay": 0.15,
        "batch_size": 16,
        "max_epochs": 1,
    }
    assert isinstance(clf.augmentation_, AugmentationPolicy)
    np.testing.assert_array_equal(clf.background_, [0])


def test_the_mirror_is_found_out():
    X, y = load_digits(return_X_y=True)
    assert default(max_epochs=1).fit(X[:300], y[:300]).augmentation_.horizontal_flip == 0
    X, y = make_sketches(300, 4, random_state=0)
    clf = default(max_epochs=1).fit(X, y)
    assert clf.augmentation_.horizontal_flip == 0.5
    np.testing.assert_array_equal(  # the default has two views: unchanged and mirrored
        clf.decision_function(X), clf.set_params(n_tta=2).decision_function(X)
    )


def test_features_are_not_augmented():
    X, y = np.random.default_rng(0).normal(size=(40, 10)), np.arange(40) % 2
    clf = default().fit(X, y)
    assert clf.augmentation_ is None and clf.n_epochs_ == 20


def test_a_part_of_a_pass_is_a_part_of_its_steps(sketches):
    X, y = sketches  # 90 rows: 6 batches of 15
    clf = default(max_epochs=1.5, augmentation=None).fit(X, y)
    assert [record["n_images"] for record in clf.history_] == [90, 45]
    assert len(default(max_epochs=0.01).fit(X, y).history_) == 1


def test_white_paper_is_learned_like_black(sketches):
    X, y = sketches
    white = default(max_epochs=16, n_tta=5).fit(255 - X, y)
    np.testing.assert_array_equal(white.background_, [255])
    black = default(max_epochs=16, n_tta=5).fit(X, y)
    assert white.score(255 - X, y) > 0.9
    assert (white.predict(255 - X) == black.predict(X)).mean() > 0.9


def test_rare_classes_are_found_unless_the_shares_of_y_are_asked_for():
    # The images are noise, so the labels, 80 : 20, do not depend on them.
    rng = np.random.default_rng(0)
    X, new = rng.integers(0, 256, (2, 600, 64), dtype=np.uint8)
    y = (np.arange(600) % 5 == 0).astype(int)
    equal, by_share = (
        default(max_epochs=3, loss=loss).fit(X, y).predict_proba(new).mean(axis=0)[1]
        for loss in ("auto", "cross_entropy")
    )
    assert abs(by_share - 0.2) < 0.12
    assert equal > by_share + 0.15


def test_weights_of_classes_are_not_undone():
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (200, 64), dtype=np.uint8), np.arange(200) % 2
    light, heavy = (
        default(max_epochs=3, class_weight={0: 1, 1: weight}).fit(X, y).predict_proba(X)[:, 1]
        for weight in (0.2, 5)
    )
    assert light.mean() < 0.35 and heavy.mean() > 0.65


def test_going_on_keeps_what_the_first_fit_found(sketches):
    X, y = sketches
    clf = default(max_epochs=1, warm_start=True).fit(X, y)
    found = clf.augmentation_
    digits = load_digits(return_X_y=True)[0][:90].repeat(3, axis=1)[:, :144]
    assert clf.fit(digits, y).augmentation_ is found


def test_another_augmentation_is_taken_when_going_on(sketches):
    clf = default(max_epochs=1, warm_start=True, augmentation=None).fit(*sketches)
    assert clf.augmentation_ is None
    clf.set_params(augmentation="sketch").fit(*sketches)
    assert clf.augmentation_.rotation == 15
    assert clf.set_params(augmentation=None).partial_fit(*sketches).augmentation_ is None


def test_strokes_are_trained_as_the_images_that_they_are_drawn_as(monkeypatch):
    monkeypatch.setattr("skquickdraw.neural_network._plan.FEWEST_STEPS", 4)
    monkeypatch.setattr("skquickdraw.neural_network._plan.STEPS_PER_ROOT", 0)
    drawings = [[[[0, 200], [0, 200]]], [[[0, 200], [200, 0]]]] * 20
    strokes, y = pack_strokes(drawings), np.arange(40) % 2
    clf = default(augmentation=StrokeAugmentation()).fit(strokes, y)
    assert clf.auto_params_["stem_stride"] == 2
    assert clf.n_epochs_ == 2  # 4 steps of 20; a grid of features would take 20 passes


def test_equal_weights_are_equal_rows_with_everything_left_to_the_classifier(sketches):
    X, y = sketches
    weights = np.arange(90) % 3
    weighted = default(max_epochs=2).fit(X, y, sample_weight=weights)
    repeated = default(max_epochs=2).fit(np.repeat(X, weights, 0), np.repeat(y, weights))
    np.testing.assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))
    assert weighted.augmentation_.get_params() == repeated.augmentation_.get_params()
