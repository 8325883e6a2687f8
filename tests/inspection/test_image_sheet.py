from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import RidgeClassifier
from sklearn.naive_bayes import GaussianNB

from skquickdraw.exceptions import (
    InvalidImagesError,
    InvalidParameterError,
    InvalidTargetsError,
)
from skquickdraw.inspection import ImageSheetDisplay

NAMES = np.array(["cat", "owl", "yak"])
TRUE = NAMES[[0, 1, 2, 0, 1, 2]]
PREDICTED = NAMES[[0, 2, 2, 1, 1, 0]]  # rows 1, 3 and 5 are wrong
PROBA = np.array([0.9, 0.5, 0.4, 0.8, 0.6, 0.7])
FLAT = np.arange(6 * 64).reshape(6, 64) % 256


def sheet(X=FLAT, **options):
    options = {"y_proba": PROBA, **options}
    return ImageSheetDisplay.from_predictions(X, TRUE, PREDICTED, **options)


def texts(display):
    return [text.get_text() for text in display.text_]


def test_the_surest_errors_come_first():
    display = sheet()
    assert display.rows.tolist() == [3, 5, 1]
    assert texts(display) == ["owl 80%\ntrue: cat", "cat 70%\ntrue: yak", "yak 50%\ntrue: owl"]
    assert display.ax_.get_title() == "3 of 3 errors in 6 images, the surest first"


def test_the_least_sure_may_be_right():
    display = sheet(show="least_sure", n_images=2)
    assert display.rows.tolist() == [2, 1]
    assert texts(display) == ["yak 40%\ncorrect", "yak 50%\ntrue: owl"]


def test_errors_need_no_probability():
    display = sheet(show="errors", y_proba=None)
    assert display.rows.tolist() == [1, 3, 5]
    assert texts(display)[0] == "yak\ntrue: owl"


def test_without_probabilities_the_errors_are_shown():
    display = sheet(y_proba=None)
    assert display.rows.tolist() == [1, 3, 5]
    assert display.ax_.get_title() == "3 of 3 errors in 6 images"


@pytest.mark.parametrize("cast", [np.asarray, np.ndarray.tolist])
def test_of_a_matrix_of_probabilities_the_largest_of_each_row_is_taken(cast):
    matrix = np.full((6, 3), 0.1)
    matrix[np.arange(6), np.searchsorted(NAMES, PREDICTED)] = PROBA
    display = sheet(y_proba=cast(matrix))
    assert display.rows.tolist() == [3, 5, 1]
    assert texts(display) == texts(sheet())


@pytest.mark.parametrize("true", [None, [None] * 6])
def test_of_images_without_labels_the_least_sure_are_shown(true):
    display = ImageSheetDisplay.from_predictions(FLAT, true, PREDICTED, y_proba=PROBA)
    assert display.rows.tolist() == [2, 1, 4, 5, 3, 0]
    assert texts(display)[0] == "yak 40%\nno label"
    assert display.ax_.get_title() == "the 6 least sure of 6 images"
    with pytest.raises(InvalidParameterError, match="show='least_sure' needs y_proba"):
        ImageSheetDisplay.from_predictions(FLAT, true, PREDICTED)


def test_an_estimator_needs_no_labels():
    clf = GaussianNB().fit(FLAT, np.arange(6) % 2)
    X = np.random.default_rng(0).random((9, 64)) * 255
    display = ImageSheetDisplay.from_estimator(clf, X, n_images=4)
    expected = np.argsort(clf.predict_proba(X).max(axis=1), kind="stable")[:4]
    assert display.rows.tolist() == expected.tolist()


def test_given_rows_keep_their_order():
    display = sheet(show=[4, 0])
    assert display.rows.tolist() == [4, 0]
    assert texts(display) == ["owl 60%\ncorrect", "cat 90%\ncorrect"]


@pytest.mark.parametrize("rows", [[0, 1, 2], [1], [2]])
def test_minus_one_is_a_class_of_two(rows):
    true, predicted = np.array([-1, -1, 1]), np.array([1, 1, 1])
    display = ImageSheetDisplay.from_predictions(np.zeros((3, 8, 8)), true, predicted, show=rows)
    expected = ["1\ntrue: -1", "1\ntrue: -1", "1\ncorrect"]
    assert [text.get_text() for text in display.text_] == [expected[row] for row in rows]


@pytest.mark.parametrize("rows", [[0, 1, 2], [0], [0, 1]])
def test_minus_one_beside_more_classes_is_no_label_whatever_is_shown(rows):
    true, predicted = np.array([-1, 2, 3]), np.array([2, 2, 3])
    display = ImageSheetDisplay.from_predictions(np.zeros((3, 8, 8)), true, predicted, show=rows)
    assert display.text_[0].get_text() == "2\nno label"


def test_right_and_wrong_differ_without_colour():
    right, wrong = (sheet(show=[row]) for row in (0, 1))
    (frame,), (wrong_frame,) = right.frames_, wrong.frames_
    assert frame.get_linewidth() < wrong_frame.get_linewidth()
    assert frame.get_linestyle() != wrong_frame.get_linestyle()
    assert right.text_[0].get_fontweight() != wrong.text_[0].get_fontweight()


def test_a_row_without_label_is_neither():
    true = TRUE.astype(object)
    true[3] = None
    display = ImageSheetDisplay.from_predictions(FLAT, true, PREDICTED, y_proba=PROBA)
    assert display.rows.tolist() == [5, 1]
    shown = ImageSheetDisplay.from_predictions(FLAT, true, PREDICTED, show=[3])
    assert texts(shown) == ["owl\nno label"]


@pytest.mark.parametrize(
    "X",
    [
        FLAT,
        FLAT.tolist(),
        FLAT.reshape(6, 8, 8),
        FLAT.reshape(6, 1, 8, 8),
        FLAT.reshape(6, 8, 8, 1),
    ],
    ids=["flat", "list", "stack", "channels first", "channels last"],
)
def test_grey_images_of_every_shape_are_the_same(X):
    drawn = [image.get_array() for image in sheet(X).images_]
    np.testing.assert_array_equal(drawn, FLAT[[3, 5, 1]].reshape(3, 8, 8))


def test_colour_images_of_both_orders_are_the_same():
    X = np.random.default_rng(0).integers(0, 256, (6, 3, 9, 12), dtype=np.uint8)
    first, last = sheet(X), sheet(np.moveaxis(X, 1, -1))
    for one, other, row in zip(first.images_, last.images_, first.rows, strict=True):
        expected = np.moveaxis(X[row], 0, -1) / 255
        np.testing.assert_allclose(one.get_array(), expected)
        np.testing.assert_array_equal(one.get_array(), other.get_array())


def test_flat_rows_of_another_shape_are_read_as_told():
    X = np.random.default_rng(0).random((6, 3 * 8 * 10))
    assert sheet(X, image_shape=(3, 8, 10)).images_[0].get_array().shape == (8, 10, 3)


def test_ink_is_dark_and_photographs_stay():
    ink = np.zeros((6, 64))
    ink[:, :9] = 255
    assert sheet(ink).images_[0].get_cmap().name == "gray_r"
    assert sheet(FLAT + 1).images_[0].get_cmap().name == "gray"
    assert sheet(ink, cmap="viridis").images_[0].get_cmap().name == "viridis"


def test_axes_that_are_passed_are_used():
    figure, ax = plt.subplots()
    display = sheet(ax=ax, n_columns=3)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert len(plt.get_fignums()) == 1
    rows = {image.get_extent()[2] for image in display.images_}
    assert len(rows) == 1


def test_images_do_not_overlap_each_other_or_their_texts():
    display = sheet(show=range(6), n_columns=3)
    display.figure_.draw_without_rendering()
    boxes = [image.get_window_extent() for image in display.images_]
    words = [text.get_window_extent() for text in display.text_]
    for k, box in enumerate(boxes):
        assert not box.count_overlaps([other for j, other in enumerate(boxes) if j != k])
        assert not box.count_overlaps(words)


def test_long_names_are_cut_in_their_middle():
    true = np.array(["a name that is far too long"] * 6)
    display = ImageSheetDisplay.from_predictions(FLAT, true, PREDICTED, show="errors")
    for text in texts(display):
        second = text.splitlines()[1]
        assert second.startswith("true: a") and "…" in second and second.endswith("ng")


@pytest.mark.parametrize("n_images", [1, 12, 24])
def test_names_of_ten_letters_are_written_out(n_images):
    true, predicted = ["automobile", "airplane"] * 12, ["airplane", "automobile"] * 12
    display = ImageSheetDisplay.from_predictions(
        np.zeros((24, 32, 32)), true, predicted, y_proba=np.full(24, 1.0), n_images=n_images
    )
    assert texts(display)[0] == "airplane 100%\ntrue: automobile"
    assert not any("…" in text for text in texts(display))
    display.figure_.draw_without_rendering()
    words = [text.get_window_extent() for text in display.text_]
    assert not any(w.count_overlaps(words[:k]) for k, w in enumerate(words))


@pytest.mark.parametrize("n_images", [1, 2, 3, 6])
def test_long_names_do_not_reach_into_each_other(n_images):
    true = np.array(["Early_Aramaic_character05"] * 6)
    display = ImageSheetDisplay.from_predictions(
        FLAT, true, np.array(["Tagalog_character16"] * 6), show="errors", n_images=n_images
    )
    display.figure_.draw_without_rendering()
    words = [text.get_window_extent() for text in display.text_]
    for k, word in enumerate(words):
        assert not word.count_overlaps(words[:k] + words[k + 1 :])


def test_a_sheet_without_errors_says_so():
    display = ImageSheetDisplay.from_predictions(FLAT, TRUE, TRUE, y_proba=PROBA)
    assert display.images_ == []
    assert display.ax_.get_title() == "0 of 0 errors in 6 images"


def test_an_estimator_predicts():
    X = np.random.default_rng(0).random((60, 64))
    y = np.arange(60) % 3
    clf = GaussianNB().fit(X[:20], y[:20])
    display = ImageSheetDisplay.from_estimator(clf, X[20:], y[20:], n_images=5)
    proba = clf.predict_proba(X[20:])
    wrong = np.flatnonzero(proba.argmax(axis=1) != y[20:])
    expected = wrong[np.argsort(-proba[wrong].max(axis=1), kind="stable")][:5]
    assert display.rows.tolist() == expected.tolist()


def test_plot_draws_again():
    display = sheet()
    first = display.ax_
    assert display.plot() is display
    assert display.ax_ is not first


def test_estimators_that_cannot_be_used():
    y = np.arange(6) % 2
    with pytest.raises(NotFittedError):
        ImageSheetDisplay.from_estimator(GaussianNB(), FLAT, y)
    with pytest.raises(InvalidParameterError, match="must have predict_proba, but RidgeClassifier"):
        ImageSheetDisplay.from_estimator(RidgeClassifier().fit(FLAT, y), FLAT, y)
    with pytest.raises(InvalidTargetsError, match="y must have one entry for each of the 6 rows"):
        ImageSheetDisplay.from_estimator(GaussianNB().fit(FLAT, y), FLAT, y[:5])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"show": "best"}, "show must be one of"),
        ({"show": [6]}, "from 0 to 5"),
        ({"show": []}, "one at least"),
        ({"n_images": 0}, "n_images must be an int of at least 1"),
        ({"n_columns": 0}, "n_columns must be an int of at least 1"),
        ({"n_columns": 2.5}, "n_columns must be an int of at least 1"),
        ({"n_columns": "a"}, "n_columns must be an int of at least 1"),
        ({"y_proba": None, "show": "surest_errors"}, "show='surest_errors' needs y_proba"),
        ({"ax": 3}, "ax must be a Matplotlib Axes, got int"),
    ],
)
def test_bad_parameters_are_refused(options, message):
    with pytest.raises(InvalidParameterError, match=message):
        sheet(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y_proba": PROBA[:4]}, "y_proba must have one entry for each of the 6 rows, got 4"),
        ({"y_proba": PROBA * 2}, "y_proba must lie between 0 and 1"),
        ({"y_proba": np.zeros((6, 3, 2))}, "dim 3, while dim <= 2 is required"),
        ({"y_proba": np.eye(5)}, "y_proba must have one entry for each of the 6 rows, got 5"),
        ({"X": FLAT[:5]}, "X must have one entry for each of the 6 rows, got 5"),
    ],
)
def test_lengths_that_differ_are_refused(options, message):
    with pytest.raises(InvalidTargetsError, match=message):
        sheet(**options)


def test_labels_of_other_lengths_are_refused():
    with pytest.raises(InvalidTargetsError, match="y_true and y_pred have inconsistent numbers"):
        ImageSheetDisplay.from_predictions(FLAT, TRUE[:5], PREDICTED, y_proba=PROBA)


def test_what_is_no_image_is_refused():
    with pytest.raises(InvalidImagesError, match="draw strokes with skquickdraw.datasets"):
        sheet(np.zeros((6, 30, 3)))
    with pytest.raises(InvalidImagesError, match="1 or 3 channels"):
        sheet(np.zeros((6, 2, 8, 8)))
    with pytest.raises(InvalidImagesError, match="Input X contains NaN"):
        sheet(np.full((6, 8, 8), np.nan))


def test_the_classes_of_the_estimator_decide_which_labels_are_missing():
    clf = GaussianNB().fit(FLAT, np.arange(len(FLAT)) % 3)
    y = np.full(len(FLAT), -1)
    assert ImageSheetDisplay.from_estimator(clf, FLAT, y).title.startswith("the ")  # least sure


def test_names_with_line_breaks_are_measured_line_by_line():
    names = np.array(["a\nb", "c"])[np.arange(len(FLAT)) % 2]
    ImageSheetDisplay.from_predictions(FLAT, names, names[::-1], show="errors")


def test_an_unreadable_prediction_is_named_without_labels_too():
    with pytest.raises(InvalidTargetsError):
        ImageSheetDisplay.from_predictions(FLAT, None, 3)
