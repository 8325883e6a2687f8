"""Write docs/benchmarks.md: ``python -m speed.render``.

``page.md`` holds the text, see ``common.fill``. Names in braces stand for figures of the results of
that name, or for what is made of them here; some sections come from ``studies``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import DOCS, fill, load, number_plainly, table
from competition.render import single_networks
from figures import save_versions
from studies.render import few_shot_rows, render_teachers

from .run import BENCHES, RESULTS

FASTER = {"training": "training", "predicting": "prediction", "over-sampling": "over_sampling"}
GPU_PARTS = ("training", "prediction", "small_fit", "several", "accuracy", "winner")
Rows = list[dict[str, Any]]


def main() -> None:
    results = {name: load(RESULTS / f"{name}.json") for name in BENCHES}
    images = DOCS / "images"
    save_versions(lambda: draw_growth(results["growth"]["axes"]), images / "growth")
    save_versions(lambda: draw_ratios(results), images / "speed")
    (DOCS / "benchmarks.md").write_text(render(results))


def render(results: dict[str, Any]) -> str:
    measured = {name: describe(result) for name, result in results.items() if result}
    step, growth = results["step"], results["growth"]["axes"]
    teachers, teacher_tables = render_teachers()
    few_shot, few_shot_table = few_shot_rows()
    singles, curves = single_networks()
    tables = {
        "training": rate_rows(results["training"]),
        "step": [*step_rows(step), {"name": "the machine", **step["attainable"]}],
        "ensemble": rate_rows(results["ensemble"]),
        "prediction": rate_rows(results["prediction"]),
        "one_image": list(one_image_rows(results["one_image"])),
        "over_sampling": rate_rows(results["over_sampling"]),
        "costs": [{"name": k, **v} for k, v in results["overhead"]["fixed_costs"].items()],
        "exponents": [{"name": k, **v["exponent"]} for k, v in growth.items() if "exponent" in v],
        "growth": [growth_row(k, point) for k, v in growth.items() for point in v["points"]],
        "minutes": minutes_rows(results["minutes"]),
        "networks": [network_row(k, v) for k, v in results["networks"]["variants"].items()],
        "competition": singles,
        "few_shot": few_shot_table,
        **teacher_tables,
    }
    values = results | {"gpu": render_gpu(results["gpu"]) if results["gpu"] else "No results yet."}
    values |= {"measured": measured, "teachers": teachers, "few_shot": few_shot, "curves": curves}
    return fill(Path(__file__).parent / "page.md", values, tables)


def describe(result: dict[str, Any]) -> str:
    """Return when and on what something was measured."""
    machine = result["machine"]
    return (
        f"Measured on {result['date']} on an {machine['cpu']}, threads: {machine['threads']} on "
        f"{machine['cores']} cores, skquickdraw {machine['versions']['skquickdraw']}, "
        f"torch {machine['versions']['torch']}"
    )


def rate_rows(result: dict[str, Any]) -> Rows:
    """Return rate, ratio, target and size of batches of each contender, as far as there are any."""
    parts = {"rate": "images_per_second", "ratio": "ratios", "size": "batch_sizes"}
    targets = {name: f"at least {least:.2g}" for name, least in result["targets"].items()}
    columns = {key: result.get(part, {}) for key, part in parts.items()} | {"target": targets}
    return [
        {"name": name} | {key: found[name] for key, found in columns.items() if name in found}
        for name in result["images_per_second"]
    ]


def step_rows(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each network, and note in the result what its time goes to."""
    best = result["attainable"]
    for name, own in result["networks"].items():
        shown = {key: share for key, share in own["operations"].items() if share > 0.01}
        own["shown"] = ", ".join(f"`{key}` {share:.0%}" for key, share in shown.items())
        cells = {u: f"{own[u]:,} ({own[u] / best[u]:.0%})" for u in ("gflops", "gigabytes")}
        yield {"name": name, "rate": own["images_per_second"], **cells}


def one_image_rows(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for network, own in result["networks"].items():
        for name, ms in own["ms"].items():
            row = {"network": network, "name": name, "ms": ms}
            row |= {"ratio": own["ratios"][name]} if name in own["ratios"] else {}
            yield row | ({"target": f"at most {result['target']:g}"} if name == "bare" else {})


def growth_row(name: str, point: dict[str, Any]) -> dict[str, Any]:
    to = point["x"]
    return {"name": name, "to": f"{to:,}" if isinstance(to, int) else to, **point}


def minutes_rows(result: dict[str, Any]) -> Rows:
    return [point | {"networks": "; ".join(point["trained"])} for point in result["points"]]


def network_row(name: str, own: dict[str, Any]) -> dict[str, Any]:
    accuracy = own.get("accuracy", {})
    score = f"{100 * accuracy['balanced_accuracy']:.1f}" if accuracy else "not measured"
    return {"name": name, "score": score, **own, **accuracy}


def render_gpu(result: dict[str, Any]) -> str:
    """Return what there are results for, a table each, with the names that the results have."""
    card = result["card"]
    tables = [
        f"Measured on {result['date']} on {card['name']}, torch "
        f"{result['machine']['versions']['torch']}. In large products it reaches "
        f"{card['tflops']:g} TFLOP/s, in large copies {card['terabytes']:g} TB/s."
    ]
    for rows in (result[part] for part in GPU_PARTS if part in result):
        rows = [{key.replace("_", " "): cell for key, cell in row.items()} for row in rows]
        tables.append(table(dict.fromkeys(key for row in rows for key in row), rows))
    return "\n\n".join(tables)


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
    for row, label in zip(grid, ("seconds of a fit", "peak memory, GB"), strict=True):
        number_plainly(row[0].yaxis)
        row[0].set_ylabel(label)
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


if __name__ == "__main__":
    main()
