"""Labels of any type: how they are read, and that all estimators and functions read them alike.

Results are compared with the same fit on plain integers: names of classes must not change them.
"""

import subprocess
import sys
import warnings
from copy import copy
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB

from skquickdraw import (
    AugmentingOverSampler,
    CNNClassifier,
    DeepFeatureExtractor,
    DistilledClassifier,
    NoisyStudentClassifier,
    PrototypeClassifier,
    RelationNetworkClassifier,
    SeedEnsembleClassifier,
    TopKReranker,
    TransductiveClassifier,
)
from skquickdraw._targets import decode_labels, read_labels
from skquickdraw.datasets import make_ladder
from skquickdraw.exceptions import InvalidParameterError, InvalidTargetsError, SkquickdrawError
from skquickdraw.metrics import (
    frequency_groups,
    group_recall_score,
    imbalance_report,
    make_group_scorer,
    per_class_recall,
)
from skquickdraw.model_selection import LabeledStratifiedKFold, LabeledStratifiedShuffleSplit

N = 36
RNG = np.random.default_rng(0)
CODES = RNG.permutation(np.arange(N) % 3)
X = RNG.normal(size=(N, 16)) + 2 * np.eye(3, 16)[CODES]
HIDDEN = np.arange(N) % 4 == 1
WORDS = ["ant", "bee", "cat"]


def pick(values, codes):
    """Return a list of the values of these codes; the code -1 gives the last value, the mark."""
    return [values[code] for code in codes]


def as_objects(values, codes):
    column = np.empty(len(codes), dtype=object)
    column[:] = pick(values, codes)
    return column


class Column:
    """A column like those of polars: without a NumPy dtype and astype; missing values are None."""

    dtype = "Int64"

    def __init__(self, values):
        self.values = values

    def to_list(self):
        return self.values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=np.float64)

    def __len__(self):
        return len(self.values)


# Functions that make y from codes, and the expected classes_: two if the type has no more values.
LABELED = {
    "int": (lambda c: np.array([2, 5, 7])[c], np.array([2, 5, 7])),
    "int8": (lambda c: np.array([2, 5, 7], np.int8)[c], np.array([2, 5, 7], np.int8)),
    "float": (lambda c: np.array([2.0, 5.0, 7.0])[c], np.array([2.0, 5.0, 7.0])),
    "bool": (lambda c: c > 0, np.array([False, True])),
    "minus one": (lambda c: np.array([-1, 1])[c], np.array([-1, 1])),
    "str": (lambda c: np.array(WORDS)[c], np.array(WORDS)),
    "object str": (lambda c: as_objects(WORDS, c), np.array(WORDS, object)),
    "object int": (lambda c: as_objects([2, 5, 7], c), np.array([2, 5, 7])),
    "object bool": (lambda c: as_objects([False, True], c), np.array([False, True])),
    "object float": (lambda c: as_objects([2.0, 5.0, 7.0], c), np.array([2.0, 5.0, 7.0])),
    "list of str": (lambda c: pick(WORDS, c), np.array(WORDS)),
    "list of int": (lambda c: pick([2, 5, 7], c), np.array([2, 5, 7])),
    "list of bool": (lambda c: pick([False, True], c), np.array([False, True])),
    "Series": (
        lambda c: pd.Series(pick(WORDS, c), index=np.arange(len(c)) + 9),
        np.array(WORDS, object),
    ),
    "Int64": (lambda c: pd.Series(pick([2, 5, 7], c), dtype="Int64"), np.array([2, 5, 7])),
    "boolean": (lambda c: pd.Series(c > 0, dtype="boolean"), np.array([False, True])),
    "string": (lambda c: pd.Series(pick(WORDS, c), dtype="string"), np.array(WORDS, object)),
    "categorical": (
        lambda c: pd.Series(pd.Categorical(pick(WORDS, c), [*WORDS[::-1], "unused"])),
        np.array(WORDS, object),
    ),
    "categorical int": (
        lambda c: pd.Series(pd.Categorical(pick([2, 5, 7], c), [9, 7, 5, 2])),
        np.array([2, 5, 7]),
    ),
    "polars": (lambda c: Column(pick([2, 5, 7], c)), np.array([2, 5, 7])),
}


# The same for partly labeled y: the code -1 gives the last value, the mark.
NAN, NA = float("nan"), pd.NA
PARTLY = {
    "int -1": (lambda c: c.copy(), np.arange(3)),
    "int8 -1": (lambda c: c.astype(np.int8), np.arange(3, dtype=np.int8)),
    "float -1": (lambda c: c.astype(float), np.arange(3.0)),
    "float nan": (lambda c: np.array([2, 5, 7, NAN])[c], np.array([2.0, 5.0, 7.0])),
    "object str None": (lambda c: as_objects([*WORDS, None], c), np.array(WORDS, object)),
    "object str nan": (lambda c: as_objects([*WORDS, NAN], c), np.array(WORDS, object)),
    "object str NA": (lambda c: as_objects([*WORDS, NA], c), np.array(WORDS, object)),
    "object str -1": (lambda c: as_objects([*WORDS, -1], c), np.array(WORDS, object)),
    "object int None": (lambda c: as_objects([2, 5, 7, None], c), np.array([2, 5, 7])),
    "object int -1": (lambda c: as_objects([2, 5, 7, -1], c), np.array([2, 5, 7])),
    "object bool None": (lambda c: as_objects([False, True, None], c), np.array([False, True])),
    "list None": (lambda c: pick([*WORDS, None], c), np.array(WORDS)),
    "list nan": (lambda c: pick([*WORDS, NAN], c), np.array(WORDS)),
    "list int None": (lambda c: pick([2, 5, 7, None], c), np.array([2, 5, 7])),
    "list -1": (lambda c: pick([*WORDS, -1], c), np.array(WORDS, object)),
    "Series None": (lambda c: pd.Series(pick([*WORDS, None], c)), np.array(WORDS, object)),
    "Int64": (lambda c: pd.Series(pick([2, 5, 7, NA], c), dtype="Int64"), np.array([2, 5, 7])),
    "boolean": (
        lambda c: pd.Series(pick([False, True, NA], c), dtype="boolean"),
        np.array([False, True]),
    ),
    "string": (
        lambda c: pd.Series(pick([*WORDS, NA], c), dtype="string"),
        np.array(WORDS, object),
    ),
    "categorical": (
        lambda c: pd.Series(pd.Categorical(pick([*WORDS, None], c), [*WORDS[::-1], "unused"])),
        np.array(WORDS, object),
    ),
    "categorical int": (
        lambda c: pd.Series(pd.Categorical(pick([2, 5, 7, None], c), [9, 7, 5, 2])),
        np.array([2, 5, 7]),
    ),
    "masked": (lambda c: np.ma.array(np.maximum(c, 0), mask=c == -1), np.arange(3)),
    "polars": (lambda c: Column(pick([2, 5, 7, None], c)), np.array([2, 5, 7])),
}


def codes_for(classes, *, partly=False):
    codes = np.minimum(CODES, len(classes) - 1)
    return np.where(HIDDEN, -1, codes) if partly else codes


labeled = pytest.mark.parametrize(("make", "classes"), LABELED.values(), ids=list(LABELED))
partly_labeled = pytest.mark.parametrize(("make", "classes"), PARTLY.values(), ids=list(PARTLY))


def assert_same_labels(labels, expected):
    assert labels.dtype.kind == expected.dtype.kind, (labels.dtype, expected.dtype)
    assert labels.tolist() == expected.tolist()


NET = CNNClassifier(width=0.1, max_epochs=1, precision="float32", random_state=0)
STOPPED = clone(NET).set_params(early_stopping=True, validation_fraction=0.2)
NOISY = NoisyStudentClassifier(
    LogisticRegression(), pseudo_labels="hard", n_iterations=1, random_state=0
)
SUPERVISED = {
    "network": NET,
    "early stopping": STOPPED,
    "prototypes": PrototypeClassifier(),
    "relation": RelationNetworkClassifier(width=0.1, n_episodes=2, random_state=0),
    "reranker": TopKReranker(LogisticRegression(), PrototypeClassifier(), k=2),
    "transductive": TransductiveClassifier(LogisticRegression()),
    "ensemble": SeedEnsembleClassifier(GaussianNB(), 2, weights="validation", random_state=0),
}
SEMI = {
    "noisy student": NOISY,
    "distilled": DistilledClassifier(LogisticRegression(), NET, random_state=0),
    "distilled, noisy": DistilledClassifier(NOISY, NET, random_state=0),
    "ensemble": SeedEnsembleClassifier(NOISY, 2, weights="validation", random_state=0),
    "transductive": TransductiveClassifier(NOISY),
    "reranker": TopKReranker(NOISY, PrototypeClassifier(), k=2, random_state=0),
}
supervised = pytest.mark.parametrize("clf", SUPERVISED.values(), ids=list(SUPERVISED))
semi = pytest.mark.parametrize("clf", SEMI.values(), ids=list(SEMI))


def refit(clf, *data, **params):
    return clone(clf).set_params(**params).fit(*data)


@cache
def fit_on_codes(clf, n_classes, *, mark=None):
    """Return the fit for all types of labels to be compared with; a mark hides some of them."""
    codes = np.minimum(CODES, n_classes - 1)
    if mark is None:
        return refit(clf, X, codes)
    marks = dict.fromkeys(marks_of(clf), mark)
    return refit(clf, X, np.where(HIDDEN, mark, codes), **marks)


class TestReader:
    @labeled
    def test_labels(self, make, classes):
        expected = codes_for(classes)
        own, codes = read_labels("R", make(expected), unlabeled_label=None)
        assert own.dtype == classes.dtype
        assert_same_labels(own, classes)
        assert codes.dtype == np.int64 and codes.tolist() == expected.tolist()
        again, codes = read_labels("R", make(expected))
        assert_same_labels(again, classes)
        assert codes.tolist() == expected.tolist()

    @partly_labeled
    def test_marks(self, make, classes):
        expected = codes_for(classes, partly=True)
        own, codes = read_labels("R", make(expected))
        assert own.dtype == classes.dtype
        assert_same_labels(own, classes)
        assert codes.tolist() == expected.tolist()
        found = read_labels("R", make(expected), classes=classes)[1]
        assert found.tolist() == expected.tolist()

    @pytest.mark.parametrize(
        ("values", "mark"),
        [
            ([2, 5, 7, 99], 99),
            ([2, 5, 7, -1], -1),
            ([2.0, 5.0, 7.0, -1.0], -1),
            (["a", "b", "c", "?"], "?"),
            ([True, False, False, "?"], "?"),
            (["a", "b", "c", -1], -1),
            (["a", "b", "c", None], NAN),
            ([2, 5, 7, None], NA),
            (["a", "b", "c", object], object),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("make", [pick, as_objects])
    def test_a_given_mark_of_any_type(self, values, mark, make):
        codes = np.array([0, 1, 2, -1, 1, -1])
        own, found = read_labels("R", make(values, codes), unlabeled_label=mark)
        labels = own[found[codes != -1]].tolist()
        assert labels == [values[code] for code in codes if code != -1]
        assert (found == -1).tolist() == (codes == -1).tolist()

    @pytest.mark.parametrize(
        ("y", "classes", "n_open"),
        [
            ([-1, 1], [-1, 1], 0),
            ([-1.0, 0.0, 0.0], [-1, 0], 0),
            ([-1, 0, 1], [0, 1], 1),
            ([-1, 0, 1, None], [-1, 0, 1], 1),
            ([True, False, -1], [False, True], 1),
            (["-1", "1"], ["-1", "1"], 0),
            (np.array([255, 0, 1], np.uint8), [0, 1, 255], 0),
        ],
        ids=str,
    )
    def test_when_minus_one_is_a_class(self, y, classes, n_open):
        own, codes = read_labels("R", y)
        assert own.tolist() == classes and (codes == -1).sum() == n_open

    def test_known_classes_decide_on_minus_one(self):
        classes = np.array([0, 1])
        assert read_labels("R", [-1, 0], classes=classes)[1].tolist() == [-1, 0]
        classes = np.array([-1, 0, 1])
        assert read_labels("R", [-1, 0, 1], classes=classes)[1].tolist() == [0, 1, 2]

    def test_true_is_not_one(self):
        with pytest.raises(
            InvalidTargetsError, match=r"must be of one kind, .* boolean and number"
        ):
            read_labels("R", [True, 1, 0])
        assert read_labels("R", [True, False, None], unlabeled_label=NAN)[1].tolist() == [1, 0, -1]

    def test_a_column_vector_is_read_with_a_warning(self):
        with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
            classes, codes = read_labels("R", np.array([["a"], ["b"]]))
        assert classes[codes].tolist() == ["a", "b"]

    @pytest.mark.parametrize(
        ("y", "message"),
        [
            (
                ["a", 1, "b"],
                r"R: the labels of y must be of one kind, .* number and text, .*name the",
            ),
            ([[0, 1], [1, 0]], r"got shape \(2, 2\). If each column is a class, pass y.argmax"),
            (np.zeros((2, 2, 2)), r"one label a row, got shape \(2, 2, 2\).$"),
            ("abc", r"got shape \(\)"),
            (None, "requires y to be passed, but the target y is None"),
            ([0.5, 1.5, 2.0], "Unknown label type: continuous.* y holds 0.5. Round it"),
            ([0.0, 1.0, np.inf], "Input y contains infinity"),
            ([0j, 1j], "must be text, numbers or booleans, but y holds 1j, a complex"),
            (np.array([0j, 1j]), "Complex data not supported"),
            (np.array([b"a", b"b"]), r"but the dtype of y is \|S1. Convert them"),
            (np.array(["2020-01-01", "2021-01-01"], "M8[D]"), "but the dtype of y is datetime64"),
            (pd.Series(pd.to_datetime(["2020-01-01", "2021-01-01"])), "dtype of y is datetime64"),
            ([[0], [0, 1]], r"but y holds \[0\], a list"),
            ([("a",), "b"], r"but y holds \('a',\), a tuple"),
            ([], "at least two classes; y holds no class"),
            ([None, None], "y holds no class. 2 of 2 rows are unlabeled"),
            ([3, 3, None], r"y holds one class, \[3\]. 1 of 3 rows are unlabeled"),
            (np.array(["a", "b", "-1"]), "the text '-1': is it a class, or the mark .* to '-1' wh"),
            (np.array(["a", "b", np.nan]), "the text 'nan': is it a class"),
        ],
        ids=str,
    )
    def test_what_cannot_be_read(self, y, message):
        with pytest.raises(InvalidTargetsError, match=message):
            read_labels("R", y)

    def test_a_missing_label_where_all_are_needed(self):
        message = (
            r"R: every row of y must have a label, but 2 of 4 are missing \(None, NaN or NA\), the "
            "first in row 1. Drop these rows, or .* NoisyStudentClassifier"
        )
        for mark in (None, -1, "?"):
            with pytest.raises(InvalidTargetsError, match=message):
                read_labels("R", ["a", None, "b", NAN], unlabeled_label=mark)

    def test_marks_that_are_unclear(self):
        with pytest.raises(InvalidTargetsError, match="the text '7': is it a class, or the mark"):
            read_labels("R", np.array(["a", "b", "7"]), unlabeled_label=7)
        with pytest.raises(InvalidParameterError, match=r"single label, got \[-1, -2\]"):
            read_labels("R", [0, 1, -1], unlabeled_label=[-1, -2])

    def test_one_class_and_the_way_out(self):
        with pytest.raises(InvalidTargetsError, match="unlabeled_label=None if -1 is a class"):
            read_labels("R", [1, 1, -1], unlabeled_label=-1)
        with pytest.raises(InvalidTargetsError, match="two classes; y holds one class, .*7"):
            read_labels("R", [7, 7])
        assert read_labels("R", [7, 7], min_classes=1)[0].tolist() == [7]

    def test_known_classes(self):
        classes, codes = read_labels("R", [5, 3, 5], classes=np.array([1, 3, 5]))
        assert classes.tolist() == [1, 3, 5] and codes.tolist() == [2, 1, 2]
        assert read_labels("R", [3, 3], classes=np.array([1, 3]))[1].tolist() == [1, 1]
        with pytest.raises(InvalidTargetsError, match=r"not among the known classes: \['x'\]"):
            read_labels("R", ["a", "x"], classes=np.array(["a", "b"]))

    @pytest.mark.parametrize("n_classes", [10, 100])
    def test_text_is_no_number_however_many_classes_there_are(self, n_classes):
        with pytest.raises(InvalidTargetsError, match=r"not among the known classes: \['5', '7'\]"):
            read_labels("R", np.array(["5", "7"]), classes=np.arange(n_classes))

    @pytest.mark.parametrize(
        ("classes", "mark", "decoded"),
        [
            (np.array([3, 4]), "auto", [4, -1, 3]),
            (np.array([-1, 4]), "auto", [4, None, -1]),
            (np.array(["a", "b"]), "auto", ["b", None, "a"]),
            (np.array([False, True]), "auto", [True, None, False]),
            (np.array([False, True]), -1, [True, -1, False]),
            (np.array(["a", "b"]), "unknown", ["b", "unknown", "a"]),
            (np.array(["a", "b"], object), -1, ["b", -1, "a"]),
            (np.array([3, 4]), 2.5, [4.0, 2.5, 3.0]),
        ],
        ids=str,
    )
    def test_codes_become_labels_again(self, classes, mark, decoded):
        labels = decode_labels(np.array([1, -1, 0]), classes, mark)
        assert repr(labels.tolist()) == repr(decoded)

    def test_codes_of_a_single_class_become_labels_again(self):
        assert decode_labels(np.array([0, -1]), np.array(["a"]), "auto").tolist() == ["a", None]

    def test_pandas_need_not_be_there(self):
        code = (
            "import sys; sys.modules['pandas'] = None\n"
            "from skquickdraw._targets import read_labels\n"
            "print(read_labels('R', ['a', None, float('nan'), 'b'])[1])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.strip() == "[ 0 -1 -1  1]", done.stderr


@supervised
class TestSupervised:
    @labeled
    def test_every_type(self, clf, make, classes):
        codes = codes_for(classes)
        fitted, plain = refit(clf, X, make(codes)), fit_on_codes(clf, len(classes))
        assert_same_labels(fitted.classes_, classes)
        assert_same_labels(fitted.predict(X), classes[plain.predict(X)])
        np.testing.assert_array_equal(fitted.predict_proba(X), plain.predict_proba(X))
        assert fitted.score(X, make(codes)) == plain.score(X, codes)
        assert plain.score(X, codes) == np.mean(plain.predict(X) == codes)

    @pytest.mark.parametrize("missing", [None, NAN, NA], ids=str)
    def test_a_missing_label_is_an_error(self, clf, missing):
        y = as_objects([*WORDS, missing], codes_for(WORDS, partly=True))
        with pytest.raises(InvalidTargetsError, match="must have a label, but 9 of 36 .* Noisy"):
            refit(clf, X, y)
        fitted = refit(clf, X, np.array(WORDS)[CODES])
        with pytest.raises(InvalidTargetsError, match="must have a label, but 9 of 36"):
            fitted.score(X, y)

    def test_minus_one_is_a_class(self, clf):
        assert refit(clf, X, CODES - 1).classes_.tolist() == [-1, 0, 1]

    def test_one_hot_labels_are_an_error(self, clf):
        with pytest.raises(InvalidTargetsError, match=r"pass y.argmax\(axis=1\)"):
            refit(clf, X, np.eye(3, dtype=int)[CODES])

    def test_mixed_labels_are_an_error(self, clf):
        with pytest.raises(InvalidTargetsError, match="must be of one kind, but they mix"):
            refit(clf, X, as_objects(["a", 1, "b"], CODES))

    def test_a_score_of_other_labels(self, clf):
        fitted = refit(clf, X, CODES)
        assert fitted.score(X, CODES + 10) == 0
        with pytest.raises(InvalidTargetsError, match="cannot compare text with number"):
            fitted.score(X, np.array(WORDS)[CODES])
        with pytest.raises(InvalidTargetsError, match="inconsistent numbers of samples, 36 and 3"):
            fitted.score(X, CODES[:3])


@semi
class TestSemiSupervised:
    @partly_labeled
    def test_every_type(self, clf, make, classes):
        fitted = refit(clf, X, make(codes_for(classes, partly=True)))
        plain = fit_on_codes(clf, len(classes), mark=-7)
        assert_same_labels(fitted.classes_, classes)
        assert_same_labels(fitted.predict(X), classes[plain.predict(X)])
        np.testing.assert_array_equal(fitted.predict_proba(X), plain.predict_proba(X))

    @partly_labeled
    def test_the_score_is_that_of_the_labeled_rows(self, clf, make, classes):
        codes, truth = codes_for(classes, partly=True), codes_for(classes)
        fitted = refit(clf, X, classes[truth])
        y = make(codes)
        is_right = (fitted.predict(X) == classes[truth])[~HIDDEN]
        weight = np.arange(N, dtype=float)
        assert fitted.score(X, y) == np.mean(is_right)
        expected = np.average(is_right, weights=weight[~HIDDEN])
        assert fitted.score(X, y, sample_weight=weight) == pytest.approx(expected)

    def test_a_score_of_nothing_is_an_error(self, clf):
        fitted = refit(clf, X, CODES)
        for nothing in (np.full(N, -1), np.full(N, NAN), [None] * N):
            with pytest.raises(InvalidTargetsError, match="score needs rows with a label"):
                fitted.score(X, nothing)

    def test_labels_from_minus_one_and_one_are_classes(self, clf):
        y = np.where(CODES > 0, 1, -1)
        assert refit(clf, X, y).classes_.tolist() == [-1, 1]


def marks_of(clf):
    """Return the names of all parameters that say which label marks unlabeled rows."""
    return [name for name in clf.get_params() if name.split("__")[-1] == "unlabeled_label"]


CLASS_BESIDE_MARK = np.where(HIDDEN, NAN, CODES - 1.0)  # classes -1, 0 and 1, and NaN


def test_minus_one_may_be_a_class_beside_missing_values():
    clf = refit(NOISY, X, CLASS_BESIDE_MARK)
    assert clf.classes_.tolist() == [-1, 0, 1]
    assert (clf.labeled_iter_ != 0).tolist() == HIDDEN.tolist()
    around = refit(TransductiveClassifier(NOISY), X, CLASS_BESIDE_MARK)
    np.testing.assert_array_equal(around.predict_proba(X), clf.predict_proba(X))


@pytest.mark.parametrize(
    "clf",
    [
        SeedEnsembleClassifier(NOISY, 2),
        DistilledClassifier(NOISY, NET),
        TopKReranker(NOISY, GaussianNB()),
        NoisyStudentClassifier(GaussianNB(), student=NOISY, pseudo_labels="hard"),
    ],
    ids=lambda clf: type(clf).__name__,
)
def test_inner_learners_that_would_take_a_class_for_a_mark(clf):
    with pytest.raises(InvalidTargetsError, match="-1 is a class of y, but Noisy.* float..nan"):
        refit(clf, X, CLASS_BESIDE_MARK)
    marks = dict.fromkeys(marks_of(clf), NAN)
    assert refit(clf, X, CLASS_BESIDE_MARK, **marks).classes_.tolist() == [-1, 0, 1]


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (np.where(HIDDEN, -1, CODES), "i"),
        (pd.Series(CODES, dtype="Int64").mask(HIDDEN), "i"),
        (as_objects([*WORDS, None], np.where(HIDDEN, -1, CODES)), "O"),
    ],
    ids=["numbers", "Int64", "text"],
)
def test_a_transduction_is_made_of_labels_and_sensible_marks(y, kind):
    clf = refit(NOISY, X, y, threshold=0.95)
    told = clf.transduction_
    assert told.dtype.kind == kind
    is_open = clf.labeled_iter_ == -1
    assert 0 < is_open.sum() < HIDDEN.sum()
    assert {*told[is_open].tolist()} == {-1 if kind == "i" else None}
    assert {*told[~is_open].tolist()} == {*clf.classes_.tolist()}
    again = refit(NOISY, X, told, threshold=0.95)  # these labels can be passed to a fit again
    assert again.classes_.tolist() == clf.classes_.tolist()


def test_the_reranker_gets_labeled_rows_only():
    marked = np.where(HIDDEN, -1, CODES)
    clf = refit(TopKReranker(NOISY, PrototypeClassifier()), X, marked)
    alone = refit(PrototypeClassifier(), X[~HIDDEN], CODES[~HIDDEN])
    np.testing.assert_array_equal(clf.reranker_.prototypes_, alone.prototypes_)
    assert clf.estimator_.transduction_.shape == (N,)


@cache
def fit_streams(n_classes):
    clf, codes = clone(NET), np.minimum(CODES, n_classes - 1)
    for _ in range(2):
        clf.partial_fit(X, codes, classes=np.arange(n_classes))
    return clf


@labeled
def test_streams_of_every_type(make, classes):
    codes, stream = codes_for(classes), clone(NET)
    for _ in range(2):
        stream.partial_fit(X, make(codes), classes=make(np.arange(len(classes))))
    assert_same_labels(stream.classes_, classes)
    plain = fit_streams(len(classes))
    np.testing.assert_array_equal(stream.predict_proba(X), plain.predict_proba(X))


def fit_twice(y):
    return clone(NET).set_params(warm_start=True).fit(X, y, X_val=X, y_val=y).fit(X, y)


@cache
def fit_twice_on_codes(n_classes):
    return fit_twice(np.minimum(CODES, n_classes - 1))


@labeled
def test_validation_rows_and_warm_starts_of_every_type(make, classes):
    own, plain = fit_twice(make(codes_for(classes))), fit_twice_on_codes(len(classes))
    np.testing.assert_array_equal(own.predict_proba(X), plain.predict_proba(X))


def crossed_features(y):
    return DeepFeatureExtractor(NET, cv=2, random_state=0).fit_transform(X, y)


@cache
def crossed_features_of_codes(n_classes):
    return crossed_features(np.minimum(CODES, n_classes - 1))


@labeled
def test_features_of_every_type(make, classes):
    own = crossed_features(make(codes_for(classes)))
    np.testing.assert_array_equal(own, crossed_features_of_codes(len(classes)))


def test_features_need_labels():
    y = as_objects([*WORDS, None], np.where(HIDDEN, -1, CODES))
    with pytest.raises(InvalidTargetsError, match="DeepFeatureExtractor: every row of y must"):
        DeepFeatureExtractor(NET).fit(X, y)


@labeled
def test_new_classes_of_every_type(make, classes):
    codes = codes_for(classes)
    clf = refit(SUPERVISED["relation"], X, CODES)
    own, plain = clf.adapt(X, make(codes)), clf.adapt(X, codes)
    assert_same_labels(own.classes_, classes)
    np.testing.assert_array_equal(own.predict_proba(X), plain.predict_proba(X))


SPLITTERS = [
    LabeledStratifiedKFold(3, shuffle=True, random_state=0),
    LabeledStratifiedShuffleSplit(3, test_size=0.3, random_state=0),
]
split_by = pytest.mark.parametrize("splitter", SPLITTERS, ids=lambda own: type(own).__name__)


@split_by
class TestSplitters:
    def check(self, splitter, y, codes):
        plain = copy(splitter)
        plain.unlabeled_label = -1
        parts = list(splitter.split(X, y))
        assert len(parts) == 3
        for own, expected in zip(parts, plain.split(X, codes), strict=True):
            assert [part.tolist() for part in own] == [part.tolist() for part in expected]

    @labeled
    def test_every_type(self, splitter, make, classes):
        self.check(splitter, make(codes_for(classes)), codes_for(classes))

    @partly_labeled
    def test_every_mark(self, splitter, make, classes):
        codes = codes_for(classes, partly=True)
        self.check(splitter, make(codes), codes)

    def test_labels_from_minus_one_and_one_are_tested_both(self, splitter):
        y = np.where(CODES > 0, 1, -1)
        assert all({*y[test]} == {-1, 1} for _, test in splitter.split(X, y))

    def test_labels_that_cannot_be_read(self, splitter):
        with pytest.raises(InvalidTargetsError, match="Labeled.*must be of one kind"):
            next(splitter.split(X, as_objects(["a", 1, "b"], CODES)))

    def test_groups_are_refused(self, splitter):
        groups = np.arange(N) // 2
        with pytest.raises(InvalidParameterError, match="Labeled.*groups must be None.*Stratified"):
            next(splitter.split(X, CODES, groups))
        with pytest.raises(InvalidParameterError, match="groups must be None"):
            cross_val_score(GaussianNB(), X, CODES, cv=splitter, groups=groups)

    def test_a_cross_validated_score_is_of_labeled_rows(self, splitter):
        codes = np.where(HIDDEN, -1, CODES)
        y = as_objects([*WORDS, None], codes)
        scores = cross_val_score(NOISY, X, y, cv=splitter, error_score="raise")
        expected = cross_val_score(NOISY, X, codes, cv=splitter, error_score="raise")
        np.testing.assert_array_equal(scores, expected)


def test_groups_have_a_way_out():
    """Folds of whole groups also test on unlabeled rows, which the score leaves out."""
    groups, y = np.arange(N) // 2, np.where(HIDDEN, -1, CODES)
    cv = StratifiedGroupKFold(3)
    scores = cross_val_score(NOISY, X, y, cv=cv, groups=groups, error_score="raise")
    for (train, test), score in zip(cv.split(X, y, groups), scores, strict=True):
        clf = refit(NOISY, X[train], y[train])
        own = test[y[test] != -1]
        assert len(own) < len(test)
        assert score == accuracy_score(y[own], clf.predict(X[own]))


def test_folds_of_groups_for_features():
    groups = np.arange(N) // 2
    with pytest.raises(InvalidParameterError, match="groups cannot be passed on.*list.cv.split"):
        DeepFeatureExtractor(NET, cv=GroupKFold(3)).fit_transform(X, CODES)
    splits = list(GroupKFold(3).split(X, CODES, groups))
    assert DeepFeatureExtractor(NET, cv=splits).fit_transform(X, CODES).shape[0] == N


class TestSampler:
    @partly_labeled
    def test_every_mark(self, make, classes):
        codes = codes_for(classes, partly=True)
        codes[3:20] = np.where(codes[3:20] == 0, 1, codes[3:20])  # class 0 becomes rare
        y = make(codes)
        if isinstance(y, Column):
            y = pd.Series(y.to_list(), dtype="Int64")
        sampler = AugmentingOverSampler(random_state=0)
        X_new, y_new = sampler.fit_resample(X, y)
        plain = AugmentingOverSampler(unlabeled_label=-1, random_state=0)
        X_plain, codes_new = plain.fit_resample(X, codes)
        np.testing.assert_array_equal(X_new, X_plain)
        assert type(y_new) is type(y) and len(codes_new) > N
        if not isinstance(y, list):
            assert y_new.dtype == y.dtype
        assert read_labels("R", y_new)[1].tolist() == codes_new.tolist()
        named = {classes.tolist()[code]: n for code, n in plain.sampling_strategy_.items()}
        assert sampler.sampling_strategy_ == named
        assert sampler.fit(X, y).sampling_strategy_ == named

    @labeled
    def test_every_type(self, make, classes):
        codes = codes_for(classes)
        codes[: N // 2] = 1
        y = make(codes)
        if isinstance(y, Column):
            y = np.asarray(y)
        label = classes.tolist()[0]
        wanted = {label: 20}
        _, y_new = AugmentingOverSampler(wanted, random_state=0).fit_resample(X, y)
        assert type(y_new) is type(y)
        own, found = read_labels("R", y_new)
        assert np.bincount(found)[own.tolist().index(label)] == 20

    def test_a_column_of_pandas_comes_back_as_one(self):
        frame = pd.DataFrame(X, index=np.arange(N) + 100)
        word = pd.Categorical(pick([*WORDS, None], np.where(HIDDEN, -1, np.minimum(CODES, 1))))
        y = pd.Series(word, index=frame.index, name="word")
        X_new, y_new = AugmentingOverSampler(15, random_state=0).fit_resample(frame, y)
        assert y_new.name == "word" and y_new.dtype == y.dtype
        assert y_new.index.equals(X_new.index) and y_new.index[-1] == len(y_new) - 1
        assert y_new[:N].tolist()[0] == y.tolist()[0] and y_new.isna().sum() == HIDDEN.sum()

    def test_labels_that_cannot_be_read(self):
        for method in ("fit", "fit_resample"):
            with pytest.raises(InvalidTargetsError, match="AugmentingOverSampler: .* of one kind"):
                getattr(AugmentingOverSampler(), method)(X, as_objects(["a", 1, "b"], CODES))


GUESSES = RNG.permutation(CODES)


class TestMetrics:
    @labeled
    def test_every_type(self, make, classes):
        true, guesses = codes_for(classes), np.minimum(GUESSES, len(classes) - 1)
        expected = [np.mean(guesses[true == code] == code) for code in range(len(classes))]
        for y_pred in (make(guesses), classes[guesses]):
            recalls = per_class_recall(make(true), y_pred)
            np.testing.assert_allclose(recalls, expected)
        counts = dict(zip(classes.tolist(), [3, 2, 1], strict=False))
        groups = group_recall_score(
            make(true), make(guesses), class_counts=counts, n_groups=len(classes)
        )
        np.testing.assert_allclose(list(groups.values()), expected)

    @partly_labeled
    def test_marked_rows_are_left_out_of_every_score(self, make, classes):
        codes = codes_for(classes, partly=True)
        n_classes = len(classes)
        guesses = np.minimum(GUESSES, n_classes - 1)
        kept = codes != -1
        true, seen = classes[codes[kept]], classes[guesses[kept]]
        y_true, y_pred = make(codes), classes[guesses]
        np.testing.assert_array_equal(
            per_class_recall(y_true, y_pred), per_class_recall(true, seen)
        )
        counts = dict(zip(classes.tolist(), [3, 2, 1], strict=False))
        given = {"class_counts": counts, "n_groups": n_classes}
        expected = group_recall_score(true, seen, **given)
        assert group_recall_score(y_true, y_pred, **given) == expected
        scorer = make_group_scorer("tail", **given)
        fitted = GaussianNB().fit(X[kept], true)
        truth = group_recall_score(true, fitted.predict(X[kept]), **given)["tail"]
        assert scorer(fitted, X, y_true) == truth

    @pytest.mark.parametrize("name", [name for name in PARTLY if "bool" not in name])
    def test_a_report_of_partly_labeled_sets(self, name):
        make, classes = PARTLY[name]
        codes = codes_for(classes, partly=True)
        kept = codes != -1
        report = imbalance_report(make(codes), classes[GUESSES], y_train=make(codes))
        true, seen = classes[codes[kept]], classes[GUESSES[kept]]
        assert report == imbalance_report(true, seen, y_train=true)
        assert report["accuracy"] == np.mean(codes[kept] == GUESSES[kept])

    def test_a_given_mark(self):
        codes = np.where(HIDDEN, -1, CODES)
        y_true, y_pred = np.array([*WORDS, "?"])[codes], np.array(WORDS)[GUESSES]
        kept = codes != -1
        expected = imbalance_report(y_true[kept], y_pred[kept], y_train=y_true[kept])
        given = {"y_train": y_true, "unlabeled_label": "?"}
        assert imbalance_report(y_true, y_pred, **given) == expected
        recalls = per_class_recall(y_true, y_pred, unlabeled_label="?")
        np.testing.assert_array_equal(recalls, per_class_recall(y_true[kept], y_pred[kept]))
        scorer = make_group_scorer("head", **given)
        clf = GaussianNB().fit(X, y_pred)
        counts = dict(zip(*np.unique(y_true[kept], return_counts=True), strict=True))
        truth = group_recall_score(y_true[kept], clf.predict(X[kept]), class_counts=counts)
        assert scorer(clf, X, y_true) == truth["head"]

    def test_what_is_predicted_or_counted_is_a_class(self):
        y_true, y_pred = [-1, -1, 0, 1], [-1, 0, 0, 1]
        assert per_class_recall(y_true, y_pred).tolist() == [0.5, 1, 1]
        assert per_class_recall(y_true, [0, 0, 0, 1]).tolist() == [1, 1]
        counts = {-1: 30, 0: 20, 1: 10}
        scores = group_recall_score(y_true, [0, 0, 0, 1], class_counts=counts)
        assert scores == {"head": 0, "medium": 1, "tail": 1}
        nothing = {"class_counts": [3, 2], "n_groups": 2}
        assert group_recall_score(y_true, y_pred, **nothing) == {"head": 1, "tail": 1}
        report = imbalance_report(y_true, y_pred, y_train=[-1, -1, 0, 1], unlabeled_label=None)
        assert report["accuracy"] == 0.75

    @pytest.mark.parametrize(
        ("y_true", "y_pred", "message"),
        [
            ([None, None], [0, 1], "y_true must hold labels, but none of its 2 rows has one"),
            ([0, 1], [0, None], "every row of y_pred must have a label, but 1 of 2 are missing"),
            ([0, 1], [0, 1, 1], "y_true and y_pred have inconsistent numbers of samples, 2 and 3"),
            ([0, 1], ["a", "b"], "cannot compare text with number"),
            ([[0, 1], [1, 0]], [0, 1], "y_true should be a 1d array .* y_true.argmax"),
        ],
        ids=str,
    )
    def test_what_cannot_be_scored(self, y_true, y_pred, message):
        with pytest.raises(InvalidTargetsError, match=message):
            per_class_recall(y_true, y_pred)

    def test_counts_of_missing_labels_are_refused(self):
        with pytest.raises(InvalidTargetsError, match="class_counts: every row of its keys must"):
            frequency_groups({"ant": 3, "bee": 2, None: 5}, 2)


@labeled
def test_ladders_of_every_type(make, classes):
    codes = codes_for(classes)
    X_new, y_new = make_ladder(X, make(codes), n_max=8, n_min=4, random_state=0)
    X_plain, codes_new = make_ladder(X, codes, n_max=8, n_min=4, random_state=0)
    np.testing.assert_array_equal(X_new, X_plain)
    assert_same_labels(y_new, classes[codes_new])


def test_ladders_need_labels():
    with pytest.raises(InvalidTargetsError, match="make_ladder: every row of y must have a label"):
        make_ladder(X, np.where(HIDDEN, NAN, CODES), n_max=8, n_min=4)


BLANK = [*WORDS[:2], ""]


@pytest.mark.parametrize("make", [list, np.array, pd.Series, pd.Categorical, as_objects])
@pytest.mark.parametrize("clf", [*SUPERVISED.values(), *SEMI.values()], ids=[*SUPERVISED, *SEMI])
def test_the_empty_text_is_no_class(make, clf):
    y = as_objects(BLANK, CODES) if make is as_objects else make(pick(BLANK, CODES))
    first = CODES.tolist().index(2)
    message = (
        f"empty text '' cannot be a class, but 12 of the 36 rows of y .* in row {first}: .* Dr"
    )
    with pytest.raises(InvalidTargetsError, match=message):
        refit(clf, X, y)


def test_the_empty_text_is_no_class_for_any_function():
    y = pick(BLANK, CODES)
    fitted = refit(GaussianNB(), X, pick(WORDS, CODES))
    for call in (
        lambda: per_class_recall(y, pick(WORDS, CODES)),
        lambda: per_class_recall(pick(WORDS, CODES), y),
        lambda: imbalance_report(pick(WORDS, CODES), pick(WORDS, CODES), y_train=y),
        lambda: make_group_scorer("head", y_train=pick(WORDS, CODES))(fitted, X, y),
        lambda: list(LabeledStratifiedKFold(2).split(X, y)),
        lambda: list(LabeledStratifiedShuffleSplit(2).split(X, y)),
        lambda: AugmentingOverSampler().fit_resample(X, y),
        lambda: make_ladder(X, y, n_max=8, n_min=4),
        lambda: refit(NET, X, pick(WORDS, CODES)).score(X, y),
        lambda: clone(NET).partial_fit(X, pick(WORDS, CODES), classes=[*WORDS, ""]),
    ):
        with pytest.raises(InvalidTargetsError, match="the empty text '' cannot be a class"):
            call()


def test_the_empty_text_may_be_a_mark():
    y = np.where(HIDDEN, "", np.array(WORDS)[CODES])
    clf = refit(NOISY, X, y, unlabeled_label="")
    assert clf.classes_.tolist() == WORDS
    np.testing.assert_array_equal(clf.labeled_iter_ != 0, HIDDEN)


def test_errors_are_of_our_own_tree():
    assert issubclass(InvalidTargetsError, SkquickdrawError)
    assert issubclass(InvalidTargetsError, ValueError)


def test_no_type_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for make, classes in [*LABELED.values(), *PARTLY.values()]:
            read_labels("R", make(codes_for(classes)))


def test_a_frozen_classifier_inside_keeps_its_marks():
    frozen = FrozenEstimator(refit(NOISY, X, np.where(HIDDEN, -1, CODES)))
    clf = refit(TransductiveClassifier(frozen), X, np.where(HIDDEN, -1, CODES))
    assert clf.score(X, np.where(HIDDEN, -1, CODES)) == frozen.score(X[~HIDDEN], CODES[~HIDDEN])


@pytest.mark.parametrize(
    "y",
    [
        np.array([127, -128, 5, 127], np.int8),
        np.array([2**63 - 1, 2**63 - 3], np.int64),
        np.array([2**64 - 1, 2**64 - 2], np.uint64),
        np.array([-(2**63), 2**62], np.int64),
        np.array([7, 7, 9], np.uint16),
    ],
    ids=lambda y: f"{y.dtype}, {y[0]}",
)
def test_whole_numbers_are_found_as_numpy_finds_them(y):
    expected, codes = np.unique(y, return_inverse=True)
    found, own = read_labels("F", y, unlabeled_label=None)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(own, codes)
    assert found.dtype == y.dtype and own.dtype == np.int64
