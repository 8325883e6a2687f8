"""The comparison of teachers, students and heads, and that of few-shot learners, as Markdown."""

from __future__ import annotations

from statistics import mean
from typing import Any

from _tables import table

TEACHERS = """
## Teachers, students, ensembles, heads

What is the best use of a budget of {images:,} training images: one network that sees them all, or
several networks that share them? The rows are from `benchmarks/compare_teachers.py`, on the
competition's drawings.

- **Budget:** the networks of a row may use it up together. *Images* says how many they did use,
  since epochs are whole.
- **Networks:** `ResNetClassifier` of width 0.35 with balanced softmax, light live augmentation and
  averaged weights. Students are 0.5 wide. The pool of unlabeled drawings is `unlabeled.npz`.
- **Scores:** means of {n_seeds} seeds on the holdout, with half their range in brackets. One seed
  has a standard error of about 0.4 points.
- **Choices:** nothing was chosen by the holdout, with one reservation. LightGBM had diverged and
  scored 27 % there, so its leaves were regularised, on training rows.
- *Transductive* uses that the holdout is balanced. It is another task: do not compare it with
  the other columns.
- *CPU minutes* are of one core, on a machine with other work to do. They count all trainings of
  the row.
"""
SCORES = ("balanced_accuracy", "head", "medium", "tail")
HEADER = [
    "",
    "balanced accuracy",
    "head",
    "medium",
    "tail",
    "transductive",
    "images",
    "CPU minutes",
]

PSEUDO_LABELS = """
What are the teachers' pseudo-labels worth? They were scored, by the same rule, on drawings of the
holdout that join the pool for this.

- *Selected* is the share of the drawings that is selected; *right* is the share of those that have
  the right label.
- *Recall* is the share of each class that is selected and right, over all classes. *Tail recall* is
  the same over the 33 rarest.
- The teacher's own row keeps all drawings, and knows no prior.
"""
PSEUDO_HEADER = ["pseudo-labels of", "selected", "right", "recall", "tail recall"]
PSEUDO_KEYS = ("selected", "accuracy", "recall", "tail_recall")

FINDINGS = """
The competition's winner made three claims. This is what became of them at this budget, which is
some twenty passes of one network over the labeled drawings:

- *A noisy student helps much.* Not here.
  - The prior-aware student is {student_gain:.1f} points above its own teacher, and the naive one
    {naive_gain:.1f}. But the student's network, trained on the labeled drawings alone with half the
    images, is {control_gain:.1f} above. So the larger network makes the gain. Images spent on
    pseudo-labels are lost to labeled drawings that are not learned yet.
  - {prior_recall:.0f} % of the rarest classes' drawings have the right pseudo-label with the prior,
    and {naive_recall:.0f} % with a threshold of 0.4. That is because the prior keeps all drawings.
    The prior itself brings {prior_gain:+.1f} points over all classes and {prior_tail_gain:+.1f} in
    the tail: a teacher with balanced softmax names rare classes too often, not too seldom.
  - The prior is made for teachers that do not correct for unequal classes. A teacher of plain cross
    entropy finds {plain_tail:.0f} % of the rarest classes' drawings by itself, {plain_naive:.0f} %
    by the threshold, and {plain_prior:.0f} % with the prior.
  - Where labels are scarcer, students gain: see `examples/plot_noisy_student.py`.
- *An ensemble always helps.* It depends on what you compare it with.
  - Next to its members, it helps: six vote for {vote:.1f} %, and one of them has {member:.1f} %.
  - Next to one network that is trained as long as all six together, it is far behind: each of the
    six is stopped when it has hardly begun. Learned weights and stacking change little.
  - Six noisy students have one or two passes each, so the budget is spread thinner still. What is
    distilled from them is no better.
- *Classical heads fall short.* Linear discriminants do not.
  - They have {lda:.1f} %, and the network's own last layer {single:.1f} %. They are better in the
    head and worse in the tail.
  - LightGBM has {lightgbm:.1f} %. It is the best of all in the head, and the last of these in the
    tail.
  - Class means have {prototypes:.1f} %.
  - The network has {relation:.1f} % with a relation network's second opinion on five classes.

Longer budgets may well reverse the first two findings: this is a comparison of short budgets.
"""

FEW_SHOT = """
## Few shots

Accuracy in percent on 74 classes that no contender was trained on, from `benchmarks/few_shot.py`.
It is over {episodes} episodes of {ways} classes with {queries} queries each; in brackets half a
95 % interval. Contenders were trained on 25 drawings of each of 170 other classes; one seed.
"""


PLAIN = "teacher of cross entropy, half the budget"
TEACHER, CONTROL = "teacher, half the budget", "the student's network alone, half the budget"
NAIVE, PRIOR_AWARE = "+ noisy student, naive", "+ noisy student, prior-aware"
NAMED = {
    "single": "single network",
    "vote": "vote of six",
    "lda": "LDA on features",
    "prototypes": "prototypes of features",
    "lightgbm": "LightGBM on features",
    "relation": "relation re-ranking",
}


def render_teachers(results: list[dict[str, Any]]) -> str:
    """Return the table of all rows that every seed has, and one of the pseudo-labels."""
    if not results:
        return ""
    names = [name for name in results[0]["rows"] if all(name in r["rows"] for r in results)]
    by_name = {name: [result["rows"][name] for result in results] for name in names}
    judged = {name: rows for name, rows in by_name.items() if "pseudo_labels" in rows[0]}
    return (
        TEACHERS.format(images=results[0]["images"], n_seeds=len(results))
        + table(HEADER, [teacher_row(name, rows) for name, rows in by_name.items()])
        + PSEUDO_LABELS
        + table(PSEUDO_HEADER, [line for item in judged.items() for line in pseudo_rows(*item)])
        + findings(by_name)
    )


def findings(by_name: dict[str, list[dict[str, Any]]]) -> str:
    """Return what the table says, once all its rows are there."""
    needed = {*NAMED.values(), TEACHER, PLAIN, NAIVE, PRIOR_AWARE, CONTROL}
    if not needed <= set(by_name):
        return ""
    scores = {
        name: 100 * mean(row["scores"]["balanced_accuracy"] for row in rows)
        for name, rows in by_name.items()
    }
    found, tail = (
        {
            name: 100 * mean(row["pseudo_labels"][key] for row in by_name[name])
            for name in (TEACHER, NAIVE, PRIOR_AWARE)
        }
        for key in ("recall", "tail_recall")
    )
    plain = by_name[PLAIN]
    return FINDINGS.format(
        plain_tail=100 * mean(row["scores"]["tail"] for row in plain),
        plain_naive=100 * mean(row["naive_pseudo_labels"]["tail_recall"] for row in plain),
        plain_prior=100 * mean(row["pseudo_labels"]["tail_recall"] for row in plain),
        student_gain=scores[PRIOR_AWARE] - scores[TEACHER],
        naive_gain=scores[NAIVE] - scores[TEACHER],
        control_gain=scores[CONTROL] - scores[TEACHER],
        prior_recall=tail[PRIOR_AWARE],
        naive_recall=tail[NAIVE],
        prior_gain=found[PRIOR_AWARE] - found[TEACHER],
        prior_tail_gain=tail[PRIOR_AWARE] - tail[TEACHER],
        member=100 * mean(row["one_member"] for row in by_name[NAMED["vote"]]),
        **{key: scores[name] for key, name in NAMED.items()},
    )


def teacher_row(name: str, rows: list[dict[str, Any]]) -> list[str]:
    scores = [percent([row["scores"][key] for row in rows]) for key in SCORES]
    transductive = percent([row["transductive"]["balanced_accuracy"] for row in rows])
    images = mean(row["images"] for row in rows)
    minutes = mean(row["cpu_minutes"] for row in rows)
    return [name, *scores, transductive, f"{images / 1000:,.0f}k", f"{minutes:.1f}"]


def pseudo_rows(name: str, rows: list[dict[str, Any]]) -> list[list[str]]:
    """Return a line, and before it one for the naive rule where that was judged as well."""
    return [
        [name + note, *(percent([row[kind][key] for row in rows]) for key in PSEUDO_KEYS)]
        for kind, note in (("naive_pseudo_labels", ", naive"), ("pseudo_labels", ""))
        if kind in rows[0]
    ]


def percent(values: list[float]) -> str:
    """Return the mean, and half the range, in percent."""
    return f"{100 * mean(values):.1f} ({50 * (max(values) - min(values)):.1f})"


def render_few_shot(result: dict[str, Any]) -> str:
    settings = result["settings"]
    rows = [
        [name, *(accuracy(figures[shots]) for shots in ("1-shot", "5-shot"))]
        for name, figures in result["contenders"].items()
    ]
    ways, episodes = settings["n_way"], settings["n_episodes"]
    return FEW_SHOT.format(ways=ways, episodes=episodes, queries=settings["n_query"]) + table(
        ["", "one example", "five examples"], rows
    )


def accuracy(figure: dict[str, float]) -> str:
    return f"{100 * figure['accuracy']:.1f} ({100 * figure['interval']:.1f})"
