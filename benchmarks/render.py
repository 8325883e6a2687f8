"""Write docs/benchmarks.md from the result files, so that no figure is copied by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import _speed_tables as speed
import _step_tables as step
from _growth_chart import draw_growth
from _tables import spread, table
from _teacher_tables import render_few_shot, render_teachers
from gpu.tables import GPU, render_gpu

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
CHART = ROOT / "docs" / "images" / speed.GROWTH_CHART

INTRODUCTION = """\
# Benchmarks

How fast is the package, how does it grow, and which methods pay? This page measures the package
against other ways to do the same. It is made by `benchmarks/render.py` from the files in
`benchmarks/results`.

- Figures are medians, with the smallest and largest value in brackets.
- All are of CPUs: speed on GPUs has not been measured.
- Networks are trained with settings that each benchmark spells out, on top of those in
  `benchmarks/_settings.py`. They are not the package's defaults. So a row measures the same thing
  after a change of the defaults.

`benchmarks/README.md` says how to measure again, and how noise is dealt with.
"""
TRAINING = """
## Training against other loops

All loops train the same network on the same images by the same recipe. Rates are images per second.

- *By hand* is a plain PyTorch loop that augments whole batches, as the package does.
- *skorch* augments image by image in a data set, in float32.
- *skorch, tuned* also has the precision and memory layout of the first two.
- *Keras* runs on its PyTorch backend, in mixed precision. It has the same network, and its own
  augmentation layers.
"""
NETWORKS = """
## Networks

The table gives weights and training speed. Where it was measured, it also gives the balanced
accuracy on a held-out part of the labeled drawings, after about the same training time for each.

- Little more than a minute favours small networks. The defaults (width 1, stem stride 2) are meant
  for ten minutes or more. The next section says how far they get then; narrower networks were not
  measured for so long.
- Rates were taken one after another, not in turns. They differ by a tenth between like networks, so
  smaller differences mean nothing.
- Dropout in its three forms takes no time that shows. Full resolution (`stem1`) takes nearly four
  times as long. bfloat16 saves a quarter to a half.
"""
COMPETITION = """
## A competition of real drawings

100 classes of Quick, Draw! drawings: 1,000 to train on of the first, 10 of the last. The score is
balanced accuracy on 10,000 other drawings, from `benchmarks/train_competition.py`. Head, medium and
tail are thirds of the classes by size. Nothing was learned from the holdout, or chosen by it.
"""
NOT_MEASURED = "\nNot measured.\n"


def main() -> None:
    PAGE.write_text(
        INTRODUCTION
        + TRAINING
        + render_result("training", render_training)
        + step.STEP
        + render_speed("step", step.render_step)
        + step.ENSEMBLE
        + render_speed("ensemble", step.render_ensemble)
        + speed.PREDICTION
        + render_speed("prediction", speed.render_prediction)
        + speed.ONE_IMAGE
        + render_speed("one_image", speed.render_one_image)
        + speed.OVER_SAMPLING
        + render_speed("over_sampling", speed.render_over_sampling)
        + speed.OVERHEAD
        + render_speed("overhead", speed.render_overhead)
        + speed.GROWTH
        + render_speed("growth", render_growth)
        + speed.MINUTES
        + render_speed("minutes", speed.render_minutes)
        + GPU
        + render_result("gpu", render_gpu)
        + NETWORKS
        + render_result("networks", render_networks)
        + COMPETITION
        + render_competition()
        + render_teachers(load_all("teachers-*.json"))
        + render_result("few_shot", render_few_shot)
    )


def load_all(pattern: str) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(RESULTS.glob(pattern))]


def render_competition() -> str:
    """Return a row for each network, and how each got there."""
    results = {
        file.stem.removeprefix("competition-"): json.loads(file.read_text())
        for file in sorted(RESULTS.glob("competition-*.json"))
    }
    if not results:
        return NOT_MEASURED
    rows = [competition_row(name, result) for name, result in results.items()]
    header = ["network", "weights", "images seen", "minutes"]
    header += ["balanced accuracy", "head", "medium", "tail"]
    return table(header, rows) + "".join(map(render_curve, results, results.values()))


def competition_row(name: str, result: dict[str, Any]) -> list[str]:
    scores = [result["scores"][key] for key in ("balanced_accuracy", "head", "medium", "tail")]
    return [
        name,
        f"{result['weights']:,}",
        f"{result['images_seen']:,}",
        f"{result['seconds']['wall'] / 60:.1f}",
        *(f"{score:.1%}" for score in scores),
    ]


def render_curve(name: str, result: dict[str, Any]) -> str:
    """Return the scores after every third epoch, on a fifth of the holdout, from one view."""
    curve = result["curve"]
    shown = [epoch for epoch in curve if epoch["epoch"] % 3 == 0]
    scores = ", ".join(f"{epoch['epoch']}: {epoch['valid_score']:.1%}" for epoch in shown)
    return f"\n*{name}* after epoch {scores}.\n"


def render_result(name: str, render: Any) -> str:
    file = RESULTS / f"{name}.json"
    return render(json.loads(file.read_text())) if file.is_file() else NOT_MEASURED


def render_speed(name: str, render: Any) -> str:
    def render_measured(result: dict[str, Any]) -> str:
        moment = conditions(result, result["machine"])
        return f"\nMeasured {moment}, {rounds(result)}.\n" + render(result)

    return render_result(name, render_measured)


def rounds(result: dict[str, Any]) -> str:
    n = result["n_rounds"]
    return f"{n} round" if n == 1 else f"{n} rounds"


def render_growth(result: dict[str, Any]) -> str:
    draw_growth(result, CHART)
    return speed.render_growth(result)


def render_training(result: dict[str, Any]) -> str:
    rows = [
        [name, spread(rate), *comparison(name, result)]
        for name, rate in result["images_per_second"].items()
    ]
    header = ["loop", "images/s", "skquickdraw to this loop", "target"]
    recipe = result["recipe"]
    return (
        f"\nMeasured {conditions(result, result['machine'])}, in {recipe['precision']}, batches of "
        f"{recipe['batch_size']}, {rounds(result)}.\n"
        + table(header, rows)
        + "\nSetting up a fit and checking its data took "
        f"{result['fixed_seconds']['median']:.2f} s.\n"
    )


def comparison(name: str, result: dict[str, Any]) -> tuple[str, str]:
    if name not in result["ratios"]:
        return "", ""
    target = result["targets"].get(name)
    ratio = f"{spread(result['ratios'][name], '.2f')}"
    return ratio, "" if target is None else f"at least {target:g}"


def render_networks(result: dict[str, Any]) -> str:
    variants = result["variants"]
    rows = [
        [name, *rate_cells(v["rate"]), *accuracy_cells(v.get("accuracy"))]
        for name, v in variants.items()
    ]
    rates = [v["rate"] for v in variants.values()]
    moments = sorted({conditions(rate, rate["settings"]["machine"]) for rate in rates})
    header = ["network", "weights", "images/s", "balanced accuracy, %", "epochs", "seconds"]
    return f"\nMeasured {'; '.join(moments)}.\n" + table(header, rows)


def rate_cells(rate: dict[str, Any]) -> list[str]:
    return [f"{rate['n_parameters']:,}", spread(rate["images_per_second"])]


def accuracy_cells(accuracy: dict[str, Any] | None) -> list[str]:
    if accuracy is None:
        return ["not measured", "", ""]
    score = f"{100 * accuracy['balanced_accuracy']:.1f}"
    return [score, str(accuracy["n_epochs"]), f"{accuracy['fit_seconds']:.0f}"]


def conditions(entry: dict[str, Any], machine: dict[str, Any]) -> str:
    versions = machine["versions"]
    return (
        f"on {entry['date']} on an {machine['cpu']}, threads: {machine['threads']} on "
        f"{machine['cores']} cores, skquickdraw {versions['skquickdraw']}, "
        f"torch {versions['torch']}"
    )


if __name__ == "__main__":
    main()
