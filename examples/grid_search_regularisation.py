"""
Search for regularisation, without leaking
==========================================

A network soon memorises a few drawings. Weight decay, dropout and label smoothing hold it back, and
how much of each is right depends on the data: a question for ``GridSearchCV``.

The over-sampler stands *inside* the pipeline. So every split is made among the original
drawings and only its training part is filled up: no copy of a validation drawing is ever
trained on. ::

    python examples/grid_search_regularisation.py

With so few drawings the ranking is rough: the column ``+-`` says how far the folds are apart, and
rows that differ by less than that are not told apart. More folds, or several seeds, would.
"""

import argparse

import numpy as np
from imblearn.pipeline import Pipeline
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from skquickdraw import AugmentingOverSampler, ResNetClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.metrics import imbalance_report

GRID = {
    "classify__weight_decay": [0.01, 0.3],
    "classify__dropout": [0.0, 0.3],
    "classify__label_smoothing": [0.0, 0.1],
}
QUICK_GRID = {"classify__dropout": [0.0, 0.3]}


def main() -> None:
    options = parse_options()
    train, test = make_data(n_max=24 if options.quick else 100)
    search = GridSearchCV(
        make_pipeline(max_epochs=2 if options.quick else "auto"),
        QUICK_GRID if options.quick else GRID,
        scoring="balanced_accuracy",
        cv=StratifiedKFold(2 if options.quick else 3, shuffle=True, random_state=0),
        n_jobs=1 if options.quick else 2,
    )
    search.fit(*train)
    print_ranking(search)

    report = imbalance_report(test[1], search.predict(test[0]), y_train=train[1])
    print("\nThe best, trained on all training drawings, on drawings that no one has seen:")
    print(", ".join(f"{name.replace('_', ' ')} {score:.1%}" for name, score in report.items()))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Search for regularisation.")
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs")
    return parser.parse_args()


def make_data(n_max: int, n_classes: int = 6) -> tuple:
    X, y = make_sketches(n_max * n_classes, n_classes, random_state=0)
    train = make_ladder(X, y, n_max=n_max, n_min=8, profile="exponential", random_state=0)
    return train, make_sketches(100 * n_classes, n_classes, random_state=1)


def make_pipeline(max_epochs: float | str) -> Pipeline:
    classifier = ResNetClassifier(width=0.25, max_epochs=max_epochs, random_state=0)
    return Pipeline([("fill", AugmentingOverSampler(random_state=0)), ("classify", classifier)])


def print_ranking(search: GridSearchCV) -> None:
    """Print each combination with its mean score and the deviation between folds."""
    results = search.cv_results_
    names = [name.partition("__")[2] for name in results["params"][0]]
    print("".join(f"{name:>17}" for name in names) + f"{'score':>9}{'+-':>7}")
    for row in np.argsort(results["rank_test_score"], kind="stable"):
        values = "".join(f"{value:>17}" for value in results["params"][row].values())
        mean, deviation = results["mean_test_score"][row], results["std_test_score"][row]
        print(f"{values}{mean:9.1%}{deviation:7.1%}")


if __name__ == "__main__":
    main()
