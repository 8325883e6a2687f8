"""How much unlabeled images improve a network, for different numbers of labels.

A cell is a set and a number of labels. The number of unlabeled images is the same in all cells.
``results/labels/<setting>.json`` is a list of runs.
"""

from pathlib import Path

import numpy as np
from common import Sample, find_data, make_figure, number_plainly, table
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier

from skquickdraw import (
    DeepFeatureExtractor,
    NoisyStudentClassifier,
    SeedEnsembleClassifier,
    recipes,
)
from skquickdraw.neural_network import resolve_batch_size, resolve_epochs

from .data import fashion
from .defaults import Setting, measure_cells
from .render import SCORE, by_cell, load_results

RESULTS = Path(__file__).parent / "results" / "labels"
N_POOL, N_TEST = 2000, 2000
SETS, SIZES = ("clothes", "drawings"), (100, 300, 1000, 3000)
CELLS = [f"{name}-{n_labels}" for n_labels in SIZES for name in SETS]


class OnLabels(ClassifierMixin, BaseEstimator):
    """Fit on the labeled rows only. With ``as_long``, train on as many images as a student."""

    def __init__(self, estimator, as_long=False):
        self.estimator = estimator
        self.as_long = as_long

    def fit(self, X, y):
        is_labeled = y >= 0
        self.estimator_ = clone(self.estimator)
        if self.as_long:
            n_epochs = resolve_epochs("auto", len(y), resolve_batch_size("auto", len(y)), True)
            self.estimator_.set_params(max_epochs=n_epochs * len(y) / is_labeled.sum())
        self.estimator_.fit(X[is_labeled], y[is_labeled])
        return self

    def predict(self, X):
        return self.estimator_.predict(X)

    def transform(self, X):
        return self.estimator_.transform(X)


FAST = recipes.fast()
SPREAD = LabelSpreading(kernel="knn", n_neighbors=10)
FEATURES = OnLabels(DeepFeatureExtractor(FAST))
ONCE = {"n_iterations": 1, "pseudo_labels": "hard", "threshold": 0.8}
SETTINGS = {
    "labels": Setting("labels alone", OnLabels(FAST)),
    "longer": Setting("labels alone, as many images as the student", OnLabels(FAST, as_long=True)),
    "student": Setting("`NoisyStudentClassifier`", NoisyStudentClassifier(FAST)),
    "taught-by-vote": Setting(
        "`NoisyStudentClassifier`, a vote as the teacher",
        NoisyStudentClassifier(SeedEnsembleClassifier(FAST, 3), student=FAST, **ONCE),
    ),
    "spreading": Setting(
        "`LabelSpreading` on features", make_pipeline(FEATURES, StandardScaler(), SPREAD)
    ),
    "self-training": Setting(
        "`SelfTrainingClassifier`", SelfTrainingClassifier(FAST, threshold=0.9, max_iter=2)
    ),
}


def measure(options):
    measure_cells(options, SETTINGS, CELLS, load, RESULTS)


def load(cell, seed, folder):
    """Return X, y, X_test and y_test of balanced classes; the labels of unlabeled rows are -1.

    Of the drawings, 20 classes are used.
    """
    name, n_labels = cell.split("-")
    if name == "clothes":
        X, y = fashion("train")
    else:
        found = np.load(find_data(folder, "quickdraw100/train.npz"))
        labels = found["y"]
        rows = np.concatenate([np.flatnonzero(labels == label)[:600] for label in range(20, 40)])
        X, y = found["X"][rows], labels[rows]
    X = X.reshape(len(X), -1)  # as scikit-learn's estimators need it
    X, X_test, y, y_test = split(X, y, N_TEST, seed)
    X, pool, y, _ = split(X, y, N_POOL, seed)
    _, X, _, y = split(X, y, int(n_labels), seed)
    return np.concatenate([X, pool]), np.append(y, np.full(N_POOL, -1)), X_test, y_test


def split(X, y, n_rows, seed):
    return train_test_split(X, y, test_size=n_rows, stratify=y, random_state=seed)


def load_scores():
    """Return scores in percent: a row for each cell and seed, a column for each setting."""
    return load_results(RESULTS, SETTINGS, CELLS)[SCORE]


def show(scores):
    """Return a table with a row for each setting; a dash means not measured."""

    def show_cell(own):
        sample = Sample(own.dropna())
        return f"{sample.mean:.1f}{sample.plus_minus()}" if sample else "-"

    cells = scores.groupby("cell", observed=False).agg(show_cell).fillna("-")
    return table([{"": own.title, **cells[name]} for name, own in SETTINGS.items()])


def show_gains(scores, name):
    """Return how many points the student is ahead of a setting, as a range over the cells.

    The value of a cell is the mean over the seeds that both have.
    """
    gains = by_cell(scores["student"] - scores[name]).mean().dropna()
    return f"{gains.min():+.1f} to {gains.max():+.1f} points, in {len(gains)} columns of the table"


def draw(scores):
    """Return a figure with a panel for each set: accuracy against the number of labels."""
    means = scores.groupby("cell", observed=False).mean()
    figure, panels = make_figure(8, 4.5, ncols=len(SETS), sharey=True)
    for panel, data in zip(panels, SETS, strict=True):
        line = means.loc[[f"{data}-{n_labels}" for n_labels in SIZES]]
        for name, setting in SETTINGS.items():
            panel.plot(SIZES, line[name], ".-", label=setting.title.replace("`", ""))
        panel.set(title=data, xlabel="labels", xscale="log")
        number_plainly(panel.xaxis)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("balanced accuracy, %")
    named = panels[0].get_legend_handles_labels()
    figure.legend(*named, frameon=False, ncols=2, loc="outside lower center")
    return figure
