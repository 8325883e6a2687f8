"""Processes that are forked from one that has used PyTorch neither hang nor fail."""

import os
import signal
import subprocess
import sys

import pytest

LONG = 60  # seconds until a process counts as hanging

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

FITS = """
import os, threading, warnings
import torch
from torch import nn
from skquickdraw import CNNClassifier, ImageClassifier
from skquickdraw._turns import _turns, sole_user_of_torch
from skquickdraw.datasets import make_sketches
from skquickdraw.neural_network import _step

def own(image_shape, n_classes):
    return nn.Sequential(nn.Flatten(), nn.Dropout(), nn.LazyLinear(n_classes))

X, y = make_sketches(40, 2, image_shape=(12, 12), random_state=0)
makers = [
    lambda: CNNClassifier(width=0.25, max_epochs=0.5, device="cpu", random_state=0),
    lambda: ImageClassifier(own, max_epochs=0.5, device="cpu", random_state=0),
]
alone = [make().fit(X, y).predict_proba(X) for make in makers]
inside, step = threading.Semaphore(0), _step.TrainingStep.__call__

def wait(self, batch):
    if threading.current_thread() is not threading.main_thread():
        inside.release()
        threading.Event().wait()
    step(self, batch)

def wait_for_others():
    with sole_user_of_torch():
        pass

_step.TrainingStep.__call__ = wait
torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
expected = torch.get_rng_state()
for make in makers:
    threading.Thread(target=lambda: make().fit(X, y), daemon=True).start()
    assert inside.acquire(timeout=60)
threading.Thread(target=wait_for_others, daemon=True).start()
while not _turns._n_waiting:
    pass
warnings.simplefilter("ignore")  # that a process with threads forks
child = os.fork()
if child == 0:
    assert torch.equal(torch.get_rng_state(), expected)
    assert torch.get_default_dtype() == torch.float64
    for make, proba in zip(makers, alone):
        assert (make().fit(X, y).predict_proba(X) == proba).all()
    with sole_user_of_torch():
        print("done", flush=True)
    os._exit(0)
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""

THREADS = """
import os, threading, warnings
import torch
from skquickdraw._device import plain_torch
from skquickdraw.datasets import rasterize

strokes = [[[0, 255], [0, 255]], [[0, 255], [255, 0]]]
warnings.simplefilter("ignore")

def copy():
    with plain_torch():
        torch.zeros(4, 4).index_select(0, torch.tensor([1, 3]))

def run(part, start, failed):
    start.wait()
    try:
        part()
    except BaseException as error:
        failed.append(error)

def fork(part):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    start, failed = threading.Barrier(4), []
    threads = [threading.Thread(target=run, args=(part, start, failed)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*failed, sep="\\n", flush=True)
    os._exit(len(failed))

def draw():
    rasterize([strokes] * 20)

copy()
draw()
torch.set_num_threads(2)  # makes torch's threads, which a forked process lacks
for part in copy, draw:
    for _ in range(25):  # without the lock, about a fifth of them fail
        assert fork(part) == 0
"""


def finish(program: str) -> tuple[int, str, str]:
    """Run a program and return its exit status, output and errors."""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        start_new_session=True,  # to end its children too
    ) as process:
        try:
            printed, errors = process.communicate(timeout=2 * LONG)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            pytest.fail("a forked process hangs")
    return process.returncode, printed, errors


def test_a_process_forked_during_fits_does_not_hang():
    status, printed, errors = finish(FITS)
    assert (status, printed) == (0, "done\n"), errors


def test_threads_of_a_forked_process_may_use_torch_first_at_the_same_time():
    status, printed, errors = finish(THREADS)
    assert status == 0, printed + errors
