"""Test-time views: the mean logits of shifted and mirrored images."""

import numpy as np
import pytest

from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.exceptions import InvalidParameterError

FLIPPING, STILL = AugmentationPolicy(horizontal_flip=0.5), AugmentationPolicy(horizontal_flip=0)


def shifted(images, down, right):
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return padded[:, 1 - down : 13 - down, 1 - right : 13 - right]


def shifted_views(images):
    """Return the image and its four shifts by one pixel, filled with black at the edge."""
    steps = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
    return [shifted(images, down, right) for down, right in steps]


def mean_logits(clf, views):
    return np.mean([clf.decision_function(view) for view in views], axis=0)


@pytest.mark.parametrize("n_tta", [1, 2, 10])
def test_views_are_averaged(sketches, quick, n_tta):
    X, y = sketches
    clf = quick(augmentation=FLIPPING).fit(X, y)
    images = X.reshape(-1, 12, 12)
    mirrored = images[:, :, ::-1]
    views = {
        1: [images],
        2: [images, mirrored],
        10: shifted_views(images) + shifted_views(mirrored),
    }
    expected = mean_logits(clf, views[n_tta])
    clf.set_params(n_tta=n_tta)
    np.testing.assert_allclose(clf.decision_function(X), expected, atol=1e-5)
    proba = np.exp(expected) / np.exp(expected).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(clf.predict_proba(X), proba, atol=1e-5)


def test_pictures_are_not_mirrored_where_training_did_not(sketches, quick):
    X, y = sketches
    clf = quick(augmentation=STILL).fit(X, y)
    expected = mean_logits(clf, shifted_views(X.reshape(-1, 12, 12)))
    clf.set_params(n_tta=5)
    np.testing.assert_allclose(clf.decision_function(X), expected, atol=1e-5)


def test_views_do_not_touch_training(sketches, quick):
    X, y = sketches
    one, five = (quick(n_tta=n).fit(X, y) for n in (1, 5))
    five.set_params(n_tta=1)
    np.testing.assert_array_equal(one.decision_function(X), five.decision_function(X))


@pytest.mark.parametrize("n_tta", [1, 5, 10])
def test_a_row_of_pixels_can_be_looked_at_too(quick, n_tta):
    rng = np.random.default_rng(0)
    X, y = rng.random((40, 10)), np.arange(40) % 2
    clf = quick(augmentation=FLIPPING, n_tta=n_tta).fit(X, y)
    assert clf.decision_function(X).shape == (40,)


@pytest.mark.parametrize("augmentation", [None, STILL], ids=str)
def test_more_views_than_there_are_are_refused(sketches, quick, augmentation):
    clf = quick(augmentation=augmentation, n_tta=6)
    with pytest.raises(InvalidParameterError, match="n_tta=6, but without horizontal .* only 5"):
        clf.fit(*sketches)
    assert not hasattr(clf, "net_")
