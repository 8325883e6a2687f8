from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.inspection import ComparisonDisplay
from skquickdraw.model_selection import Comparison

SCORES = {
    "accuracy": np.array([[0.5, 0.6, 0.7], [0.6, 0.6, 0.9]]),
    "tail": np.array([[0.1, 0.2, 0.3], [0.2, 0.1, 0.4]]),
}
FOUND = Comparison(("plain", "student"), SCORES, np.ones((2, 3)), 0.5, (False, True))


def means(display):
    return [bar.lines[0].get_xdata()[0] for bar in display.errorbars_]


def test_scores_and_their_means_are_drawn():
    display = ComparisonDisplay(FOUND).plot()
    np.testing.assert_allclose(means(display), [0.6, 0.7])
    drawn = np.array([line.get_xdata() for line in display.folds_]).T
    np.testing.assert_allclose(drawn, SCORES["accuracy"])
    (segment,) = display.errorbars_[1].lines[2][0].get_segments()
    error = FOUND.to_dict()["standard_error"][1]
    np.testing.assert_allclose(segment[:, 0], [0.7 - error, 0.7 + error])


def test_differences_are_drawn():
    display = ComparisonDisplay(FOUND).plot(kind="difference", score="tail")
    np.testing.assert_allclose(means(display), [0, 1 / 30])
    assert display.text_[0].get_text() == "baseline"
    assert display.ax_.get_xlabel() == "difference in tail"


def test_estimators_are_named():
    display = ComparisonDisplay(FOUND).plot()
    assert {text.get_text() for text in display.ax_.texts} >= {"plain", "student"}


def test_a_single_fold_has_no_error():
    one = Comparison(("a",), {"accuracy": np.array([[0.5]])}, np.ones((1, 1)), 0.5, (False,))
    display = ComparisonDisplay(one).plot()
    assert [text.get_text() for text in display.text_] == ["0.500"]
    display.figure_.canvas.draw()


def test_axes_that_are_passed_are_used():
    figure, ax = plt.subplots()
    display = ComparisonDisplay(FOUND).plot(ax=ax)
    assert (display.ax_, display.figure_) == (ax, figure)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"score": "loss"}, "score must be one of .'accuracy', 'tail'., got 'loss'"),
        ({"kind": "ratio"}, "kind must be one of"),
    ],
)
def test_bad_parameters_are_refused(options, message):
    with pytest.raises(InvalidParameterError, match=message):
        ComparisonDisplay(FOUND).plot(**options)


def test_what_is_no_comparison_is_refused():
    with pytest.raises(InvalidParameterError, match="must be what .*compare returned, got dict"):
        ComparisonDisplay({}).plot()
