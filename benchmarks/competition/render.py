"""Write docs/competition.md and its figures: ``python -m competition.render``."""

from functools import partial
from pathlib import Path
from statistics import mean

from common import DOCS, fill, gain, load, make_figure, number_plainly, pool, save_versions

from .measure import RESULTS
from .splits import IMAGES, PASSES, STEPS, STUDENTS

GPU = RESULTS.parents[1] / "speed" / "results" / "gpu.json"
BELOW = ("vote", "distilled", "original-student")  # rows whose names are below their points
SCORE = "balanced_accuracy"
PAIR = ("student", "control")  # rows of the study with a tenth of the labels
# Hash of the predictions whose errors the text of the page describes.
BY_EYE_OF = "823de42f1ec8e0b83c3ce9cc16cb0b1c"


def main():
    files = ("recipes", "ladder", "students", "scarce")
    runs, ladder, students, scarce = (load(RESULTS / f"{name}.json")["rows"] for name in files)
    recipes = {name: pool(list(own.values())) for name, own in runs.items()}
    for row in recipes.values():
        row["error"] = 100 * row["scores"]["standard_error"].mean
    errors = load(RESULTS / "errors.json")
    if errors["answers"] != BY_EYE_OF:
        raise SystemExit("There are other errors: look at fifty, and write what you see in page.md")
    firsts = {name: own["0"] for name, own in runs.items()}
    values = {name.replace("-", "_"): first for name, first in firsts.items()} | {
        "recipes": recipes,
        "errors": errors,
        "gpu": load(GPU)["recipes"]["ensemble"],
        "passes": PASSES,
        "images": IMAGES,
        "ladder": {name: changes(name, step.of, ladder) for name, step in STEPS.items()},
        "students": {name: changes(name, own.of, students) for name, own in STUDENTS.items()},
        "best_student": show_gain(students["noisier-uniform"], students["control"]),
        "scarce": {name: pool(list(own.values())) for name, own in scarce.items()},
        "scarce_seeds": len(scarce["student"]),
        "scarce_gain": show_gain(*(part(scarce[row], "scores") for row in PAIR)),
        "scarce_adjusted": show_gain(*(part(scarce[row], "transductive") for row in PAIR)),
    }
    page = fill(Path(__file__).parent / "page.md", values)
    (DOCS / "competition.md").write_text(page, encoding="utf-8")
    draw("costs", partial(plot_costs, recipes), "CPU minutes")
    draw("curves", partial(plot_curves, firsts), "CPU minutes")
    draw("growth", partial(plot_growth, firsts), "members that vote", legend="center right")
    draw("pool", partial(plot_pool, students), "drawings without labels")


def part(runs, name):
    return {seed: run[name] for seed, run in runs.items()}


def show_gain(runs, others):
    """Return how many points ``runs`` are ahead of ``others``, on the same seeds."""
    points = gain(runs, others, SCORE)
    return f"{points:.1f}{points.plus_minus()}"


def changes(name, of, rows):
    """Return cells: seeds, accuracy, gain over the row ``of``, tail accuracy and CPU minutes."""
    runs = rows[name]
    points = gain(runs, rows.get(of or "", {}), SCORE)
    won = f"{points:+.1f}{points.plus_minus()}" if points else ""
    cells = "{n} | {balanced_accuracy:.1%} | {won} | {tail:.1%} | {cpu_minutes:.1f}"
    return cells.format(n=len(runs), won=won, **pool(list(runs.values())))


def draw(name, plot, xlabel, legend="best"):
    """Save a light and a dark version of a figure in docs/images; ``plot`` draws into its axes."""

    def draw_once():
        figure, axes = make_figure(6.4, 3.6)
        plot(axes)
        axes.grid(alpha=0.3)
        axes.set(xlabel=xlabel, ylabel="balanced accuracy, %")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, loc=legend)
        return figure

    save_versions(draw_once, DOCS / "images" / f"competition_{name}")


def plot_costs(recipes, axes):
    """Draw the accuracy of each recipe against the processor time that it takes."""
    for name, row in recipes.items():
        marker, color = ("s", "C7") if name.startswith("original") else ("o", "C0")
        point = row["cpu_minutes"].mean, 100 * row["scores"][SCORE].mean
        axes.plot(*point, marker, color=color, ms=9)
        beside = {"textcoords": "offset points", "ha": "center"}
        axes.annotate(name, point, (0, -16 if name in BELOW else 9), **beside)
    axes.set_xscale("log")
    axes.set(xlim=(0.8, 400), ylim=(68, 88), yticks=range(70, 90, 5))
    number_plainly(axes.xaxis, most=1000)


def plot_curves(rows, axes):
    """Draw accuracy against processor time, for recipes that train a single network."""
    for name, curve in ((name, row["curve"]) for name, row in rows.items() if row["curve"]):
        scores = [100 * point["score"] for point in curve]
        axes.plot([point["cpu_minutes"] for point in curve], scores, marker=".", label=name)
    axes.set_xscale("log")
    number_plainly(axes.xaxis, most=200)


def plot_growth(rows, axes):
    """Draw accuracy against the number of members that vote."""
    for name, votes in ((name, row["growth"]) for name, row in rows.items()):
        if len(votes) > 1:
            scores = [100 * vote[SCORE] for vote in votes]
            axes.plot(range(1, len(votes) + 1), scores, marker="o", label=name)
    axes.xaxis.get_major_locator().set_params(integer=True)


def plot_pool(rows, axes):
    """Draw accuracy against the number of unlabeled drawings, at equal numbers of images shown."""
    sizes = {"control": 0, "pool-10k": 10_000, "soft": 40_000}
    x = list(sizes.values())
    seeds = sorted(set.intersection(*(set(rows[name]) for name in sizes)))
    curves = [[100 * rows[name][seed][SCORE] for name in sizes] for seed in seeds]
    for curve in curves:
        axes.plot(x, curve, color="0.7", marker=".")
    means = [mean(points) for points in zip(*curves, strict=True)]
    axes.plot(x, means, marker="o", label=f"mean of {len(seeds)} splits")
    axes.set_xticks(x, [f"{size:,}" for size in x])


if __name__ == "__main__":
    main()
