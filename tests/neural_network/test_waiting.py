"""A warning if threads wait for busy cores, and none otherwise."""

from functools import partial

import pytest
import torch

from skquickdraw import SeedEnsembleClassifier
from skquickdraw._threads import take_one_thread, threads_may_change
from skquickdraw.neural_network import _waiting


@pytest.fixture
def quick(quick):
    """Return a function that makes a small classifier on the CPU, where threads can wait."""
    return partial(quick, device="cpu")


@pytest.fixture
def two_threads(monkeypatch):
    """Make the training believe that PyTorch has two threads, although it computes with one."""
    monkeypatch.setattr(_waiting.sys, "platform", "linux")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)


def let_pass(monkeypatch, seconds, n_interrupted, n_waited):
    """Make each epoch report this use of the processor."""
    totals = iter(range(100))

    def usage():
        n = next(totals)
        return n * seconds, n * n_interrupted, n * n_waited

    monkeypatch.setattr(_waiting, "usage", usage)


# Measured on two cores, beside two busy processes: 2.22 seconds, 811 interruptions, 6 waits.
def test_waiting_for_cores_is_told_once_a_fit(two_threads, quick, sketches, monkeypatch):
    let_pass(monkeypatch, 2.22, 811, 6)
    with pytest.warns(
        UserWarning, match="CNNClassifier: the 2 threads of .*set_num_threads"
    ) as told:
        quick(max_epochs=3).fit(*sketches)
    assert len(told) == 1


@pytest.mark.parametrize(
    "used",
    [
        (2.2, 10, 6),  # nobody else wants the cores
        (0.99, 8125, 8558),  # with OMP_WAIT_POLICY=passive, as measured
        (0.1, 80, 0),  # too short to say
    ],
)
def test_all_else_is_left_alone(two_threads, quick, sketches, monkeypatch, used):
    let_pass(monkeypatch, *used)
    quick(max_epochs=3).fit(*sketches)  # a warning is an error


def test_one_thread_waits_for_none(quick, sketches, monkeypatch):
    let_pass(monkeypatch, 0.74, 282, 0)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    quick(max_epochs=3).fit(*sketches)


@pytest.mark.skipif(_waiting.sys.platform == "win32", reason="there is no module resource")
def test_what_the_system_says_only_grows():
    before = _waiting.usage()
    sum(range(100_000))
    assert all(now >= then for now, then in zip(_waiting.usage(), before, strict=True))


def test_nobody_has_to_wait_for_the_end_of_an_epoch(two_threads, monkeypatch):
    let_pass(monkeypatch, 2.22, 811, 6)
    busy = _waiting.BusyCores("CNNClassifier")
    busy.on_train_begin(None)
    with pytest.warns(UserWarning, match="the 2 threads"):
        busy.on_batch_begin(None, training=True)


@pytest.fixture
def threads(monkeypatch):
    """Record the numbers of threads that are set in PyTorch, beginning with two."""
    given = [2]
    monkeypatch.setattr(_waiting.sys, "platform", "linux")
    monkeypatch.setattr(torch, "get_num_threads", lambda: given[-1])
    monkeypatch.setattr(torch, "set_num_threads", given.append)
    return given


def test_an_unseeded_training_goes_on_with_one_thread(threads, quick, sketches, monkeypatch):
    let_pass(monkeypatch, 2.22, 811, 6)
    with pytest.warns(UserWarning, match="goes on with one thread"):
        quick(max_epochs=3, random_state=None).fit(*sketches)
    assert threads == [2, 1, 2]  # both threads are restored


def test_threads_are_given_back_after_an_error(threads):
    with pytest.raises(ValueError, match="stop"), threads_may_change():
        assert take_one_thread()
        raise ValueError("stop")
    assert threads == [2, 1, 2]


@pytest.mark.parametrize("random_state", [None, 0])
def test_the_outermost_fit_decides_for_its_members(
    threads, quick, sketches, monkeypatch, random_state
):
    let_pass(monkeypatch, 2.22, 811, 6)
    vote = SeedEnsembleClassifier(quick(random_state=0), 2, random_state=random_state)
    with pytest.warns(UserWarning, match="one thread"):
        vote.fit(*sketches)
    assert threads == ([2, 1, 2] if random_state is None else [2])


def test_a_seeded_training_keeps_its_threads(threads, quick, sketches, monkeypatch):
    let_pass(monkeypatch, 2.22, 811, 6)
    with pytest.warns(UserWarning, match="Without random_state"):
        quick(max_epochs=3, random_state=0).fit(*sketches)
    assert threads == [2]
