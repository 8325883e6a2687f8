"""Write docs/competition.md and its pictures from the result files.

cd benchmarks && python -m competition.render
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean
from typing import Any

from _tables import table

from .ladder import gain
from .limits import render_errors, render_members, render_published, render_students
from .plots import plot_curves, plot_groups, plot_growth, plot_pool
from .rows import ROWS
from .steps import STEPS
from .students import PICTURES, VARIANTS

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "competition.md"
IMAGES = ROOT / "docs" / "images"

INTRODUCTION = """\
# A competition

100 classes of real Quick, Draw! sketches of 28 x 28 pixels: 1,000 to learn from of the first, 990
of the second, ... 10 of the last. 30,000 unlabelled ones are the test set of the competition, and
balanced; 10,000 more, labelled and balanced, are the holdout that this page is scored on. No
pretrained weights, no other drawings. `make competition RECIPE=... DATA=folder` trains a row again,
on a folder as in [a competition of your own](user_guide/data.md#a-competition-of-your-own); the
original rows take `PASSES=5` or `4` too, or train for 180. This page is made by
`benchmarks/competition/render.py`.

## Recipes

*Accuracy* is balanced accuracy on the holdout, with the standard error that comes from its being a
sample; another seed moves a row by up to half a point more. Head, medium and tail are thirds of the
classes by size. *Transductive* assigns the labels of the whole set at once, using that it is
balanced. *Networks*, *pictures seen* and *CPU minutes*, of one core, are over all that was trained
for a row, teachers included; those of the pace at which one virtual machine ran, of which others
are slower. `single` is the first member of `vote`.

Rows are trained with the settings in `benchmarks/competition/settings.py`, whatever the package's
defaults are. Today's `recipes` train the same networks with the same optimizer and loss, but choose
the number of passes by the number of drawings, and mirror only where mirrored drawings keep their
class; `fast` also bends lines, and the student of `distilled` has more weight decay and no label
smoothing.
"""
# What a reader has to know of a row, of those that were measured.
NOTES = {
    "original-single": """
`original-single` is one network of the recipe that won the original competition, after {images:,}
of the 27,000,000 pictures that its author showed it.
""",
    "original-six": """
`original-six` is that recipe in full: six networks vote, each the noisy student of a teacher of its
own, and `original-student` is the first of them. Teachers had {passes[0]} passes over their
filled-up set, and students {passes[1]} over theirs, which is nearly three times as large.
""",
    "fast-4": """
`fast-4` is `fast` with 4 passes in place of 12: its rate falls to nothing in that time.
""",
    "winner": """
The teacher of `winner` is `vote`, which is all that is trained where there are no unlabelled
drawings; its students are told that these are balanced.
""",
    "distilled": """
The original students, `winner` and `distilled` learn from the unlabelled drawings too, and from
those of the holdout without their labels. The teacher of `distilled` is `winner`.
""",
}
LADDER = """
## The ladder

One step at a time, on splits of the labelled drawings that hold out a fifth of each class, at most
40. *Gain* is the difference to the step that a row builds on, with the standard error over the
seeds, each its own split. Trainings are short: {passes} passes of a network 0.35 wide, or what fits
into the same time. What did not pay here may pay in longer ones. With three seeds, a gain of less
than about three times its error may be chance, and an error may be small by chance.
"""
SCORES = ("head", "medium", "tail")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    rows = {name: load(f"{name}.json") for name in ROWS}
    rows = {name: row["seeds"] for name, row in rows.items() if row}
    plots = [
        plot_groups(rows, IMAGES / "competition_groups.png"),
        plot_curves(rows, IMAGES / "competition_curves.png"),
        plot_growth(rows, IMAGES / "competition_growth.png"),
    ]
    students = load("students.json")
    changes = {variant.name: (variant.of, variant.change) for variant in VARIANTS}
    PAGE.write_text(
        INTRODUCTION
        + "".join(
            note.format(**next(iter(rows[name].values())))
            for name, note in NOTES.items()
            if name in rows
        )
        + recipes_table(rows)
        + render_published(load("errors.json"))
        + "".join(plots)
        + render_ladder(load("ladder.json"))
        + render_students(students, changes, PICTURES)
        + plot_pool(students, pools(), IMAGES / "competition_pool.png")
        + render_members(load("members.json"))
        + render_errors(load("errors.json"))
    )


def pools() -> dict[str, int]:
    """Return the variants of students that differ in how many unlabelled drawings they have."""
    sizes = {variant.name: variant.n_unlabeled for variant in VARIANTS if variant.n_unlabeled}
    return {"control": 0} | sizes | {"soft": 40_000}


def load(name: str) -> dict[str, Any]:
    file = RESULTS / name
    return json.loads(file.read_text()) if file.is_file() else {}


def recipes_table(rows: dict[str, Any]) -> str:
    header = ["recipe", "accuracy", *SCORES, "transductive"]
    header += ["networks", "pictures seen", "CPU minutes"]
    return table(header, [recipe_row(name, seeds) for name, seeds in rows.items()])


def recipe_row(name: str, seeds: dict[str, Any]) -> list[str]:
    runs = list(seeds.values())

    def average(group: str, key: str) -> float:
        return mean(run[group][key] for run in runs)

    first = runs[0]
    accuracy = average("scores", "balanced_accuracy")
    error = 100 * average("scores", "standard_error")
    return [
        f"`{name}`" + (f" ({len(runs)} seeds)" if len(runs) > 1 else ""),
        f"{accuracy:.1%} ± {error:.1f}",
        *(f"{average('scores', key):.1%}" for key in SCORES),
        f"{average('transductive', 'balanced_accuracy'):.1%}",
        str(first["networks"]),
        f"{first['images']:,}",
        f"{mean(run['cpu_minutes'] for run in runs):.0f}",
    ]


def render_ladder(result: dict[str, Any]) -> str:
    if not result:
        return ""
    steps = result["steps"]
    rows = [ladder_row(step, steps) for step in STEPS if step.name in steps]
    header = ["step", "of", "change", "seeds", "accuracy", "gain", "tail", "CPU minutes"]
    return LADDER.format(passes=result["passes"]) + table(header, rows)


def ladder_row(step: Any, steps: dict[str, Any]) -> list[str]:
    runs = steps[step.name]
    return [
        f"`{step.name}`",
        "" if step.of is None else f"`{step.of}`",
        step.change,
        str(len(runs)),
        f"{mean(run['balanced_accuracy'] for run in runs.values()):.1%}",
        gain(runs, steps.get(step.of, {})),
        f"{mean(run['tail'] for run in runs.values()):.1%}",
        f"{mean(run['cpu_minutes'] for run in runs.values()):.1f}",
    ]


if __name__ == "__main__":
    main()
