"""What limits the recipes: students, and errors, as Markdown."""

from __future__ import annotations

from statistics import mean
from typing import Any

from _tables import table

from .ladder import gain

STUDENTS = """
## Noisy students

On the ladder's splits again: three networks of its step `no-smoothing` vote, and are the teacher of
all variants. A student, a network like them, learns from the labelled drawings and from the
teacher's opinion of others. Each network sees about {pictures:,} pictures, unless its row says
otherwise; the *control* is one that sees the labelled drawings alone. *Gain* is over the row that
*of* names, with the standard error over the seeds, each its own split. Minutes of students include
their teachers', which makes them four times the control's. Where a student starts from its
teacher's weights (`warm`, `renewed`, `consistent`), it brings the minutes behind these along, and
they are counted again with each student.
"""
MEMBERS = """
## Members of a vote

How members should differ, on the same splits: three networks like the students' teachers vote,
which differ by their random seed alone; or by their pictures too, as in the ladder's steps
`no-smoothing`, `stronger` and `erasing`; or in their kind, the last two being its `wider` and its
`mobilenet` without label smoothing, for about as long. *Alone* is what a member scores by itself,
in the mean; *disagreement* how often two of them give different answers.
"""
PUBLISHED = """
The author of the original recipe scored his 85 more frequent classes: 77.5 % on 850 pictures, by
six noisy students, some 30 hours of a GPU. `{recipe}` is right about {recall:.1%} of the holdout's
drawings of the 85 larger classes here. Those were other drawings, 850 of which leave a standard
error of 1.4, and networks that were trained for longer than the original rows here: the figures
stand side by side, no more.
"""
ERRORS = """
## What limits it now

The pairs of classes that `{recipe}` confuses most often, of 100 drawings of each on the holdout:
"""
N_PAIRS = 12
# Whose errors were looked at, in competition_errors.png; look again at those of other answers.
BY_EYE_OF = "823de42f1ec8e0b83c3ce9cc16cb0b1c"
BY_EYE = """
Fifty errors drawn at random were looked at, with both names in view. Thirteen show nothing of their
class: scribbles, and a helicopter that is to be an aircraft carrier. In twenty-two more both
answers can be defended, or neither: a crescent for a banana or a moon, a potato or a cloud. The
other fifteen are plain: a cake with its candles, a pair of eyes, a snowman. So less than a third of
the errors that are left, 19 to 44 % as a sample of fifty goes, look avoidable: some three to seven
points of accuracy.
"""


def render_students(
    result: dict[str, Any], changes: dict[str, tuple[str, str]], pictures: int
) -> str:
    """Return a row for each variant that was measured; ``changes`` gives what of, and which one."""
    if not result:
        return ""
    variants = result["variants"]
    described = {
        "teacher": ("", "the vote of three networks"),
        "control": ("", "one network, on labelled drawings alone"),
        "noisier-control": ("control", "the same, stronger augmentation"),
        **changes,
    }
    rows = [
        student_row(name, of, change, variants)
        for name, (of, change) in described.items()
        if name in variants
    ]
    header = ["", "of", "", "seeds", "accuracy", "gain", "tail", "CPU minutes"]
    return STUDENTS.format(pictures=pictures) + table(header, rows)


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
        kind,
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
        + picture("errors", "Errors drawn at random: what they are, and what they are taken for.")
        + picture("surest", "The surest error of each class, of the classes with the surest ones.")
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
    return "\nHow often it is right, by the probability that it gives its answer:\n" + table(
        ["probability", "share of drawings", "right"], rows
    )


def picture(name: str, caption: str) -> str:
    return f"\n![{caption}](images/competition_{name}.png)\n\n*{caption}*\n"
