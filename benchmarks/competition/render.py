"""Write docs/competition.md and its figures: ``python -m competition.render``.

``page.md`` holds the text; names in braces stand for what is made of the results here.
"""

from __future__ import annotations

from pathlib import Path
from statistics import mean, stdev
from typing import Any

from common import DOCS, load, number_plainly, table
from figures import save_versions

from .measure import RESULTS
from .rows import ROWS, SINGLE_NETWORKS
from .splits import CONTROLS, IMAGES, STEPS, STUDENTS

SCORES = ("head", "medium", "tail")
BELOW = ("vote", "distilled", "original-student")  # whose names stand below their points
N_PAIRS = 12
PAIRS = {
    "pair": "{first}, {second}",
    "first taken for second": "{first_as_second}",
    "second for first": "{second_as_first}",
}
# Whose errors were looked at; look again at those of other answers.
BY_EYE_OF = "823de42f1ec8e0b83c3ce9cc16cb0b1c"
BY_EYE = """\
Less than a third of the remaining errors look avoidable: 19 to 44 %, given that this is a sample of
fifty. That is some three to seven points of accuracy. We looked at fifty errors drawn at random,
with both names in view:

- 13 do not show their class: they are scribbles, or a helicopter labeled as an aircraft carrier.
- In 22 more, both answers can be defended, or neither: a crescent for a banana or a moon, a potato
  or a cloud.
- The other 15 are plain: a cake with its candles, a pair of eyes, a snowman.

"""


def main() -> None:
    rows = {name: load(RESULTS / f"{name}.json")["seeds"] for name in ROWS}
    first = {name.replace("-", "_"): next(iter(seeds.values())) for name, seeds in rows.items()}
    ladder, students, members, errors = (
        load(RESULTS / f"{name}.json") for name in ("ladder", "students", "members", "errors")
    )
    page = (Path(__file__).parent / "page.md").read_text()
    (DOCS / "competition.md").write_text(
        page.format(
            **first,
            errors=errors,
            passes=ladder["passes"],
            images=IMAGES,
            recipes=recipes_table(rows),
            summary=summary_table(rows),
            ladder=ladder_table(ladder["rows"]),
            students=students_table(students["rows"]),
            best_student=points_over(students["rows"], "noisier-uniform", "control"),
            members=members_table(members["rows"]),
            pairs=table(PAIRS, errors["pairs"][:N_PAIRS]),
            calibration=calibration_table(errors["calibration"]),
            surest=errors["calibration"][-1]["right"],
            by_eye=BY_EYE if errors["answers"] == BY_EYE_OF else "",
        )
    )
    draw_costs(rows)
    draw_curves(first)
    draw_growth(first)
    draw_pool(students["rows"])


def recipes_table(rows: dict[str, Any]) -> str:
    columns = {
        "recipe": "`{name}`",
        "accuracy": "{scores[balanced_accuracy]:.1%} ± {error:.1f}",
        **{key: f"{{scores[{key}]:.1%}}" for key in SCORES},
        "transductive": "{transductive[balanced_accuracy]:.1%}",
        "networks": "{networks}",
        "images seen": "{images:,}",
        "CPU minutes": "{cpu_minutes:.0f}",
    }
    return table(columns, [average_run(name, seeds) for name, seeds in rows.items()])


def summary_table(rows: dict[str, Any]) -> str:
    """Return what a reader asks first, in columns that a phone shows."""
    columns = {"recipe": "`{name}`", "accuracy": "{scores[balanced_accuracy]:.1%}"}
    columns |= {"tail": "{scores[tail]:.1%}", "CPU minutes": "{cpu_minutes:.0f}"}
    return table(columns, [average_run(name, seeds) for name, seeds in rows.items()])


def average_run(name: str, seeds: dict[str, Any]) -> dict[str, Any]:
    """Return the first run of a recipe, with scores and minutes averaged over all."""
    runs = list(seeds.values())
    means = {
        group: {key: mean(run[group][key] for run in runs) for key in runs[0][group]}
        for group in ("scores", "transductive")
    }
    minutes = {"cpu_minutes": mean(run["cpu_minutes"] for run in runs)}
    error = 100 * means["scores"]["standard_error"]
    return {**runs[0], **means, **minutes, "error": error, "name": name}


def ladder_table(rows: dict[str, Any]) -> str:
    described = {name: (step.of or "", step.change) for name, step in STEPS.items()}
    return changes_table({"step": "`{name}`", "of": "{of}", "change": "{change}"}, described, rows)


def students_table(rows: dict[str, Any]) -> str:
    described = {"teacher": ("", "the vote of three networks"), **CONTROLS}
    described |= {name: (student.of, student.change) for name, student in STUDENTS.items()}
    return changes_table({"": "`{name}`", "of": "{of}", " ": "{change}"}, described, rows)


def changes_table(
    columns: dict[str, str], described: dict[str, tuple[str, str]], rows: dict[str, Any]
) -> str:
    """Return what was measured of changes, ``described`` by what they are of, and in words."""
    columns |= {"seeds": "{n}", "accuracy": "{balanced_accuracy:.1%}", "gain": "{gain}"}
    columns |= {"tail": "{tail:.1%}", "CPU minutes": "{cpu_minutes:.1f}"}
    return table(
        columns,
        [
            {
                **averages(rows[name], "balanced_accuracy", "tail", "cpu_minutes"),
                "name": name,
                "of": f"`{of}`" if of else "",
                "change": change,
                "gain": gain(rows[name], rows.get(of, {})),
            }
            for name, (of, change) in described.items()
            if name in rows
        ],
    )


def averages(runs: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {"n": len(runs)} | {key: mean(run[key] for run in runs.values()) for key in keys}


def gain(runs: dict[str, Any], below: dict[str, Any]) -> str:
    """Return the mean difference over common seeds, in points, and its standard error."""
    key = "balanced_accuracy"
    gains = [100 * (runs[s][key] - below[s][key]) for s in sorted(runs.keys() & below.keys())]
    if not gains:
        return ""
    error = f" ± {stdev(gains) / len(gains) ** 0.5:.1f}" if len(gains) > 1 else ""
    return f"{mean(gains):+.1f}{error}"


def points_over(rows: dict[str, Any], name: str, other: str) -> float:
    """Return by how many points a row is above another, on average over its seeds."""
    scores = [mean(run["balanced_accuracy"] for run in rows[key].values()) for key in (name, other)]
    return 100 * (scores[0] - scores[1])


def members_table(rows: dict[str, Any]) -> str:
    columns = {"differ by": "{kind}", "seeds": "{n}", "vote": "{balanced_accuracy:.1%}"}
    columns |= {"gain over seeds alone": "{gain}", "alone": "{alone:.1%}"}
    columns |= {"disagreement": "{disagreement:.1%}"}
    cells = []
    for kind, runs in rows.items():
        found = averages(runs, "balanced_accuracy", "disagreement")
        alone = mean(mean(run["alone"]) for run in runs.values())
        over = gain(runs, rows["seed"]) if kind != "seed" else ""
        cells.append(found | {"kind": kind, "alone": alone, "gain": over})
    return table(columns, cells)


def calibration_table(groups: list[dict[str, float]]) -> str:
    limits = [group["from"] for group in groups[1:]] + [1.0]
    rows = [
        group | {"low": group["from"], "to": limit}
        for group, limit in zip(groups, limits, strict=True)
    ]
    columns = {"probability": "{low:.0%} to {to:.0%}", "share of drawings": "{share:.0%}"}
    return table(columns | {"right": "{right:.0%}"}, rows)


def render_single_networks() -> str:
    """Return the table of docs/benchmarks.md: single networks, and how each got there."""
    runs = {name: load(RESULTS / f"{name}.json")["seeds"]["0"] for name in SINGLE_NETWORKS}
    columns = {"network": "{name}", "weights": "{weights:,}", "images seen": "{images:,}"}
    columns |= {"minutes": "{wall_minutes:.1f}"}
    columns |= {"balanced accuracy": "{scores[balanced_accuracy]:.1%}"}
    columns |= {key: f"{{scores[{key}]:.1%}}" for key in SCORES}
    parts = [table(columns, [{"name": name, **run} for name, run in runs.items()])]
    for name, run in runs.items():
        epochs = list(enumerate(run["curve"], start=1))[2::3]
        shown = ", ".join(f"{i}: {epoch['score']:.1%}" for i, epoch in epochs)
        parts.append(f"*{name}* after epoch {shown}.")
    return "\n\n".join(parts)


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
            x, y = run["cpu_minutes"], 100 * run["scores"]["balanced_accuracy"]
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
                axes.plot(minutes, scores, marker=".", label=name.replace("_", "-"))
        axes.set_xscale("log")
        number_plainly(axes.xaxis, most=200)
        axes.grid(alpha=0.3)

    draw("curves", plot, xlabel="CPU minutes")


def draw_growth(runs: dict[str, Any]) -> None:
    """Draw accuracy against the number of members that vote."""

    def plot(axes: Any) -> None:
        for name, run in runs.items():
            scores = [100 * vote["balanced_accuracy"] for vote in run["growth"]]
            if len(scores) > 1:
                label = name.replace("_", "-")
                axes.plot(range(1, len(scores) + 1), scores, marker="o", label=label)
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
        curves = [[100 * rows[name][s]["balanced_accuracy"] for name in sizes] for s in seeds]
        for curve in curves:
            axes.plot(x, curve, color="0.7", marker=".")
        means = [mean(points) for points in zip(*curves, strict=True)]
        axes.plot(x, means, marker="o", label=f"mean of {len(seeds)} splits")
        axes.set_xticks(x, [f"{size:,}" for size in x])
        axes.grid(alpha=0.3)

    draw("pool", plot, xlabel="drawings without labels")


if __name__ == "__main__":
    main()
