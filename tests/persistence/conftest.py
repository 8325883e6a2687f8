"""A tiny data set, small networks, and functions that forge files."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
import safetensors
from safetensors.numpy import load_file, save
from sklearn.frozen import FrozenEstimator

from skquickdraw import CNNClassifier
from skquickdraw.datasets import make_sketches
from skquickdraw.few_shot import PrototypeClassifier
from skquickdraw.persistence import save_model


@pytest.fixture(scope="session")
def small_sketches():
    """Return 60 flat images of 12 x 12, and their names."""
    X, y, names = make_sketches(60, 3, image_shape=(12, 12), random_state=0, return_names=True)
    return X, names[y]


@pytest.fixture(scope="session")
def small():
    """Return a function that makes a small classifier, in float32 so that results are exact."""

    def make(cls=CNNClassifier, **params):
        given = {"width": 0.25, "max_epochs": 1, "precision": "float32", "random_state": 0}
        return cls(**{**given, **params})

    return make


@pytest.fixture(scope="session")
def frozen(small, small_sketches):
    return FrozenEstimator(small().fit(*small_sketches))


@pytest.fixture(scope="session")
def net_file(frozen, tmp_path_factory):
    """Return the path of a saved network."""
    path = tmp_path_factory.mktemp("net") / "net.safetensors"
    save_model(frozen.estimator, path)
    return path


@pytest.fixture(scope="session")
def short_file(tmp_path_factory):
    """Return the path of a small file: two classes of two numbers."""
    path = tmp_path_factory.mktemp("short") / "short.safetensors"
    save_model(PrototypeClassifier().fit([[1.0, 0.1], [0.2, 1.0]], ["east", "north"]), path)
    return path


def read_parts(path):
    """Return the description and the arrays of a file, read by safetensors."""
    with safetensors.safe_open(path, "np") as file:
        text = file.metadata()["skquickdraw"]
    return json.loads(text), load_file(path)


def forge(path, text, arrays):
    """Write a file with a correct checksum, even if its description makes no sense."""
    if not isinstance(text, str):
        text = json.dumps({**text, "sha256": "0" * 64})
    data = save(arrays, {"skquickdraw": text})
    start = data.index(b"0" * 64)
    checksum = sha256(data).hexdigest().encode()
    Path(path).write_bytes(data[:start] + checksum + data[start + 64 :])
    return path


@pytest.fixture(scope="session")
def forger():
    """Return the functions that read the parts of a file and write them with a new checksum."""
    return read_parts, forge
