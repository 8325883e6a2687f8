"""Small networks give the stored predictions, on other processors too.

If a change of the training is intended, run ``python tests/test_reference.py`` to store new ones.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from skquickdraw import CNNClassifier, MobileNetClassifier, ResNetClassifier
from skquickdraw.datasets import make_sketches

FILE = Path(__file__).parent / "reference" / "networks.json"
# Largest difference of a probability. With only the instructions of older processors
# (ATEN_CPU_CAPABILITY=default, ONEDNN_MAX_CPU_ISA=SSE41), the three networks differed by 4e-6, 2e-5
# and 0.03 from the stored values: sums are in another order, and training amplifies the rounding.
TOLERANCE = {"CNNClassifier": 0.001, "MobileNetClassifier": 0.001, "ResNetClassifier": 0.1}
# All parameters, so that new defaults change nothing; in float32, because bfloat16 rounds a lot.
PLAIN = {
    "width": 0.25,
    "max_epochs": 15,
    "ema_decay": None,
    "batch_size": 16,
    "lr": 0.003,
    "weight_decay": 0.01,
    "optimizer": "adamw",
    "lr_schedule": "onecycle",
    "loss": "cross_entropy",
    "label_smoothing": 0.0,
    "augmentation": None,
    "mixing": None,
    "n_tta": 1,
    "precision": "float32",
    "device": "cpu",
    "random_state": 0,
}
NETWORKS = {kind.__name__: kind for kind in (CNNClassifier, MobileNetClassifier, ResNetClassifier)}


def predict(name):
    X, y = make_sketches(60, 3, image_shape=(12, 12), random_state=0)
    return NETWORKS[name](**PLAIN).fit(X[:48], y[:48]).predict_proba(X[48:])


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_predicts_what_is_stored(name):
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    assert stored["tolerance"] == TOLERANCE
    np.testing.assert_allclose(predict(name), stored[name], rtol=0, atol=TOLERANCE[name])


def test_the_tolerance_tells_networks_apart():
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    X, y = make_sketches(60, 3, image_shape=(12, 12), random_state=0)
    for name, kind in NETWORKS.items():
        other = kind(**PLAIN | {"random_state": 1}).fit(X[:48], y[:48])
        assert abs(other.predict_proba(X[48:]) - stored[name]).max() > 2 * TOLERANCE[name]


if __name__ == "__main__":
    found = {name: predict(name).round(7).tolist() for name in NETWORKS}
    FILE.write_text(json.dumps({"tolerance": TOLERANCE, **found}) + "\n")
