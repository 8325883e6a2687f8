"""After an interrupt, a noisy student keeps the classifier of its last complete round."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from skquickdraw import NoisyStudentClassifier
from skquickdraw.exceptions import FitInterrupted


class Interruptible(LogisticRegression):
    """A classifier that is interrupted in the fit with the number ``interrupted``, from 1."""

    n_fits = 0
    interrupted = None
    error = KeyboardInterrupt

    def fit(self, X, y, sample_weight=None):
        cls = Interruptible
        cls.n_fits += 1
        super().fit(X, y, sample_weight)
        if cls.n_fits == cls.interrupted:
            raise cls.error
        return self


@pytest.fixture
def interrupt(monkeypatch):
    """Return a function that sets which fit is interrupted."""

    def in_fit(number, error=KeyboardInterrupt):
        monkeypatch.setattr(Interruptible, "n_fits", 0)
        monkeypatch.setattr(Interruptible, "interrupted", number)
        monkeypatch.setattr(Interruptible, "error", error)

    in_fit(None)
    return in_fit


@pytest.fixture
def rows():
    """Return rows of three clusters; the first 20 have labels."""
    rng = np.random.default_rng(0)
    y = np.arange(100) % 3
    X = rng.normal(size=(100, 2)) + 2 * np.column_stack([y == 1, y == 2])
    return X, np.where(np.arange(100) < 20, y, -1)


def noisy(n_iterations, **params):
    # Each student is regularised more than the one before, so that the rounds differ.
    student_params = [{"C": 0.1**i} for i in range(n_iterations)]
    return NoisyStudentClassifier(
        Interruptible(),
        n_iterations=n_iterations,
        student_params=student_params,
        pseudo_labels="hard",
        random_state=0,
        **params,
    )


@pytest.mark.parametrize("error", [KeyboardInterrupt, FitInterrupted])
@pytest.mark.parametrize("n_complete", [1, 2])
def test_all_is_as_after_the_complete_rounds(rows, interrupt, n_complete, error):
    expected = noisy(n_complete, class_prior="labeled").fit(*rows)
    interrupt(n_complete + 2, error)  # the first fit is that of the teacher
    clf = noisy(3, class_prior="labeled")
    match = f"NoisyStudentClassifier: .* in round {n_complete + 1} of 3.* {n_complete} complete"
    with pytest.raises(FitInterrupted, match=match):
        clf.fit(*rows)
    assert clf.termination_condition_ == "interrupted"
    assert clf.n_iter_ == len(clf.history_) == len(clf.teachers_) == n_complete
    np.testing.assert_array_equal(clf.predict_proba(rows[0]), expected.predict_proba(rows[0]))
    for name in ("classes_", "class_prior_", "transduction_", "transduction_proba_"):
        np.testing.assert_array_equal(getattr(clf, name), getattr(expected, name))
    np.testing.assert_array_equal(clf.labeled_iter_, expected.labeled_iter_)


def test_in_the_first_round_the_teacher_is_kept(rows, interrupt):
    X, y = rows
    interrupt(2)
    clf = noisy(2)
    with pytest.raises(FitInterrupted, match="in round 1 of 2.* after 0 complete rounds"):
        clf.fit(X, y)
    teacher = LogisticRegression().fit(X[:20], y[:20])
    np.testing.assert_array_equal(clf.predict(X), teacher.predict(X))
    assert clf.teachers_ == [] and (clf.transduction_ == y).all() and clf.class_prior_ is None


@pytest.mark.parametrize("error", [KeyboardInterrupt, FitInterrupted])
def test_without_a_teacher_nothing_is_fitted(rows, interrupt, error):
    interrupt(1, error)
    clf = noisy(2)
    with pytest.raises(KeyboardInterrupt) as raised:
        clf.fit(*rows)
    assert not isinstance(raised.value, FitInterrupted)
    assert [name for name in vars(clf) if name.endswith("_")] == []
    with pytest.raises(ValueError, match="not fitted"):
        check_is_fitted(clf)


def test_what_was_fitted_before_stays(rows, interrupt):
    X, y = rows
    clf = noisy(1).fit(X, y)
    before = clf.predict_proba(X)
    interrupt(1)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(np.hstack([X, X]), y)
    np.testing.assert_array_equal(clf.predict_proba(X), before)
