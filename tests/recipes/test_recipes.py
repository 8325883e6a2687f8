"""The recipes are estimators like any other, and have the parts that their docstrings name."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skquickdraw import recipes
from skquickdraw.datasets import make_sketches
from skquickdraw.networks import MobileNetV2

MAKERS = {
    "fast": recipes.fast,
    "accurate": recipes.accurate,
    "ensemble": recipes.ensemble,
    "distilled": recipes.distilled,
}


@pytest.fixture(scope="module")
def sketches():
    X, y, names = make_sketches(120, 3, image_shape=(12, 12), random_state=0, return_names=True)
    return X, names[y]


def shrink(recipe):
    """Make the networks of a recipe small, so that its fit is fast."""
    params = recipe.get_params()
    return recipe.set_params(
        **{name: 0.1 for name in params if name.rsplit("__")[-1] == "width"},
        **{name: 1 for name in params if name.rsplit("__")[-1] == "max_epochs"},
    )


@pytest.mark.parametrize("name", MAKERS)
def test_a_recipe_is_an_estimator_like_any_other(sketches, name):
    X, y = sketches
    recipe = shrink(MAKERS[name](random_state=0))
    first, again = (clone(recipe).fit(X, y).predict_proba(X) for _ in range(2))
    assert first.shape == (len(X), 3)
    np.testing.assert_array_equal(first, again)


def test_members_of_the_ensemble_are_networks_of_the_accurate_recipe(sketches):
    X, y = sketches
    clf = shrink(recipes.ensemble(n_members=2, random_state=0)).fit(X, y)
    members = clf.estimator_.estimators_
    alone = shrink(recipes.accurate(random_state=members[1].random_state)).fit(X, y)
    np.testing.assert_array_equal(members[1].predict_proba(X), alone.predict_proba(X))
    assert np.bincount(np.unique(clf.predict_transductive(X), return_inverse=True)[1]).min() == 40


def test_the_ensemble_is_a_vote_of_students_where_there_are_unlabeled_images(sketches):
    X, y = sketches
    recipe = shrink(recipes.ensemble(n_members=2, class_prior="uniform", random_state=0))
    clf = recipe.fit(X[:60], y[:60], X_unlabeled=X[60:])
    (teacher,) = clf.teachers_
    alone = shrink(recipes.ensemble(n_members=2, random_state=0)).fit(X[:60], y[:60])
    np.testing.assert_array_equal(teacher.predict_proba(X), alone.predict_proba(X))
    images = [network.history_[0]["n_images"] for network in clf.estimator_.estimators_]
    assert images == [120, 120]
    np.testing.assert_allclose(clf.transduction_proba_[60:].mean(axis=0), 1 / 3, atol=1e-6)


def test_an_interrupted_ensemble_goes_on(sketches, tmp_path, monkeypatch):
    X, y = sketches

    def train():
        recipe = shrink(recipes.ensemble(n_members=1, memory=str(tmp_path), random_state=0))
        return recipe.fit(X[:60], y[:60], X_unlabeled=X[60:])

    def refuse(*args, **kwargs):
        raise AssertionError("a network that was kept is trained again")

    made = train()
    monkeypatch.setattr("skquickdraw.neural_network._loop.TrainingLoop.run", refuse)
    np.testing.assert_array_equal(train().predict_proba(X), made.predict_proba(X))


def test_what_is_distilled_is_one_small_network(sketches):
    X, y = sketches
    teacher = shrink(recipes.fast(random_state=0)).fit(X, y)
    clf = shrink(recipes.distilled(FrozenEstimator(teacher), random_state=0)).fit(X, y)
    np.testing.assert_array_equal(clf.teacher_.predict_proba(X), teacher.predict_proba(X))
    assert type(clf.student_.net_.module_) is MobileNetV2
    network = MobileNetV2((1, 28, 28), 100, width=recipes.distilled().student.width)
    assert 280_000 < sum(weight.numel() for weight in network.parameters()) < 320_000


def test_earlier_names_are_the_same_recipes():
    assert recipes.single is recipes.accurate
    assert recipes.winner is recipes.ensemble


def test_passes_can_be_chosen(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)  # on a GPU, 'auto' is 'long'
    assert recipes.fast(max_epochs=3).max_epochs == 3
    assert recipes.accurate(max_epochs=3).max_epochs == 3
    assert recipes.ensemble(max_epochs=7).estimator.estimator.max_epochs == 7
    assert recipes.ensemble(max_epochs=7).student.estimator.max_epochs == 5
    assert recipes.ensemble().student.estimator.max_epochs == "auto"
    assert recipes.distilled(max_epochs=3).student.max_epochs == 3


@pytest.mark.parametrize("name", MAKERS)
def test_a_changed_recipe_leaves_those_of_others_as_they_were(name):
    untouched = {maker: str(make().get_params()) for maker, make in MAKERS.items()}
    recipe = MAKERS[name]()
    numbers = [key for key in recipe.get_params() if key.endswith(("width", "augmentation__shear"))]
    recipe.set_params(**dict.fromkeys(numbers, 3))
    assert numbers
    assert {maker: str(make().get_params()) for maker, make in MAKERS.items()} == untouched


def test_on_a_gpu_the_same_calls_are_larger_networks(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert recipes.fast().width == 1.0
    assert recipes.fast(max_epochs=3).max_epochs == 3
    network = recipes.ensemble().student.estimator
    found = network.width, network.stem_stride, network.dropout, network.max_epochs
    assert found == (2.0, 1, 0.2, "long")
    assert repr(recipes.accurate()) == repr(network)
    assert recipes.accurate(max_epochs=7).max_epochs == 7
    ladder = recipes.best().estimators
    assert [rung.width for rung in ladder[:2]] == [1.0, 2.0]
    assert {rung.n_jobs for rung in recipes.best().estimators[2:3]} == {None}
    assert recipes.best().n_jobs == 1


def test_a_cpu_has_the_networks_of_the_default(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert recipes.fast().width == 0.5
    assert recipes.accurate().width == 1.0 and recipes.accurate().max_epochs == "auto"
