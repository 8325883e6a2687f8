"""Mean and standard deviation of the pixels, over all calls of partial_fit."""

import pickle

import numpy as np
import pytest
import torch

from skquickdraw.persistence import load_model, save_model


def statistics(clf):
    layer = clf.net_.module_.get_submodule("standardize")
    return layer.mean.ravel().cpu().numpy(), 1 / layer.inverse_std.ravel().cpu().numpy()


def with_pickle(clf, folder):
    return pickle.loads(pickle.dumps(clf))


def with_save_model(clf, folder):
    save_model(clf, folder / "model.safetensors")
    return load_model(folder / "model.safetensors")


def test_partial_fit_pools_the_pixels_of_its_calls(sketches, quick):
    X, y = sketches
    clf = quick()
    for rows in (slice(0, 10), slice(10, 50), slice(50, 90)):
        clf.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        mean, std = statistics(clf)
        assert mean == pytest.approx(X[: rows.stop].mean())
        assert std == pytest.approx(X[: rows.stop].std())


def test_a_first_call_of_blank_images_is_forgotten(sketches, quick):
    X, y = sketches
    clf = quick(lr=0.01, label_smoothing=0.0)
    clf.partial_fit(np.zeros_like(X), y)
    for _ in range(15):
        clf.partial_fit(X, y)
    fresh = quick(lr=0.01, label_smoothing=0.0)
    for _ in range(15):
        fresh.partial_fit(X, y)
    # As good as a classifier that never saw the blank images, except for the cost of one call.
    assert clf.score(X, y) > fresh.score(X, y) - 0.1 > 0.8


def test_colours_are_pooled_each_by_itself(quick):
    X = np.random.default_rng(0).integers(0, 256, (40, 3, 12, 12), dtype=np.uint8)
    X[:, 1] //= 4
    X[20:, 2] = 9
    y = np.arange(40) % 2
    clf = quick().partial_fit(X[:20], y[:20]).partial_fit(X[20:], y[20:])
    mean, std = statistics(clf)
    assert mean == pytest.approx(X.mean((0, 2, 3))) and std == pytest.approx(X.std((0, 2, 3)))


def test_a_weight_of_two_is_a_row_that_is_there_twice(sketches, quick):
    X, y = sketches
    clf = quick().partial_fit(X[:40], y[:40], classes=[0, 1, 2])
    clf.partial_fit(X[40:], y[40:], sample_weight=np.full(50, 2))
    assert statistics(clf)[0] == pytest.approx(np.concatenate([X, X[40:]]).mean())


def test_the_pixels_of_a_fit_count(sketches, quick):
    X, y = sketches
    clf = quick().fit(X[:40], y[:40]).partial_fit(X[40:], y[40:])
    assert statistics(clf)[0] == pytest.approx(X.mean())


def test_a_fit_starts_afresh(sketches, quick):
    X, y = sketches
    clf = quick().partial_fit(X[:40] // 2, y[:40], classes=[0, 1, 2]).fit(X, y)
    assert statistics(clf)[0] == pytest.approx(X.mean())


def test_a_warm_start_keeps_what_its_weights_were_trained_on(sketches, quick):
    X, y = sketches
    clf = quick(warm_start=True).fit(X, y)
    before = clf.net_.module_.standardize.mean.clone()
    clf.fit(X // 2, y)
    assert torch.equal(clf.net_.module_.standardize.mean, before)


@pytest.mark.parametrize("way", [with_pickle, with_save_model])
def test_what_was_stored_goes_on_counting(sketches, quick, tmp_path, way):
    X, y = sketches
    clf = quick().partial_fit(X[:30], y[:30], classes=[0, 1, 2])
    found = way(clf, tmp_path).partial_fit(X[30:], y[30:])
    assert statistics(found)[0] == pytest.approx(X.mean())
    clf.partial_fit(X[30:], y[30:])
    np.testing.assert_array_equal(found.predict_proba(X), clf.predict_proba(X))


def test_statistics_of_which_no_sums_are_known_stay(sketches, quick):
    """As after loading a file of a version that did not keep the sums."""
    X, y = sketches
    clf = quick().fit(X, y)
    clf.net_.pixel_sums_ = None
    before = clf.net_.module_.standardize.mean.clone()
    clf.partial_fit(X // 2, y)
    assert torch.equal(clf.net_.module_.standardize.mean, before)
