"""A prediction depends on its image only, not on other rows or on a fit that failed later."""

import pickle
import threading

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning

from skquickdraw import MobileNetClassifier, ResNetClassifier
from skquickdraw.exceptions import InvalidImagesError, InvalidParameterError, InvalidTargetsError


@pytest.mark.parametrize("cls", [MobileNetClassifier, ResNetClassifier])
def test_a_prediction_does_not_depend_on_its_neighbours(sketches, quick, cls):
    X, y = sketches
    clf = quick(cls).fit(X, y)
    together = clf.predict_proba(X)
    np.testing.assert_array_equal(
        np.vstack([clf.predict_proba(X[[i]]) for i in range(5)]), together[:5]
    )
    np.testing.assert_array_equal(clf.predict_proba(X[::-1]), together[::-1])


def test_pictures_may_come_as_nested_lists(sketches, quick):
    X, y = sketches
    clf = quick().fit(X.reshape(-1, 12, 12).tolist(), y.tolist())
    np.testing.assert_array_equal(clf.predict(X.reshape(-1, 12, 12).tolist()), clf.predict(X))


def test_views_are_checked_again_at_prediction(sketches, quick):
    clf = quick().fit(*sketches)
    with pytest.raises(InvalidParameterError, match="n_tta=9, .* only 5 views"):
        clf.set_params(n_tta=9).predict(sketches[0])


def test_a_refused_fit_leaves_the_fitted_network_as_it_was(sketches, quick):
    X, y = sketches
    clf = quick().fit(X, np.array(["ant", "cat", "dog"])[y])
    before = clf.predict(X)
    with pytest.raises(InvalidImagesError, match="at most|between 0 and 255"):
        clf.fit(X * 2.0, y)
    np.testing.assert_array_equal(clf.predict(X), before)


def test_later_calls_cannot_name_other_classes(sketches, quick):
    clf = quick().partial_fit(*sketches, classes=[0, 1, 2])
    with pytest.raises(InvalidTargetsError, match=r"classes=\[0, 1, 2, 3\] differ from those"):
        clf.partial_fit(*sketches, classes=[0, 1, 2, 3])


def test_fits_in_threads_equal_fits_one_after_another(sketches, quick):
    classifiers = [quick(random_state=seed, dropout=0.5) for seed in (0, 1)]
    threads = [threading.Thread(target=clf.fit, args=sketches) for clf in classifiers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for clf in classifiers:
        alone = quick(random_state=clf.random_state, dropout=0.5).fit(*sketches)
        np.testing.assert_array_equal(
            clf.predict_proba(sketches[0]), alone.predict_proba(sketches[0])
        )


def test_a_fitted_network_is_in_evaluation_mode(sketches, quick):
    assert not quick(dropout=0.5).fit(*sketches).net_.module_.training


def test_many_classes_may_be_named_at_once(sketches, quick):
    clf = quick().partial_fit(*sketches, classes=range(30))
    assert clf.predict_proba(sketches[0]).shape == (90, 30)


def test_training_that_diverges_warns(sketches, quick):
    with pytest.warns(ConvergenceWarning, match="CNN.*: .* in epoch 1, at a rate of 1e.30.*untra"):
        clf = quick(lr=1e30, lr_schedule=None, max_epochs=3).fit(*sketches)
    assert clf.diverged_ and clf.n_epochs_ == 1
    assert np.isfinite(clf.predict_proba(sketches[0])).all()


@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_training_that_diverges_keeps_the_last_finite_weights(sketches, quick, ema_decay):
    params = {"lr_schedule": None, "ema_decay": ema_decay, "optimizer": "sgd"}
    before = quick(max_epochs=2, **params).fit(*sketches)
    assert not before.diverged_
    after = quick(max_epochs=2, warm_start=True, **params).fit(*sketches)
    with pytest.warns(ConvergenceWarning, match="has diverged in epoch 3"):
        after.set_params(lr=1e30).fit(*sketches)
    np.testing.assert_array_equal(
        after.predict_proba(sketches[0]), before.predict_proba(sketches[0])
    )
    after.set_params(lr="auto", max_epochs=1).fit(*sketches)  # training can go on from them
    assert not after.diverged_ and np.isfinite(after.predict_proba(sketches[0])).all()


def test_another_stem_is_another_network(sketches, quick):
    clf = quick(warm_start=True, stem_stride=2).fit(*sketches)
    with pytest.raises(InvalidParameterError, match="stem_stride"):
        clf.set_params(stem_stride=1).fit(*sketches)


def add_in_place(bias):
    with torch.no_grad():
        bias[0] += 100


def add_past_autograd(bias):
    bias.data[0] += 100


def add_by_numpy(bias):
    bias.detach().numpy()[0] += 100


@pytest.mark.parametrize("change", [add_in_place, add_past_autograd, add_by_numpy])
def test_a_network_that_was_changed_by_hand_predicts_with_the_change(sketches, quick, change):
    clf = quick(device="cpu").fit(*sketches)
    before = clf.predict_proba(sketches[0])
    change(clf.net_.module_.head.classify.bias)
    assert (clf.predict(sketches[0]) == clf.classes_[0]).all()
    assert not np.array_equal(clf.predict_proba(sketches[0]), before)


def test_a_hook_that_is_set_after_a_prediction_is_called(sketches, quick):
    clf = quick().fit(*sketches)
    clf.predict(sketches[0])
    seen = []
    clf.net_.module_.head.register_forward_hook(lambda *args: seen.append(args))
    clf.predict(sketches[0])
    assert seen


def test_what_prediction_keeps_is_no_parameter_of_the_net(sketches, quick):
    clf = quick().fit(*sketches)
    clf.predict(sketches[0])
    assert not [name for name in clf.net_.get_params(deep=False) if "folded" in name]


def test_what_prediction_keeps_is_not_pickled(sketches, quick):
    clf = quick().fit(*sketches)
    size = len(pickle.dumps(clf))
    clf.predict(sketches[0])
    assert len(pickle.dumps(clf)) == size
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(clf)).predict_proba(sketches[0]), clf.predict_proba(sketches[0])
    )


def test_a_channel_that_is_empty_in_training_does_not_decide_later(sketches, quick):
    X, y = sketches
    red = np.zeros((len(X), 3, 12, 12), dtype=np.uint8)
    red[:, 0] = X.reshape(-1, 12, 12)
    clf = quick(max_epochs=3).fit(red, y)
    other = red.copy()
    other[:, 2, 0, 0] = 1
    np.testing.assert_array_equal(clf.predict_proba(other), clf.predict_proba(red))


def test_features_may_be_tiny(quick):
    X = np.random.default_rng(0).normal(size=(60, 4, 4)).astype(np.float32)
    y = (X[:, 0, 0] > 0).astype(int)
    clf = quick(max_epochs=10).fit(1e-8 * X, y)
    assert clf.score(1e-8 * X, y) == quick(max_epochs=10).fit(X, y).score(X, y) > 0.9


def test_a_constant_channel_has_no_variance_however_bright(sketches, quick):
    X, y = sketches
    grey = X.reshape(-1, 1, 12, 12)
    clf = quick().fit(np.concatenate([grey, np.full_like(grey, 255)], axis=1)[:, [0, 1, 1]], y)
    assert clf.net_.module_.standardize.inverse_std.ravel()[1:].tolist() == [0, 0]
