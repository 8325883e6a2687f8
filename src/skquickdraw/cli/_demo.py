"""skquickdraw demo: three ways to train on few, imbalanced examples, and which learns rare classes.

The first network learns the drawings as they are, with plain cross entropy. The second learns a set
that was filled up with changed copies beforehand. The third is the classifier with its defaults:
its loss corrects for the sizes of the classes, and each drawing is changed anew in every epoch. All
see the same number of images, and are scored on a balanced test set of other drawings. The demo
prints a table and draws two figures: the classes, and the confusions between them.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from imblearn.pipeline import Pipeline
from rich import box
from rich.console import Console
from rich.table import Table

from ..datasets import ladder_counts, load_competition, make_ladder, make_sketches
from ..exceptions import DataFileError, MissingDependencyError
from ..inspection import ConfusedPairsDisplay
from ..metrics import imbalance_report
from ..neural_network import ResNetClassifier
from ..over_sampling import AugmentingOverSampler

SCORES = {
    "balanced_accuracy": "balanced\naccuracy",
    "head": "head",
    "medium": "medium",
    "tail": "tail",
}
PLAIN: dict[str, Any] = {"loss": "cross_entropy", "augmentation": None}
INK = "#20366b"
ALL = sys.maxsize


@dataclass
class Problem:
    """Labeled drawings as flat rows; ``names`` lists the classes, the largest first."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    image_shape: tuple[int, int]
    origin: str

    @property
    def counts(self) -> dict[str, int]:
        """Return how many training drawings each class has, in falling order."""
        names, counts = np.unique(self.y, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return dict(zip(names[order].tolist(), counts[order].tolist(), strict=True))


@dataclass
class Result:
    """The result of one way to train."""

    scores: dict[str, float]
    seconds: float
    n_images: int
    y_pred: np.ndarray


def run(options: argparse.Namespace) -> None:
    """Train three networks, and print and draw the results."""
    _fill_in(options)
    _import_pyplot()  # needed only at the end, but report it now if it is missing
    console = Console()
    console.rule("[bold]Few drawings, imbalanced classes")
    problem = load(options)
    console.print(describe(problem))
    options.output.mkdir(parents=True, exist_ok=True)
    draw_sheet(problem, options.output / "sketches.png")

    results = {}
    for name, model in make_models(problem, options.images).items():
        console.print(f"\n[bold]{name}")
        results[name] = train(model, problem)
    console.print("", as_table(results), FAIRNESS, sep="\n")

    best = max(results, key=lambda name: results[name].scores["balanced_accuracy"])
    draw_confusion(problem, best, results[best].y_pred, options.output / "confusion.png")
    console.print(f"\nFigures: {options.output}/sketches.png, {options.output}/confusion.png")


def _fill_in(options: argparse.Namespace) -> None:
    """Choose what the user left open, by the training data."""
    options.output = Path(options.output)
    if options.classes is None:
        options.classes = 6 if options.quick else 20 if options.data is None else ALL
    if options.images is None:
        options.images = 600 if options.quick else 90_000 if options.data is None else 300_000


def _import_pyplot() -> ModuleType:
    try:
        import matplotlib
    except ImportError as error:
        raise MissingDependencyError(
            "demo needs Matplotlib to draw its figures, and it is missing. Install it: pip install "
            "'skquickdraw[plot]'."
        ) from error
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


# The data


def load(options: argparse.Namespace) -> Problem:
    if options.data is None:
        return make_problem(options.classes, n_max=40 if options.quick else 300)
    return read_problem(options.data, options.classes)


def make_problem(n_classes: int, n_max: int, n_min: int = 5, n_test: int = 100) -> Problem:
    """Draw sketches, keep fewer and fewer of each class, and draw others for the test."""
    X, y, names = make_sketches(n_max * n_classes, n_classes, random_state=0, return_names=True)
    order = np.random.default_rng(0).permutation(n_classes)  # similar classes are neighbours
    X, y = make_ladder(
        X, y, n_max=n_max, n_min=n_min, profile="exponential", order=order, random_state=0
    )
    X_test, y_test = make_sketches(n_test * n_classes, n_classes, random_state=1)
    sizes = ladder_counts(n_classes, n_max=n_max, n_min=n_min, profile="exponential")
    origin = f"drawn sketches, with an exponential ladder from {sizes[0]} to {sizes[-1]} per class"
    return Problem(X, names[y], X_test, names[y_test], (28, 28), origin)


def read_problem(folder: str, n_classes: int) -> Problem:
    """Read a competition, and keep classes at even steps from its largest to its smallest."""
    data = load_competition(folder)
    if data.holdout_data is None:
        raise DataFileError(
            "DATA must contain holdout.npz, with the images to score on and their labels; "
            f"{folder} has no such file. Add it."
        )
    falling = np.argsort(-data.class_counts, kind="stable")
    steps = np.linspace(0, len(falling) - 1, min(n_classes, len(falling))).round().astype(int)
    train, test = (np.isin(y, falling[steps]) for y in (data.target, data.holdout_target))
    origin = f"{folder}, {len(steps)} of its {len(falling)} classes"
    return Problem(
        data.data[train],
        data.target_names[data.target[train]],
        data.holdout_data[test],
        data.target_names[data.holdout_target[test]],
        data.image_shape,
        origin,
    )


def describe(problem: Problem) -> str:
    sizes = list(problem.counts.values())
    return (
        f"Data:  {problem.origin}\n"
        f"Train: {len(problem.y):,} drawings of {len(sizes)} classes, {sizes[0]} of the largest, "
        f"{sizes[-1]} of the smallest\n"
        f"Test:  {len(problem.y_test):,} other drawings"
    )


# The training


def make_models(problem: Problem, n_images: int) -> dict[str, ResNetClassifier | Pipeline]:
    """Return the three ways to train, with as many passes as make ``n_images``."""
    n_filled = max(problem.counts.values()) * len(problem.counts)
    shape: dict[str, Any] = {"image_shape": problem.image_shape, "random_state": 0}
    network = partial(ResNetClassifier, width=0.5, verbose=1, **shape)
    filled = network(max_epochs=n_images / n_filled, **PLAIN)
    return {
        "no balancing": network(max_epochs=n_images / len(problem.y), **PLAIN),
        "AugmentingOverSampler": Pipeline(
            [("fill", AugmentingOverSampler(**shape)), ("classify", filled)]
        ),
        "default settings": network(max_epochs=n_images / len(problem.y)),
    }


def train(model: ResNetClassifier | Pipeline, problem: Problem) -> Result:
    start = time.perf_counter()
    model.fit(problem.X, problem.y)
    seconds = time.perf_counter() - start
    y_pred = model.predict(problem.X_test)
    scores = imbalance_report(problem.y_test, y_pred, y_train=problem.y)
    network: Any = model["classify"] if isinstance(model, Pipeline) else model
    n_images = sum(epoch["n_images"] for epoch in network.history_)
    return Result(scores, seconds, n_images, y_pred)


FAIRNESS = """\
Balanced accuracy is the mean recall of all classes. The other scores are mean
recalls of a third of the classes: those with the most training images (head),
those in the middle (medium), and those with the fewest training images (tail).
Every network is trained on about the same number of images, repeats included.
No setting was chosen by these scores."""


def as_table(results: dict[str, Result]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    for heading in (*SCORES.values(), "seconds", "images\nseen"):
        table.add_column(heading, justify="right", vertical="bottom")
    best = {score: max(r.scores[score] for r in results.values()) for score in SCORES}
    for name, result in results.items():
        cells = [
            f"[bold]{value:.1%}[/]" if value == best[score] else f"{value:.1%}"
            for score, value in ((score, result.scores[score]) for score in SCORES)
        ]
        table.add_row(name, *cells, f"{result.seconds:.0f}", f"{result.n_images:,}")
    return table


# The images


def draw_sheet(problem: Problem, path: Path, n_columns: int = 12) -> None:
    """Draw a row of sketches for each class, as many as it has and as fit."""
    plt = _import_pyplot()
    counts = problem.counts
    n_rows = -(-len(counts) // 2)
    figure, panels = plt.subplots(1, 2, figsize=(13, 0.43 * n_rows + 0.5), layout="constrained")
    for panel, names in zip(panels, (list(counts)[:n_rows], list(counts)[n_rows:]), strict=True):
        panel.imshow(tile(problem, names, n_rows, n_columns), cmap="gray_r", vmin=0, vmax=255)
        panel.grid(False)
        middles = (np.arange(len(names)) + 0.5) * problem.image_shape[0]
        panel.set_yticks(middles, [f"{name}  {counts[name]}" for name in names], color=INK)
        panel.set_xticks([])
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
    figure.suptitle("The classes by size, with the number of their training drawings", color=INK)
    figure.savefig(path, dpi=130, bbox_inches="tight")
    plt.close(figure)


def tile(problem: Problem, names: list[str], n_rows: int, n_columns: int) -> np.ndarray:
    """Place the first drawings of each class side by side; missing ones stay blank."""
    height, width = problem.image_shape
    sheet = np.zeros((n_rows, height, n_columns, width))
    for row, name in enumerate(names):
        some = problem.X[problem.y == name][:n_columns].reshape(-1, height, width)
        sheet[row, :, : len(some)] = some.swapaxes(0, 1)
    return sheet.reshape(n_rows * height, n_columns * width)


def draw_confusion(problem: Problem, name: str, y_pred: np.ndarray, path: Path) -> None:
    """Draw the confusions; similar classes are beside each other."""
    display = ConfusedPairsDisplay.from_predictions(problem.y_test, y_pred)
    display.ax_.set_title(name, color=INK)
    display.figure_.savefig(path, dpi=130)
    _import_pyplot().close(display.figure_)
