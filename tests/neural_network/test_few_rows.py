"""Few rows are predicted in small batches, if these give the same logits as a full batch."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from skquickdraw import CNNClassifier, ImageClassifier, MobileNetClassifier, ResNetClassifier
from skquickdraw._device import repeatable_cudnn
from skquickdraw.networks import CNN, MobileNetV2, ResNet, fold_batch_norm
from skquickdraw.neural_network._folded import memory_format
from skquickdraw.neural_network._prediction import FewRows

CPU = torch.device("cpu")
FULL = 32
NETWORKS = [CNN, MobileNetV2, ResNet]


@pytest.fixture
def sizes(monkeypatch):
    """Return a list of the batch sizes that networks of this package are called with."""
    seen = []
    for network in NETWORKS:
        forward = network.forward

        def spy(self, x, forward=forward):
            seen.append(len(x))
            return forward(self, x)

        monkeypatch.setattr(network, "forward", spy)
    return seen


def folded(network, shape=(1, 28, 28), width=1.0):
    """Return a folded network; before, its statistics were changed from zeros and ones."""
    torch.manual_seed(0)
    module = network(shape, 10, width=width).to(memory_format=torch.channels_last)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.1)
            part.running_var.uniform_(0.5, 2)
    return fold_batch_norm(module)


@pytest.mark.parametrize("width", [0.25, 1.0])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 12, 20)])
@pytest.mark.parametrize("network", NETWORKS)
def test_what_is_chosen_gives_the_logits_of_a_full_batch(network, shape, width):
    module = folded(network, shape, width)
    few_rows = FewRows(module, shape, CPU)
    images = 255 * torch.rand(FULL, *shape)
    with torch.inference_mode():
        expected = module(images)
        for n_rows in (1, 2, 3, 5, 16, 17, FULL):
            chosen, size = few_rows.choose(n_rows)
            batch = torch.zeros(size, *shape)
            batch[:n_rows] = images[:n_rows]
            assert n_rows <= size <= FULL
            assert torch.equal(chosen(batch)[:n_rows], expected[:n_rows])


def test_a_size_that_gives_other_logits_is_padded(monkeypatch):
    module = folded(CNN, width=0.25)
    few_rows = FewRows(module, (1, 28, 28), CPU)
    tried = []

    def differ_below_8(images):
        tried.append(len(images))
        return module(images) + (len(images) < 8)

    monkeypatch.setattr(FewRows, "for_few", property(lambda self: differ_below_8))
    assert few_rows.choose(1)[1] in (8, 16, FULL)
    assert tried[:4] == [1, 2, 4, 8]
    few_rows.choose(1)
    assert tried.count(1) == 1  # once is enough


def test_each_number_of_threads_is_tried_out():
    few_rows = FewRows(folded(CNN, width=0.25), (1, 28, 28), CPU)
    n_threads = torch.get_num_threads()
    few_rows.choose(1)
    try:
        torch.set_num_threads(n_threads + 1)
        few_rows.choose(1)
    finally:
        torch.set_num_threads(n_threads)
    assert {threads for _, threads in few_rows._is_same} == {n_threads, n_threads + 1}


@pytest.mark.parametrize("error", [AttributeError, RuntimeError])
def test_without_onednn_batches_are_full(monkeypatch, error):
    def fail(*args):
        raise error("'_OpNamespace' 'mkldnn' object has no attribute")

    monkeypatch.setattr(torch.ops.mkldnn, "_reorder_convolution_weight", fail)
    module = folded(CNN, width=0.25)
    assert FewRows(module, (1, 28, 28), CPU).choose(1) == (module, FULL)


def test_the_form_for_few_rows_shares_the_weights():
    module = folded(MobileNetV2)
    few_rows = FewRows(module, (1, 28, 28), CPU)
    known = {weight.data_ptr() for weight in module.parameters()}
    assert {weight.data_ptr() for weight in few_rows.for_few.parameters()} <= known


@pytest.mark.parametrize("cls", [CNNClassifier, MobileNetClassifier, ResNetClassifier])
def test_one_row_has_the_same_bits_as_among_many(sketches, quick, cls):
    X, y = sketches
    clf = quick(cls, n_tta=3, device="cpu").fit(X, y)
    together = clf.decision_function(X)
    for n_rows in (1, 2, 5, 9, 17, 33):
        np.testing.assert_array_equal(clf.decision_function(X[:n_rows]), together[:n_rows])
        np.testing.assert_array_equal(clf.decision_function(X[-n_rows:]), together[-n_rows:])
    logits = clf.extract_features(X[:1], layer="logits")
    np.testing.assert_array_equal(logits, clf.extract_features(X, layer="logits")[:1])
    features = clf.extract_features(X[:1])
    np.testing.assert_array_equal(features, clf.extract_features(X)[:1])


def test_a_single_row_is_no_full_batch(sketches, quick, sizes):
    X, y = sketches
    clf = quick(device="cpu").fit(X, y)
    clf.predict(X[:1])
    if clf.net_.folded_._few_rows.choose(1)[1] == FULL:
        pytest.skip("this machine gives single rows other logits")
    sizes.clear()
    clf.predict(X[:1])
    assert sizes == [1]


def test_users_networks_see_full_batches(sketches, quick):
    seen = []

    class Small(nn.Sequential):
        def __init__(self, image_shape, n_classes):
            super().__init__(nn.Flatten(), nn.LazyLinear(n_classes))

        def forward(self, x):
            seen.append(len(x))
            return super().forward(x)

    X, y = sketches
    clf = quick(ImageClassifier, network=Small, width=None, device="cpu").fit(X, y)
    seen.clear()
    clf.predict(X[:1])
    assert seen == [FULL]


def test_a_hook_is_called_for_images_only(sketches, quick):
    X, y = sketches
    clf = quick(device="cpu").fit(X, y)
    seen = []
    clf.net_.module_.head.register_forward_hook(lambda *args: seen.append(len(args[2])))
    clf.predict(X[:1])
    assert seen == [FULL]


def test_predictions_are_of_single_precision_under_autocast(sketches, quick):
    X, y = sketches
    clf = quick(device="cpu").fit(X, y)
    expected = clf.decision_function(X)
    with torch.autocast("cpu", torch.bfloat16):
        np.testing.assert_array_equal(clf.decision_function(X), expected)
        np.testing.assert_array_equal(clf.decision_function(X[:1]), expected[:1])


@pytest.mark.parametrize(
    ("network", "device", "expected"),
    [
        (MobileNetV2, "cuda", torch.contiguous_format),
        (MobileNetV2, "cpu", torch.preserve_format),
        (ResNet, "cuda", torch.preserve_format),
    ],
)
def test_depthwise_networks_leave_channels_last_on_cuda(network, device, expected):
    module = network((1, 28, 28), 3, width=0.25)
    assert memory_format(module, torch.device(device)) == expected


def test_cudnn_repeats_its_results_in_full_float32():
    def flags():
        cudnn = torch.backends.cudnn
        return cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32

    device, before = torch.device("cuda"), flags()
    with repeatable_cudnn(device):
        assert flags() == (False, True, False)
    with repeatable_cudnn(CPU):
        assert flags() == before


def test_flags_of_cudnn_return_when_the_last_user_leaves():
    before = torch.backends.cudnn.allow_tf32
    first, second = repeatable_cudnn(torch.device("cuda")), repeatable_cudnn(torch.device("cuda"))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not torch.backends.cudnn.allow_tf32
    second.__exit__(None, None, None)
    assert torch.backends.cudnn.allow_tf32 == before


@pytest.mark.parametrize("holder", ["backends", "conv"])
def test_a_precision_that_the_user_has_set_by_name_is_put_back(holder):
    program = f"""
import torch
from skquickdraw._device import repeatable_cudnn
holder = torch.backends if "{holder}" == "backends" else torch.backends.cudnn.conv
holder.fp32_precision = "tf32" if "{holder}" == "backends" else "ieee"
before = torch.backends.cudnn.conv.fp32_precision
with repeatable_cudnn(torch.device("cuda")):
    assert torch.backends.cudnn.conv.fp32_precision == "ieee"
assert torch.backends.cudnn.conv.fp32_precision == before
"""
    subprocess.run([sys.executable, "-c", program], check=True)  # the setting cannot be undone
