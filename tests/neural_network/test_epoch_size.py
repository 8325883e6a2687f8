"""An epoch of a fixed number of rows, and the order in which files are read."""

import numpy as np
import pytest
import torch

from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.neural_network._plan import resolve_epochs, some_of_each
from skquickdraw.neural_network._samplers import RunSampler, spread_runs

CODES = np.repeat([0, 1, 2, 3], [600, 250, 100, 50])


def draw(n_epochs, sampling=0.0, codes=CODES, **options):
    sampler = RunSampler(codes, sampling, torch.Generator().manual_seed(0), **options)
    return [sampler.draw().numpy() for _ in range(n_epochs)]


@pytest.mark.parametrize("options", [{}, {"run": 8}, {"run": 8, "windows": [120, 80, 50]}], ids=str)
def test_a_row_comes_again_only_after_all_others(options):
    epochs = draw(8, n_shown=250, **options)
    for passed in (epochs[:4], epochs[4:]):
        assert sorted(np.concatenate(passed)) == list(range(1000))
    assert np.concatenate(epochs[:4]).tolist() != np.concatenate(epochs[4:]).tolist()


@pytest.mark.parametrize("sampling", [0.5, 1.0])
def test_balanced_epochs_go_through_each_class(sampling):
    epochs = draw(5, sampling, n_shown=300, run=8, windows=[100] * 3)
    counts = np.bincount(CODES)
    share = counts ** (1 - sampling)
    for positions in epochs:
        shown = np.bincount(CODES[positions], minlength=4)
        assert (np.abs(shown - 300 * share / share.sum()) < 1 + 1e-9).all()
    times = np.bincount(np.concatenate(epochs), minlength=1000)
    for code in range(4):
        assert np.ptp(times[code == CODES]) <= 1


def test_an_epoch_may_be_longer_than_the_set():
    (positions,) = draw(1, n_shown=2500)
    assert set(np.bincount(positions, minlength=1000)) == {2, 3}


def test_windows_hold_runs_from_all_over_the_files():
    codes = np.repeat(np.arange(50), 400)
    (positions,) = draw(1, codes=codes, n_shown=20_000, run=20, windows=[2000] * 10)
    for window in np.split(positions, 10):
        ordered = np.sort(window)
        assert (np.diff(ordered) > 1).sum() <= 2000 / 20 + 2  # few contiguous pieces to read
        shares = np.bincount(codes[window], minlength=50)
        assert shares.min() >= 20 and shares.max() <= 60  # 40 of each class
        steps = np.abs(np.diff(window))
        assert np.median(steps) > 2000  # neighbours in the file are apart in the window


def test_spreading_moves_whole_runs():
    shown = torch.cat([torch.arange(s, s + 5) for s in (40, 0, 20, 10, 30)])
    moved = spread_runs(shown, 5, torch.Generator().manual_seed(0))
    assert sorted(moved.tolist()) == sorted(shown.tolist())
    assert all((run.diff() == 1).all() for run in moved.split(5))


def test_auto_epochs_make_as_many_steps_whatever_an_epoch_is():
    whole = resolve_epochs("auto", 1_000_000, 250, is_picture=True)
    parts = resolve_epochs("auto", 1_000_000, 250, is_picture=True, epoch_size=50_000)
    assert (whole, parts) == (3, 55)  # 11,000 steps
    assert resolve_epochs("auto", 1000, 10, is_picture=False, epoch_size=100) == 200
    assert resolve_epochs(2.5, 1000, 10, is_picture=True, epoch_size=100) == 2.5


def test_histories_count_epochs_of_that_size(sketches, quick):
    X, y = sketches
    clf = quick(epoch_size=40, max_epochs=2.5, batch_size=10).fit(X, y)
    assert clf.n_epochs_ == len(clf.history_) == 3
    assert [record["n_images"] for record in clf.history_] == [40, 40, 20]
    clf.partial_fit(X, y)
    assert clf.history_[-1]["n_images"] == 90


def test_patience_counts_epochs_of_that_size(sketches, quick):
    X, y = sketches
    clf = quick(
        epoch_size=20,
        max_epochs=50,
        early_stopping=True,
        n_iter_no_change=2,
        lr=1e-9,
        ema_decay=None,
    ).fit(X, y)
    assert clf.n_epochs_ == 3


@pytest.mark.parametrize("epoch_size", [1, 0, 2.5, "all"])
def test_other_sizes_are_refused(sketches, quick, epoch_size):
    with pytest.raises(InvalidParameterError, match="'epoch_size' parameter"):
        quick(epoch_size=epoch_size).fit(*sketches)


def test_some_rows_of_each_class_decide(monkeypatch):
    monkeypatch.setattr("skquickdraw.neural_network._plan.MOST_LOOKED_AT", 64)
    codes = np.repeat([0, 1, 2, 3], [1000, 3, 2000, 1])
    found = some_of_each(codes)
    assert set(codes[found]) == {0, 1, 2, 3} and len(found) <= 68
    assert (np.diff(found) > 0).all()
    assert some_of_each(np.array([1, 1, 3])).tolist() == [0, 1, 2]
