"""RelationNetworkClassifier: episodes, new classes, and prediction in blocks."""

import pickle

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning

from skquickdraw import RelationNetworkClassifier
from skquickdraw._device import repeatable_cudnn
from skquickdraw.augmentation import AugmentationPolicy, MixUp
from skquickdraw.datasets import make_sketches
from skquickdraw.exceptions import (
    FitInterrupted,
    InvalidImagesError,
    InvalidParameterError,
    InvalidTargetsError,
    OutOfMemoryError,
)
from skquickdraw.few_shot import _training
from skquickdraw.few_shot._episodes import EpisodeSampler
from skquickdraw.networks import RelationNetwork

N_EACH = 20
N_OLD = 21 * N_EACH
OLD, NEW = slice(0, N_OLD), slice(N_OLD, None)
FIRSTS = [N_OLD, N_OLD + N_EACH, N_OLD + 2 * N_EACH]  # one row of each new class


@pytest.fixture(scope="module")
def sketches():
    """Return flat images of 12 x 12, sorted by class: 21 old classes, then three new ones."""
    X, y = make_sketches(24 * N_EACH, 24, image_shape=(12, 12), random_state=0)
    order = np.argsort(y, kind="stable")
    X, y = (
        X[order],
        np.array([f"old {code:02}" if code < 21 else f"new {code}" for code in y[order]]),
    )
    X.flags.writeable = False
    return X, y


@pytest.fixture(scope="module")
def few(sketches):
    """Return the images of three old classes, for tests that need no trained network."""
    X, y = sketches
    return X[: 3 * N_EACH], y[: 3 * N_EACH]


def quick(**params):
    small = {"width": 0.25, "n_episodes": 4, "precision": "float32", "random_state": 0}
    return RelationNetworkClassifier(**{**small, **params})


@pytest.fixture(scope="module")
def trained(sketches):
    """Return a classifier that has seen enough episodes to be better than chance."""
    X, y = sketches
    return quick(n_episodes=50, n_way=8, n_shot=1, lr=0.006).fit(X[OLD], y[OLD])


def test_it_learns_the_classes_it_was_trained_on(trained, sketches):
    X, y = sketches
    assert trained.score(X[OLD], y[OLD]) > 0.3  # chance is 0.05
    assert np.mean(trained.loss_curve_[-10:]) < trained.loss_curve_[0]
    assert len(trained.loss_curve_) == 50


def test_new_classes_take_the_place_of_old_ones_without_training(trained, sketches):
    X, y = sketches
    weights = {name: w.clone() for name, w in trained.network_.state_dict().items()}
    adapted = trained.adapt(X[NEW][::2], y[NEW][::2])
    np.testing.assert_array_equal(adapted.classes_, ["new 21", "new 22", "new 23"])
    assert adapted.score(X[NEW][1::2], y[NEW][1::2]) > 0.5  # chance is a third
    assert len(trained.classes_) == 21
    assert trained.predict_proba(X[:3]).shape == (3, 21)
    for name, w in trained.network_.state_dict().items():
        torch.testing.assert_close(w, weights[name], rtol=0, atol=0)


def test_old_classes_can_come_back(trained, sketches):
    X, y = sketches
    again = trained.adapt(X[NEW], y[NEW]).adapt(X[OLD], y[OLD])
    np.testing.assert_array_equal(again.predict_proba(X), trained.predict_proba(X))


def device_of(clf):
    return next(clf.network_.parameters()).device


def test_one_example_of_a_class_is_enough(trained, sketches):
    X, y = sketches
    adapted = trained.adapt(X[FIRSTS], y[FIRSTS])
    images = torch.tensor(X[FIRSTS]).view(3, 1, 12, 12).float()
    with torch.no_grad(), repeatable_cudnn(device_of(trained)):
        maps = trained.network_.embed(images.to(device_of(trained))).cpu()
    np.testing.assert_allclose(adapted.class_maps_, maps, rtol=1e-4, atol=1e-5)


def test_probabilities_are_a_softmax_of_the_networks_scores(trained, sketches):
    X, y = sketches
    images = torch.tensor(X).view(-1, 1, 12, 12).float().to(device_of(trained))
    with torch.no_grad(), repeatable_cudnn(device_of(trained)):
        maps = trained.network_.embed(images)
        means = torch.stack([maps[torch.tensor(y == label)].mean(0) for label in trained.classes_])
        scores = trained.network_.relate(means[None], maps[None])[0].cpu().numpy()
    np.testing.assert_allclose(
        trained.predict_proba(X), softmax(scores, axis=1), rtol=1e-3, atol=1e-5
    )
    np.testing.assert_array_equal(trained.predict(X), trained.classes_[scores.argmax(axis=1)])


def test_more_classes_than_a_block_holds(trained, sketches):
    X, _ = sketches
    many = trained.adapt(X[:150], np.arange(150)).predict_proba(X[:40])
    some = trained.adapt(X[:50], np.arange(50)).predict_proba(X[:40])
    differences = np.log(many[:, :50]) - np.log(some)  # constant in each row if scores are equal
    np.testing.assert_allclose(differences, differences[:, :1].repeat(50, axis=1), atol=1e-3)


def test_a_prediction_does_not_depend_on_its_neighbours(trained, sketches):
    X, _ = sketches
    whole = trained.predict_proba(X)
    alone = np.concatenate([trained.predict_proba(x[None]) for x in X[:5]])
    np.testing.assert_array_equal(alone, whole[:5])


def test_n_support_limits_the_examples_of_a_class(trained, few):
    X, y = few
    one = clone_with(trained, n_support=1).adapt(X, y)
    singles = trained.adapt(X, np.arange(len(X))).class_maps_.reshape(3, N_EACH, -1)
    for own, maps in zip(singles, one.class_maps_, strict=True):
        assert np.isclose(own, maps.ravel(), atol=1e-5).all(axis=1).sum() == 1
    many = clone_with(trained, n_support=N_EACH).adapt(X, y)
    np.testing.assert_array_equal(many.class_maps_, trained.adapt(X, y).class_maps_)


def clone_with(fitted, **params):
    return pickle.loads(pickle.dumps(fitted)).set_params(**params)


def test_equal_seeds_give_equal_networks_and_other_seeds_others(few):
    X, y = few
    same, again, other = (
        quick(augmentation="sketch", random_state=seed).fit(X, y).predict_proba(X)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(same, again)
    assert np.abs(same - other).max() > 0


def test_global_generators_and_threads_are_left_alone(few):
    torch.manual_seed(0)
    np.random.seed(0)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), torch.get_num_threads()
    quick(augmentation="sketch").fit(*few)
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])
    assert torch.get_num_threads() == before[2]


def test_stacks_and_other_dtypes_are_read_alike(few):
    X, y = few
    expected = quick().fit(X, y).predict_proba(X)
    for same in (X.reshape(-1, 12, 12), X.reshape(-1, 1, 12, 12), X.astype(float)):
        np.testing.assert_array_equal(quick().fit(same, y).predict_proba(same), expected)


def test_a_pickle_predicts_the_same(trained, few):
    X, _ = few
    copy = pickle.loads(pickle.dumps(trained))
    np.testing.assert_array_equal(copy.predict_proba(X), trained.predict_proba(X))


def test_augmentation_is_used_and_its_parameters_are_reached(few):
    X, y = few
    policy = AugmentationPolicy(rotation=90)
    clf = quick(augmentation=policy).set_params(augmentation__rotation=0)
    turned, plain = (c.fit(X, y).loss_curve_ for c in (clf, quick(augmentation=None)))
    assert policy.rotation == 0
    assert turned != plain
    assert plain == quick().fit(X, y).loss_curve_


def test_small_classes_are_drawn_again(few):
    X, y = few
    rows = np.r_[0:20, 20, 40:43]  # twenty of one class, one, three
    clf = quick(n_shot=2, n_query=3).fit(X[rows], y[rows])
    assert np.isfinite(clf.loss_curve_).all()


def test_episodes_share_steps(few):
    assert len(quick(n_episodes=5, batch_size=2).fit(*few).loss_curve_) == 3


def test_bfloat16_trains_and_predicts_in_float32(few):
    clf = quick(precision="bfloat16").fit(*few)
    assert clf.class_maps_.dtype == np.float32
    assert np.isfinite(clf.loss_curve_).all()


def test_a_bar_is_shown_where_asked_for(few, capsys):
    quick().fit(*few)
    assert capsys.readouterr().out == ""
    quick(verbose=1).fit(*few)
    assert "RelationNetworkClassifier" in capsys.readouterr().out


def test_where_memory_runs_out_the_error_names_what_to_lower(few, monkeypatch):
    def fail(*args):
        raise RuntimeError("DefaultCPUAllocator: not enough memory")

    clf = quick(device="cpu").fit(*few)
    before = clf.predict_proba(few[0])
    with monkeypatch.context() as patch:
        patch.setattr(RelationNetwork, "forward", fail)
        message = "on device='cpu' in training with batch_size=1 and width=0.25. Lower batch_size"
        with pytest.raises(OutOfMemoryError, match=message):
            clf.fit(few[0] // 2, few[1])
    np.testing.assert_array_equal(clf.predict_proba(few[0]), before)


def interrupt(monkeypatch, number):
    """Interrupt training while the episode with this number is drawn."""
    draw, drawn = EpisodeSampler.draw, []

    def draw_or_interrupt(self):
        drawn.append(True)
        if len(drawn) == number:
            raise KeyboardInterrupt
        return draw(self)

    monkeypatch.setattr(EpisodeSampler, "draw", draw_or_interrupt)


def test_who_interrupts_a_fit_keeps_the_steps_that_were_taken(few, monkeypatch):
    whole = quick().fit(*few)
    interrupt(monkeypatch, 3)
    clf = quick()
    with pytest.raises(FitInterrupted, match="RelationNetworkClassifier: .* after 2 of 4 steps"):
        clf.fit(*few)
    assert clf.loss_curve_ == whole.loss_curve_[:2]
    assert set(clf.predict(few[0])) <= set(few[1])


def test_interrupted_training_that_had_diverged_stays_finite(few, monkeypatch):
    interrupt(monkeypatch, 3)
    clf = quick(lr=1e30)
    with pytest.raises(FitInterrupted), pytest.warns(ConvergenceWarning, match="diverged by step"):
        clf.fit(*few)
    assert clf.diverged_
    assert np.isfinite(clf.predict_proba(few[0])).all()


def test_before_the_first_step_an_interrupt_leaves_all_as_it_was(few, monkeypatch):
    clf = quick().fit(*few)
    state = dict(vars(clf))
    interrupt(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt) as raised:
        clf.fit(*few)
    assert not isinstance(raised.value, FitInterrupted) and vars(clf) == state


@pytest.mark.parametrize("n_episodes", [4, 6])
def test_training_that_diverges_stops_and_stays_finite(few, monkeypatch, n_episodes):
    monkeypatch.setattr(_training, "LOOK_EVERY", 4)
    clf = quick(n_episodes=n_episodes, batch_size=1, lr=1e30)
    with pytest.warns(ConvergenceWarning, match="diverged by step 4, at lr=1e.30.*untrained"):
        clf.fit(*few)
    assert clf.diverged_ and len(clf.loss_curve_) == 4
    assert np.isfinite(clf.predict_proba(few[0])).all()
    assert not quick().fit(*few).diverged_


def test_pictures_of_another_size_are_refused(trained, few):
    X, y = few
    with pytest.raises(ValueError, match="X has 140 features, but RelationNetworkClassifier"):
        trained.adapt(X[:, :140], y)
    with pytest.raises(InvalidImagesError, match=r"must hold images of shape \(1, 12, 12\)"):
        trained.adapt(X.reshape(-1, 9, 16), y)


def test_a_single_class_is_refused(trained, few):
    X, y = few
    with pytest.raises(InvalidTargetsError, match="at least two classes"):
        quick().fit(X[:5], y[:5])
    with pytest.raises(InvalidTargetsError, match="at least two classes"):
        trained.adapt(X[:5], y[:5])


def test_unknown_augmentations_and_devices_are_refused(few):
    with pytest.raises(InvalidParameterError, match=r"apply of MixUp must take \(images, draw\)"):
        quick(augmentation=MixUp()).fit(*few)
    with pytest.raises(InvalidParameterError, match="device='abacus' cannot be used here"):
        quick(device="abacus").fit(*few)


@pytest.mark.parametrize(
    "params", [{"n_way": 1}, {"n_shot": 0}, {"n_query": 0}, {"n_support": 0}, {"lr": 0.0}]
)
def test_parameters_out_of_range_are_refused(few, params):
    with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter of Relation"):
        quick(**params).fit(*few)


def test_a_constant_channel_has_no_variance_however_bright(few):
    X, y = few
    coloured = np.repeat(X.reshape(-1, 1, 12, 12).astype(np.float32), 3, axis=1)
    coloured[:, 2] = 200.3
    clf = quick(n_episodes=1, n_way=3).fit(coloured, y)
    inverse = clf.network_.standardize.inverse_std.ravel()
    assert inverse[2] == 0 < inverse[0] == inverse[1]
