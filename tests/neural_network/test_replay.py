"""Training steps that are recorded and replayed, here by a tape, which needs no GPU.

The tape shows if a recording freezes a number that should change, or waits for the device. Streams,
memory pools and generators of a GPU are covered by the tests at the end, which need one.
"""

import pytest
import torch

from skquickdraw import CNNClassifier, MobileNetClassifier, ResNetClassifier
from skquickdraw.augmentation import CutMix
from skquickdraw.neural_network import _loop, _net, _replay

from .tape import TapeRecorder

NETWORKS = [CNNClassifier, MobileNetClassifier, ResNetClassifier]


@pytest.fixture
def recorders(monkeypatch):
    """Record every training with a tape, and return the list of the recorders."""
    made = []

    def make_step(net, n_steps):
        made.append(TapeRecorder())
        return _replay.ReplayedStep(net, made[-1])

    monkeypatch.setattr(_loop, "make_step", make_step)
    return made


@pytest.fixture
def never(monkeypatch):
    """Return a function that stops recording; learning rates stay tensors on the device."""

    def give_up():
        def make_step(net, n_steps):
            step = _replay.ReplayedStep(net, TapeRecorder())
            step.is_given_up = True
            return step

        monkeypatch.setattr(_loop, "make_step", make_step)

    return give_up


def weights(clf):
    return list(clf.net_.module_.state_dict().values())


def assert_same(clf, other):
    assert all(map(torch.equal, weights(clf), weights(other)))
    losses, others = ([record["train_loss"] for record in fit.history_] for fit in (clf, other))
    assert losses == others


def count_played(recorders):
    return [tape.n_played for recorder in recorders for tape in recorder.tapes]


OPTIONS = [
    {"optimizer": "muon"},
    {"optimizer": "adamw"},
    {"ema_decay": 0.99},
    {"lr_schedule": "plateau", "max_epochs": 5},
    {"lr_schedule": None},
    {"dropout": 0.2, "spatial_dropout": 0.1},
    {"mixing": CutMix()},
    {"augmentation": "sketch"},
    {"loss": "focal", "class_weight": "balanced"},
    {"precision": "bfloat16"},  # slow on a CPU without bfloat16 units
    {"early_stopping": True, "n_iter_no_change": 2, "ema_decay": 0.9, "max_epochs": 5},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("cls", NETWORKS)
def test_played_steps_are_those_of_python(quick, sketches, recorders, never, cls, options):
    # On the CPU, because the tape restores only the state of the CPU's generator.
    options = {"batch_size": 30, "max_epochs": 3, "width": 0.1, "device": "cpu", **options}
    played = quick(cls, **options).fit(*sketches)
    assert sum(count_played(recorders)) > 0
    never()
    assert_same(played, quick(cls, **options).fit(*sketches))


def test_each_size_of_batch_has_its_recording(quick, sketches, recorders):
    quick(batch_size=40, max_epochs=6).fit(*(column[:89] for column in sketches))
    assert [tape.n_played for tape in recorders[0].tapes] == [9, 3]  # 12 of 30 rows, 6 of 29


def test_weights_of_rows_are_buffers_too(quick, sketches, recorders, never):
    X, y = sketches
    sample_weight = torch.rand(len(y), generator=torch.Generator().manual_seed(0)).numpy()
    played = quick(batch_size=30, max_epochs=3).fit(X, y, sample_weight=sample_weight)
    assert sum(count_played(recorders)) > 0
    never()
    eager = quick(batch_size=30, max_epochs=3).fit(X, y, sample_weight=sample_weight)
    assert_same(played, eager)


def test_training_goes_on_after_recordings(quick, sketches, recorders, never):
    options = {"batch_size": 30, "max_epochs": 3, "warm_start": True, "optimizer": "muon"}
    played = quick(**options).fit(*sketches).fit(*sketches).partial_fit(*sketches)
    never()
    eager = quick(**options).fit(*sketches).fit(*sketches).partial_fit(*sketches)
    assert_same(played, eager)


def test_the_optimizer_is_left_with_plain_numbers(quick, sketches, recorders):
    clf = quick(batch_size=30, max_epochs=3, optimizer="muon").fit(*sketches)
    for group in clf.net_.optimizer_.param_groups:
        assert type(group["lr"]) is float
        assert group["capturable"] is False


def test_recordings_are_given_back(quick, sketches, recorders):
    quick(batch_size=30, max_epochs=3).fit(*sketches)
    assert all(tape.is_reset for tape in recorders[0].tapes)


def test_recordings_are_given_back_after_an_error(quick, sketches, recorders, monkeypatch):
    def fail(self, validation):
        raise KeyboardInterrupt

    monkeypatch.setattr(_loop.TrainingLoop, "validate", fail)
    X, y = sketches
    with pytest.raises(KeyboardInterrupt):
        quick(batch_size=15, max_epochs=3).fit(X, y, X_val=X, y_val=y)
    assert recorders[0].tapes
    assert all(tape.is_reset for tape in recorders[0].tapes)


def test_a_step_that_waits_is_taken_as_it_is(quick, sketches, recorders, never, monkeypatch):
    infer = _net.ImageNeuralNet.infer

    def wait(self, x, **fit_params):
        logits = infer(self, x)
        assert logits.sum().item() is not None
        return logits

    monkeypatch.setattr(_net.ImageNeuralNet, "infer", wait)
    with pytest.warns(RuntimeWarning, match=r"cannot be recorded .*_local_scalar_dense waits"):
        slow = quick(batch_size=30, max_epochs=3).fit(*sketches)
    assert count_played(recorders) == []
    never()
    assert_same(slow, quick(batch_size=30, max_epochs=3).fit(*sketches))


def test_the_tape_sees_a_frozen_number(quick, sketches, recorders, never, monkeypatch):
    """A learning rate that is a Python number keeps its value from the recording."""
    monkeypatch.setattr(_replay.ReplayedStep, "_hold_rates", lambda self: None)
    frozen = quick(batch_size=30, max_epochs=4).fit(*sketches)
    never()
    live = quick(batch_size=30, max_epochs=4).fit(*sketches)
    assert not all(map(torch.equal, weights(frozen), weights(live)))


class OwnOptimizer(torch.optim.AdamW):
    pass


class OwnLoss:
    def bind(self, class_counts):
        return OwnRowLoss()


class OwnRowLoss(torch.nn.Module):
    def forward(self, logits, targets):
        return (logits - targets).square().mean(dim=1)


@pytest.mark.parametrize(
    ("options", "is_own"),
    [
        ({}, True),
        ({"optimizer": "muon"}, True),
        ({"optimizer": "sgd"}, False),
        ({"optimizer": OwnOptimizer}, False),
        ({"loss": OwnLoss()}, False),
    ],
    ids=["adamw", "muon", "sgd", "own optimizer", "own loss"],
)
def test_only_code_of_this_package_is_recorded(quick, sketches, options, is_own):
    net = quick(**options).fit(*sketches).net_
    assert _replay.is_own(net) is is_own


def test_without_a_gpu_nothing_is_recorded(quick, sketches):
    net = quick(device="cpu").fit(*sketches).net_
    assert not _replay.can_replay(net)


needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="records CUDA graphs")


@pytest.fixture
def recorded(monkeypatch):
    """Return a list of the CUDA graphs that are recorded."""
    made = []
    record = _replay.CudaRecorder.record

    def record_and_count(self, step):
        made.append(step)
        return record(self, step)

    monkeypatch.setattr(_replay.CudaRecorder, "record", record_and_count)
    return made


@needs_gpu
@pytest.mark.parametrize("cls", NETWORKS)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_graphs_are_the_steps_of_python(quick, sketches, monkeypatch, recorded, cls, options):
    options = {"batch_size": 10, "max_epochs": 12, "device": "cuda", **options}
    before = torch.cuda.get_rng_state()
    played = quick(cls, **options).fit(*sketches)
    assert recorded
    assert torch.equal(torch.cuda.get_rng_state(), before)

    def never(net, n_steps):
        step = _replay.ReplayedStep(net, _replay.CudaRecorder(torch.device(net.device)))
        step.is_given_up = True
        return step

    monkeypatch.setattr(_loop, "make_step", never)
    assert_same(played, quick(cls, **options).fit(*sketches))


@needs_gpu
def test_training_goes_on_where_a_graph_cannot_be_recorded(quick, sketches, monkeypatch):
    infer = _net.ImageNeuralNet.infer

    def wait(self, x, **fit_params):
        logits = infer(self, x)
        assert logits.sum().item() is not None
        return logits

    monkeypatch.setattr(_net.ImageNeuralNet, "infer", wait)
    options = {"batch_size": 10, "max_epochs": 12, "device": "cuda", "dropout": 0.2}
    with pytest.warns(RuntimeWarning, match="cannot be recorded"):
        clf = quick(**options).fit(*sketches)
    assert clf.n_epochs_ == 12
    torch.cuda.empty_cache()
    assert torch.rand(3, device="cuda").isfinite().all()
