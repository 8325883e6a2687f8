"""Write docs/competition.md and its figures: ``python -m competition.render``.

``page.md`` holds the text; names in braces stand for what is made of the results here.
"""

from __future__ import annotations

from pathlib import Path
from statistics import mean, stdev
from typing import Any

from common import DOCS, load, number_plainly, table

from .measure import RESULTS
from .rows import ROWS, SINGLE_NETWORKS
from .splits import CONTROLS, IMAGES, STEPS, STUDENTS

SCORES = ("head", "medium", "tail")
N_PAIRS = 12
PAIRS = {
    "pair": "{first}, {second}",
    "first taken for second": "{first_as_second}",
    "second for first": "{second_as_first}",
}
# Whose errors were looked at, in competition_errors.png; look again at those of other answers.
BY_EYE_OF = "823de42f1ec8e0b83c3ce9cc16cb0b1c"
BY_EYE = """\
We looked at fifty errors drawn at random, with both names in view:

- 13 do not show their class: they are scribbles, or a helicopter labeled as an aircraft carrier.
- In 22 more, both answers can be defended, or neither: a crescent for a banana or a moon, a potato
  or a cloud.
- The other 15 are plain: a cake with its candles, a pair of eyes, a snowman.

So less than a third of the remaining errors look avoidable: 19 to 44 %, given that this is a sample
of fifty. That is some three to seven points of accuracy.

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
            ladder=ladder_table(ladder["rows"]),
            students=students_table(students["rows"]),
            members=members_table(members["rows"]),
            pairs=table(PAIRS, errors["pairs"][:N_PAIRS]),
            calibration=calibration_table(errors["calibration"]),
            by_eye=BY_EYE if errors["answers"] == BY_EYE_OF else "",
        )
    )
    draw_groups(rows)
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


def draw(name: str, width: float, plot: Any, **labels: Any) -> None:
    """Save a figure of docs/images that ``plot`` draws into axes."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(width, 3.6), layout="constrained")
    legend = {"frameon": False} | (plot(axes) or {})
    axes.set(**{"ylabel": "balanced accuracy, %", **labels})
    axes.legend(**legend)
    figure.savefig(DOCS / "images" / f"competition_{name}.png", dpi=110)
    plt.close(figure)


def draw_groups(rows: dict[str, Any]) -> None:
    """Draw bars of head, medium and tail for each recipe."""

    def plot(axes: Any) -> dict[str, Any]:
        for i, group in enumerate(SCORES):
            scores = [
                100 * mean(run["scores"][group] for run in seeds.values())
                for seeds in rows.values()
            ]
            axes.bar([x + 0.27 * (i - 1) for x in range(len(rows))], scores, 0.25, label=group)
        axes.set_xticks(range(len(rows)), [name.replace("-", "-\n") for name in rows])
        axes.grid(axis="y", alpha=0.3)
        return {"ncols": 3}

    draw("groups", 8, plot, ylabel="recall, %", ylim=(0, 100))


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

    draw("curves", 8, plot, xlabel="CPU minutes")


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

    draw("growth", 5, plot, xlabel="members that vote")


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
        axes.set_xticks(x)
        axes.grid(alpha=0.3)

    draw("pool", 5, plot, xlabel="drawings without labels")


if __name__ == "__main__":
    main()
