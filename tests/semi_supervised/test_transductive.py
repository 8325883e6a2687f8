"""TransductiveClassifier: predictions for a whole test set whose class balance is known."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from skquickdraw import NoisyStudentClassifier, TransductiveClassifier
from skquickdraw.exceptions import InvalidImagesError, InvalidParameterError
from skquickdraw.semi_supervised import assign_to_prior


@pytest.fixture(scope="module")
def skewed():
    """Return training rows, of which few are of the class 'rare', and a balanced test set."""
    rng = np.random.default_rng(0)
    names = np.array(["rare", "usual"])
    y, y_test = np.repeat([0, 1], [10, 200]), np.repeat([0, 1], 150)
    X, X_test = (rng.normal(size=(len(c), 2)) + 1.5 * c[:, None] for c in (y, y_test))
    return X, names[y], X_test, names[y_test]


def test_known_balance_helps_the_rare_class(skewed):
    X, y, X_test, y_test = skewed
    clf = TransductiveClassifier(LogisticRegression()).fit(X, y)
    inductive, transductive = clf.predict(X_test), clf.predict_transductive(X_test)
    assert (transductive == "rare").sum() == 150
    assert (transductive == y_test).mean() > (inductive == y_test).mean() + 0.1
    np.testing.assert_array_equal(
        transductive, clf.classes_[assign_to_prior(clf.predict_proba(X_test))]
    )


def test_inductive_methods_are_the_classifiers_own(skewed):
    X, y, X_test, _ = skewed
    weights = np.arange(len(y)) % 3
    inner = LogisticRegression().fit(X, y, weights)
    clf = TransductiveClassifier(LogisticRegression()).fit(X, y, weights)
    np.testing.assert_array_equal(clf.predict(X_test), inner.predict(X_test))
    np.testing.assert_array_equal(clf.predict_proba(X_test), inner.predict_proba(X_test))
    np.testing.assert_array_equal(clf.decision_function(X_test), inner.decision_function(X_test))
    assert not hasattr(TransductiveClassifier(KNeighborsClassifier()), "decision_function")


def test_a_fitted_classifier_is_kept(skewed):
    X, y, X_test, _ = skewed
    inner = LogisticRegression().fit(X[:, :], y)
    clf = TransductiveClassifier(FrozenEstimator(inner)).fit(X[:50], y[:50])
    np.testing.assert_array_equal(clf.predict_proba(X_test), inner.predict_proba(X_test))


def test_other_shares(skewed):
    X, y, X_test, _ = skewed
    clf = TransductiveClassifier(LogisticRegression()).fit(X, y)
    expected = clf.predict_transductive(X_test, [0.2, 0.8])
    assert (expected == "rare").sum() == 60
    by_label = clf.predict_transductive(X_test, {"usual": 0.8, "rare": 0.2})
    np.testing.assert_array_equal(by_label, expected)


def test_a_noisy_student_has_the_method_too(skewed):
    X, y, X_test, y_test = skewed
    clf = NoisyStudentClassifier(
        LogisticRegression(), pseudo_labels="hard", class_prior="uniform", random_state=0
    ).fit(X, y, X_unlabeled=X_test)
    assert (clf.predict_transductive(X_test) == "rare").sum() == 150
    assert (clf.predict(X_test) == y_test).mean() > 0.8
    np.testing.assert_array_equal(
        clf.decision_function(X_test), clf.estimator_.decision_function(X_test)
    )


@pytest.mark.parametrize(
    ("class_prior", "n_rare"),
    [
        ({"usual": 0.8, "rare": 0.2}, 60),
        ([0.2, 0.8], 60),
        ("uniform", 150),
        ("labeled", round(300 * 10 / 210)),
        (None, 150),
    ],
)
def test_shares_of_the_fit_are_the_default(skewed, class_prior, n_rare):
    X, y, X_test, _ = skewed
    clf = NoisyStudentClassifier(
        LogisticRegression(), pseudo_labels="hard", class_prior=class_prior, random_state=0
    ).fit(X, y, X_unlabeled=X_test)
    assert (clf.predict_transductive(X_test) == "rare").sum() == n_rare
    assert (clf.predict_transductive(X_test, "uniform") == "rare").sum() == 150


@pytest.mark.parametrize(("class_prior", "n_rare"), [([0.2, 0.8], 60), ("labeled", 150)])
def test_default_shares_without_a_round(skewed, class_prior, n_rare):
    X, y, X_test, _ = skewed
    clf = NoisyStudentClassifier(
        LogisticRegression(), pseudo_labels="hard", class_prior=class_prior, random_state=0
    ).fit(X, y)
    assert clf.teachers_ == []
    assert (clf.predict_transductive(X_test) == "rare").sum() == n_rare


def test_estimated_shares_are_the_default(skewed):
    X, y, X_test, _ = skewed
    clf = NoisyStudentClassifier(
        LogisticRegression(), pseudo_labels="hard", class_prior="estimate", random_state=0
    ).fit(X, y, X_unlabeled=X_test)
    np.testing.assert_array_equal(
        clf.predict_transductive(X_test), clf.predict_transductive(X_test, clf.class_prior_)
    )
    n_rare = (clf.predict_transductive(X_test) == "rare").sum()
    assert n_rare == pytest.approx(300 * clf.class_prior_[0], abs=1) != 150


def test_shares_of_other_classes(skewed):
    clf = TransductiveClassifier(LogisticRegression()).fit(*skewed[:2])
    match = r"must have 2 shares.* got \[0.2, 0.3, 0.5\].* order of classes_, \['rare', 'usual'\]"
    with pytest.raises(InvalidParameterError, match=match):
        clf.predict_transductive(skewed[2], [0.2, 0.3, 0.5])
    match = r"It lacks \['usual'\]. Correct the keys"
    with pytest.raises(InvalidParameterError, match=match):
        clf.predict_transductive(skewed[2], {"rare": 0.2, "common": 0.8})


def test_a_classifier_without_probabilities(skewed):
    clf = TransductiveClassifier(LinearSVC())
    with pytest.raises(ValueError, match="'estimator' parameter of TransductiveClassifier"):
        clf.fit(*skewed[:2])
    assert not hasattr(clf, "predict_proba") and not hasattr(clf, "predict_transductive")


def test_weights_that_cannot_be_used(skewed):
    X, y, *_ = skewed
    with pytest.raises(InvalidParameterError, match="sample_weight needs .* KNeighbors"):
        TransductiveClassifier(KNeighborsClassifier()).fit(X, y, np.ones(len(y)))


def test_predictions_do_not_change_what_fit_saw(skewed):
    X, y, X_test, _ = skewed
    clf = TransductiveClassifier(LogisticRegression()).fit(X, y)
    with pytest.raises(InvalidImagesError, match="TransductiveClassifier is expecting 2 features"):
        clf.predict(X_test[:, :1])
    assert clf.n_features_in_ == 2
