from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import confusion_matrix
from sklearn.naive_bayes import GaussianNB

from skquickdraw.exceptions import InvalidParameterError, InvalidTargetsError
from skquickdraw.inspection import ConfusedPairsDisplay
from skquickdraw.metrics import per_class_recall

# 0 and 3 are confused, and so are 1 and 4; 2 is always right.
COUNTS = np.array(
    [
        [5, 0, 0, 5, 0],
        [0, 8, 0, 0, 2],
        [0, 0, 9, 0, 0],
        [3, 0, 0, 7, 0],
        [0, 4, 0, 0, 16],
    ]
)
NAMES = ["ant", "bee", "cat", "dog", "emu"]


def shown(display):
    """Return the drawn shares, with the classes in their sorted order; NaN if none is drawn."""
    drawn = np.ma.filled(display.im_.get_array().astype(float), np.nan)
    shares = np.empty_like(drawn)
    shares[np.ix_(display.order_, display.order_)] = drawn
    return shares


def test_classes_that_are_confused_are_neighbours():
    display = ConfusedPairsDisplay(COUNTS, classes=NAMES).plot()
    place = np.argsort(display.order_)
    assert abs(place[0] - place[3]) == 1
    assert abs(place[1] - place[4]) == 1
    ticks = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert ticks == [NAMES[k] for k in display.order_]
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == ticks


def test_shares_are_of_the_true_class_and_the_diagonal_is_left_out():
    display = ConfusedPairsDisplay(COUNTS).plot()
    expected = np.full((5, 5), np.nan)
    expected[0, 3], expected[3, 0], expected[1, 4], expected[4, 1] = 0.5, 0.3, 0.2, 0.2
    np.testing.assert_allclose(shown(display), expected)
    muted = display.ax_.images[0]
    assert np.ma.count(muted.get_array()) == 5
    assert muted.get_alpha() < 1


@pytest.mark.parametrize(
    ("style", "expected"),
    [("default", 1), ("ggplot", 1), ("seaborn-v0_8-darkgrid", 1), ("dark_background", 0)],
)
def test_a_cell_without_a_share_has_one_colour_in_every_style(style, expected):
    with plt.style.context(style):
        display = ConfusedPairsDisplay(COUNTS, classes=NAMES).plot(n_pairs=0)
        display.figure_.canvas.draw()
        pixels = np.asarray(display.figure_.canvas.buffer_rgba())[..., :3] / 255
    place = np.argsort(display.order_)
    corners = np.array([[place[0], place[1]], [place[0] + 1, place[1] + 1]]) - 0.5
    (x0, y0), (x1, y1) = display.ax_.transData.transform(corners).astype(int)
    rows = sorted(len(pixels) - np.array([y0, y1]))
    inside = pixels[rows[0] + 3 : rows[1] - 3, x0 + 3 : x1 - 3]
    assert inside.size
    np.testing.assert_array_equal(inside, expected)


def test_the_most_confused_pairs_are_listed():
    display = ConfusedPairsDisplay(COUNTS, classes=NAMES).plot(n_pairs=3)
    assert [tuple(pair) for pair in display.pairs_] == [
        ("ant", "dog", 5, 0.5),
        ("dog", "ant", 3, 0.3),
        ("bee", "emu", 2, 0.2),
    ]
    assert display.text_[0].get_text() == "50% ant taken for dog (5)"


def test_nothing_is_listed_where_nothing_is_confused():
    assert ConfusedPairsDisplay(np.diag([3, 4, 5])).plot().pairs_ == []
    display = ConfusedPairsDisplay(COUNTS).plot(n_pairs=0)
    assert len(display.axes_) == 1
    assert display.text_ == []


def test_a_figure_without_errors_says_so():
    display = ConfusedPairsDisplay(np.diag([3, 4, 5])).plot()
    assert display.ax_.get_title(loc="left") == "no errors"
    assert display.figure_.axes == [display.ax_]  # no colour bar
    for n_pairs in (0, 15):
        display = ConfusedPairsDisplay(COUNTS).plot(n_pairs=n_pairs)
        assert display.ax_.get_title(loc="left") == ""
        assert len(display.figure_.axes) == 2 + (n_pairs > 0)


@pytest.mark.parametrize("n_classes", [2, 3, 5, 9, 15])
def test_names_of_few_classes_are_written_out_and_fit(n_classes):
    names = [f"Birnen gelb & grün {k:02}" for k in range(n_classes)]
    counts = 9 * np.eye(n_classes) + np.eye(n_classes)[::-1]
    display = ConfusedPairsDisplay(counts, classes=names).plot()
    labels = [*display.ax_.get_xticklabels(), *display.ax_.get_yticklabels()]
    assert {label.get_text() for label in labels} == set(names)
    display.figure_.draw_without_rendering()
    page = display.figure_.bbox
    boxes = [label.get_window_extent() for label in labels]
    assert all(page.contains(*box.min) and page.contains(*box.max) for box in boxes)
    assert display.ax_.get_window_extent().width > 0.2 * page.width


@pytest.mark.parametrize("n_classes", [1, 2])
def test_few_classes_keep_their_order(n_classes):
    display = ConfusedPairsDisplay(np.ones((n_classes, n_classes))).plot()
    assert display.order_.tolist() == list(range(n_classes))


def test_predictions_are_counted_and_rows_without_labels_left_out():
    rng = np.random.default_rng(0)
    true = np.array(NAMES, dtype=object)[rng.integers(0, 5, 80)]
    predicted = np.array(NAMES, dtype=object)[rng.integers(0, 5, 80)]
    expected = confusion_matrix(true[:70].tolist(), predicted[:70].tolist(), labels=NAMES)
    true[70:] = None
    display = ConfusedPairsDisplay.from_predictions(true, predicted)
    np.testing.assert_array_equal(display.confusion_matrix, expected)


def test_the_classes_of_the_estimator_decide_about_minus_one():
    X = np.arange(6.0)[:, None]
    clf = GaussianNB().fit(X, [0, 0, 1, 1, 2, 2])
    display = ConfusedPairsDisplay.from_estimator(clf, X, [0, -1, 1, -1, 1, -1])
    assert display.classes.tolist() == [0, 1, 2] and np.sum(display.confusion_matrix) == 3


def test_labels_keep_their_type_if_floats_are_predicted():
    classes = ConfusedPairsDisplay.from_predictions([0, 1, 2, 1], [1.0, 1.0, 1.0, 0.0]).classes
    assert classes.dtype.kind == "i"


def test_minus_one_is_a_class_of_two_though_it_is_never_predicted():
    display = ConfusedPairsDisplay.from_predictions([-1, -1, 1], [1, 1, 1])
    assert display.confusion_matrix.tolist() == [[0, 2], [0, 1]]


@pytest.mark.parametrize(
    ("y_true", "y_pred", "classes"),
    [
        ([-1, 0, 0, 0], [0, 1, 0, 0], [-1, 0, 1]),  # y_true has only one other class
        ([-1, 0, 1, None], [0, 0, 1, 1], [-1, 0, 1]),  # None is the mark
        ([-1, 0, 1, 1], [-1, 0, 1, 0], [-1, 0, 1]),
        ([-1, 0, 1, 1], [0, 0, 1, 0], [0, 1]),
        (np.array(["-1", "a", "b"]), np.array(["-1", "a", "a"]), ["-1", "a", "b"]),
    ],
    ids=str,
)
def test_minus_one_is_a_class_as_for_the_metrics(y_true, y_pred, classes):
    display = ConfusedPairsDisplay.from_predictions(y_true, y_pred)
    assert list(display.classes) == classes
    counts = np.asarray(display.confusion_matrix)
    expected = (counts.diagonal()[counts.any(1)] / counts.sum(1)[counts.any(1)]).tolist()
    assert per_class_recall(y_true, y_pred).tolist() == expected


def test_a_class_that_is_only_predicted_has_a_column():
    display = ConfusedPairsDisplay.from_predictions(["a", "b", "b"], ["a", "b", "c"])
    assert list(display.classes) == ["a", "b", "c"]
    assert display.pairs_[0] == ("b", "c", 1, 0.5)


def test_an_estimator_predicts():
    X, y = np.random.default_rng(0).random((60, 3)), np.arange(60) % 3
    clf = GaussianNB().fit(X, y)
    display = ConfusedPairsDisplay.from_estimator(clf, X, y)
    np.testing.assert_array_equal(display.confusion_matrix, confusion_matrix(y, clf.predict(X)))


def test_a_hundred_classes_are_all_named():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 3, (100, 100)) + np.diag(np.full(100, 50))
    display = ConfusedPairsDisplay(counts, classes=[f"class {k}" for k in range(100)]).plot()
    display.figure_.draw_without_rendering()
    for labels, side in ((display.ax_.get_yticklabels(), 0), (display.ax_.get_xticklabels(), 1)):
        boxes = [text.get_window_extent() for text in labels]
        assert len(boxes) == 100
        size = [box.width if side else box.height for box in boxes]
        gap = np.abs(np.diff([box.x0 if side else box.y0 for box in boxes]))
        assert gap.min() > 0.8 * np.median(size)


def test_axes_that_are_passed_are_used():
    figure, ax = plt.subplots(figsize=(9, 4))
    display = ConfusedPairsDisplay(COUNTS).plot(ax=ax)
    assert display.figure_ is figure
    panels = plt.subplots(1, 2)[1]
    assert ConfusedPairsDisplay(COUNTS).plot(ax=panels).axes_ == list(panels)


def test_the_axes_of_the_list_stay_empty_without_errors():
    panels = plt.subplots(1, 2)[1]
    assert ConfusedPairsDisplay(np.diag([3, 4, 5])).plot(ax=panels).axes_ == [panels[0]]
    assert not panels[1].axison


def test_colours_follow_the_background():
    light = ConfusedPairsDisplay(COUNTS).plot().im_.get_cmap().name
    with plt.style.context("dark_background"):
        dark = ConfusedPairsDisplay(COUNTS).plot().im_.get_cmap().name
    assert (light, dark) == ("Blues", "Blues_r")


def test_what_does_not_fit_is_refused():
    with pytest.raises(NotFittedError):
        ConfusedPairsDisplay.from_estimator(GaussianNB(), [[1]], [0])
    with pytest.raises(InvalidTargetsError, match="inconsistent numbers of samples, 2 and 3"):
        ConfusedPairsDisplay.from_predictions(["a", "b"], ["a", "b", "b"])
    with pytest.raises(InvalidTargetsError, match="none of its 2 rows has one"):
        ConfusedPairsDisplay.from_predictions([None, None], ["a", "b"])
    with pytest.raises(InvalidTargetsError, match="must be square and not negative"):
        ConfusedPairsDisplay(np.ones((2, 3))).plot()
    with pytest.raises(InvalidTargetsError, match="must name the 5 rows"):
        ConfusedPairsDisplay(COUNTS, classes=["a"]).plot()
    with pytest.raises(InvalidParameterError, match="n_pairs must be an int of at least 0"):
        ConfusedPairsDisplay(COUNTS).plot(n_pairs=-1)
