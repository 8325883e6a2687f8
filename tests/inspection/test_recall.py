from __future__ import annotations

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB

from skquickdraw.exceptions import InvalidParameterError, InvalidTargetsError
from skquickdraw.inspection import RecallByClassSizeDisplay
from skquickdraw.metrics import group_recall_score, per_class_recall

CLASSES = list("abcdef")
COUNTS = dict(zip(CLASSES, (320, 160, 40, 20, 10, 5), strict=True))
Y_TRAIN = np.repeat(CLASSES, list(COUNTS.values()))
RNG = np.random.default_rng(0)
Y_TRUE = np.repeat(CLASSES, 10)
Y_PRED = {
    name: np.where(RNG.random(60) < share, Y_TRUE, "a")
    for name, share in (("plain", 0.6), ("balanced", 0.8))
}


def display_of(y_pred=Y_PRED, **options):
    options = {"y_train": Y_TRAIN, **options}
    return RecallByClassSizeDisplay.from_predictions(Y_TRUE, y_pred, **options)


def test_points_are_recalls_against_counts():
    line = display_of({"plain": Y_PRED["plain"]}).lines_[0]
    np.testing.assert_allclose(line.get_xdata(), list(COUNTS.values()))
    expected = per_class_recall(Y_TRUE, Y_PRED["plain"], CLASSES)
    np.testing.assert_allclose(line.get_ydata(), expected)


def test_means_are_those_of_the_metrics():
    display = display_of()
    for name, means in zip(Y_PRED, display.means_, strict=True):
        expected = group_recall_score(Y_TRUE, Y_PRED[name], class_counts=COUNTS)
        drawn = [line.get_ydata()[0] for line in means]
        np.testing.assert_allclose(drawn, list(expected.values()))
    assert len(display_of(show_means=False).means_[0]) == 0


def test_classes_of_equal_counts_are_grouped_as_by_the_metrics():
    counts = dict.fromkeys("fedcba", 50)
    display = display_of(Y_PRED["plain"], y_train=None, class_counts=counts)
    expected = group_recall_score(Y_TRUE, Y_PRED["plain"], class_counts=counts)
    drawn = [line.get_ydata()[0] for line in display.means_[0]]
    np.testing.assert_allclose(drawn, list(expected.values()))


def test_models_differ_without_colour_and_have_names():
    display = display_of()
    assert [text.get_text() for text in display.legend_.get_texts()] == list(Y_PRED)
    assert len({line.get_marker() for line in display.lines_}) == 2
    assert len({means[0].get_linestyle() for means in display.means_}) == 2
    one, other = (np.asarray(line.get_xdata()) for line in display.lines_)
    np.testing.assert_allclose(np.sqrt(one * other), list(COUNTS.values()))  # moved apart
    assert display_of(Y_PRED["plain"]).legend_ is None


def test_the_axis_is_logarithmic_and_names_groups():
    display = display_of()
    assert display.ax_.get_xscale() == "log"
    assert {text.get_text() for text in display.ax_.texts} == {"head", "medium", "tail"}
    groups = {text.get_text() for text in display_of(n_groups=2).ax_.texts}
    assert groups == {"head", "tail"}
    assert {text.get_text() for text in display_of(n_groups=1).ax_.texts} == {""}


def test_a_class_without_training_rows_is_shown():
    display = display_of(y_train=None, class_counts={**COUNTS, "f": 0})
    assert display.ax_.get_xscale() == "symlog"
    low, _ = display.ax_.get_xlim()
    assert low < 0
    assert 0 in display.lines_[0].get_xdata()


def test_equal_classes_can_be_drawn():
    display = display_of(y_train=None, class_counts=dict.fromkeys(CLASSES, 50))
    display.figure_.canvas.draw()
    low, high = display.ax_.get_xlim()
    assert low < 50 < high


def test_counts_come_from_labels_or_a_mapping():
    marked = np.append(Y_TRAIN.astype(object), [None] * 7)
    for counts in ({"y_train": marked}, {"y_train": None, "class_counts": Counter(Y_TRAIN)}):
        assert sorted(display_of(**counts).class_counts.tolist()) == sorted(COUNTS.values())


def test_estimators_predict():
    X, y = RNG.random((90, 4)), np.arange(90) % 3
    models = {"few": GaussianNB().fit(X[:9], y[:9]), "many": GaussianNB().fit(X, y)}
    display = RecallByClassSizeDisplay.from_estimator(models, X, y, y_train=y)
    expected = per_class_recall(y, models["few"].predict(X))
    np.testing.assert_allclose(display.recalls["few"], expected)
    alone = RecallByClassSizeDisplay.from_estimator(models["many"], X, y, y_train=y)
    assert list(alone.recalls) == ["GaussianNB"]


def test_axes_and_styles_that_are_passed_are_used():
    figure, ax = plt.subplots()
    display = display_of(ax=ax, styles={"plain": {"color": "0.7"}})
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert display.lines_[0].get_color() == "0.7"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y_train": None}, "either y_train or class_counts"),
        ({"class_counts": COUNTS}, "either y_train or class_counts"),
        ({"y_train": None, "class_counts": [3, 2, 1]}, "class_counts must map classes to counts"),
        ({"n_groups": 7}, "n_groups must be an int between 1"),
        ({"y_pred": {}}, "at least|one model"),
    ],
)
def test_bad_parameters_are_refused(options, message):
    with pytest.raises(InvalidParameterError, match=message):
        display_of(**options)


def test_two_classes_need_fewer_groups_than_the_default():
    given = {"y_train": [0, 0, 1], "y_true": [0, 1], "y_pred": [0, 1]}
    with pytest.raises(InvalidParameterError, match="the default, 3 groups, needs three"):
        RecallByClassSizeDisplay.from_predictions(**given)
    display = RecallByClassSizeDisplay.from_predictions(**given, n_groups=2)
    assert display.recalls["y_pred"].tolist() == [1, 1]


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(InvalidTargetsError, match="Recall.*_predictions: .* count: .'f'"):
        display_of(y_train=Y_TRAIN[Y_TRAIN != "f"])
    with pytest.raises(InvalidTargetsError, match="inconsistent numbers of samples"):
        display_of(Y_PRED["plain"][:9])
    with pytest.raises(InvalidTargetsError, match="a number for each of 2 classes"):
        RecallByClassSizeDisplay([5, 3], {"m": [0.5]}, n_groups=1).plot()
    with pytest.raises(NotFittedError):
        RecallByClassSizeDisplay.from_estimator(GaussianNB(), [[1]], [0], y_train=[0, 1, 2])
