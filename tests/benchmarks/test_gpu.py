"""The GPU measurements, run on a CPU."""

import json
from functools import partial
from importlib import import_module

import torch
from torch.nn.functional import cross_entropy

from skquickdraw.datasets import make_sketches


def test_a_quick_run_measures_every_part(tmp_path, monkeypatch):
    gpu, run = import_module("speed.gpu"), import_module("speed.run")
    parts = {name: gpu.PARTS[name] for name in ("training", "prediction", "small_fit")}
    monkeypatch.setattr(gpu, "PARTS", parts)
    small = [partial(kind, width=0.1, stem_stride=2) for kind in gpu.NETWORKS["MobileNet"]]
    monkeypatch.setattr(gpu, "NETWORKS", {"MobileNet": small})
    monkeypatch.setattr(gpu, "ResNetClassifier", partial(gpu.ResNetClassifier, width=0.1))
    output = tmp_path / "gpu.json"
    run.main(["gpu", "--quick", "--device", "cpu", "--threads", "1", "--output", str(output)])
    found = json.loads(output.read_text())
    assert found["prediction"][0]["one as among many"]
    assert import_module("speed.render").render_gpu(found).count("\n| ---") == 3


def test_the_loop_by_hand_learns():
    loops = import_module("speed.loops")
    X, y = make_sketches(64, 2, random_state=0)
    recipe = loops.Recipe(n_classes=2, batch_size=32, n_epochs=10)
    kind = partial(loops.MobileNetV2, width=0.1, stem_stride=2)
    images, labels = torch.from_numpy(X).float().view(-1, 1, 28, 28), torch.from_numpy(y)

    def loss(network):
        with torch.no_grad():
            return cross_entropy(network(images), labels).item()

    loss_before = loss(loops.MixedNetwork(loops.make_network(X, recipe, kind)))
    network, seconds = loops.train_by_hand(X, y, recipe, kind=kind, decay=0.9)
    assert loss(network) < loss_before
    assert len(seconds) == recipe.n_epochs and min(seconds) > 0
