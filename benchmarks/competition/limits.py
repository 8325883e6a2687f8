"""What limits the recipes: students, and errors, as Markdown."""

from __future__ import annotations

from statistics import mean
from typing import Any

from _tables import table

from .ladder import gain

STUDENTS = """
## Noisy students

What makes a student better than a network trained on labels alone? The splits are those of the
ladder. Three networks of its step `no-smoothing` vote, and are the teacher of all variants. A
student is a network like them. It learns from the labeled drawings, and from the teacher's opinion
of other drawings.

- The *control* is one network that sees the labeled drawings alone.
- Each network sees about {images:,} images, unless its row says otherwise.
- *Gain* is over the row that *of* names. Its standard error is over the seeds, each of which has
  its own split.
- *CPU minutes* of students include those of their teachers, which makes them four times the
  control's. A student that starts from its teacher's weights (`warm`, `renewed`, `consistent`)
  reports the minutes behind these weights as its own. So they are counted again with each student.
"""
MEMBERS = """
## Members of a vote

How should members of a vote differ? Three networks vote, like the students' teachers, on the same
splits. They differ in one of three ways:

- by their random *seed* alone;
- by their *augmentation*, as in the ladder's steps `no-smoothing`, `stronger` and `erasing`;
- by their *network*: two of them are the ladder's `wider` and `mobilenet`, without label smoothing,
  trained for about as long.

*Alone* is what a member scores by itself, on average. *Disagreement* says how often two members
give different answers.
"""
PUBLISHED = """
The author of the original recipe reported 77.5 % on 850 images of his 85 more frequent classes, by
six noisy students, after some 30 hours of a GPU. `{recipe}` is right about {recall:.1%} of the
holdout's drawings of the 85 larger classes here. Do not compare the two figures closely: the
drawings differ, 850 of them leave a standard error of 1.4, and his networks were trained for longer
than the original rows here.
"""
ERRORS = """
## What limits it now

These are the pairs of classes that `{recipe}` confuses most often. The holdout has 100 drawings of
each class:
"""
N_PAIRS = 12
KINDS = {"pictures": "augmentation"}  # of members; all others go by their names in the results
# Whose errors were looked at, in competition_errors.png; look again at those of other answers.
BY_EYE_OF = "823de42f1ec8e0b83c3ce9cc16cb0b1c"
BY_EYE = """
We looked at fifty errors drawn at random, with both names in view:

- 13 do not show their class: they are scribbles, or a helicopter labeled as an aircraft carrier.
- In 22 more, both answers can be defended, or neither: a crescent for a banana or a moon, a potato
  or a cloud.
- The other 15 are plain: a cake with its candles, a pair of eyes, a snowman.

So less than a third of the remaining errors look avoidable: 19 to 44 %, given that this is a sample
of fifty. That is some three to seven points of accuracy.
"""


def render_students(
    result: dict[str, Any], changes: dict[str, tuple[str, str]], images: int
) -> str:
    """Return a row for each variant that was measured; ``changes`` gives what of, and which one."""
    if not result:
        return ""
    variants = result["variants"]
    described = {
        "teacher": ("", "the vote of three networks"),
        "control": ("", "one network, on labeled drawings alone"),
        "noisier-control": ("control", "the same, stronger augmentation"),
        **changes,
    }
    rows = [
        student_row(name, of, change, variants)
        for name, (of, change) in described.items()
        if name in variants
    ]
    header = ["", "of", "", "seeds", "accuracy", "gain", "tail", "CPU minutes"]
    return STUDENTS.format(images=images) + table(header, rows)


def render_members(result: dict[str, Any]) -> str:
    """Return a row for each way in which members differ."""
    if not result:
        return ""
    kinds = result["kinds"]
    header = ["differ by", "seeds", "vote", "gain over seeds alone", "alone", "disagreement"]
    return MEMBERS + table(header, [member_row(kind, kinds) for kind in kinds])


def member_row(kind: str, kinds: dict[str, Any]) -> list[str]:
    runs = list(kinds[kind].values())
    return [
        KINDS.get(kind, kind),
        str(len(runs)),
        f"{mean(run['balanced_accuracy'] for run in runs):.1%}",
        gain(kinds[kind], kinds["seed"]) if kind != "seed" else "",
        f"{mean(mean(run['alone']) for run in runs):.1%}",
        f"{mean(run['disagreement'] for run in runs):.1%}",
    ]


def student_row(name: str, of: str, change: str, variants: dict[str, Any]) -> list[str]:
    runs = variants[name]

    def average(key: str) -> float:
        return mean(run[key] for run in runs.values())

    return [
        f"`{name}`",
        f"`{of}`" if of else "",
        change,
        str(len(runs)),
        f"{average('balanced_accuracy'):.1%}",
        gain(runs, variants.get(of, {})),
        f"{average('tail'):.1%}",
        f"{average('cpu_minutes'):.1f}",
    ]


def render_published(errors: dict[str, Any]) -> str:
    if not errors:
        return ""
    return PUBLISHED.format(recipe=errors["recipe"], recall=errors["recall_of_the_larger"])


def render_errors(errors: dict[str, Any]) -> str:
    if not errors:
        return ""
    rows = [
        [
            f"{pair['first']}, {pair['second']}",
            str(pair["first_as_second"]),
            str(pair["second_as_first"]),
        ]
        for pair in errors["pairs"][:N_PAIRS]
    ]
    header = ["pair", "first taken for second", "second for first"]
    return (
        ERRORS.format(recipe=errors["recipe"])
        + table(header, rows)
        + render_calibration(errors["calibration"])
        + (BY_EYE if errors["answers"] == BY_EYE_OF else "")
        + picture("errors", "Errors drawn at random: the true class, and the answer.")
        + picture("surest", "The surest error of a class, for the classes with the surest errors.")
    )


def render_calibration(groups: list[dict[str, float]]) -> str:
    limits = [group["from"] for group in groups[1:]] + [1.0]
    rows = [
        [
            f"{group['from']:.0%} to {limit:.0%}",
            f"{group['share']:.0%}",
            f"{group['right']:.0%}",
        ]
        for group, limit in zip(groups, limits, strict=True)
    ]
    return "\nHow often an answer is right, by the probability that the recipe gives it:\n" + table(
        ["probability", "share of drawings", "right"], rows
    )


def picture(name: str, caption: str) -> str:
    return f"\n![{caption}](images/competition_{name}.png)\n\n*{caption}*\n"
