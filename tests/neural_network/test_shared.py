"""Two processes that share the training of a network give the same network as one process.

The networks are compared in float64. Training amplifies rounding errors, and in float32 they soon
are as large as the effect of a mistake; even another order of the rows in a batch causes them.
"""

import os
import pickle
import socket
import subprocess
import sys
from functools import partial
from textwrap import dedent

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn

from skquickdraw import CNNClassifier, ImageClassifier
from skquickdraw.datasets import MappedFiles, make_sketches
from skquickdraw.exceptions import MissingDependencyError
from skquickdraw.networks import CNN, MobileNetV2, ResNet
from skquickdraw.neural_network import _shared

pytest.importorskip("accelerate", reason="needs accelerate")
cloudpickle = pytest.importorskip("cloudpickle", reason="needs cloudpickle, which Dask brings")


class Exact(nn.Module):
    """A network of this package in float64."""

    def __init__(self, network, image_shape, n_classes):
        super().__init__()
        self.network = network(image_shape, n_classes, width=0.25).double()

    def forward(self, images):
        return self.network(images.double())


PLAN = {
    "max_epochs": 2,
    "batch_size": 31,  # odd, so that the processes get unequal shares
    "augmentation": "sketch",
    "optimizer": "sgd",
    "lr": 0.05,
    "precision": "float32",
    "random_state": 0,
}
JUDGED = {"class_weight": "balanced", "lr_schedule": "plateau", "early_stopping": True}
FITS = {
    "averaged": ImageClassifier(partial(Exact, CNN), **PLAN, ema_decay=0.9, mixing="mixup"),
    "judged": ImageClassifier(partial(Exact, ResNet), **PLAN, **JUDGED),
    "depthwise": ImageClassifier(partial(Exact, MobileNetV2), **PLAN),
    "of files": ImageClassifier(partial(Exact, CNN), **PLAN, epoch_size=62),
    "float32": CNNClassifier(width=0.25, **PLAN),
    "without a seed": CNNClassifier(width=0.25, **{**PLAN, "random_state": None}),
}
# Largest difference of a probability. In these six steps, rounding causes one of 2e-15, and a
# variance that is divided by n instead of n - 1 causes one of 8e-7 or more.
BOUNDS = dict.fromkeys(("averaged", "judged", "depthwise", "of files"), 1e-12) | {"float32": 1e-5}

RUN = """
    import os, pickle, sys

    with open("fits.pickle", "rb") as file:
        X, files, y, fits = pickle.load(file)
    for name, clf in fits.items():
        try:
            clf.set_params(device="accelerate").fit(files if name == "of files" else X, y)
            fits[name] = clf.predict_proba(X), clf.history_
        except ValueError as error:
            fits[name] = str(error)
    with open(f"{os.environ['RANK']}.pickle", "wb") as file:
        pickle.dump(fits, file)
"""


@pytest.fixture(scope="module")
def sketches():
    return make_sketches(93, n_classes=3, image_shape=(14, 14), random_state=0)


@pytest.fixture(scope="module")
def results(tmp_path_factory, sketches):
    """Run the fits in two processes; return the probabilities and history, or error, of each."""
    folder = tmp_path_factory.mktemp("shared")
    X, y = sketches
    np.save(folder / "X.npy", X)
    files = MappedFiles([np.load(folder / "X.npy", mmap_mode="r")])
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # the processes cannot import it
    (folder / "fits.pickle").write_bytes(cloudpickle.dumps((X, files, y, FITS)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # The variables that a launcher, such as torchrun, sets.
    env = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    env |= {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "LOCAL_WORLD_SIZE": "2"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", dedent(RUN)],
            cwd=folder,
            env={**env, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for process in processes:
        _, complaints = process.communicate(timeout=300)
        assert process.returncode == 0, complaints
    return [pickle.loads((folder / f"{rank}.pickle").read_bytes()) for rank in range(2)]


@pytest.mark.parametrize("name", BOUNDS)
def test_two_processes_train_the_network_of_one(results, sketches, name):
    X, y = sketches
    rows = MappedFiles([X]) if name == "of files" else X
    alone = clone(FITS[name]).set_params(device="cpu").fit(rows, y)
    expected = alone.predict_proba(X)
    (first, history), (second, other_history) = (result[name] for result in results)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, expected, rtol=0, atol=BOUNDS[name])
    for key in {"train_loss", "valid_loss"} & alone.history_[0].keys():
        losses = [
            [epoch[key] for epoch in epochs] for epochs in (history, other_history, alone.history_)
        ]
        assert losses[0] == losses[1]
        np.testing.assert_allclose(losses[0], losses[2], rtol=1e-5)
    half = clone(FITS[name]).set_params(device="cpu", batch_size=15).fit(X, y)
    assert np.abs(half.predict_proba(X) - expected).max() > 1e-2


def test_processes_without_a_common_seed_are_refused(results):
    complaint = "must fit the same data with the same seed, got"
    assert all(complaint in result["without a seed"] for result in results)


def test_batches_smaller_than_the_processes_are_many_are_refused(sketches, monkeypatch):
    monkeypatch.setattr("torch.distributed.is_initialized", lambda: True)
    monkeypatch.setattr("torch.distributed.get_world_size", lambda: 3)
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    clf = clone(FITS["averaged"]).set_params(device="accelerate", batch_size=2)
    with pytest.raises(ValueError, match="3 processes share each batch, but the smallest .* 2 row"):
        clf.fit(*sketches)


def test_one_process_alone_trains_as_on_its_device(sketches, monkeypatch):
    X, y = sketches
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    alone, ordinary = (
        clone(FITS["averaged"]).set_params(device=d).fit(X, y) for d in ("accelerate", "cpu")
    )
    np.testing.assert_array_equal(alone.predict_proba(X), ordinary.predict_proba(X))


def test_a_missing_package_is_named(sketches, monkeypatch):
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(
        MissingDependencyError, match="needs the package accelerate.*skquickdraw.distributed"
    ):
        clone(FITS["averaged"]).set_params(device="accelerate").fit(*sketches)


@pytest.mark.parametrize(
    "options",
    [{}, {"affine": False}, {"momentum": None}, {"track_running_stats": False}],
    ids=str,
)
def test_a_batch_norm_over_one_process_is_that_of_torch(options, monkeypatch):
    monkeypatch.setattr(_shared, "sum_of_processes", lambda tensor: tensor)
    own, torchs = (torch.nn.BatchNorm2d(3, **options) for _ in range(2))
    for seed in range(2):
        x = torch.randn(8, 3, 5, 5, generator=torch.Generator().manual_seed(seed))
        torch.testing.assert_close(_shared.normalize_all(own, x), torchs(x))
    torch.testing.assert_close(own.state_dict(), torchs.state_dict())
