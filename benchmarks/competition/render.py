"""Write docs/competition.md and its figures: ``python -m competition.render``."""

from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

from common import DOCS, fill, gain, load, number_plainly, pool, save_versions

from .measure import RESULTS
from .rows import ROWS, SINGLE_NETWORKS
from .splits import IMAGES, STEPS, STUDENTS

BELOW = ("vote", "distilled", "original-student")  # whose names stand below their points
SCORE = "balanced_accuracy"
# Whose errors the text of the page was written about.
BY_EYE_OF = "823de42f1ec8e0b83c3ce9cc16cb0b1c"
Seeds = dict[str, dict[str, Any]]  # runs, by seed


def main() -> None:
    rows = {name: list(load(RESULTS / f"{name}.json")["seeds"].values()) for name in ROWS}
    recipes = {name: pool(runs) for name, runs in rows.items()}
    for row in recipes.values():
        row["error"] = 100 * row["scores"]["standard_error"].mean
    studies = {name: load(RESULTS / f"{name}.json") for name in ("ladder", "students", "members")}
    ladder, students, members = (study["rows"] for study in studies.values())
    errors = load(RESULTS / "errors.json")
    if errors["answers"] != BY_EYE_OF:
        raise SystemExit("There are other errors: look at fifty, and write what you see in page.md")
    best, control = (pool(list(students[k].values())) for k in ("noisier-uniform", "control"))
    values = {name.replace("-", "_"): runs[0] for name, runs in rows.items()} | {
        "recipes": recipes,
        "errors": errors,
        "passes": studies["ladder"]["passes"],
        "images": IMAGES,
        "ladder": {name: changes(name, step.of, ladder) for name, step in STEPS.items()},
        "students": {name: changes(name, own.of, students) for name, own in STUDENTS.items()},
        "members": {kind: members_row(kind, members) for kind in members},
        "best_student": 100 * (best[SCORE].mean - control[SCORE].mean),
        "surest": errors["calibration"][-1]["right"],
    }
    page = fill(Path(__file__).parent / "page.md", values)
    (DOCS / "competition.md").write_text(page)
    draw_costs(recipes)
    draw_curves({name: runs[0]["curve"] for name, runs in rows.items() if runs[0]["curve"]})
    draw_growth({name: runs[0]["growth"] for name, runs in rows.items()})
    draw_pool(students)


def changes(name: str, of: str | None, rows: dict[str, Seeds]) -> str:
    """Return cells: seeds, accuracy, gain over the row that it changes, tail and CPU minutes."""
    runs = rows[name]
    won = show_gain(runs, rows.get(of or "", {}))
    cells = "{n} | {balanced_accuracy:.1%} | {won} | {tail:.1%} | {cpu_minutes:.1f}"
    return cells.format(n=len(runs), won=won, **pool(list(runs.values())))


def show_gain(runs: Seeds, below: Seeds) -> str:
    """Return the mean difference over common seeds, in points, and its standard error."""
    won = gain(runs, below, SCORE)
    return f"{won:+.1f}{won.plus_minus()}" if won else ""


def members_row(kind: str, rows: dict[str, Seeds]) -> dict[str, Any]:
    runs = rows[kind]
    row = pool([run | {"alone": mean(run["alone"])} for run in runs.values()])
    return row | {"n": len(runs), "gain": show_gain(runs, rows["seed"]) if kind != "seed" else ""}


def single_networks() -> tuple[dict[str, Any], str]:
    """Return rows of docs/benchmarks.md on single networks, and how each got there."""
    runs = {name: load(RESULTS / f"{name}.json")["seeds"]["0"] for name in SINGLE_NETWORKS}
    lines = []
    for name, run in runs.items():
        epochs = list(enumerate(run["curve"], start=1))[2::3]
        shown = ", ".join(f"{i}: {epoch['score']:.1%}" for i, epoch in epochs)
        lines.append(f"*{name}* after epoch {shown}.")
    return runs, "\n\n".join(lines)


# ---- figures ------------------------------------------------------------------------------------


def draw(name: str, plot: Callable[[Any], None], xlabel: str, legend: str = "best") -> None:
    """Save both versions of a figure of docs/images, whose axes ``plot`` draws into."""
    from matplotlib.figure import Figure

    def draw_once() -> Figure:
        figure = Figure(figsize=(6.4, 3.6), layout="constrained")
        axes = figure.subplots()
        plot(axes)
        axes.grid(alpha=0.3)
        axes.set(xlabel=xlabel, ylabel="balanced accuracy, %")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, loc=legend)
        return figure

    save_versions(draw_once, DOCS / "images" / f"competition_{name}")


def draw_costs(recipes: dict[str, Any]) -> None:
    """Draw the accuracy of each recipe against the processor time that it takes."""

    def plot(axes: Any) -> None:
        for name, row in recipes.items():
            marker, color = ("s", "C7") if name.startswith("original") else ("o", "C0")
            point = row["cpu_minutes"].mean, 100 * row["scores"][SCORE].mean
            axes.plot(*point, marker, color=color, ms=9)
            beside = {"textcoords": "offset points", "ha": "center"}
            axes.annotate(name, point, (0, -16 if name in BELOW else 9), **beside)
        axes.set_xscale("log")
        axes.set(xlim=(0.8, 400), ylim=(68, 88), yticks=range(70, 90, 5))
        number_plainly(axes.xaxis, most=1000)

    draw("costs", plot, "CPU minutes")


def draw_curves(curves: dict[str, Any]) -> None:
    """Draw accuracy against processor time, for recipes of one network."""

    def plot(axes: Any) -> None:
        for name, curve in curves.items():
            scores = [100 * point["score"] for point in curve]
            axes.plot([point["cpu_minutes"] for point in curve], scores, marker=".", label=name)
        axes.set_xscale("log")
        number_plainly(axes.xaxis, most=200)

    draw("curves", plot, "CPU minutes")


def draw_growth(votes: dict[str, Any]) -> None:
    """Draw accuracy against the number of members that vote."""

    def plot(axes: Any) -> None:
        for name, own in votes.items():
            if len(own) > 1:
                scores = [100 * vote[SCORE] for vote in own]
                axes.plot(range(1, len(own) + 1), scores, marker="o", label=name)
        axes.xaxis.get_major_locator().set_params(integer=True)

    draw("growth", plot, "members that vote", legend="center right")


def draw_pool(rows: dict[str, Seeds]) -> None:
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

    draw("pool", plot, "drawings without labels")


if __name__ == "__main__":
    main()
