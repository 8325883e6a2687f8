"""Write docs/competition.md and its plots from the result files.

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

{headline}The data are 100 classes of real Quick, Draw! drawings of 28 x 28 pixels.

- **Training:** 1,000 labeled drawings of the first class, 990 of the second, ... 10 of the last.
- **Test set of the competition:** 30,000 unlabeled drawings, balanced.
- **Holdout**, on which this page is scored: 10,000 more labeled drawings, balanced.

No pretrained weights and no other drawings are used.

`make competition RECIPE=... DATA=folder` trains a row again, on a folder as in
[a competition of your own](user_guide/data.md#a-competition-of-your-own). The original rows were
made with `PASSES=5` (`original-single`) and `PASSES=4` (the other two). Without `PASSES` they train
for 180 passes. This page is made by `benchmarks/competition/render.py`.

## Recipes

- *Accuracy* is balanced accuracy on the holdout. Its standard error says how much another sample
  of drawings would change it. Another seed moves a row by up to half a point more.
- *Head*, *medium* and *tail* are the recall of thirds of the classes by size.
- *Transductive* assigns the labels of the whole set at once, and uses that the set is balanced.
- *Networks*, *images seen* and *CPU minutes* count all that was trained for a row, teachers
  included. Minutes are of one core of one virtual machine; other machines are slower.

Rows are trained with the settings in `benchmarks/competition/settings.py`, not with the package's
defaults. Today's `recipes` train the same networks with the same optimizer and loss. They differ in
three things:

- They choose the number of passes by the number of drawings, and mirror only if mirrored drawings
  keep their class.
- `fast` also bends lines.
- The student of `distilled` has more weight decay and no label smoothing.

About the rows:
"""
HEADLINE = """\
`fast` trains for {fast[cpu_minutes]:.0f} CPU minutes and reaches a balanced accuracy of
{fast[scores][balanced_accuracy]:.1%} on real drawings whose labels were held out. `winner` also
learns from unlabeled drawings. It trains for {winner[cpu_minutes]:.0f} CPU minutes and reaches
{winner[scores][balanced_accuracy]:.1%}.

"""
# What a reader has to know of a row, of those that were measured.
NOTES = {
    "original-single": """
- `original-single` is one network of the recipe that won the original competition. It saw
  {images:,} images here; its author showed it 27,000,000.
""",
    "original-six": """\
- `original-six` is that recipe in full. Six networks vote. Each is the noisy student of its own
  teacher, and `original-student` is the first of them. Teachers made {passes[0]} passes over their
  filled-up set. Students made {passes[1]} passes over theirs, which is nearly three times as large.
""",
    "fast-4": """\
- `fast-4` is `fast` with 4 passes instead of 12. Its learning rate falls to nothing in that time.
""",
    "winner": """\
- `single` and `winner` are named as when they were measured. Today's names are
  `recipes.accurate` and `recipes.ensemble`.
- `single` is the first member of `vote`, and `vote` is the teacher of `winner`. Without unlabeled
  drawings, `winner` trains nothing more than `vote`. Its students are told that the unlabeled
  drawings are balanced.
""",
    "distilled": """\
- The teacher of `distilled` is `winner`.
- The original students, `winner` and `distilled` also learn from the unlabeled drawings, and from
  the drawings of the holdout without their labels.
""",
}
LADDER = """
## The ladder

What is each part of the recipe worth? Each row changes one thing, or a few that belong together, of
the step that it names (*of*). Scores are from splits of the labeled drawings that hold out a fifth
of each class, at most 40.

- *Gain* is the difference to that step. Its standard error is over the seeds, each of which has its
  own split.
- Trainings are short: {passes} passes of a network 0.35 wide, or what fits into the same time. What
  did not pay here may pay in longer trainings.
- With three seeds, a gain of less than about three times its error may be chance, and the error
  itself may be small by chance.
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
        INTRODUCTION.format(headline=render_headline(rows))
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


def render_headline(rows: dict[str, Any]) -> str:
    """Return what a fast and a thorough recipe reach, if both were measured."""
    if not {"fast", "winner"} <= set(rows):
        return ""
    return HEADLINE.format(**{name: next(iter(rows[name].values())) for name in ("fast", "winner")})


def pools() -> dict[str, int]:
    """Return the variants of students that differ in how many unlabeled drawings they have."""
    sizes = {variant.name: variant.n_unlabeled for variant in VARIANTS if variant.n_unlabeled}
    return {"control": 0} | sizes | {"soft": 40_000}


def load(name: str) -> dict[str, Any]:
    file = RESULTS / name
    return json.loads(file.read_text()) if file.is_file() else {}


def recipes_table(rows: dict[str, Any]) -> str:
    header = ["recipe", "accuracy", *SCORES, "transductive"]
    header += ["networks", "images seen", "CPU minutes"]
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
