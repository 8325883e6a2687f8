from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skquickdraw import CNNClassifier, NoisyStudentClassifier, SeedEnsembleClassifier
from skquickdraw.datasets import make_sketches
from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.inspection import TrainingHistoryDisplay

FULL = [
    {"epoch": k, "train_loss": 3 / k, "valid_loss": 4 / k, "valid_score": 1 - 0.5 / k, "lr": 0.01}
    for k in range(1, 5)
]
PLAIN = [{"epoch": record["epoch"], "train_loss": record["train_loss"]} for record in FULL]
TINY = {"width": 0.125, "max_epochs": 2, "random_state": 0}


@pytest.fixture(scope="module")
def data():
    return make_sketches(60, n_classes=3, random_state=0)


@pytest.fixture(scope="module")
def network(data):
    return CNNClassifier(**TINY).fit(*data)


def test_what_was_recorded_is_drawn():
    display = TrainingHistoryDisplay({"net": FULL}).plot()
    assert len(display.axes_) == 3
    for key in ("train_loss", "valid_loss", "valid_score", "lr"):
        line = display.lines_["net", key]
        np.testing.assert_allclose(line.get_xdata(), [1, 2, 3, 4])
        np.testing.assert_allclose(line.get_ydata(), [record[key] for record in FULL])
    assert [text.get_text() for text in display.legend_.get_texts()] == ["training", "validation"]


def test_panels_are_for_what_there_is():
    display = TrainingHistoryDisplay({"net": PLAIN}).plot()
    assert [axes.get_title(loc="left") for axes in display.axes_] == ["loss"]
    assert set(display.lines_) == {("net", "train_loss")}


def test_several_networks_have_names_and_dashes():
    display = TrainingHistoryDisplay({"a": FULL, "b": PLAIN}).plot()
    assert [text.get_text() for text in display.legend_.get_texts()] == ["a", "b"]
    one, other = (display.lines_[name, "train_loss"] for name in "ab")
    assert one.get_linestyle() != other.get_linestyle()
    assert ("a", "valid_loss") not in display.lines_


def test_the_loss_may_be_logarithmic():
    display = TrainingHistoryDisplay({"net": FULL}).plot(log_loss=True)
    assert [axes.get_yscale() for axes in display.axes_] == ["log", "linear", "linear"]


def test_a_classifier_has_a_history(network):
    display = TrainingHistoryDisplay.from_estimator(network)
    line = display.lines_["", "train_loss"]
    expected = [record["train_loss"] for record in network.history_]
    np.testing.assert_allclose(line.get_ydata(), expected)
    wrapped = make_pipeline("passthrough", FrozenEstimator(network))
    assert TrainingHistoryDisplay.from_estimator(wrapped).histories == display.histories


def test_a_noisy_student_has_one_for_each_round(network, data):
    X, y = data
    student = NoisyStudentClassifier(
        FrozenEstimator(network), student=CNNClassifier(**TINY), threshold=0, n_iterations=2
    ).fit(X[:30], y[:30], X_unlabeled=X[30:])
    display = TrainingHistoryDisplay.from_estimator(student)
    assert list(display.histories) == ["teacher", "student 1", "student 2"]
    assert display.histories["student 2"] == student.estimator_.history_


def test_a_vote_has_one_for_each_member(data):
    vote = SeedEnsembleClassifier(CNNClassifier(**TINY), n_estimators=2, random_state=0).fit(*data)
    display = TrainingHistoryDisplay.from_estimator({"vote": vote})
    assert list(display.histories) == ["vote, member 1", "vote, member 2"]


def test_axes_on_a_grid_are_parted_and_an_array_is_used():
    figure, ax = plt.subplots()
    display = TrainingHistoryDisplay({"net": FULL}).plot(ax=ax)
    assert display.figure_ is figure
    assert all(axes in figure.axes for axes in display.axes_)
    assert not ax.axison
    figure, panels = plt.subplots(3)
    display = TrainingHistoryDisplay({"net": FULL}).plot(ax=panels)
    assert display.axes_ == list(panels)
    assert display.ax_ is panels[0]


def test_axes_that_cannot_be_parted_are_refused():
    display = TrainingHistoryDisplay({"net": FULL})
    with pytest.raises(InvalidParameterError, match="one for each of the 3 panels, got 2"):
        display.plot(ax=plt.subplots(2)[1])
    with pytest.raises(InvalidParameterError, match="ax must lie on a grid"):
        display.plot(ax=plt.figure().add_axes((0, 0, 1, 1)))


def test_estimators_without_a_history_are_refused(data):
    with pytest.raises(NotFittedError):
        TrainingHistoryDisplay.from_estimator(CNNClassifier())
    linear = LogisticRegression().fit([[0], [1]], [0, 1])
    with pytest.raises(InvalidParameterError, match="but LogisticRegression has none"):
        TrainingHistoryDisplay.from_estimator(linear)
    with pytest.raises(InvalidParameterError, match="that of 'net' is not"):
        TrainingHistoryDisplay({"net": [{"iteration": 1}]}).plot()
    with pytest.raises(InvalidParameterError, match="and not empty"):
        TrainingHistoryDisplay({}).plot()
