"""The over-sampler, compared with RandomOverSampler and with what its docstring says."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.datasets import make_sketches
from skquickdraw.exceptions import (
    InvalidImagesError,
    InvalidParameterError,
    InvalidTargetsError,
)
from skquickdraw.over_sampling import AugmentingOverSampler, _copies

NOTHING = AugmentationPolicy(0, horizontal_flip=0, shift=0, scale=0, shear=0)


@pytest.fixture
def sketches():
    """Return 40 flat uint8 images of 8 x 8 with a background, in classes of 25, 10 and 5."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (40, 64), dtype=np.uint8) * (rng.random((40, 64)) < 0.3)
    return X.astype(np.uint8), rng.permutation(np.repeat([0, 1, 2], [25, 10, 5]))


def counts(y):
    return dict(zip(*np.unique(y, return_counts=True), strict=True))


STRATEGIES = {
    "auto": "auto",
    "minority": "minority",
    "all": "all",
    "not minority": "not minority",
    "dict": {1: 30, 2: 5},
    "callable": lambda y: {2: 11},
}


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
@pytest.mark.parametrize("augmentation", [None, NOTHING], ids=str)
@pytest.mark.parametrize("seed", [0, 7])
def test_without_changes_it_is_random_over_sampler(sketches, strategy, augmentation, seed):
    ours = AugmentingOverSampler(strategy, augmentation=augmentation, random_state=seed)
    oracle = RandomOverSampler(sampling_strategy=strategy, random_state=seed)
    for own, expected in zip(
        ours.fit_resample(*sketches), oracle.fit_resample(*sketches), strict=True
    ):
        np.testing.assert_array_equal(own, expected)
        assert own.dtype == expected.dtype
    np.testing.assert_array_equal(ours.sample_indices_, oracle.sample_indices_)
    assert ours.sampling_strategy_ == oracle.sampling_strategy_


def test_a_ratio_is_imbalanced_learns(sketches):
    X, y = sketches
    X, y = X[y > 0], y[y > 0]
    for ratio in (0.8, 1):
        _, y_new = AugmentingOverSampler(ratio, random_state=0).fit_resample(X, y)
        assert counts(y_new) == {1: 10, 2: int(10 * ratio)}


def test_copies_are_changed_and_originals_are_not(sketches):
    X, y = sketches
    sampler = AugmentingOverSampler(random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    assert counts(y_new) == {0: 25, 1: 25, 2: 25}
    np.testing.assert_array_equal(X_new[:40], X)
    np.testing.assert_array_equal(y_new[:40], y)
    np.testing.assert_array_equal(y_new, y[sampler.sample_indices_])
    copied = X[sampler.sample_indices_[40:]]
    assert (X_new[40:] != copied).any(axis=1).all()
    assert len(np.unique(X_new[40:], axis=0)) == 35  # all copies differ


def test_copies_are_chosen_as_without_changes(sketches):
    oracle = RandomOverSampler(random_state=3)
    oracle.fit_resample(*sketches)
    sampler = AugmentingOverSampler(random_state=3)
    sampler.fit_resample(*sketches)
    np.testing.assert_array_equal(sampler.sample_indices_, oracle.sample_indices_)


def test_a_certain_flip_mirrors_each_copy(sketches):
    policy = clone(NOTHING).set_params(horizontal_flip=1)
    sampler = AugmentingOverSampler(augmentation=policy, image_shape=(4, 16), random_state=0)
    X_new, _ = sampler.fit_resample(*sketches)
    pictures = sketches[0].reshape(-1, 4, 16)[sampler.sample_indices_[40:]]
    np.testing.assert_array_equal(X_new[40:].reshape(-1, 4, 16), pictures[:, :, ::-1])


def test_a_count_fills_up_to_it_and_never_removes(sketches):
    sampler = AugmentingOverSampler(12, random_state=0)
    _, y_new = sampler.fit_resample(*sketches)
    assert counts(y_new) == {0: 25, 1: 12, 2: 12}
    assert sampler.sampling_strategy_ == {0: 0, 1: 2, 2: 7}


@pytest.mark.parametrize("shape", [(8, 8), (4, 16), (1, 8, 8), (3, 4, 4)], ids=str)
def test_stacks_come_back_as_stacks(sketches, shape):
    X, y = sketches
    stack = X[:, : np.prod(shape)].reshape(-1, *shape)
    sampler = AugmentingOverSampler(random_state=0)
    X_new, _ = sampler.fit_resample(stack, y)
    assert X_new.shape == (75, *shape) and X_new.dtype == np.uint8
    np.testing.assert_array_equal(X_new[:40], stack)
    assert sampler.n_features_in_ == np.prod(shape)
    assert sampler.image_shape_ == (shape if len(shape) == 3 else (1, *shape))
    sampler = AugmentingOverSampler(image_shape=shape, random_state=0)
    flat_new, _ = sampler.fit_resample(stack.reshape(40, -1), y)
    np.testing.assert_array_equal(flat_new, X_new.reshape(75, -1))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.int16, np.float32, np.float64, bool])
def test_dtypes_are_kept_and_values_stay_in_range(sketches, dtype):
    X, y = sketches
    X = (X > 0) if dtype is bool else X.astype(dtype)
    X_new, _ = AugmentingOverSampler(random_state=0).fit_resample(X, y)
    assert X_new.dtype == dtype
    assert X_new.min() >= X.min() and X_new.max() <= X.max()
    assert X_new[40:].any()


def test_integers_are_rounded(sketches):
    X, y = sketches
    exact, _ = AugmentingOverSampler(random_state=0).fit_resample(X.astype(np.float64), y)
    rounded, _ = AugmentingOverSampler(random_state=0).fit_resample(X, y)
    np.testing.assert_array_equal(rounded, np.rint(exact))


def test_values_need_not_be_ink(sketches):
    X, y = sketches
    X = X / 255 - 0.5
    X_new, _ = AugmentingOverSampler(random_state=0).fit_resample(X, y)
    assert -0.5 <= X_new.min() < 0 < X_new.max() <= 0.5


@pytest.mark.parametrize("names", [["cat", "dog", "eel"], np.array(["a", "b", "c"], dtype=object)])
def test_labels_may_be_text(sketches, names):
    X, y = sketches
    y = np.asarray(names)[y]
    _, y_new = AugmentingOverSampler({names[2]: 9}, random_state=0).fit_resample(X, y)
    assert y_new.dtype == y.dtype
    assert counts(y_new) == {names[0]: 25, names[1]: 10, names[2]: 9}


@pytest.mark.parametrize("mark", [-1, "none"])
def test_unlabeled_rows_pass_through_in_their_place(sketches, mark):
    X, y = sketches
    y = y if mark == -1 else np.array(["a", "b", "c"])[y].astype(object)
    hidden = np.arange(0, 40, 3)
    y_part = y.copy()
    y_part[hidden] = mark
    if mark != -1:
        y_part = y_part.astype(str)
    sampler = AugmentingOverSampler(20, unlabeled_label=mark, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y_part)
    np.testing.assert_array_equal(X_new[:40], X)
    np.testing.assert_array_equal(y_new[:40], y_part)
    after = counts(y_new)
    assert after.pop(mark) == len(hidden)
    assert set(after.values()) == {20}
    assert not np.isin(sampler.sample_indices_[40:], hidden).any()
    assert mark not in sampler.sampling_strategy_


def test_unlabeled_rows_do_not_set_the_size_of_the_largest_class(sketches):
    X, y = sketches
    y = np.where(y == 0, -1, y)
    _, y_new = AugmentingOverSampler(random_state=0).fit_resample(X, y)
    assert counts(y_new) == {-1: 25, 1: 10, 2: 10}


def test_minus_one_can_be_a_class(sketches):
    X, y = sketches
    y = np.where(y == 0, -1, 1)
    with pytest.raises(
        InvalidTargetsError, match="one class, .*Pass unlabeled_label=None if -1 is"
    ):
        AugmentingOverSampler(unlabeled_label=-1).fit_resample(X, y)
    for mark in ("auto", None):
        sampler = AugmentingOverSampler(unlabeled_label=mark, random_state=0)
        assert counts(sampler.fit_resample(X, y)[1]) == {-1: 25, 1: 25}


def test_no_labeled_row_at_all_is_refused(sketches):
    y = np.where(np.arange(40) % 2, -1, -2)
    with pytest.raises(InvalidTargetsError, match="one class"):
        AugmentingOverSampler(unlabeled_label=-1).fit(sketches[0], y)
    with pytest.raises(InvalidTargetsError, match="no class. 40 of 40 rows are unlabeled"):
        AugmentingOverSampler().fit(sketches[0], [None] * 40)


def test_data_frames_come_back_as_data_frames(sketches):
    X, y = sketches
    frame = pd.DataFrame(X, columns=[f"pixel_{i}" for i in range(64)])
    sampler = AugmentingOverSampler(random_state=0)
    X_new, y_new = sampler.fit_resample(frame, pd.Series(y, name="word"))
    plain, _ = AugmentingOverSampler(random_state=0).fit_resample(X, y)
    assert X_new.columns.equals(frame.columns) and (X_new.dtypes == np.uint8).all()
    assert y_new.name == "word" and len(y_new) == 75
    np.testing.assert_array_equal(X_new, plain)
    np.testing.assert_array_equal(sampler.feature_names_in_, frame.columns)


@pytest.mark.parametrize(
    "dtypes",
    [
        {i: "UInt8" for i in range(64)},
        {0: "Int16", 1: np.float64},
        {0: np.float32},
        {i: pd.SparseDtype(np.int16 if i else np.float64, 0) for i in range(64)},
    ],
    ids=["nullable", "mixed", "one float", "sparse"],
)
def test_integer_columns_are_rounded_as_integer_arrays_are(sketches, dtypes):
    X, y = sketches
    frame = pd.DataFrame(X).astype(dtypes)
    X_new, _ = AugmentingOverSampler(random_state=0).fit_resample(frame, y)
    plain, _ = AugmentingOverSampler(random_state=0).fit_resample(X, y)
    assert X_new.dtypes.equals(frame.dtypes)
    are_whole = [dtype.kind != "f" for dtype in frame.dtypes]
    np.testing.assert_array_equal(X_new.to_numpy(float)[:, are_whole], plain[:, are_whole])


@pytest.mark.parametrize("augmentation", [None, "sketch"])
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array])
def test_sparse_rows_stay_sparse(sketches, kind, augmentation):
    X, y = sketches
    sampler = AugmentingOverSampler(augmentation=augmentation, random_state=0)
    X_new, _ = sampler.fit_resample(kind(X), y)
    expected, _ = sampler.fit_resample(X, y)
    assert sparse.issparse(X_new) and X_new.format == kind(X).format
    assert X_new.dtype == np.uint8
    np.testing.assert_array_equal(X_new.toarray(), expected)


def test_chunks_are_seamless(sketches, monkeypatch):
    monkeypatch.setattr(_copies, "CHUNK_PIXELS", 64 * 4)
    sampler = AugmentingOverSampler(random_state=0)
    X_new, y_new = sampler.fit_resample(*sketches)
    assert counts(y_new) == {0: 25, 1: 25, 2: 25}
    assert len(np.unique(X_new[40:], axis=0)) == 35
    assert X_new[40:].any(axis=1).all()


def test_the_random_state_decides_and_nothing_global_moves(sketches):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    n_threads = torch.get_num_threads()
    first, again, other = (
        AugmentingOverSampler(random_state=seed).fit_resample(*sketches)[0] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    rng = np.random.RandomState(0)
    moving = [AugmentingOverSampler(random_state=rng).fit_resample(*sketches)[0] for _ in "ab"]
    assert not np.array_equal(*moving)
    assert torch.equal(torch_state, torch.get_rng_state())
    np.testing.assert_array_equal(numpy_state, np.random.get_state()[1])
    assert n_threads == torch.get_num_threads()


def test_fit_counts_and_draws_nothing(sketches):
    rng = np.random.RandomState(0)
    sampler = AugmentingOverSampler(30, random_state=rng)
    assert sampler.fit(*sketches) is sampler
    assert sampler.sampling_strategy_ == {0: 5, 1: 20, 2: 25}
    assert rng.randint(1000) == np.random.RandomState(0).randint(1000)


def test_it_can_be_pickled(sketches):
    sampler = AugmentingOverSampler(augmentation=AugmentationPolicy(5), random_state=0)
    expected, _ = sampler.fit_resample(*sketches)
    thawed = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(thawed.sample_indices_, sampler.sample_indices_)
    np.testing.assert_array_equal(thawed.fit_resample(*sketches)[0], expected)


def test_the_policy_can_be_searched_over_in_a_pipeline(sketches):
    sampler = AugmentingOverSampler(augmentation=AugmentationPolicy(), random_state=0)
    pipeline = make_pipeline(sampler, LogisticRegression())
    grid = {"augmentingoversampler__augmentation__rotation": [0.0, 20.0]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(sketches[0] / 255, sketches[1])
    assert search.best_params_.keys() == grid.keys()
    assert search.best_estimator_[0].augmentation.rotation in (0.0, 20.0)


def test_the_import_brings_in_no_torch():
    code = "import skquickdraw.over_sampling, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("method", ["fit", "fit_resample"])
def test_too_small_a_target_names_the_class_and_the_way_out(sketches, method):
    X, y = sketches
    y = np.array(["cat", "dog", "eel"])[y]
    match = (
        "AugmentingOverSampler: sampling_strategy must give each class at least as many samples as "
        "it has, got 20 for 'cat', which has 25. Give at least 25"
    )
    for strategy in ({"cat": 20}, lambda y: {"cat": 20}):
        with pytest.raises(InvalidParameterError, match=match):
            getattr(AugmentingOverSampler(strategy), method)(X, y)


@pytest.mark.parametrize("method", ["fit", "fit_resample"])
def test_parameters_out_of_range_are_refused(sketches, method):
    def call(**params):
        return getattr(AugmentingOverSampler(**params), method)(*sketches)

    with pytest.raises(InvalidParameterError, match="augmentation must be None, one of"):
        call(augmentation="doodle")
    with pytest.raises(InvalidParameterError, match="rotation must be an angle"):
        call(augmentation=AugmentationPolicy(-5))
    for strategy in ("majority", -3, 0, 1.5, [0, 1]):
        with pytest.raises(ValueError, match=r"sampling_strategy.*"):
            call(sampling_strategy=strategy)
    with pytest.raises(ValueError, match="target class is/are not present"):
        call(sampling_strategy={9: 100})
    with pytest.raises(ValueError, match="random_state"):
        call(random_state="seed")
    with pytest.raises(InvalidImagesError, match=r"image_shape=\(1, 9, 9\) needs 81 pixels"):
        call(image_shape=(9, 9))


def test_images_that_are_none_are_refused(sketches):
    X, y = sketches
    sampler = AugmentingOverSampler()
    with pytest.raises(InvalidImagesError, match="A fourth channel, transparency, is not read"):
        sampler.fit_resample(X.reshape(40, 4, 4, 4), y)
    with pytest.raises(ValueError, match="contains NaN"):
        sampler.fit_resample(np.where(X > 250, np.nan, X), y)
    with pytest.raises(ValueError, match="at least two classes"):
        sampler.fit_resample(X, np.zeros(40))


def test_channels_may_come_last():
    X, y = make_sketches(30, 2, weights=[2, 1], image_shape=(12, 12), random_state=0)
    X = np.stack([X, 255 - X, X // 2], axis=1).reshape(-1, 3, 12, 12)
    last, y_last = AugmentingOverSampler(random_state=0).fit_resample(X.transpose(0, 2, 3, 1), y)
    first, y_first = AugmentingOverSampler(random_state=0).fit_resample(X, y)
    assert last.shape == (40, 12, 12, 3)
    np.testing.assert_array_equal(last, first.transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(y_last, y_first)


def test_nested_lists_are_taken_as_arrays_are():
    X, y = make_sketches(30, 2, weights=[2, 1], image_shape=(12, 12), random_state=0)
    stack = X.reshape(-1, 12, 12)
    expected, _ = AugmentingOverSampler(random_state=0).fit_resample(stack, y)
    rows, _ = AugmentingOverSampler(random_state=0).fit_resample(stack.tolist(), y)
    np.testing.assert_array_equal(rows, expected)
