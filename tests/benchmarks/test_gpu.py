"""The measurements of a GPU, tried on a CPU."""

import json
import sys
from importlib import import_module

import torch


def test_a_quick_run_measures_every_part(tmp_path, monkeypatch):
    run = import_module("gpu.run")
    parts = {name: run.PARTS[name] for name in ("prediction", "small_fit", "accuracy")}
    monkeypatch.setattr(run, "PARTS", parts)
    monkeypatch.setattr(run, "NETWORKS", {"MobileNet": run.NETWORKS["MobileNet"]})
    output = tmp_path / "gpu.json"
    monkeypatch.setattr(sys, "argv", ["run", "--quick", "--device", "cpu", "--output", str(output)])
    run.main()
    found = json.loads(output.read_text())
    assert found["prediction"]["MobileNet"]["one_as_among_many"]
    assert run.render_gpu(found).count("\n| ---") == 3


def test_the_loop_by_hand_learns():
    run = import_module("gpu.run")
    bench = run.Bench(torch.device("cpu"), is_quick=True)
    images, codes = torch.as_tensor(bench.X[:64]), torch.as_tensor(bench.y[:64]) % 2
    loop = run.HandLoop(
        run.MobileNetV2((1, 28, 28), 2, width=0.1, stem_stride=2),
        images,
        codes,
        batch_size=32,
        augmentation=None,
        is_recorded=False,
    )
    before = [weight.clone() for weight in loop.average.parameters()]
    assert loop.images_per_second(2) > 0
    after = list(loop.average.parameters())
    assert not all(map(torch.equal, before, after))
