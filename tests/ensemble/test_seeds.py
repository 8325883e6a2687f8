"""SeedEnsembleClassifier: seeds of its members, what they learn from, and how they vote."""

import pickle

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import estimator_checks_generator

from skquickdraw import CNNClassifier, NoisyStudentClassifier, SeedEnsembleClassifier
from skquickdraw.datasets import make_sketches
from skquickdraw.ensemble import _seeds as seeds_module
from skquickdraw.ensemble._voting import learn_weights, without_diverged
from skquickdraw.exceptions import InvalidParameterError, InvalidTargetsError


def seeds(clf):
    return [member.random_state for member in clf.estimators_]


@pytest.mark.parametrize("weights", [None, [3, 1, 0]])
def test_it_is_scikit_learns_soft_vote_of_its_members(blobs, tree, weights):
    X, y = blobs
    clf = SeedEnsembleClassifier(tree, 3, weights=weights, random_state=0).fit(X, y)
    frozen = [(str(i), FrozenEstimator(member)) for i, member in enumerate(clf.estimators_)]
    vote = VotingClassifier(frozen, voting="soft", weights=weights).fit(X, y)
    np.testing.assert_allclose(clf.predict_proba(X), vote.predict_proba(X))
    np.testing.assert_array_equal(clf.predict(X), vote.predict(X))
    assert clf.weights_.sum() == pytest.approx(1)


def test_logits_are_averaged_where_that_is_asked_for(blobs):
    X, y = blobs
    params = [{"C": 1.0}, {"C": 1e-3}]
    clf = SeedEnsembleClassifier(
        LogisticRegression(), 2, member_params=params, combine="logit", weights=[3, 1]
    ).fit(X, y)
    logits = [member.decision_function(X) for member in clf.estimators_]
    mean = np.exp(0.75 * logits[0] + 0.25 * logits[1])
    np.testing.assert_allclose(clf.predict_proba(X), mean / mean.sum(axis=1, keepdims=True))


def test_every_member_has_a_seed_of_its_own_and_the_same_ones_next_time(blobs, tree):
    X, y = blobs
    clf = SeedEnsembleClassifier(tree, 3, random_state=0).fit(X, y)
    assert len(set(seeds(clf))) == 3
    np.testing.assert_array_equal(
        clf.predict_proba(X), clone(clf).set_params(n_jobs=2).fit(X, y).predict_proba(X)
    )
    assert seeds(clf) != seeds(clone(clf).set_params(random_state=1).fit(X, y))


@pytest.mark.parametrize("weights", [None, "validation"])
def test_more_members_leave_the_first_ones_as_they_were(blobs, tree, weights):
    X, y = blobs
    few, many = (
        SeedEnsembleClassifier(tree, n, weights=weights, random_state=0).fit(X, y) for n in (2, 4)
    )
    assert seeds(few) == seeds(many)[:2]
    for one, same in zip(few.estimators_, many.estimators_, strict=False):
        np.testing.assert_array_equal(one.predict_proba(X), same.predict_proba(X))


def test_parameters_set_members_apart_also_inside_pipelines(blobs):
    X, y = blobs
    member = make_pipeline(StandardScaler(), DecisionTreeClassifier())
    params = [{"decisiontreeclassifier__max_depth": depth} for depth in (1, 2)]
    clf = SeedEnsembleClassifier(member, 2, member_params=params, random_state=0).fit(X, y)
    assert [member[-1].get_depth() for member in clf.estimators_] == [1, 2]
    assert len({member[-1].random_state for member in clf.estimators_}) == 2


def test_networks_vote_on_stacks_and_learn_from_soft_targets():
    X, y = make_sketches(60, 3, image_shape=(12, 12), random_state=0)
    X = X.reshape(-1, 12, 12)
    member = CNNClassifier(width=0.25, max_epochs=2)
    shifted = (y + 1) % 3
    clf = SeedEnsembleClassifier(member, 2, weights="validation", random_state=0)
    clf.fit(X, y, soft_targets=np.eye(3)[shifted])
    first = clone(clf.estimators_[0])
    rows = np.setdiff1d(np.arange(60), held_out_rows(clf, y))
    first.fit(X[rows], y[rows], soft_targets=np.eye(3)[shifted][rows])
    np.testing.assert_array_equal(first.predict_proba(X), clf.estimators_[0].predict_proba(X))
    assert clf.n_features_in_ == 144
    assert clf.predict_proba(X).shape == (60, 3)


def held_out_rows(clf, y):
    """Return the rows that the ensemble holds out, from members that keep their training rows."""
    spy = clone(clf).set_params(
        estimator=KNeighborsClassifier(1), n_estimators=2, member_params=None
    )
    spy.fit(np.arange(len(y), dtype=float).reshape(-1, 1), y)
    return np.setdiff1d(np.arange(len(y)), spy.estimators_[0]._fit_X.ravel())


def test_rows_are_held_out_by_class_and_before_anything_is_fitted():
    y = np.repeat([0, 1, 2, 3], [40, 20, 2, 1])
    clf = SeedEnsembleClassifier(
        LogisticRegression(), weights="validation", validation_fraction=0.25, random_state=0
    )
    held_out = held_out_rows(clf, y)
    assert np.bincount(y[held_out], minlength=4).tolist() == [10, 5, 1, 0]
    X = np.arange(len(y), dtype=float).reshape(-1, 1)
    np.testing.assert_array_equal(clf.fit(X, y).held_out_, held_out)
    assert clf.set_params(weights=None).fit(X, y).held_out_.tolist() == []


@pytest.mark.parametrize("combine", ["proba", "logit"])
def test_weights_are_those_of_the_smallest_log_loss(blobs, combine):
    X, y = blobs
    params = [{"max_depth": depth} for depth in (1, 3, 20)]
    clf = SeedEnsembleClassifier(
        DecisionTreeClassifier(min_samples_leaf=5),
        3,
        member_params=params,
        weights="validation",
        combine=combine,
        validation_fraction=0.4,
        random_state=0,
    ).fit(X, y)
    rows = held_out_rows(clf, y)
    best = log_loss(y[rows], clf.predict_proba(X[rows]))
    assert (clf.weights_ >= 0).all() and clf.weights_.sum() == pytest.approx(1)
    for weights in np.random.default_rng(0).dirichlet(np.ones(3) / 2, 100):
        clf.weights_ = weights
        assert log_loss(y[rows], clf.predict_proba(X[rows])) >= best - 1e-7


def test_weights_of_certain_members_are_the_best_too():
    rng = np.random.default_rng(0)
    for _ in range(50):
        probas = np.eye(3)[rng.integers(0, 3, (3, 40))]  # 0 or 1, as predicted by full trees
        codes = rng.integers(0, 3, 40)
        weights = learn_weights(probas, codes, None, "proba")
        of_truth = np.maximum(probas[:, np.arange(40), codes], 1e-15)
        best = np.log(weights @ of_truth).mean()
        for other in rng.dirichlet(np.ones(3) / 2, 200):
            assert np.log(other @ of_truth).mean() <= best + 1e-4


def test_sample_weights_count_among_the_held_out_rows():
    # One member always predicts 0 and one always 1, so the best weights are the shares of 0 and 1.
    X, y = np.zeros((60, 1)), np.repeat([0, 1], [45, 15])
    params = [{"constant": label} for label in (0, 1)]
    clf = SeedEnsembleClassifier(
        DummyClassifier(strategy="constant"),
        2,
        member_params=params,
        weights="validation",
        validation_fraction=0.2,
        random_state=0,
    )
    np.testing.assert_allclose(clf.fit(X, y).weights_, [9 / 12, 3 / 12], atol=1e-4)
    weight = np.where(y == 1, 9.0, 1.0)
    shares = [9 / 36, 27 / 36]
    np.testing.assert_allclose(clf.fit(X, y, sample_weight=weight).weights_, shares, atol=1e-4)


def test_rows_of_weight_zero_are_not_held_out():
    X = np.arange(40, dtype=float).reshape(-1, 1)
    y = np.repeat([0, 1], 20)
    weight = np.tile([0.0, 0.0, 0.0, 1.0], 10)
    clf = SeedEnsembleClassifier(LogisticRegression(), 2, weights="validation", random_state=0)
    assert np.isfinite(clf.fit(X, y, sample_weight=weight).weights_).all()


@pytest.mark.parametrize(("n_estimators", "n_rows"), [(1, 60), (3, 6)])
def test_weights_are_equal_where_there_is_nothing_to_learn(n_estimators, n_rows):
    X, y = np.arange(n_rows, dtype=float).reshape(-1, 1), np.arange(n_rows) % 3
    clf = SeedEnsembleClassifier(KNeighborsClassifier(1), n_estimators, weights="validation")
    clf.fit(X, y)
    np.testing.assert_allclose(clf.weights_, 1 / n_estimators)
    assert all(member.n_samples_fit_ == n_rows for member in clf.estimators_)


@pytest.mark.parametrize("y", [[3, 1, 7], ["é", "b", "a"], np.array(["x", "yy", "z"], object)])
def test_labels_come_back_as_they_were(blobs, y):
    labels = np.asarray(y)[np.arange(150) % 3]
    clf = SeedEnsembleClassifier(LogisticRegression(), 2).fit(blobs[0], labels)
    assert clf.classes_.tolist() == sorted(y)
    assert clf.predict(blobs[0]).dtype == labels.dtype
    assert (
        pickle.loads(pickle.dumps(clf)).predict(blobs[0]).tolist() == clf.predict(blobs[0]).tolist()
    )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"member_params": [{}]},
            r"SeedEnsembleClassifier: member_params must be one dict a .*=2 .* got 1 entries",
        ),
        ({"member_params": [{}, "C"]}, r"member_params must be one dict a member.*'C'"),
        ({"member_params": [{}, {"depth": 2}]}, "Invalid parameter 'depth'"),
        ({"weights": ["a", "b"]}, r"weights must be n_estimators=2 numbers.*got \['a', 'b'\]"),
        ({"weights": [1, 1, 1]}, r"weights must be n_estimators=2 numbers.*got \[1, 1, 1\]"),
        ({"weights": [1, -1]}, "at least 0, not all 0, got .*None means equal weights"),
        ({"weights": [0, 0]}, "at least 0, not all 0"),
        ({"weights": [np.nan, 1]}, "at least 0, not all 0"),
        ({"weights": "equal"}, "'weights' parameter of SeedEnsembleClassifier"),
        ({"combine": "hard"}, "'combine' parameter of SeedEnsembleClassifier"),
        ({"estimator": LinearSVC()}, "'estimator' parameter.*'predict_proba'"),
    ],
)
def test_parameters_are_checked_before_any_fit(blobs, params, message):
    clf = SeedEnsembleClassifier(LogisticRegression(), 2).set_params(**params)
    with pytest.raises(ValueError, match=message):
        clf.fit(*blobs)
    assert not hasattr(clf, "estimators_")


def test_members_have_to_learn_from_what_they_are_given(blobs):
    X, y = blobs
    soft = np.full((150, 3), 1 / 3)
    message = "needs an estimator that learns from {}, .* LogisticRegression .* do not pass {}"
    with pytest.raises(InvalidParameterError, match=message.format(*["soft_targets"] * 2)):
        SeedEnsembleClassifier(LogisticRegression()).fit(X, y, soft_targets=soft)
    message = message.replace("LogisticRegression", "KNeighborsClassifier")
    with pytest.raises(InvalidParameterError, match=message.format(*["sample_weight"] * 2)):
        SeedEnsembleClassifier(KNeighborsClassifier()).fit(X, y, sample_weight=np.ones(150))
    with pytest.raises(InvalidTargetsError, match=r"soft_targets must have shape .* got \(150, 2"):
        SeedEnsembleClassifier(CNNClassifier()).fit(X, y, soft_targets=soft[:, :2])


NOISY = NoisyStudentClassifier(LogisticRegression(), pseudo_labels="hard", n_iterations=1)


@pytest.mark.parametrize("weights", [None, "validation"])
def test_noisy_students_get_the_rows_without_labels(blobs, weights):
    X, names = blobs
    y = np.unique(names, return_inverse=True)[1]
    marked = np.where(np.arange(150) % 3 == 0, -1, y)
    clf = SeedEnsembleClassifier(NOISY, 2, weights=weights, random_state=0).fit(X, marked)
    assert clf.classes_.tolist() == [0, 1, 2]
    assert (marked[clf.held_out_] != -1).all() and (len(clf.held_out_) > 0) == bool(weights)
    apart = clone(clf).fit(X[marked != -1], y[marked != -1], X_unlabeled=X[marked == -1])
    both = clone(clf).fit(X[:90], marked[:90], X_unlabeled=X[90:])
    np.testing.assert_array_equal(clf.predict_proba(X), apart.predict_proba(X))
    for member in [*clf.estimators_, *both.estimators_]:
        assert member.termination_condition_ == "max_iter"
    assert (both.estimators_[0].labeled_iter_ != 0).sum() == 30 + 60


def test_members_of_other_classes_are_refused(blobs, tree):
    X, y = blobs
    frozen = FrozenEstimator(tree.fit(X[y != "dog"], y[y != "dog"]))
    message = r"each member must know the 3 classes of y, .* knows 2; it lacks \['dog'\]"
    with pytest.raises(InvalidTargetsError, match=message):
        SeedEnsembleClassifier(frozen, 2).fit(X, y)


def test_a_pool_has_to_be_of_use_and_fit(blobs):
    X, y = blobs
    with pytest.raises(InvalidParameterError, match="learns from X_unlabeled, .* not pass X_unlab"):
        SeedEnsembleClassifier(LogisticRegression(), 2).fit(X, y, X_unlabeled=X)
    with pytest.raises(ValueError, match="X has 2 features, but SeedEnsembleClassifier"):
        SeedEnsembleClassifier(NOISY, 2).fit(X, y, X_unlabeled=X[:, :2])


@pytest.mark.filterwarnings("default")  # the suite provokes warnings on purpose
@pytest.mark.parametrize(
    ("clf", "check"),
    list(estimator_checks_generator(SeedEnsembleClassifier(LogisticRegression(), 2))),
)
def test_scikit_learns_checks(clf, check):
    check(clf)


@pytest.mark.parametrize("wrap", [lambda m: VotingClassifier([("a", m)]), make_pipeline])
def test_marks_are_known_of_semi_supervised_members_inside_others(blobs, wrap):
    X, y = blobs
    partly = y.astype(object)
    partly[60:] = -1
    student = NoisyStudentClassifier(GaussianNB(), pseudo_labels="hard", n_iterations=1)
    member = wrap(student).set_params(**({"voting": "soft"} if wrap is not make_pipeline else {}))
    clf = SeedEnsembleClassifier(member, 2, random_state=0).fit(X, partly)
    assert clf.classes_.tolist() == ["ant", "cat", "dog"]


def test_rows_without_labels_do_not_pass_a_transformer_by(blobs, tree):
    X, y = blobs
    partly = np.where(np.arange(150) < 60, np.unique(y, return_inverse=True)[1], -1)
    student = NoisyStudentClassifier(tree, pseudo_labels="hard", n_iterations=1)
    clf = SeedEnsembleClassifier(make_pipeline(StandardScaler(), student), 2)
    with pytest.raises(InvalidParameterError, match="wrap the ensemble instead of its members"):
        clf.fit(X, partly)


def test_members_must_mark_rows_alike(blobs, tree):
    X, y = blobs
    marks = [("a", -1), ("b", "?")]
    students = [
        (name, NoisyStudentClassifier(tree, pseudo_labels="hard", unlabeled_label=mark))
        for name, mark in marks
    ]
    clf = SeedEnsembleClassifier(VotingClassifier(students, voting="soft"), 2)
    with pytest.raises(InvalidParameterError, match="must mark rows without labels alike"):
        clf.fit(X, y)


def test_parameters_of_all_members_are_checked_before_any_fit(blobs):
    clf = SeedEnsembleClassifier(CNNClassifier(), 2, member_params=[{}, {"dropout": 3}])
    with pytest.raises(ValueError, match="'dropout' parameter of CNNClassifier"):
        clf.fit(*blobs)
    assert not hasattr(clf, "estimators_")


class Unstable(DecisionTreeClassifier):
    """Diverges in the fits whose numbers are in ``diverging``."""

    diverging: tuple[int, ...] = ()
    n_fits = 0

    def fit(self, X, y):
        self.diverged_ = Unstable.n_fits in Unstable.diverging
        Unstable.n_fits += 1
        return super().fit(X, y)


@pytest.mark.parametrize("weights", [None, [3, 1, 2], "validation"])
def test_members_that_diverged_have_no_vote(blobs, monkeypatch, weights):
    monkeypatch.setattr(Unstable, "diverging", (1,))
    monkeypatch.setattr(Unstable, "n_fits", 0)
    clf = SeedEnsembleClassifier(Unstable(max_depth=1), 3, weights=weights, random_state=0)
    with pytest.warns(ConvergenceWarning, match="1 of 3 members has diverged; they have no vote"):
        clf.fit(*blobs)
    assert clf.weights_[1] == 0 and clf.weights_.sum() == pytest.approx(1)
    assert not clf.diverged_


def test_where_all_members_diverged_all_vote(blobs, monkeypatch):
    monkeypatch.setattr(Unstable, "diverging", (0, 1))
    monkeypatch.setattr(Unstable, "n_fits", 0)
    clf = SeedEnsembleClassifier(Unstable(max_depth=1), 2, random_state=0)
    with pytest.warns(ConvergenceWarning, match="2 of 2 members has diverged; all keep"):
        clf.fit(*blobs)
    assert clf.diverged_ and clf.weights_.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("diverged", [(False, False), (True, True)])
def test_somebody_votes_where_all_weights_are_zero(diverged):
    members = [DummyClassifier(), DummyClassifier()]
    for member, has_diverged in zip(members, diverged, strict=True):
        member.diverged_ = has_diverged
    np.testing.assert_array_equal(without_diverged(np.zeros(2), members), [0.5, 0.5])


def test_each_array_is_an_argument_of_its_own(blobs, tree, monkeypatch):
    """Dask sends an array to a worker only once, but the content of a tuple again for each fit."""
    X, y = blobs
    sent = []
    real = seeds_module.delayed

    def spy(function):
        def call(*args):
            sent.append(args)
            return real(function)(*args)

        return call

    monkeypatch.setattr(seeds_module, "delayed", spy)
    SeedEnsembleClassifier(tree, 2, random_state=0).fit(X, y, np.ones(len(y)))
    arrays = [[part for part in args if isinstance(part, np.ndarray)] for args in sent]
    assert [len(own) for own in arrays] == [3, 3]  # images, labels and weights
    assert all(a is b for a, b in zip(*arrays, strict=True))


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("backend", ["multiprocessing", "threading", "loky"])
def test_backends_of_joblib_give_the_same_vote(blobs, tree, backend, n_jobs):
    X, y = blobs
    vote = SeedEnsembleClassifier(tree, 3, random_state=0)
    with parallel_config(backend, n_jobs=n_jobs):
        found = clone(vote).fit(X, y)
    np.testing.assert_array_equal(found.predict_proba(X), vote.fit(X, y).predict_proba(X))
