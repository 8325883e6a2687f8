"""Write docs/benchmarks.md: ``python -m speed.render``.

``page.md`` holds the text. Names in braces stand for figures of the results of that name, or for
what is made of them here; those on teachers, students and few examples come from ``studies``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common import DOCS, Spread, load, number_plainly, table
from competition.render import render_single_networks
from figures import save_versions
from studies.render import render_few_shot, render_teachers

HERE = Path(__file__).parent
OURS_TO_THIS = "skquickdraw to this"
AGAINST = {OURS_TO_THIS: "{ratio:.2f}", "target": "{target}"}
FASTER = {"training": "training", "predicting": "prediction", "over-sampling": "over_sampling"}
GPU_PARTS = ("training", "prediction", "small_fit", "several", "accuracy", "winner")


def main() -> None:
    results = {name: load(HERE / "results" / f"{name}.json") for name in [*TABLES, "gpu"]}
    for name, make in TABLES.items():
        results[name] |= {"table": make(results[name]), "measured": measured(results[name])}
    results["gpu"] = render_gpu(results["gpu"]) if results["gpu"] else "Not measured."
    images = DOCS / "images"
    save_versions(lambda: draw_growth(results["growth"]["axes"]), images / "growth")
    save_versions(lambda: draw_ratios(results), images / "speed")
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


def rates_table(result: dict[str, Any], columns: dict[str, str], form: str = "g") -> str:
    """Return rate, ratio and target of each contender; 'sizes' are of its batches."""
    sizes = result.get("batch_sizes", {})
    rows = []
    for name, rate in result["images_per_second"].items():
        row = {"name": name, "rate": rate}
        for key, found in (("ratio", result["ratios"]), ("size", sizes)):
            row |= {key: found[name]} if name in found else {}
        if name in result["targets"]:
            row["target"] = f"at least {result['targets'][name]:{form}}"
        rows.append(row)
    return table(columns, rows)


def step_table(result: dict[str, Any]) -> str:
    best, rows = result["attainable"], []
    for name, own in result["networks"].items():
        shown = {key: share for key, share in own["operations"].items() if share > 0.01}
        own["shown"] = ", ".join(f"`{key}` {share:.0%}" for key, share in shown.items())
        cells = {u: f"{own[u]:,} ({own[u] / best[u]:.0%})" for u in ("gflops", "gigabytes")}
        rows.append({"name": name, "rate": own["images_per_second"], **cells})
    columns = {"network": "{name}", "images/s": "{rate:,.0f}"}
    columns |= {"GFLOP/s": "{gflops}", "GB/s": "{gigabytes}"}
    return table(columns, [*rows, {"name": "the machine", **best}])


def one_image_table(result: dict[str, Any]) -> str:
    rows = []
    for network, own in result["networks"].items():
        for name, ms in own["ms"].items():
            row = {"network": network, "name": name, "ms": ms}
            row |= {"ratio": own["ratios"][name]} if name in own["ratios"] else {}
            row |= {"target": f"at most {result['target']:g}"} if name == "bare" else {}
            rows.append(row)
    columns = {"network": "{network}", "": "{name}", "ms": "{ms:.2f}"}
    return table(columns | {OURS_TO_THIS: "{ratio:.2f}", "target": "{target}"}, rows)


def over_sampling_table(result: dict[str, Any]) -> str:
    made = result["n_made"].items()
    result["made"] = ", ".join(f"{n:,} by {name}" for name, n in made)
    columns = {"": "{name}", "new images/s": "{rate:,.0f}"}
    return rates_table(result, columns | AGAINST, ".2g")


def overhead_table(result: dict[str, Any]) -> str:
    shares = result["noisy_student"]["share_outside"].items()
    result["most"] = 100 * result["targets"]["noisy student"]
    result |= {f"{what}_mb": result[f"{what}_bytes"] / 1e6 for what in ("pickle", "weights")}
    result["shares"] = ", ".join(
        f"{Spread({k: 100 * v for k, v in share.items()}):.2f} % {name}" for name, share in shares
    )
    columns = {"": "{name}", "ms": "{ms:,.2f}", "beside": "{beside}"}
    columns |= {"its ms": "{ms_beside:,.2f}", "ratio": "{ratio:.2f}"}
    costs = [{"name": name, **cost} for name, cost in result["fixed_costs"].items()]
    result["costs"] = table(columns, costs)
    imports, most = result["imports"], f"under {result['targets']['import seconds']:g}"
    package, later = (f"{ratio:.3f} of" for ratio in imports["ratios"].values())
    note = "torch too" if imports["skquickdraw_brings_torch"] else "no torch"
    told = {  # what is imported, and its ratio to what
        "numpy": {"name": "`import numpy`"},
        "skquickdraw": {
            "name": f"`import skquickdraw` after it ({note})",
            "ratio": f"{package} numpy",
            "target": most,
        },
        "torch and skorch": {"name": "`import torch, skorch`"},
        "MobileNetClassifier": {
            "name": "`from skquickdraw import MobileNetClassifier` after them",
            "ratio": f"{later} them",
        },
    }
    columns = {"in a new process": "{name}", "seconds": "{seconds:.3f}"}
    columns |= {"ratio": "{ratio}", "target": "{target}"}
    return table(columns, [row | {"seconds": imports["seconds"][k]} for k, row in told.items()])


def growth_table(result: dict[str, Any]) -> str:
    axes = result["axes"].items()
    result["most"] = result["axes"]["images"]["points"][-1]
    columns = {"grows": "{name}", "exponent of time": "{seconds:.2f}", "of memory": "{peak_gb:.2f}"}
    steepest = [{"name": n, **axis["exponent"]} for n, axis in axes if "exponent" in axis]
    result["exponents"] = table(columns, steepest)
    columns = {"grows": "{name}", "to": "{to}", "seconds": "{seconds:,.2f}"}
    columns |= {"peak memory, GB": "{peak_gb:.2f}", "beyond the data, GB": "{beyond_data_gb:.2f}"}
    points = [{"name": name, **point} for name, axis in axes for point in axis["points"]]
    for point in points:
        point["to"] = f"{point['x']:,}" if isinstance(point["x"], int) else point["x"]
    return table(columns, points)


def draw_growth(axes: dict[str, Any]) -> Any:
    """Return a figure: seconds above, peak of memory below; a dashed line is linear growth."""
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
        number_plainly(column[1].xaxis)
    for row in grid:
        number_plainly(row[0].yaxis)
    grid[0, 0].set_ylabel("seconds of a fit")
    grid[1, 0].set_ylabel("peak memory, GB")
    return figure


def draw_ratios(results: dict[str, Any]) -> Any:
    """Return a figure: how many times as fast the package is as each other way."""
    from matplotlib.figure import Figure

    rows = [
        (f"{what}: {name}", ratio)
        for what, part in FASTER.items()
        for name, ratio in results[part]["ratios"].items()
    ]
    figure = Figure(figsize=(6.4, 0.36 * len(rows) + 0.8), layout="constrained")
    ax = figure.subplots()
    for y, (_, ratio) in enumerate(rows):
        ax.plot([ratio["min"], ratio["max"]], [y, y], color="C0", linewidth=3, alpha=0.4)
        ax.plot(ratio["median"], y, "o", color="C0", ms=8)
        text, beside = f"{ratio['median']:.2g}", {"textcoords": "offset points", "va": "center"}
        ax.annotate(text, (ratio["max"], y), (8, 0), **beside)
    ax.axvline(1, color="grey", linestyle="--", linewidth=1)
    ax.set_yticks(range(len(rows)), [name for name, _ in rows])
    ax.set_xscale("log")
    ax.set(xlim=(0.4, 40), xlabel="times as fast")
    ax.invert_yaxis()
    ax.tick_params(axis="y", left=False)
    ax.spines[["left", "right", "top"]].set_visible(False)
    number_plainly(ax.xaxis)
    return figure


def minutes_table(result: dict[str, Any]) -> str:
    columns = {"recipe": "`{recipe}`", "images": "{n_rows:,}", "minutes asked for": "{minutes:g}"}
    columns |= {"minutes taken": "{taken:.2f}", "ratio": "{ratio:.2f}", "networks": "{networks}"}
    points = [{**point, "networks": "; ".join(point["trained"])} for point in result["points"]]
    return table(columns, points)


def networks_table(result: dict[str, Any]) -> str:
    rows = []
    for name, own in result["variants"].items():
        accuracy = own.get("accuracy", {})
        score = f"{100 * accuracy['balanced_accuracy']:.1f}" if accuracy else "not measured"
        rows.append({"name": name, "score": score, **own, **accuracy})
    columns = {"network": "{name}", "weights": "{n_parameters:,}"}
    columns |= {"images/s": "{images_per_second:,.0f}", "balanced accuracy, %": "{score}"}
    return table(columns | {"epochs": "{n_epochs}", "seconds": "{fit_seconds:.0f}"}, rows)


def render_gpu(result: dict[str, Any]) -> str:
    """Return what there are results for, a table each, with the names that the results have."""
    card = result["card"]
    tables = [
        f"Measured on {result['date']} on {card['name']}, torch "
        f"{result['machine']['versions']['torch']}. In large products it reaches "
        f"{card['tflops']:g} TFLOP/s, in large copies {card['terabytes']:g} TB/s."
    ]
    for part in GPU_PARTS:
        if part in result:
            keys = dict.fromkeys(key for row in result[part] for key in row)
            columns = {key.replace("_", " "): f"{{{key}}}" for key in keys}
            tables.append(table(columns, result[part]))
    return "\n\n".join(tables)


TABLES = {
    "training": lambda result: rates_table(
        result,
        {
            "loop": "{name}",
            "images/s": "{rate:,.0f}",
            f"{OURS_TO_THIS} loop": "{ratio:.2f}",
            "target": "{target}",
        },
    ),
    "step": step_table,
    "ensemble": lambda result: rates_table(
        result, {"": "{name}", "images/s": "{rate:,.0f}", "in processes to this": "{ratio:.2f}"}
    ),
    "prediction": lambda result: rates_table(
        result, {"": "{name}", "batches of": "{size}", "images/s": "{rate:,.0f}", **AGAINST}
    ),
    "one_image": one_image_table,
    "over_sampling": over_sampling_table,
    "overhead": overhead_table,
    "growth": growth_table,
    "minutes": minutes_table,
    "networks": networks_table,
}

if __name__ == "__main__":
    main()
