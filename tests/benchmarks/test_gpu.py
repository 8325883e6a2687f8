"""The measurements of a GPU, tried on a CPU."""

import json
from importlib import import_module

import torch


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
    gpu = import_module("speed.gpu")
    bench = gpu.Bench("cpu", is_quick=True)
    images, codes = torch.as_tensor(bench.X[:64]), torch.as_tensor(bench.y[:64]) % 2
    network = gpu.MobileNetV2((1, 28, 28), 2, width=0.1, stem_stride=2)
    loop = gpu.HandLoop(network, images, codes, 32, None, is_recorded=False)
    before = [weight.clone() for weight in loop.average.parameters()]
    assert loop.images_per_second(2) > 0
    after = list(loop.average.parameters())
    assert not all(map(torch.equal, before, after))
