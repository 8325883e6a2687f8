"""Class weights, compared with those of scikit-learn and with their formula."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.losses import class_weights

CLASSES = np.array(["ant", "bee", "cat"])
CODES = np.repeat([0, 1, 2], [700, 90, 10])


@pytest.mark.parametrize("class_weight", ["balanced", None, {"ant": 2.0, "bee": 1.0, "cat": 9.0}])
def test_weights_are_scikit_learns(class_weight):
    expected = compute_class_weight(class_weight, classes=CLASSES, y=CLASSES[CODES])
    np.testing.assert_allclose(class_weights(class_weight, CLASSES, CODES), expected)


def test_a_dict_may_leave_classes_out():
    weights = class_weights({"cat": 5.0}, CLASSES, CODES)
    np.testing.assert_array_equal(weights, [1.0, 1.0, 5.0])


def test_effective_weights_are_the_inverse_effective_number_of_examples():
    weights = class_weights("effective", CLASSES, CODES)
    effective_number = (1 - 0.999 ** np.array([700, 90, 10])) / (1 - 0.999)
    np.testing.assert_allclose(weights / weights[0], effective_number[0] / effective_number)


def test_effective_weights_average_to_one_over_the_rows():
    assert class_weights("effective", CLASSES, CODES)[CODES].mean() == pytest.approx(1)


def test_effective_weights_lie_between_none_and_balanced():
    ratio = {
        kind: np.divide(*class_weights(kind, CLASSES, CODES)[[2, 0]])
        for kind in ("effective", "balanced")
    }
    assert 1 < ratio["effective"] < ratio["balanced"] == pytest.approx(70)


@pytest.mark.parametrize("class_weight", ["balanced", "effective", None])
def test_a_class_without_rows_has_a_finite_weight(class_weight):
    weights = class_weights(class_weight, CLASSES, np.repeat([0, 2], [6, 4]))
    assert np.isfinite(weights).all() and (weights > 0).all()


@pytest.mark.parametrize("kind", ["balanced", "effective"])
def test_weighted_rows_count_as_repeated_ones_do(kind):
    weights = np.array([1, 3, 2])[CODES]
    repeated = class_weights(kind, CLASSES, np.repeat(CODES, weights))
    np.testing.assert_allclose(class_weights(kind, CLASSES, CODES, weights), repeated)


@pytest.mark.parametrize("weight", [np.nan, np.inf, -1])
def test_weights_that_can_be_none_are_refused(weight):
    with pytest.raises(InvalidParameterError, match="class_weight must give weights that are fin"):
        class_weights({"ant": weight}, CLASSES, CODES)
    with pytest.raises(InvalidParameterError, match="not all 0"):
        class_weights(dict.fromkeys(CLASSES, 0), CLASSES, CODES)


@pytest.mark.parametrize("kind", ["balanced", "effective"])
def test_rows_of_next_to_no_weight_and_classes_without_rows_do_no_harm(kind):
    weights = np.where(CODES == 1, 1e-30, 1.0)
    assert np.isfinite(class_weights(kind, CLASSES, CODES, weights)).all()
    many = np.array(list("abcdefgh"))
    codes = np.repeat([0, 1], [30, 10])
    assert class_weights(kind, many, codes)[codes].mean() <= 1 + 1e-9
    if kind == "effective":
        assert class_weights(kind, many, codes)[codes].mean() == pytest.approx(1)
