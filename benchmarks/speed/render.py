"""Write docs/benchmarks.md: ``python -m speed.render``.

``page.md`` holds the text. Names in braces stand for figures of the results of that name, or for
what is made of them here; those on teachers, students and few examples come from ``studies``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common import DOCS, Spread, load, table
from competition.render import render_single_networks
from studies.render import render_few_shot, render_teachers

HERE = Path(__file__).parent
RATES = ["images/s", "skquickdraw to this", "target"]
GPU_PARTS = ("training", "prediction", "small_fit", "several", "accuracy", "winner")


def main() -> None:
    results = {name: load(HERE / "results" / f"{name}.json") for name in [*TABLES, "gpu"]}
    for name, make in TABLES.items():
        results[name] |= {"table": make(results[name]), "measured": measured(results[name])}
    results["gpu"] = render_gpu(results["gpu"]) if results["gpu"] else "Not measured."
    draw_growth(results["growth"]["axes"], DOCS / "images" / "growth.png")
    page = (
        (HERE / "page.md")
        .read_text()
        .format(
            **results,
            competition=render_single_networks(),
            teachers=render_teachers(),
            few_shot=render_few_shot(),
        )
    )
    (DOCS / "benchmarks.md").write_text(page)


def measured(result: dict[str, Any]) -> str:
    """Return when and on what something was measured."""
    machine = result["machine"]
    versions = machine["versions"]
    return (
        f"Measured on {result['date']} on an {machine['cpu']}, threads: {machine['threads']} on "
        f"{machine['cores']} cores, skquickdraw {versions['skquickdraw']}, "
        f"torch {versions['torch']}"
    )


def rates_table(
    result: dict[str, Any], header: list[str], form: str = "g", more: Any = None
) -> str:
    """Return rate, ratio and target of each contender; ``more`` gives a second column."""
    ratios, targets = result["ratios"], result["targets"]
    rows = [
        [
            name,
            *([] if more is None else [str(more.get(name, ""))]),
            f"{rate:,.0f}",
            f"{ratios[name]:.2f}" if name in ratios else "",
            *([f"at least {targets[name]:{form}}" if name in targets else ""] if targets else []),
        ]
        for name, rate in result["images_per_second"].items()
    ]
    return table(header, rows)


def step_table(result: dict[str, Any]) -> str:
    best, units = result["attainable"], ("gflops", "gigabytes")
    rows = []
    for name, own in result["networks"].items():
        shares = [f"{own[unit]:,} ({own[unit] / best[unit]:.0%})" for unit in units]
        rows.append([name, f"{own['images_per_second']:,.0f}", *shares])
        shown = {key: share for key, share in own["operations"].items() if share > 0.01}
        own["shown"] = ", ".join(f"`{key}` {share:.0%}" for key, share in shown.items())
    rows.append(["the machine", "", *(f"{best[unit]:,}" for unit in units)])
    return table(["network", "images/s", "GFLOP/s", "GB/s"], rows)


def one_image_table(result: dict[str, Any]) -> str:
    rows = []
    for name, own in result["networks"].items():
        for contender, ms in own["ms"].items():
            ratio = f"{own['ratios'][contender]:.2f}" if contender in own["ratios"] else ""
            target = f"at most {result['target']:g}" if contender == "bare" else ""
            rows.append([name, contender, f"{ms:.2f}", ratio, target])
    return table(["network", "", "ms", "skquickdraw to this", "target"], rows)


def over_sampling_table(result: dict[str, Any]) -> str:
    made = result["n_made"].items()
    result["made"] = ", ".join(f"{n:,} by {name}" for name, n in made)
    return rates_table(result, ["", "new " + RATES[0], *RATES[1:]], ".2g")


def overhead_table(result: dict[str, Any]) -> str:
    imports, target = result["imports"], result["targets"]["import seconds"]
    shares = result["noisy_student"]["share_outside"].items()
    result["most"] = 100 * result["targets"]["noisy student"]
    result |= {f"{what}_mb": result[f"{what}_bytes"] / 1e6 for what in ("pickle", "weights")}
    result["shares"] = ", ".join(
        f"{Spread({k: 100 * v for k, v in share.items()}):.2f} % {name}" for name, share in shares
    )
    costs = [
        [
            name,
            f"{cost['ms']:,.2f}",
            cost["beside"],
            f"{cost['ms_beside']:,.2f}",
            f"{cost['ratio']:.2f}",
        ]
        for name, cost in result["fixed_costs"].items()
    ]
    result["costs"] = table(["", "ms", "beside", "its ms", "ratio"], costs)
    seconds = {name: f"{value:.3f}" for name, value in imports["seconds"].items()}
    package, later = (f"{ratio:.3f}" for ratio in imports["ratios"].values())
    note = "torch too" if imports["skquickdraw_brings_torch"] else "no torch"
    ours = [f"`import skquickdraw` after it ({note})", seconds["skquickdraw"]]
    use = "`from skquickdraw import MobileNetClassifier` after them"
    rows = [
        ["`import numpy`", seconds["numpy"], "", ""],
        [*ours, f"{package} of numpy", f"under {target:g}"],
        ["`import torch, skorch`", seconds["torch and skorch"], "", ""],
        [use, seconds["MobileNetClassifier"], f"{later} of them", ""],
    ]
    return table(["in a new process", "seconds", "ratio", "target"], rows)


def growth_table(result: dict[str, Any]) -> str:
    axes = result["axes"].items()
    result["most"] = result["axes"]["images"]["points"][-1]
    steepest = {name: axis["exponent"] for name, axis in axes if "exponent" in axis}
    rows = [[name, f"{e['seconds']:.2f}", f"{e['peak_gb']:.2f}"] for name, e in steepest.items()]
    result["exponents"] = table(["grows", "exponent of time", "of memory"], rows)
    header = ["grows", "to", "seconds", "peak memory, GB", "beyond the data, GB"]
    points = [(name, point) for name, axis in axes for point in axis["points"]]
    rows = [
        [
            name,
            f"{point['x']:,}" if isinstance(point["x"], int) else point["x"],
            f"{point['seconds']:,.2f}",
            f"{point['peak_gb']:.2f}",
            f"{point['beyond_data_gb']:.2f}",
        ]
        for name, point in points
    ]
    return table(header, rows)


def draw_growth(axes: dict[str, Any], file: Path) -> None:
    """Write a PNG: seconds above, peak of memory below; a dashed line shows linear growth."""
    from matplotlib.figure import Figure

    labels = ["images", "classes", "pixels of an image", "processes"]
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    grid = figure.subplots(2, len(labels), sharex="col", sharey="row")
    for column, label in zip(grid.T, labels, strict=True):
        points = axes[label.split()[0]]["points"]
        for panel, name in zip(column, ("seconds", "peak_gb"), strict=True):
            x, y = [p["x"] for p in points], [p[name]["median"] for p in points]
            panel.loglog(x, y, "o-")
            ends = [x[0], x[-1]], [y[0], y[0] * x[-1] / x[0]]
            panel.loglog(*ends, "--", color="grey", linewidth=1)
        column[1].set_xlabel(label)
    grid[0, 0].set_ylabel("seconds of a fit")
    grid[1, 0].set_ylabel("peak memory, GB")
    figure.savefig(file, dpi=90)


def minutes_table(result: dict[str, Any]) -> str:
    header = ["recipe", "images", "minutes asked for", "minutes taken", "ratio", "networks"]
    rows = []
    for point in result["points"]:
        row = [f"`{point['recipe']}`", f"{point['n_rows']:,}", f"{point['minutes']:g}"]
        taken = [f"{point['taken']:.2f}", f"{point['ratio']:.2f}", "; ".join(point["trained"])]
        rows.append(row + taken)
    return table(header, rows)


def networks_table(result: dict[str, Any]) -> str:
    rows = []
    for name, own in result["variants"].items():
        row = [name, f"{own['n_parameters']:,}", f"{own['images_per_second']:,.0f}"]
        scores = ["not measured", "", ""]
        if "accuracy" in own:
            found = own["accuracy"]
            scores = [f"{100 * found['balanced_accuracy']:.1f}", str(found["n_epochs"])]
            scores.append(f"{found['fit_seconds']:.0f}")
        rows.append(row + scores)
    header = ["network", "weights", "images/s", "balanced accuracy, %", "epochs", "seconds"]
    return table(header, rows)


def render_gpu(result: dict[str, Any]) -> str:
    """Return what there are results for, a table each, with the names that the results have."""
    card = result["card"]
    tables = [
        f"Measured on {result['date']} on {card['name']}, torch "
        f"{result['machine']['versions']['torch']}. In large products it reaches "
        f"{card['tflops']:g} TFLOP/s, in large copies {card['terabytes']:g} TB/s."
    ]
    for part in GPU_PARTS:
        rows = result.get(part, [])
        header = list(dict.fromkeys(key for row in rows for key in row))
        cells = [[f"{row.get(key, '-')}" for key in header] for row in rows]
        tables += [table([key.replace("_", " ") for key in header], cells)] if rows else []
    return "\n\n".join(tables)


TABLES = {
    "training": lambda r: rates_table(
        r, ["loop", "images/s", "skquickdraw to this loop", "target"]
    ),
    "step": step_table,
    "ensemble": lambda r: rates_table(r, ["", "images/s", "in processes to this"]),
    "prediction": lambda r: rates_table(r, ["", "batches of", *RATES], "g", r["batch_sizes"]),
    "one_image": one_image_table,
    "over_sampling": over_sampling_table,
    "overhead": overhead_table,
    "growth": growth_table,
    "minutes": minutes_table,
    "networks": networks_table,
}

if __name__ == "__main__":
    main()
