"""If memory runs out, the error names the parameters to lower, and no memory stays in use."""

import gc
import weakref
from inspect import signature

import numpy as np
import pytest
import torch
from torch import nn

from skquickdraw import CNNClassifier, ImageClassifier, ResNetClassifier
from skquickdraw.exceptions import InvalidParameterError, OutOfMemoryError, SkquickdrawError
from skquickdraw.networks import CNN, ResNet

ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: not enough memory"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    MemoryError(),
]


def fail_with(monkeypatch, error, network=CNN, after=0):
    """Let a network raise ``error``, from its call number ``after`` on."""
    calls = iter(range(1_000_000))
    forward = network.forward

    def fail(self, x):
        if next(calls) >= after:
            raise error
        return forward(self, x)

    monkeypatch.setattr(network, "forward", fail)


@pytest.mark.parametrize("error", ERRORS, ids=["cuda", "cpu", "cudnn", "numpy"])
def test_a_training_names_what_to_lower(monkeypatch, sketches, quick, error):
    fail_with(monkeypatch, error)
    clf = quick(device="cpu")
    message = (
        "CNNClassifier: memory ran out on device='cpu' in training with batch_size=16, width=0.25 "
        "and stem_stride=1. Lower batch_size or lower width or set stem_stride=2. "
    )
    with pytest.raises(OutOfMemoryError, match=message) as caught:
        clf.fit(*sketches)
    assert caught.value.__cause__ is error
    assert all(
        isinstance(caught.value, kind) for kind in (MemoryError, RuntimeError, SkquickdrawError)
    )
    assert not hasattr(clf, "net_")


def test_a_stem_that_strides_already_is_no_way_out(monkeypatch, sketches, quick):
    fail_with(monkeypatch, ERRORS[0])
    with pytest.raises(OutOfMemoryError, match=r"stem_stride=2. Lower batch_size or lower width\."):
        quick(stem_stride=2).fit(*sketches)


def test_of_a_users_network_only_what_it_takes_is_named(monkeypatch, sketches, quick):
    class Small(nn.Sequential):
        def __init__(self, image_shape, n_classes):
            super().__init__(nn.Flatten(), nn.LazyLinear(n_classes))

        def forward(self, x):
            if self.training:
                raise ERRORS[0]
            return super().forward(x)

    clf = quick(ImageClassifier, network=Small, width=None)
    with pytest.raises(OutOfMemoryError, match=r"with batch_size=16\. Lower batch_size\. "):
        clf.fit(*sketches)


def test_a_users_network_that_is_too_large_is_no_wrong_parameter(sketches, quick):
    def build(image_shape, n_classes):
        network = nn.Sequential(nn.Flatten(), nn.LazyLinear(n_classes))
        network.register_forward_hook(fail)
        return network

    def fail(*args):
        raise ERRORS[1]

    with pytest.raises(OutOfMemoryError, match="in training with batch_size=16"):
        quick(ImageClassifier, network=build, width=None).fit(*sketches)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_fit_that_fails_leaves_what_was_fitted(monkeypatch, sketches, quick, method):
    X, y = sketches
    clf = quick(warm_start=True).fit(X, y)
    before, state = clf.predict_proba(X), dict(vars(clf))
    with monkeypatch.context() as patch:
        fail_with(patch, ERRORS[0], after=2)
        with pytest.raises(OutOfMemoryError, match="unchanged"):
            getattr(clf, method)(X, y)
    assert vars(clf) == state
    np.testing.assert_array_equal(clf.predict_proba(X), before)
    assert all(weight.grad is None for weight in clf.net_.module_.parameters())


def test_a_fit_of_other_images_that_fails_leaves_their_shape(monkeypatch, sketches, quick):
    X, y = sketches
    clf = quick().fit(X, y)
    before = clf.predict_proba(X)
    with monkeypatch.context() as patch:
        fail_with(patch, ERRORS[0])
        with pytest.raises(OutOfMemoryError):
            clf.fit(X.reshape(-1, 12, 12)[:, :10, :10] / 255, y)
    np.testing.assert_array_equal(clf.predict_proba(X), before)


def test_a_failed_fit_can_be_repeated_smaller(monkeypatch, sketches, quick):
    clf = quick()
    with monkeypatch.context() as patch:
        fail_with(patch, ERRORS[0])
        with pytest.raises(OutOfMemoryError):
            clf.fit(*sketches)
    clf.set_params(batch_size=8).fit(*sketches)
    fresh = quick(batch_size=8).fit(*sketches)
    np.testing.assert_array_equal(clf.predict_proba(sketches[0]), fresh.predict_proba(sketches[0]))


def test_an_error_that_is_kept_keeps_no_network(monkeypatch, sketches, quick):
    held = []

    def fail(self, x):
        held.append(weakref.ref(self))
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(CNN, "forward", fail)
    emptied = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(True))
    with pytest.raises(OutOfMemoryError) as caught:
        quick().fit(*sketches)
    gc.collect()
    assert caught.value.__cause__ is not None
    assert held[0]() is None
    assert emptied


def test_images_that_do_not_fit_are_told_apart(monkeypatch, sketches, quick):
    def fail(*args):
        raise ERRORS[0]

    monkeypatch.setattr("skquickdraw.neural_network._training_set.as_images", fail)
    with pytest.raises(OutOfMemoryError, match="before training, .* as uint8 or as a memory map"):
        quick().fit(*sketches)


def test_a_prediction_names_what_would_be_smaller(monkeypatch, sketches, quick):
    X, y = sketches
    clf = quick(ResNetClassifier, device="cpu").fit(X, y)
    before = clf.predict_proba(X)
    message = (
        "ResNetClassifier: memory ran out on device='cpu' in a prediction of 32 images at a time, "
        "with width=0.25 and stem_stride=1; batch_size matters in training only. Free memory of "
        "the device, or lower width or set stem_stride=2 and fit again."
    )
    for method in (clf.predict, clf.predict_proba, clf.extract_features):
        with monkeypatch.context() as patch:
            fail_with(patch, ERRORS[0], ResNet)
            with pytest.raises(OutOfMemoryError, match=message):
                method(X)
    np.testing.assert_array_equal(clf.predict_proba(X), before)


def test_other_errors_stay_what_they_are(monkeypatch, sketches, quick):
    fail_with(monkeypatch, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="^shapes do not match$"):
        quick().fit(*sketches)


def test_a_refused_parameter_leaves_the_fitted_state(sketches, quick):
    X, y = sketches
    clf = quick().fit(X, y)
    state = dict(vars(clf))
    with pytest.raises(InvalidParameterError, match="no residual branches"):
        clf.set_params(stochastic_depth=0.1).fit(X[:, :121], y)
    assert vars(clf) == {**state, "stochastic_depth": 0.1}


def test_a_guarded_method_keeps_its_signature():
    parameters = ["self", "X", "y", "sample_weight", "soft_targets", "X_val", "y_val"]
    assert list(signature(CNNClassifier.fit).parameters) == parameters
