"""Estimators that use joblib can run on a Dask cluster, with the same results."""

import os

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_limits

from skquickdraw import CNNClassifier, NoisyStudentClassifier, SeedEnsembleClassifier
from skquickdraw.datasets import make_sketches

pytest.importorskip("distributed", reason="needs dask.distributed")

# Dask warns if a worker starts or ends slowly, as on a busy machine.
pytestmark = pytest.mark.filterwarnings("ignore:::distributed")

NET = CNNClassifier(width=0.25, max_epochs=2, device="cpu", random_state=0)
VOTE = SeedEnsembleClassifier(NET, 2, n_jobs=2, random_state=0)


@pytest.fixture(scope="module")
def cluster():
    """Start two workers on this machine, with one thread each."""
    from distributed import Client, LocalCluster

    options = {"dashboard_address": None, "host": "127.0.0.1"}
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **options) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def sketches():
    return make_sketches(90, n_classes=3, image_shape=(14, 14), random_state=0)


def fit_twice(estimator, *data):
    """Fit in this process, with one thread like a worker, and on the cluster."""
    with threadpool_limits(1), joblib.parallel_config(backend="sequential"):
        here = clone(estimator).fit(*data)
    with joblib.parallel_config(backend="dask"):
        return here, clone(estimator).fit(*data)


def test_a_grid_search(cluster, sketches):
    search = GridSearchCV(NET, {"lr": [0.003, 0.01]}, cv=2, n_jobs=2)
    here, there = fit_twice(search, *sketches)
    for key in ("split0_test_score", "split1_test_score"):
        np.testing.assert_array_equal(there.cv_results_[key], here.cv_results_[key])
    X = sketches[0]
    np.testing.assert_array_equal(there.predict_proba(X), here.predict_proba(X))


def test_an_ensemble(cluster, sketches):
    X, y = sketches
    here, there = fit_twice(VOTE, X, y)
    np.testing.assert_array_equal(there.predict_proba(X), here.predict_proba(X))


def test_a_noisy_student_whose_rounds_are_ensembles(cluster, sketches):
    X, y = sketches[0], np.where(np.arange(90) < 60, sketches[1], -1)
    student = NoisyStudentClassifier(VOTE, n_iterations=1, random_state=0)
    here, there = fit_twice(student, X, y)
    np.testing.assert_array_equal(there.transduction_proba_, here.transduction_proba_)
    np.testing.assert_array_equal(there.predict_proba(X), here.predict_proba(X))


def test_workers_do_the_work(cluster):
    class Located(DummyClassifier):  # local, because workers cannot import the module of a test
        def fit(self, X, y, sample_weight=None):
            self.process_ = os.getpid()
            return super().fit(X, y, sample_weight)

    here, there = fit_twice(SeedEnsembleClassifier(Located(), 8), np.eye(8), [0, 1] * 4)
    workers = set(cluster.run(os.getpid).values())
    assert len(workers) == 2 and os.getpid() not in workers
    assert {member.process_ for member in here.estimators_} == {os.getpid()}
    assert {member.process_ for member in there.estimators_} <= workers


def test_members_that_workers_kept_are_recalled_here(cluster, sketches, tmp_path, monkeypatch):
    X, y = sketches
    vote = clone(VOTE).set_params(memory=str(tmp_path))
    with joblib.parallel_config(backend="dask"):
        there = clone(vote).fit(X, y)
    monkeypatch.setattr(CNNClassifier, "_train", None)  # any training would fail
    with joblib.parallel_config(backend="sequential"):
        here = vote.fit(X, y)
    np.testing.assert_array_equal(there.predict_proba(X), here.predict_proba(X))
