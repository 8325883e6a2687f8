"""Write docs/competition.md and its figures: ``python -m competition.render``.

``page.md`` holds the text, see ``common.fill``.
"""

from __future__ import annotations

from pathlib import Path
from statistics import mean, stdev
from typing import Any

from common import DOCS, fill, load, number_plainly
from figures import save_versions

from .measure import RESULTS
from .rows import ROWS, SINGLE_NETWORKS
from .splits import CONTROLS, IMAGES, STEPS, STUDENTS

BELOW = ("vote", "distilled", "original-student")  # whose names stand below their points
SCORE = "balanced_accuracy"
# Whose errors the text of the page was written about.
BY_EYE_OF = "823de42f1ec8e0b83c3ce9cc16cb0b1c"
Seeds = dict[str, dict[str, Any]]  # runs, by seed


def main() -> None:
    rows = {name: load(RESULTS / f"{name}.json")["seeds"] for name in ROWS}
    first = {name: next(iter(seeds.values())) for name, seeds in rows.items()}
    studies = {name: load(RESULTS / f"{name}.json") for name in ("ladder", "students", "members")}
    ladder, students, members = (study["rows"] for study in studies.values())
    errors = load(RESULTS / "errors.json")
    if errors["answers"] != BY_EYE_OF:
        raise SystemExit("There are other errors: look at fifty, and write what you see in page.md")
    values = {name.replace("-", "_"): run for name, run in first.items()}
    values |= {"errors": errors, "passes": studies["ladder"]["passes"], "images": IMAGES}
    values["ladder"] = {k: changes(k, step.of, ladder) for k, step in STEPS.items()}
    of = {"teacher": None, **CONTROLS} | {name: student.of for name, student in STUDENTS.items()}
    values["students"] = {name: changes(name, of[name], students) for name in of}
    ends = [group["from"] for group in errors["calibration"][1:]] + [1.0]
    groups = zip(errors["calibration"], ends, strict=True)
    best = average(students["noisier-uniform"], SCORE) - average(students["control"], SCORE)
    values |= {"best_student": 100 * best, "surest": errors["calibration"][-1]["right"]}
    tables = {
        "recipes": [average_run(name, seeds) for name, seeds in rows.items()],
        "members": [members_row(kind, members) for kind in members],
        "pairs": errors["pairs"][:12],
        "calibration": [{**group, "low": group["from"], "to": to} for group, to in groups],
    }
    page = fill(Path(__file__).parent / "page.md", values, tables)
    (DOCS / "competition.md").write_text(page)
    draw_costs(rows)
    draw_curves(first)
    draw_growth(first)
    draw_pool(students)


def average_run(name: str, seeds: Seeds) -> dict[str, Any]:
    """Return the first run of a recipe, with scores and minutes averaged over all."""
    first, *_ = runs = list(seeds.values())
    means = {
        group: {key: mean(run[group][key] for run in runs) for key in first[group]}
        for group in ("scores", "transductive")
    }
    minutes = {"cpu_minutes": mean(run["cpu_minutes"] for run in runs)}
    error = 100 * means["scores"]["standard_error"]
    return {**first, **means, **minutes, "error": error, "name": name}


def changes(name: str, of: str | None, rows: dict[str, Seeds]) -> str:
    """Return cells: seeds, accuracy, gain over the row that it changes, tail and CPU minutes."""
    score, tail, minutes = (average(rows[name], key) for key in (SCORE, "tail", "cpu_minutes"))
    won = gain(rows[name], rows.get(of or "", {}))
    return f"{len(rows[name])} | {score:.1%} | {won} | {tail:.1%} | {minutes:.1f}"


def average(runs: Seeds, key: str) -> float:
    return mean(run[key] for run in runs.values())


def gain(runs: Seeds, below: Seeds) -> str:
    """Return the mean difference over common seeds, in points, and its standard error."""
    gains = [100 * (runs[s][SCORE] - below[s][SCORE]) for s in sorted(runs.keys() & below.keys())]
    if not gains:
        return ""
    error = f" ± {stdev(gains) / len(gains) ** 0.5:.1f}" if len(gains) > 1 else ""
    return f"{mean(gains):+.1f}{error}"


def members_row(kind: str, rows: dict[str, Seeds]) -> dict[str, Any]:
    runs = rows[kind]
    alone = mean(mean(run["alone"]) for run in runs.values())
    over = gain(runs, rows["seed"]) if kind != "seed" else ""
    means = {key: average(runs, key) for key in (SCORE, "disagreement")}
    return {"kind": kind, "n": len(runs), "alone": alone, "gain": over, **means}


def single_networks() -> tuple[list[dict[str, Any]], str]:
    """Return rows of docs/benchmarks.md on single networks, and how each got there."""
    runs = {name: load(RESULTS / f"{name}.json")["seeds"]["0"] for name in SINGLE_NETWORKS}
    lines = []
    for name, run in runs.items():
        epochs = list(enumerate(run["curve"], start=1))[2::3]
        shown = ", ".join(f"{i}: {epoch['score']:.1%}" for i, epoch in epochs)
        lines.append(f"*{name}* after epoch {shown}.")
    return [{"name": name, **run} for name, run in runs.items()], "\n\n".join(lines)


# ---- figures ------------------------------------------------------------------------------------


def draw(name: str, plot: Any, legend: str = "best", **labels: Any) -> None:
    """Save both versions of a figure of docs/images that ``plot`` draws into axes."""
    from matplotlib.figure import Figure

    def draw_once() -> Figure:
        figure = Figure(figsize=(6.4, 3.6), layout="constrained")
        axes = figure.subplots()
        plot(axes)
        axes.set(**{"ylabel": "balanced accuracy, %", **labels})
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, loc=legend)
        return figure

    save_versions(draw_once, DOCS / "images" / f"competition_{name}")


def draw_costs(rows: dict[str, Any]) -> None:
    """Draw the accuracy of each recipe against the processor time that it takes."""

    def plot(axes: Any) -> None:
        for name, seeds in rows.items():
            run, is_original = average_run(name, seeds), name.startswith("original")
            x, y = run["cpu_minutes"], 100 * run["scores"][SCORE]
            axes.plot(x, y, "s" if is_original else "o", color="C7" if is_original else "C0", ms=9)
            below = name in BELOW
            axes.annotate(
                name, (x, y), (0, -16 if below else 9), textcoords="offset points", ha="center"
            )
        axes.set_xscale("log")
        axes.set(xlim=(0.8, 400), ylim=(68, 88), yticks=range(70, 90, 5))
        number_plainly(axes.xaxis, most=1000)
        axes.grid(alpha=0.3)

    draw("costs", plot, xlabel="CPU minutes")


def draw_curves(runs: dict[str, Any]) -> None:
    """Draw accuracy against processor time, for recipes of one network."""

    def plot(axes: Any) -> None:
        for name, run in runs.items():
            if run["curve"]:
                minutes = [point["cpu_minutes"] for point in run["curve"]]
                scores = [100 * point["score"] for point in run["curve"]]
                axes.plot(minutes, scores, marker=".", label=name)
        axes.set_xscale("log")
        number_plainly(axes.xaxis, most=200)
        axes.grid(alpha=0.3)

    draw("curves", plot, xlabel="CPU minutes")


def draw_growth(runs: dict[str, Any]) -> None:
    """Draw accuracy against the number of members that vote."""

    def plot(axes: Any) -> None:
        for name, run in runs.items():
            scores = [100 * vote[SCORE] for vote in run["growth"]]
            if len(scores) > 1:
                axes.plot(range(1, len(scores) + 1), scores, marker="o", label=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)

    draw("growth", plot, legend="center right", xlabel="members that vote")


def draw_pool(rows: dict[str, Any]) -> None:
    """Draw accuracy against unlabeled drawings, of students that see as many drawings in all."""
    sizes = {name: student.n_unlabeled for name, student in STUDENTS.items()}
    sizes = {"control": 0} | {k: n for k, n in sizes.items() if n and k in rows} | {"soft": 40_000}
    x = list(sizes.values())

    def plot(axes: Any) -> None:
        seeds = sorted(set.intersection(*(set(rows[name]) for name in sizes)))
        curves = [[100 * rows[name][s][SCORE] for name in sizes] for s in seeds]
        for curve in curves:
            axes.plot(x, curve, color="0.7", marker=".")
        means = [mean(points) for points in zip(*curves, strict=True)]
        axes.plot(x, means, marker="o", label=f"mean of {len(seeds)} splits")
        axes.set_xticks(x, [f"{size:,}" for size in x])
        axes.grid(alpha=0.3)

    draw("pool", plot, xlabel="drawings without labels")


if __name__ == "__main__":
    main()
