"""Which rows an epoch shows: sampling, integer weights, and independence of the row order."""

from zlib import crc32

import numpy as np
import pytest
import torch

from skquickdraw.neural_network._samplers import EpochSampler, shown_counts
from skquickdraw.neural_network._training_set import LabeledImages, repeat_rows

CODES = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [60, 25, 10, 5]))
COUNTS = np.bincount(CODES)


def draw(sampling, n_epochs=1, codes=CODES):
    sampler = EpochSampler(codes, sampling, torch.Generator().manual_seed(0))
    return [sampler.draw().numpy() for _ in range(n_epochs)]


def test_without_balancing_each_row_is_shown_once_in_a_new_order():
    one, other = draw(0.0, n_epochs=2)
    assert sorted(one) == sorted(other) == list(range(100))
    assert one.tolist() != other.tolist()


@pytest.mark.parametrize("sampling", [0.25, 0.5, 1.0])
def test_classes_are_shown_in_proportion_to_a_power_of_their_counts(sampling):
    share = COUNTS ** (1 - sampling)
    expected = 100 * share / share.sum()
    for positions in draw(sampling, n_epochs=5):
        shown = np.bincount(CODES[positions], minlength=4)
        assert shown.sum() == 100
        assert (np.abs(shown - expected) < 1 + 1e-9).all()


def test_shares_that_are_no_whole_numbers_are_met_on_average():
    share = COUNTS**0.5
    shown = sum(np.bincount(CODES[positions], minlength=4) for positions in draw(0.5, 200))
    # In each epoch, the number of rows of a class is off by less than one.
    np.testing.assert_allclose(shown / 200, 100 * share / share.sum(), atol=0.15)


@pytest.mark.parametrize("sampling", [0.5, 1.0])
def test_a_row_comes_again_only_after_all_others_of_its_class(sampling):
    for positions in draw(sampling, n_epochs=3):
        for code, count in enumerate(COUNTS):
            times = np.bincount(positions, minlength=100)[np.flatnonzero(code == CODES)]
            assert times.max() - times.min() <= 1
            if count <= 10:  # the small classes are shown more than once each
                assert times.min() >= 1


def test_the_classes_of_a_balanced_epoch_are_mixed():
    (positions,) = draw(1.0)
    assert (np.diff(CODES[positions]) != 0).sum() > 50


def test_a_class_that_is_not_there_is_not_shown():
    codes = np.array([0] * 8 + [2] * 2)
    (positions,) = draw(1.0, codes=codes)
    assert np.bincount(codes[positions]).tolist() == [5, 0, 5]


@pytest.mark.parametrize("sampling", [0.0, 0.5, 1.0])
def test_counts_are_what_an_epoch_shows(sampling):
    shown = np.bincount(CODES[np.concatenate(draw(sampling, 200))], minlength=4) / 200
    np.testing.assert_allclose(shown_counts(CODES, 4, sampling), shown, atol=0.15)


def test_soft_targets_and_weights_count_by_their_mass():
    soft, weights = np.eye(4, dtype=np.float32)[CODES], np.linspace(0.5, 1.5, 100)
    mass = np.bincount(CODES, weights)
    np.testing.assert_allclose(shown_counts(CODES, 4, 0.0, None, weights), mass, rtol=1e-6)
    np.testing.assert_allclose(shown_counts(CODES, 4, 0.0, soft, weights), mass, rtol=1e-5)
    assert shown_counts(np.zeros(9, int), 3, 0.0).tolist() == [9, 1, 1]


def test_whole_weights_are_repetitions():
    rows, weights = repeat_rows(np.array([7, 3, 5]), np.array([2.0, 0.0, 1.0]))
    assert rows.tolist() == [7, 7, 5] and weights is None


def test_other_weights_are_kept_with_mean_one_and_without_zeros():
    rows, weights = repeat_rows(np.array([7, 3, 5]), np.array([0.5, 0.0, 1.5]))
    assert rows.tolist() == [7, 5]
    np.testing.assert_allclose(weights, [0.5, 1.5])


def test_large_whole_weights_do_not_make_endless_epochs():
    rows, weights = repeat_rows(np.arange(4), np.array([100.0, 300.0, 100.0, 300.0]))
    assert rows.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(weights, [0.5, 1.5, 0.5, 1.5])


def test_no_weights_change_nothing():
    rows, weights = repeat_rows(np.arange(4), None)
    assert rows.tolist() == [0, 1, 2, 3] and weights is None


def test_the_canonical_order_depends_on_content_only(sketches):
    X, y = sketches
    shuffled = np.random.default_rng(0).permutation(len(X))
    order, other = (
        LabeledImages(X[rows], y[rows], np.arange(3), torch.device("cpu")).order()
        for rows in (slice(None), shuffled)
    )
    np.testing.assert_array_equal(X[order], X[shuffled][other])


WEIGHTS = np.random.default_rng(0).integers(0, 4, 90)


@pytest.mark.parametrize("sampling", [None, "balanced"])
def test_whole_weights_fit_like_repeated_rows(sketches, quick, sampling):
    X, y = sketches
    assert (WEIGHTS == 0).any()
    weighted = quick(sampling=sampling).fit(X, y, sample_weight=WEIGHTS)
    repeated = quick(sampling=sampling).fit(np.repeat(X, WEIGHTS, 0), np.repeat(y, WEIGHTS))
    np.testing.assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))


def test_rows_of_weight_zero_are_as_if_they_were_not_there(sketches, quick):
    X, y = sketches
    kept = np.arange(90) % 4 > 0
    zeroed = quick(max_epochs=2).fit(X, y, sample_weight=kept * 1.0)
    removed = quick(max_epochs=2).fit(X[kept], y[kept])
    np.testing.assert_array_equal(zeroed.predict_proba(X), removed.predict_proba(X))


def test_rows_of_weight_zero_are_left_out_among_other_weights(sketches, quick):
    X, y = sketches
    weights = np.where(np.arange(90) % 4 > 0, np.linspace(0.1, 2, 90), 0)
    kept = weights > 0
    zeroed = quick(max_epochs=2).fit(X, y, sample_weight=weights)
    removed = quick(max_epochs=2).fit(X[kept], y[kept], sample_weight=weights[kept])
    np.testing.assert_array_equal(zeroed.predict_proba(X), removed.predict_proba(X))


def test_only_the_ratios_of_weights_matter(sketches, quick):
    X, y = sketches
    weights = np.linspace(0.5, 2.25, 90)
    one, four = (quick().fit(X, y, sample_weight=f * weights) for f in (1, 4))
    np.testing.assert_allclose(one.predict_proba(X), four.predict_proba(X), atol=1e-6)
    assert np.abs(one.predict_proba(X) - quick().fit(X, y).predict_proba(X)).max() > 1e-4


@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_order_of_rows_does_not_matter(sketches, quick, early_stopping):
    X, y = sketches
    clf = quick(max_epochs=2, sampling="balanced", early_stopping=early_stopping)
    shuffled = np.random.default_rng(1).permutation(90)
    weights = np.linspace(0.5, 2, 90)
    proba = clf.fit(X, y, sample_weight=weights).predict_proba(X)
    clf.fit(X[shuffled], y[shuffled], sample_weight=weights[shuffled])
    np.testing.assert_array_equal(clf.predict_proba(X), proba)


def test_the_order_of_copies_with_other_soft_targets_does_not_matter(sketches, quick):
    X, y = np.tile(sketches[0], (2, 1)), np.tile(sketches[1], 2)
    soft = np.random.default_rng(0).dirichlet(np.ones(3), 180)
    shuffled = np.random.default_rng(1).permutation(180)
    proba = quick().fit(X, y, soft_targets=soft).predict_proba(X)
    clf = quick().fit(X[shuffled], y[shuffled], soft_targets=soft[shuffled])
    np.testing.assert_array_equal(clf.predict_proba(X), proba)


@pytest.mark.parametrize("layout", [(12, 12), (1, 12, 12)], ids=str)
def test_the_layout_of_pictures_does_not_matter(sketches, quick, layout):
    X, y = sketches
    flat, stacked = quick().fit(X, y), quick().fit(X.reshape(-1, *layout), y)
    np.testing.assert_array_equal(flat.predict_proba(X), stacked.predict_proba(X))
    np.testing.assert_array_equal(flat.predict_proba(X.reshape(-1, *layout)), flat.predict_proba(X))


def test_the_order_of_different_images_of_one_checksum_is_that_of_their_content():
    images = np.random.default_rng(0).integers(0, 256, (6, 1, 8, 8), dtype=np.uint8)
    # A multiple of the polynomial that CRC-32 divides by.
    polynomial = np.frombuffer((0x1DB710641).to_bytes(5, "little"), dtype=np.uint8)
    images[1::2] = images[::2]
    images[1::2, 0, 3, :5] ^= polynomial
    flat = images.reshape(6, 64)
    assert [crc32(row) for row in flat[::2]] == [crc32(row) for row in flat[1::2]]
    codes, classes, cpu = np.zeros(6, dtype=np.int64), np.arange(2), torch.device("cpu")
    assert len(set(LabeledImages(images, codes, classes, cpu).image_keys.tolist())) == 6
    plain, swapped = (
        flat[rows][LabeledImages(images[rows], codes, classes, cpu).order()]
        for rows in ([0, 1, 2, 3, 4, 5], [1, 5, 4, 0, 3, 2])
    )
    np.testing.assert_array_equal(plain, swapped)
