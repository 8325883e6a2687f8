"""``extract_features`` of the classifiers: its results, and that it changes nothing."""

from multiprocessing.pool import ThreadPool

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

from skquickdraw import CNNClassifier, MobileNetClassifier, ResNetClassifier
from skquickdraw._device import repeatable_cudnn
from skquickdraw.exceptions import InvalidImagesError, InvalidParameterError

CLASSIFIERS = [CNNClassifier, MobileNetClassifier, ResNetClassifier]


@pytest.fixture(scope="module", params=CLASSIFIERS, ids=lambda cls: cls.__name__)
def fitted(request, sketches):
    clf = request.param(width=0.25, max_epochs=1, dropout=0.5, spatial_dropout=0.5, random_state=0)
    return clf.fit(*sketches)


def output_of(clf, X, layer):
    """Return the output of a layer of the network for all images at once."""
    kept = []
    hook = clf.net_.module_.get_submodule(layer).register_forward_hook(
        lambda module, inputs, output: kept.append(output.cpu().numpy())
    )
    with torch.inference_mode(), repeatable_cudnn(torch.device(clf.net_.device)):
        clf.net_.module_(torch.tensor(X.reshape(-1, 1, 12, 12), device=clf.net_.device))
    hook.remove()
    return kept[0]


def test_logits_are_the_decision(fitted, sketches):
    logits = fitted.extract_features(sketches[0], layer="logits")
    np.testing.assert_array_equal(logits, fitted.decision_function(sketches[0]))


def test_the_last_layer_makes_logits_of_penultimate_features(fitted, sketches):
    features = fitted.extract_features(sketches[0])
    assert features.dtype == np.float32
    last = fitted.net_.module_.head.classify
    assert features.shape == (90, last.in_features)
    logits = last(torch.as_tensor(features, device=fitted.net_.device)).detach().cpu().numpy()
    np.testing.assert_allclose(logits, fitted.decision_function(sketches[0]), atol=1e-5)


def test_layers_can_be_read_by_name(fitted, sketches):
    X = sketches[0][:35]  # more than a batch
    names = [name for name, _ in fitted.net_.module_.named_modules() if name]
    layers = [name for name in names if name.count(".") < 2][::2]
    for layer in layers:
        expected = output_of(fitted, X, layer)
        maps = expected.mean((2, 3)) if expected.ndim == 4 else expected
        features = fitted.extract_features(X, layer=layer)
        np.testing.assert_allclose(features, maps, rtol=1e-3, atol=1e-4, err_msg=layer)


def test_features_do_not_depend_on_the_others(fitted, sketches):
    together = fitted.extract_features(sketches[0])
    np.testing.assert_array_equal(fitted.extract_features(sketches[0][-1:]), together[-1:])


def test_stacks_are_read_like_rows(fitted, sketches):
    X = sketches[0][:5]
    stacked = fitted.extract_features(X.reshape(5, 1, 12, 12))
    np.testing.assert_array_equal(stacked, fitted.extract_features(X))


def moved(X, down, right):
    pictures = np.pad(X.reshape(-1, 12, 12), ((0, 0), (1, 1), (1, 1)))
    return np.ascontiguousarray(pictures[:, 1 - down : 13 - down, 1 - right : 13 - right])


def test_views_are_averaged(fitted, sketches):
    X = sketches[0][:8]
    steps = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
    expected = np.mean([fitted.extract_features(moved(X, *step)) for step in steps], axis=0)
    fitted.set_params(n_tta=5)
    np.testing.assert_allclose(fitted.extract_features(X), expected, rtol=1e-4, atol=1e-5)
    fitted.set_params(n_tta=1)


def test_the_network_is_left_alone(fitted, sketches):
    before = fitted.decision_function(sketches[0])
    fitted.extract_features(sketches[0])
    np.testing.assert_array_equal(fitted.decision_function(sketches[0]), before)
    hooks = [m._forward_hooks or m._forward_pre_hooks for m in fitted.net_.module_.modules()]
    assert not any(hooks)


def test_layers_can_be_read_at_once(fitted, sketches):
    layers = ["penultimate", "head", "standardize"] * 3
    alone = [fitted.extract_features(sketches[0], layer) for layer in layers]
    with ThreadPool(3) as pool:
        at_once = pool.map(lambda layer: fitted.extract_features(sketches[0], layer), layers)
    for own, expected in zip(at_once, alone, strict=True):
        np.testing.assert_array_equal(own, expected)


@pytest.mark.parametrize(
    ("layer", "guess"),
    [("penultimat", "Did you mean 'penultimate'"), ("heads", "'head'"), ("?", "Take 'penul")],
)
def test_an_unknown_layer_is_named(fitted, sketches, layer, guess):
    with pytest.raises(InvalidParameterError, match="has no layer .*" + guess):
        fitted.extract_features(sketches[0], layer=layer)


def test_a_classifier_must_be_fitted(sketches):
    with pytest.raises(NotFittedError):
        CNNClassifier().extract_features(sketches[0])


def test_pictures_are_checked(fitted, sketches):
    with pytest.raises(InvalidImagesError, match="between 0 and 255"):
        fitted.extract_features(np.full((1, 144), 300))
