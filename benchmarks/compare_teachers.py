"""One network, its students, its ensembles and other heads, at one budget of training images.

    python benchmarks/compare_teachers.py ../quickdraw100 --seeds 0 1

Every row of the table may show its networks the same number of pictures in all, as nearly as whole
epochs allow: a single network all of them, a teacher and its student half each, six networks a
sixth each. Two rows need more, and say so: what is distilled learns from a teacher that has used
up the budget, and the relation network is trained beside the one that it re-ranks.

Each seed is a process of one thread. Finished rows are kept in ``results/teachers-<seed>.json``,
and fits of networks in ``--memory``, so that an interrupted run goes on near where it stopped: what
contains a trained network, as a student with its teacher does, is fitted again. Settings were
chosen on drawings held out of the training set.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from _machine import describe_machine, describe_moment
from _teacher_rows import ROWS, Budget, Kitchen
from joblib import Memory, Parallel, delayed

from skquickdraw.datasets import load_competition

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    args = parse_arguments()
    Parallel(n_jobs=args.jobs)(delayed(run_seed)(seed, args) for seed in args.seeds)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", help="folder with train.npz, unlabeled.npz and holdout.npz")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--images", type=int, default=Budget.images, help="of each row")
    parser.add_argument("--jobs", type=int, default=2, help="seeds at a time")
    parser.add_argument("--memory", default=".cache/teachers", help="folder for finished fits")
    return parser.parse_args()


def run_seed(seed: int, args: argparse.Namespace) -> None:
    import torch

    torch.set_num_threads(1)
    file = RESULTS / f"teachers-{seed}.json"
    result = json.loads(file.read_text()) if file.is_file() else {"rows": {}}
    if result.get("images") not in (None, args.images):
        raise SystemExit(f"{file} is of another budget, {result['images']} images. Remove it.")
    data = load_competition(args.path)
    kitchen = Kitchen(data, Budget(args.images), seed, Memory(args.memory, verbose=0))
    result |= {"images": args.images, "seed": seed}
    for name in args.rows:
        if name in result["rows"]:
            continue
        started = process_time()
        result["rows"][name] = ROWS[name](kitchen) | describe_moment()
        result["machine"] = describe_machine()
        scores = result["rows"][name]["scores"]
        print(
            f"seed {seed}: {name} {scores['balanced_accuracy']:.1%} "
            f"(tail {scores['tail']:.1%}) in {(process_time() - started) / 60:.1f} min",
            flush=True,
        )
        save(result, file)
    save(result, file)


def save(result: dict[str, Any], file: Path) -> None:
    """Write the rows in their own order, whenever they were measured."""
    rows = result["rows"]
    result = result | {"rows": {name: rows[name] for name in ROWS if name in rows}}
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(result, indent=1, default=to_json) + "\n")


def to_json(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


if __name__ == "__main__":
    main()
