"""Write docs/benchmarks.md: ``python -m speed.render``; some sections come from ``studies``."""

from pathlib import Path

from common import DOCS, fill, load, make_figure, number_plainly, save_versions, summarize, table
from studies import labels
from studies.few_shot import RESULT as FEW_SHOT
from studies.render import pool_teachers

from .run import BENCHES, RESULTS

FASTER = {"training": "training", "predicting": "prediction", "over-sampling": "over_sampling"}
COMPARED = ("labels", "longer", "taught-by-vote")  # settings compared with the noisy student


def main():
    results = {name: load(RESULTS / f"{name}.json") for name in BENCHES}
    label_scores, gpu_training = labels.load_scores(), results["gpu"]["training"]
    images = DOCS / "images"
    save_versions(lambda: draw_growth(results["growth"]["axes"]), images / "growth")
    save_versions(lambda: draw_ratios(results), images / "speed")
    save_versions(lambda: labels.draw(label_scores), images / "labels")
    values = results | {
        "measured": {name: describe(result) for name, result in results.items() if result},
        "gpu_tables": render_gpu(results["gpu"]),
        "gpu_percent": summarize(100 * row["of recorded"] for row in gpu_training),
        "gpu_times": summarize(row["skquickdraw"] / row["by hand"] for row in gpu_training),
        "few_shot": load(FEW_SHOT),
        "labels": labels.show(label_scores),
        "label_gains": {name: labels.show_gains(label_scores, name) for name in COMPARED},
    }
    page = fill(Path(__file__).parent / "page.md", values | pool_teachers())
    (DOCS / "benchmarks.md").write_text(page, encoding="utf-8")


def describe(result):
    """Return date, machine and versions of a measurement."""
    machine = result["machine"]
    return (
        f"Measured on {result['date']} on an {machine['cpu']}, threads: {machine['threads']} on "
        f"{machine['cores']} cores, skquickdraw {machine['versions']['skquickdraw']}, "
        f"torch {machine['versions']['torch']}"
    )


def render_gpu(result):
    """Return a table for each part that was measured; its header has the names of the results."""
    parts = [rows for rows in result.values() if isinstance(rows, list)]
    return "\n\n".join(table(rows) for rows in parts)


def draw_growth(axes):
    """Return a figure: seconds above, peak memory below. A dashed line shows linear growth."""
    labels = ["images", "classes", "pixels of an image", "processes"]
    names = {"seconds": "seconds of a fit", "peak_gb": "peak memory, GB"}
    shape = {"nrows": len(names), "ncols": len(labels)}
    figure, grid = make_figure(10, 4.5, **shape, sharex="col", sharey="row")
    for column, label in zip(grid.T, labels, strict=True):
        points = axes[label.split()[0]]["points"]
        for panel, name in zip(column, names, strict=True):
            x, y = [p["x"] for p in points], [p[name]["median"] for p in points]
            panel.loglog(x, y, "o-")
            ends = [x[0], x[-1]], [y[0], y[0] * x[-1] / x[0]]
            panel.loglog(*ends, "--", color="grey", linewidth=1)
        column[1].set_xlabel(label)
        number_plainly(column[1].xaxis)
    for panel, label in zip(grid[:, 0], names.values(), strict=True):
        number_plainly(panel.yaxis)
        panel.set_ylabel(label)
    return figure


def draw_ratios(results):
    """Return a figure: how many times as fast the package is as each alternative."""
    ratios = {
        f"{what}: {name}": row["ratio"]
        for what, part in FASTER.items()
        for name, row in results[part]["rows"].items()
        if "ratio" in row
    }
    figure, ax = make_figure(6.4, 0.36 * len(ratios) + 0.8)
    for y, ratio in enumerate(ratios.values()):
        ax.plot([ratio["min"], ratio["max"]], [y, y], color="C0", linewidth=3, alpha=0.4)
        ax.plot(ratio["median"], y, "o", color="C0", ms=8)
        # On the side away from the dashed line, which would cross it.
        end, step, align = ("min", -8, "right") if ratio["median"] < 1 else ("max", 8, "left")
        beside = {"textcoords": "offset points", "ha": align, "va": "center"}
        ax.annotate(f"{ratio['median']:.2f}", (ratio[end], y), (step, 0), **beside)
    ax.axvline(1, color="grey", linestyle="--", linewidth=1)
    ax.set_yticks(range(len(ratios)), ratios)
    ax.set_xscale("log")
    ax.set(xlim=(0.4, 40), xlabel="times as fast")
    ax.invert_yaxis()
    ax.tick_params(axis="y", left=False)
    ax.spines[["left", "right", "top"]].set_visible(False)
    number_plainly(ax.xaxis)
    return figure


if __name__ == "__main__":
    main()
