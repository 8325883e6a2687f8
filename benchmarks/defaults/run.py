"""Train settings on development sets, and keep each score: ``python -m defaults.run --help``.

What is in the results already is not measured again, so an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from time import process_time
from typing import Any

from sklearn.metrics import accuracy_score, balanced_accuracy_score

from .data import Absent, load
from .settings import SETTINGS

RESULTS = Path(__file__).parents[1] / "results" / "defaults"
CELLS = [
    "digits-272",
    "letters-300",
    "clothes-500",
    "photos-500",
    "drawings-1000",
    "sketches-300",
    "digits-1000",
    "letters-1000",
    "clothes-1500",
    "photos-2229",
    "characters-1210",
    "drawings-2000",
    "sketches-1200",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the downloaded sets")
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=SETTINGS)
    parser.add_argument("--cells", nargs="+", default=CELLS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    options = parser.parse_args()
    for seed in options.seeds:
        for cell in options.cells:
            for name in options.settings:
                measure_once(name, cell, seed, options.data)


def measure_once(name: str, cell: str, seed: int, folder: Path) -> None:
    """Measure what is not in the results yet, and add it to them."""
    path = RESULTS / f"{name}.json"
    found = json.loads(path.read_text()) if path.exists() else []
    if any((row["cell"], row["seed"]) == (cell, seed) for row in found):
        return
    try:
        row = {"cell": cell, "seed": seed, **measure(name, cell, seed, folder)}
    except Absent as error:
        print(f"{cell}: left out. {error}")
        return
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([*found, row], indent=1) + "\n")
    print(f"{name:16} {cell:16} {seed} {row['balanced_accuracy']:.3f} {row['cpu_seconds']:.0f} s")


def measure(name: str, cell: str, seed: int, folder: Path) -> dict[str, Any]:
    """Train one setting on one split, and score it on the test rows."""
    split = load(cell, seed, folder)
    started = process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a budget that was missed beside other work
        clf = SETTINGS[name].make(seed).fit(split.X, split.y)
    seconds = process_time() - started
    predicted = clf.predict(split.X_test)
    return {
        "n_rows": len(split.y),
        "balanced_accuracy": round(balanced_accuracy_score(split.y_test, predicted), 5),
        "accuracy": round(accuracy_score(split.y_test, predicted), 5),
        "cpu_seconds": round(seconds, 1),
        "n_epochs": getattr(clf, "n_epochs_", None),
    }


if __name__ == "__main__":
    main()
