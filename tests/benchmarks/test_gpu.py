"""The measurements of a GPU, tried on a CPU."""

import json
from importlib import import_module

import torch

from skquickdraw.datasets import make_sketches


def test_a_quick_run_measures_every_part(tmp_path, monkeypatch):
    gpu, run = import_module("speed.gpu"), import_module("speed.run")
    parts = {name: gpu.PARTS[name] for name in ("prediction", "small_fit", "accuracy")}
    monkeypatch.setattr(gpu, "PARTS", parts)
    monkeypatch.setattr(gpu, "NETWORKS", {"MobileNet": gpu.NETWORKS["MobileNet"]})
    output = tmp_path / "gpu.json"
    run.main(["gpu", "--quick", "--device", "cpu", "--threads", "1", "--output", str(output)])
    found = json.loads(output.read_text())
    assert found["prediction"][0]["one_as_among_many"]
    assert import_module("speed.render").render_gpu(found).count("\n| ---") == 3


def test_the_loop_by_hand_learns():
    loops = import_module("speed.loops")
    X, y = make_sketches(64, 2, random_state=0)
    network = loops.MobileNetV2((1, 28, 28), 2, width=0.1, stem_stride=2)
    recipe = loops.Recipe(n_classes=2, batch_size=32)
    loop = loops.HandLoop(network, X, y, recipe, policy=None, decay=0.9)
    before = [weight.clone() for weight in loop.average.parameters()]

    def loss():
        with torch.no_grad():
            return loops.training_loss(network, loop.images.float(), loop.labels, recipe).item()

    loss_before = loss()
    assert loop.images_per_second(20) > 0
    assert loss() < loss_before
    assert not all(map(torch.equal, before, loop.average.parameters()))
