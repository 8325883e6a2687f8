"""Which rows a student learns from, and with which pseudo-labels."""

import numpy as np
import pytest

from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.semi_supervised._pseudo_labels import make_pseudo_labels, resolve_quotas, temper

PROBA = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7], [0.5, 0.5]])
PLAIN = {"prior": None, "is_hard": False, "temperature": 1.0, "threshold": 0.0, "quotas": None}
CLASSES = np.array(["ant", "bee"])


def pseudo(**options):
    return make_pseudo_labels(PROBA, **{**PLAIN, **options})


def test_confidence_decides():
    labels = pseudo(threshold=0.6)
    assert labels.selected.tolist() == [True, False, True, True, False]  # above, not at
    assert labels.standing_codes().tolist() == [0, -1, 0, 1, -1]
    np.testing.assert_array_equal(labels.confidence, [0.9, 0.6, 0.8, 0.7, 0.5])


def test_quotas_keep_the_surest_of_each_class():
    quotas = np.array([2, np.inf])
    assert pseudo(quotas=quotas).selected.tolist() == [True, False, True, True, False]
    assert pseudo(quotas=np.array([0, 1])).selected.tolist() == [False, False, False, True, False]


def test_quotas_count_selected_rows_only():
    quotas = np.array([1, 1])
    assert pseudo(quotas=quotas, threshold=0.85).selected.tolist() == [True] + [False] * 4


def test_a_low_temperature_sharpens():
    sharp = temper(PROBA, 0.5)
    np.testing.assert_allclose(sharp[0], np.square([0.9, 0.1]) / (0.81 + 0.01))
    np.testing.assert_allclose(temper(PROBA, 1e6), 0.5, atol=1e-5)
    np.testing.assert_allclose(temper(PROBA, 1e-4)[:4].max(axis=1), 1)
    np.testing.assert_array_equal(pseudo(temperature=0.5).proba, sharp)


@pytest.mark.parametrize("is_hard", [True, False])
def test_a_prior_acts_before_the_threshold(is_hard):
    labels = pseudo(prior=np.array([0.4, 0.6]), is_hard=is_hard, threshold=0.5)
    np.testing.assert_allclose(labels.proba.mean(axis=0), [0.4, 0.6], atol=1e-4)
    assert labels.codes.tolist() == [0, 1, 0, 1, 1]
    assert labels.proba[1, 1] > 0.5 > PROBA[1, 1]
    assert labels.selected.all()


def test_hard_labels_meet_the_prior_exactly():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([3, 1, 0.5], size=100)
    prior = np.array([0.2, 0.5, 0.3])
    labels = make_pseudo_labels(proba, **{**PLAIN, "prior": prior, "is_hard": True})
    assert np.bincount(labels.codes).tolist() == [20, 50, 30]


def test_no_quotas_and_one_for_all():
    assert resolve_quotas("Any", None, CLASSES) is None
    assert resolve_quotas("Any", 3, CLASSES).tolist() == [3, 3]


def test_quotas_by_label():
    assert resolve_quotas("Any", {"bee": 2}, CLASSES).tolist() == [np.inf, 2]
    assert resolve_quotas("Any", {7: 0}, np.array([5, 7])).tolist() == [np.inf, 0]


def test_quotas_of_unknown_labels():
    with pytest.raises(InvalidParameterError, match=r"labels that y does not have: \['cat'\]"):
        resolve_quotas("Any", {"cat": 1}, CLASSES)


@pytest.mark.parametrize("quota", [-1, 0.5, None, True, 10**400, np.array([1, 2])], ids=type)
def test_quotas_that_are_no_numbers(quota):
    with pytest.raises(InvalidParameterError, match="whole numbers of at least 0"):
        resolve_quotas("Any", {"ant": quota}, CLASSES)
