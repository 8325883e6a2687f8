"""Properties of all classifiers, samplers and splitters, for any data."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skquickdraw import (
    AugmentingOverSampler,
    CNNClassifier,
    DistilledClassifier,
    NoisyStudentClassifier,
    PrototypeClassifier,
    RelationNetworkClassifier,
    SeedEnsembleClassifier,
    TopKReranker,
    TransductiveClassifier,
)
from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.model_selection import LabeledStratifiedKFold, LabeledStratifiedShuffleSplit
from skquickdraw.semi_supervised import align_to_prior, assign_to_prior

X, Y = make_sketches(36, 3, weights=[3, 2, 1], image_shape=(8, 8), random_state=0)
CNN = CNNClassifier(
    width=0.01, max_epochs=2, augmentation=None, device="cpu", precision="float32", random_state=0
)
NETWORKS = [
    CNN,
    RelationNetworkClassifier(width=0.01, n_episodes=2, device="cpu", random_state=0),
    SeedEnsembleClassifier(CNN, 2, random_state=0),
    DistilledClassifier(PrototypeClassifier(), CNN, random_state=0),
    NoisyStudentClassifier(CNN, n_iterations=1, random_state=0),
]
# These learn by formulas only, so the order of the classes does not matter.
FORMULAS = [
    PrototypeClassifier(),
    TransductiveClassifier(PrototypeClassifier()),
    TopKReranker(PrototypeClassifier(), PrototypeClassifier(metric="euclidean"), k=2),
    SeedEnsembleClassifier(PrototypeClassifier(), 2, combine="logit"),
]
CLASSIFIERS = NETWORKS + FORMULAS


def named(estimators):
    return [
        pytest.param(each, id=f"{i}-{type(each).__name__}") for i, each in enumerate(estimators)
    ]


classifiers = pytest.mark.parametrize("estimator", named(CLASSIFIERS))
bounded = settings(max_examples=20, derandomize=True, database=None, deadline=None)


@cache
def fitted(i):
    return clone(CLASSIFIERS[i]).fit(X, Y)


def fitted_one(estimator):
    return fitted(CLASSIFIERS.index(estimator))


@classifiers
def test_probabilities_are_a_distribution_over_the_classes(estimator):
    fitted = fitted_one(estimator)
    proba = fitted.predict_proba(X)
    assert proba.shape == (36, 3) and proba.dtype == np.float64
    assert proba.min() >= 0
    assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
    assert_array_equal(fitted.classes_, [0, 1, 2])
    assert_array_equal(fitted.predict(X), fitted.classes_[proba.argmax(axis=1)])


@classifiers
def test_a_row_does_not_depend_on_its_neighbours(estimator):
    fitted = fitted_one(estimator)
    proba = fitted.predict_proba(X)
    order = np.random.RandomState(0).permutation(len(X))
    assert_allclose(fitted.predict_proba(X[order]), proba[order], rtol=1e-9, atol=1e-12)
    for size in (1, 5, 36):
        parts = [fitted.predict_proba(X[start : start + size]) for start in range(0, 36, size)]
        assert_allclose(np.concatenate(parts), proba, rtol=1e-9, atol=1e-12)
    twice = fitted.predict_proba(np.concatenate([X, X]))
    assert_allclose(twice, np.concatenate([proba, proba]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("estimator", named(NETWORKS[:2]))
def test_a_network_answers_alike_to_the_bit_in_any_batch(estimator):
    fitted = fitted_one(estimator)
    proba = fitted.predict_proba(X)
    alone = [fitted.predict_proba(X[i : i + 1]) for i in range(len(X))]
    assert_array_equal(np.concatenate(alone), proba)
    assert_array_equal(fitted.predict_proba(X[::-1]), proba[::-1])


def read_only(rows):
    rows = rows.copy()
    rows.flags.writeable = False
    return rows


FORMS = {
    "Fortran": np.asfortranarray,
    "read-only": read_only,
    "strided": lambda rows: np.repeat(rows, 2, axis=1)[:, ::2],
    "reversed twice": lambda rows: rows[::-1].copy()[::-1],
    "stack": lambda rows: rows.reshape(-1, 8, 8),
    "channels first": lambda rows: rows.reshape(-1, 1, 8, 8),
    "channels last": lambda rows: rows.reshape(-1, 8, 8, 1),
    "list": lambda rows: rows.tolist(),
    "list of images": lambda rows: list(rows.reshape(-1, 8, 8)),
    "int64": lambda rows: rows.astype(np.int64),
    "uint16": lambda rows: rows.astype(np.uint16),
    "float32": lambda rows: rows.astype(np.float32),
    "float64": lambda rows: rows.astype(np.float64),
    "swapped bytes": lambda rows: rows.astype(">f4"),
}


@pytest.mark.parametrize("form", FORMS)
@classifiers
def test_the_form_of_the_array_does_not_matter(estimator, form):
    fitted = fitted_one(estimator)
    given = FORMS[form](X)
    assert_allclose(fitted.predict_proba(given), fitted.predict_proba(X), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("form", ["Fortran", "read-only", "strided", "stack", "channels last"])
@classifiers
def test_the_form_of_the_training_set_does_not_matter(estimator, form):
    again = clone(estimator).fit(FORMS[form](X), read_only(Y))
    wanted = fitted_one(estimator).predict_proba(X)
    assert_allclose(again.predict_proba(FORMS[form](X)), wanted, rtol=1e-6, atol=1e-9)


@classifiers
def test_a_memory_map_is_an_array(estimator, tmp_path):
    np.save(tmp_path / "x.npy", X)
    rows = np.load(tmp_path / "x.npy", mmap_mode="r")
    wanted = fitted_one(estimator).predict_proba(X)
    assert_allclose(fitted_one(estimator).predict_proba(rows), wanted, rtol=1e-9, atol=1e-12)
    again = clone(estimator).fit(rows, Y)
    assert_allclose(again.predict_proba(X), wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("library", ["pandas", "polars"])
@classifiers
def test_a_table_is_an_array(estimator, library):
    frames = pytest.importorskip(library)
    table = frames.DataFrame({f"p{i}": X[:, i] for i in range(64)})
    names = [str(label) for label in Y]
    again = clone(estimator).fit(table, frames.Series(names))
    wanted = fitted_one(estimator).predict_proba(X)
    assert_allclose(again.predict_proba(table), wanted, rtol=1e-6, atol=1e-9)
    assert_array_equal(again.classes_, ["0", "1", "2"])
    assert_array_equal(again.feature_names_in_, list(table.columns))


# Sorted names of the classes 0, 1 and 2.
NAMES = {
    "with gaps": np.array([2, 7, 9]),
    "negative": np.array([-5, -1, 3]),
    "uint8": np.array([0, 100, 255], dtype=np.uint8),
    "whole floats": np.array([0.0, 1.0, 1e6]),
    "text": np.array(["a", "b", "owl"]),
    "objects": np.array(["a", "b", "owl"], dtype=object),
    "int8": np.array([-128, 0, 127], dtype=np.int8),
}


@pytest.mark.parametrize("names", NAMES)
@classifiers
def test_names_of_the_classes_do_not_matter(estimator, names):
    labels = NAMES[names]
    if names == "negative" and hasattr(estimator, "unlabeled_label"):
        estimator = clone(estimator).set_params(unlabeled_label=None)  # -1 is a class here
        wanted = clone(estimator).fit(X, Y).predict_proba(X)
    else:
        wanted = fitted_one(estimator).predict_proba(X)
    again = clone(estimator).fit(X, labels[Y])
    assert_array_equal(again.classes_, labels)
    assert again.predict(X).dtype == labels.dtype
    assert_allclose(again.predict_proba(X), wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("order", [[2, 1, 0], [1, 2, 0], [0, 2, 1]])
@pytest.mark.parametrize("estimator", named(FORMULAS))
def test_relabelling_permutes_the_columns(estimator, order):
    again = clone(estimator).fit(X, np.array(order)[Y])
    wanted = fitted_one(estimator).predict_proba(X)
    assert_allclose(again.predict_proba(X)[:, order], wanted, rtol=1e-9, atol=1e-12)


@classifiers
def test_truth_values_are_two_classes(estimator):
    again = clone(estimator).fit(X, Y == 1)
    assert again.classes_.tolist() == [False, True] and again.predict(X).dtype == bool
    assert again.predict_proba(X).shape == (36, 2)


@classifiers
def test_a_class_of_one_row_has_its_column(estimator):
    rows = np.flatnonzero(Y < 2).tolist() + np.flatnonzero(Y == 2)[:1].tolist()
    again = clone(estimator).fit(X[rows], Y[rows])
    assert_array_equal(again.classes_, [0, 1, 2])
    assert again.predict_proba(X).shape == (36, 3)


@classifiers
def test_a_class_without_rows_has_no_column(estimator):
    again = clone(estimator).fit(X[Y != 1], Y[Y != 1])
    assert_array_equal(again.classes_, [0, 2])
    assert again.predict_proba(X).shape == (36, 2)
    assert set(again.predict(X)) <= {0, 2}


counts = st.lists(st.integers(1, 12), min_size=2, max_size=4)


@bounded
@given(counts, st.integers(0, 2**31 - 1), st.sampled_from([np.uint8, np.float32, np.int64]))
def test_over_sampling_makes_the_counts_equal(sizes, seed, dtype):
    y = np.random.RandomState(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    rows = np.random.RandomState(seed).randint(0, 256, (len(y), 64)).astype(dtype)
    sampler = AugmentingOverSampler(augmentation=AugmentationPolicy(), random_state=seed)
    new, labels = sampler.fit_resample(rows, y)
    assert_array_equal(np.bincount(labels), [max(sizes)] * len(sizes))
    assert new.dtype == dtype and labels.dtype == y.dtype
    assert_array_equal(new[: len(y)], rows)
    assert_array_equal(labels, y[sampler.sample_indices_])
    assert new.min() >= 0 and new.max() <= rows.max()


@bounded
@given(counts, st.lists(st.integers(0, 9), min_size=4, max_size=4), st.integers(0, 99))
def test_over_sampling_meets_the_counts_that_are_asked_for(sizes, more, seed):
    y = np.repeat(np.arange(len(sizes)), sizes)
    wanted = {label: size + more[label] for label, size in enumerate(sizes)}
    sampler = AugmentingOverSampler(wanted, augmentation=None, random_state=seed)
    new, labels = sampler.fit_resample(np.arange(64 * len(y)).reshape(-1, 64) % 256, y)
    assert dict(enumerate(np.bincount(labels).tolist())) == wanted
    assert len(new) == len(labels)


@bounded
@given(st.integers(1, 60), st.lists(st.floats(0.01, 1), min_size=2, max_size=5), st.integers(0, 99))
def test_a_prior_is_met_in_exact_numbers(n_rows, shares, seed):
    prior = np.array(shares) / np.sum(shares)
    proba = np.random.RandomState(seed).dirichlet(np.ones(len(prior)), n_rows)
    found = np.bincount(assign_to_prior(proba, prior), minlength=len(prior))
    assert found.sum() == n_rows
    assert (np.abs(found - prior * n_rows) < 1 + 1e-6).all()
    aligned = align_to_prior(proba, prior)
    assert_allclose(aligned.sum(axis=1), 1, rtol=1e-12)


@bounded
@given(st.permutations(range(4)), st.integers(0, 99))
def test_relabelling_permutes_a_prior(order, seed):
    rng = np.random.RandomState(seed)
    proba, prior = rng.dirichlet(np.ones(4), 30), rng.dirichlet(np.ones(4))
    wanted = align_to_prior(proba, prior)[:, order]
    assert_allclose(align_to_prior(proba[:, order], prior[list(order)]), wanted, rtol=1e-9)


@bounded
@given(st.integers(1, 40), st.lists(st.integers(0, 5), min_size=2, max_size=5), st.integers(0, 9))
def test_sketches_come_in_exact_numbers(n_samples, weights, seed):
    if sum(weights) == 0:
        return
    n_classes = len(weights)
    rows, y = make_sketches(
        n_samples, n_classes, weights=weights, image_shape=(8, 8), random_state=seed
    )
    found = np.bincount(y, minlength=n_classes)
    assert rows.shape == (n_samples, 64) and found.sum() == n_samples
    assert (found[np.array(weights) == 0] == 0).all()
    if n_samples >= n_classes:
        assert (found[np.array(weights) > 0] > 0).all()


@bounded
@given(st.integers(2, 5), st.integers(1, 9), st.integers(0, 9), st.integers(0, 99))
def test_a_ladder_has_exact_rungs(n_classes, n_min, more, seed):
    n_max = n_min + more
    y = np.random.RandomState(seed).permutation(np.repeat(np.arange(n_classes), n_max + 1))
    rows, labels, kept = make_ladder(
        y[:, None], y, n_max=n_max, n_min=n_min, random_state=seed, return_indices=True
    )
    found = np.bincount(labels)
    assert found[0] == n_max and found[-1] == n_min and (np.diff(found) <= 0).all()
    assert_array_equal(labels, y[kept])
    assert_array_equal(rows[:, 0], labels)
    assert (np.diff(kept) > 0).all()


@bounded
@given(st.lists(st.integers(2, 9), min_size=2, max_size=4), st.integers(0, 5), st.integers(0, 99))
@pytest.mark.filterwarnings("ignore:.*class(es have| has) fewer labeled rows")
def test_folds_test_each_labeled_row_once(sizes, n_open, seed):
    y = np.repeat(np.arange(len(sizes) + 1) - 1, [n_open, *sizes])
    y = np.random.RandomState(seed).permutation(y)
    tested = []
    for train, test in LabeledStratifiedKFold(2, unlabeled_label=-1).split(y, y):
        assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(y)))
        tested += test.tolist()
    assert sorted(tested) == np.flatnonzero(y != -1).tolist()


@bounded
@given(st.lists(st.integers(4, 9), min_size=2, max_size=4), st.integers(0, 5), st.integers(0, 99))
def test_a_random_split_parts_all_rows(sizes, n_open, seed):
    y = np.repeat(np.arange(len(sizes) + 1) - 1, [n_open, *sizes])
    splitter = LabeledStratifiedShuffleSplit(
        1, test_size=0.5, unlabeled_label=-1, random_state=seed
    )
    train, test = next(splitter.split(y, y))
    assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(y)))
    assert (y[test] >= 0).all()
    assert set(y[train]) >= set(range(len(sizes)))
