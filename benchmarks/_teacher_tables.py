"""The comparison of teachers, students and heads, and that of few-shot learners, as Markdown."""

from __future__ import annotations

from statistics import mean
from typing import Any

from _tables import table

TEACHERS = """
## Teachers, students, ensembles, heads

The competition's drawings again, from `benchmarks/compare_teachers.py`: what to do with a budget of
{images:,} training pictures, shown to one network or shared among several? A row's networks may use
the budget up together; *images* says what they did, as whole epochs allow. The network is a
`ResNetClassifier` of width 0.35 with balanced softmax, light live augmentation and averaged
weights; students are 0.5 wide. The pool of unlabelled drawings is `unlabeled.npz`. Means of
{n_seeds} seeds, with half their range in brackets, on the holdout; one seed has a standard error of
about 0.4 points. Nothing was chosen by the holdout, with one reservation: LightGBM's leaves were
regularised, on training rows, because it had diverged and scored 27 % there. *Transductive* uses
that the holdout is balanced; it is another task, and not to be compared with the other columns.
*CPU minutes* are of one core, on a machine with other work to do, all trainings of the row counted.
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
What the teachers' pseudo-labels are worth, by the same rule, on holdout drawings that join the pool
for this: the share that is selected, how many of those are right, and the share of each class that
is selected and right, over all classes and over the 33 rarest. The teacher's own row keeps all, and
knows no prior.
"""
PSEUDO_HEADER = ["pseudo-labels of", "selected", "right", "recall", "tail recall"]
PSEUDO_KEYS = ("selected", "accuracy", "recall", "tail_recall")

FINDINGS = """
What became of three claims of the competition's winner, at this budget, which is some twenty passes
of one network over the labelled drawings:

- *A noisy student helps much.* Not here. The prior-aware student is {student_gain:.1f} points above
  its own teacher and the naive one {naive_gain:.1f}, but the student's network, trained on the
  labelled drawings alone with half the pictures, is {control_gain:.1f} above: it is the larger
  network that gains, and pictures spent on pseudo-labels are taken from labelled drawings that are
  not learned yet. Of the rarest classes' drawings {prior_recall:.0f} % have the right pseudo-label,
  where a threshold of 0.4 leaves {naive_recall:.0f} %; that is because all are kept. The prior
  itself brings {prior_gain:+.1f} points over all classes and {prior_tail_gain:+.1f} in the tail,
  since a teacher with balanced softmax names rare classes too often, not too seldom. It is made
  for teachers that nothing has told of unequal classes: one of plain cross entropy finds
  {plain_tail:.0f} % of the rarest classes' drawings by itself, {plain_naive:.0f} % by the
  threshold, and {plain_prior:.0f} % with the prior. Where labels are scarcer students gain: see
  `examples/plot_noisy_student.py`.
- *An ensemble always helps.* Next to its members, yes: six vote for {vote:.1f} % where one of them
  has {member:.1f} %. Next to one network that is trained as long as all six together, no, by far:
  each of the six is stopped when it has hardly begun. Learned weights and stacking change little.
  With six noisy students, who have one or two passes each, the budget is spread thinner still, and
  what is distilled from them is no better.
- *Classical heads fall short.* Not linear discriminants: {lda:.1f} % to the network's own
  {single:.1f} %, with more in the head and less in the tail. LightGBM, best of all in the head and
  last of these in the tail, has {lightgbm:.1f} %, class means {prototypes:.1f} %. A relation
  network's second opinion on five classes leaves {relation:.1f} %.

Longer budgets may well reverse the first two: what is compared here is what to do with a short one.
"""

FEW_SHOT = """
## Few shots

Accuracy in percent on 74 classes that no contender was trained on, over {episodes} episodes of
{ways} classes with {queries} queries each, from `benchmarks/few_shot.py`; in brackets half a 95 %
interval. Trained on 25 drawings of each of 170 other classes; one seed.
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
