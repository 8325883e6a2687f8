from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB

from skquickdraw import NoisyStudentClassifier
from skquickdraw.exceptions import InvalidParameterError, InvalidTargetsError
from skquickdraw.inspection import PseudoLabelDisplay

NAMES = np.array(["cat", "owl", "yak"])
RNG = np.random.default_rng(0)
CODES = np.arange(120) % 3
X = CODES[:, None] + RNG.normal(scale=0.6, size=(120, 2))
Y = NAMES[CODES].astype(object)
MARKED = np.where(np.arange(120) % 4 == 0, Y, None)  # every fourth row has its label
TRUTH = Y[np.arange(120) % 4 != 0]


@pytest.fixture(scope="module")
def student():
    clf = NoisyStudentClassifier(GaussianNB(), pseudo_labels="hard", threshold=0.6, n_iterations=2)
    return clf.fit(X, MARKED)


def test_rounds_are_drawn_by_class(student):
    display = PseudoLabelDisplay.from_estimator(student)
    assert len(display.axes_) == 2
    order = display.order_
    for k, record in enumerate(student.history_):
        drawn = display.lines_["n_selected"][k]
        np.testing.assert_allclose(drawn.get_xdata(), record["n_selected"][order])
        drawn = display.lines_["mean_confidence"][k]
        np.testing.assert_allclose(drawn.get_xdata(), record["mean_confidence"][order])
    last = student.history_[-1]["n_selected"][order]
    assert (np.diff(last) <= 0).all()
    ticks = [text.get_text() for text in display.axes_[0].get_yticklabels()]
    assert ticks == student.classes_[order].tolist()


def test_rounds_differ_without_colour_and_have_names(student):
    display = PseudoLabelDisplay.from_estimator(student)
    assert [text.get_text() for text in display.legend_.get_texts()] == ["round 1", "round 2"]
    assert len({line.get_marker() for line in display.lines_["n_selected"]}) == 2


def test_pseudo_labels_are_held_against_the_truth(student):
    display = PseudoLabelDisplay.from_estimator(student, TRUTH)
    pseudo = student.transduction_[student.labeled_iter_ != 0]
    for position, name in enumerate(student.classes_):
        given = pseudo == name
        assert display.precision[position] == np.mean(TRUTH[given] == name)
        assert display.n_true[position] == np.sum(name == TRUTH)
    (line,) = display.lines_["precision"]
    np.testing.assert_allclose(line.get_xdata(), display.precision[display.order_])
    assert len(display.axes_) == 3


def test_rows_of_the_pool_follow_those_of_x():
    clf = NoisyStudentClassifier(GaussianNB(), pseudo_labels="hard", n_iterations=1)
    clf.fit(X[:60], MARKED[:60], X_unlabeled=X[60:])
    truth = np.concatenate([Y[:60][np.arange(60) % 4 != 0], Y[60:]])
    shown = PseudoLabelDisplay.from_estimator(clf, truth)
    selected = clf.history_[-1]["n_selected"]
    since = clf.labeled_iter_
    chosen = since[since != 0] > 0
    right = np.sum(clf.transduction_[since > 0] == truth[chosen])
    np.testing.assert_allclose(np.nansum(shown.precision * selected), right)


def test_a_class_without_pseudo_labels_has_no_share():
    history = [{"n_selected": np.array([3, 0]), "mean_confidence": np.array([0.7, np.nan])}]
    display = PseudoLabelDisplay(history, ["a", "b"], precision=[0.5, np.nan]).plot()
    assert np.isnan(display.lines_["precision"][0].get_xdata()[1])
    display.figure_.canvas.draw()


def test_many_classes_fit_into_axes_that_are_small():
    n = 100
    history = [{"n_selected": np.arange(n), "mean_confidence": np.full(n, 0.5)}]
    figure, ax = plt.subplots(figsize=(4, 3), layout="constrained")
    display = PseudoLabelDisplay(history, [f"class {k}" for k in range(n)]).plot(ax=ax)
    assert display.figure_ is figure
    figure.draw_without_rendering()
    labels = [text.get_window_extent() for text in display.axes_[0].get_yticklabels()]
    assert 10 < len(labels) < n
    heights = [box.height for box in labels]
    gaps = np.abs(np.diff([box.y0 for box in labels]))
    assert gaps.min() > 0.7 * max(heights)


def test_estimators_without_pseudo_labels_are_refused(student):
    with pytest.raises(NotFittedError):
        PseudoLabelDisplay.from_estimator(NoisyStudentClassifier(GaussianNB()))
    with pytest.raises(InvalidParameterError, match="must be a NoisyStudentClassifier, got Gauss"):
        PseudoLabelDisplay.from_estimator(GaussianNB().fit(X, CODES))
    alone = NoisyStudentClassifier(GaussianNB(), pseudo_labels="hard").fit(X, CODES)
    with pytest.raises(InvalidParameterError, match="termination_condition_='no_unlabeled'"):
        PseudoLabelDisplay.from_estimator(alone)


def test_labels_that_do_not_fit_are_refused(student):
    with pytest.raises(InvalidTargetsError, match="one entry for each of the 90 rows, got 120"):
        PseudoLabelDisplay.from_estimator(student, Y)
    other = TRUTH.copy()
    other[0] = "emu"
    with pytest.raises(InvalidTargetsError, match="'emu'"):
        PseudoLabelDisplay.from_estimator(student, other)
    with pytest.raises(InvalidParameterError, match="history must hold a dict for each round"):
        PseudoLabelDisplay([], ["a"]).plot()
    with pytest.raises(InvalidParameterError, match="each of the 2 classes"):
        PseudoLabelDisplay(student.history_, ["a", "b"]).plot()
