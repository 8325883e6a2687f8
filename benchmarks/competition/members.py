"""How members that vote should differ: by seed alone, in their pictures, or in their networks.

    cd benchmarks && python -m competition.members --data ../../shared/quickdraw100 --seeds 0 1 2

Three networks vote, trained as the teachers of :mod:`competition.students` are, and for about as
long, whatever their kind. Scored as in :mod:`competition.ladder`. Writes ``results/members.json``;
what is in it is not measured again.
"""

from __future__ import annotations

import argparse
import json
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _machine import describe_machine
from _settings import STRONGER
from sklearn.utils import Bunch

from skquickdraw import MobileNetClassifier, SeedEnsembleClassifier
from skquickdraw.datasets import load_competition

from .ladder import split
from .measure import costs, report
from .steps import ERASING, make_estimator
from .students import NETWORK, control_passes

FILE = Path(__file__).parent / "results" / "members.json"
N_MEMBERS = 3


def main() -> None:
    args = parse_arguments()
    torch.set_num_threads(1)
    data = load_competition(args.data)
    result = json.loads(FILE.read_text()) if FILE.is_file() else {"kinds": {}}
    for seed, kind in product(args.seeds, KINDS):
        if str(seed) in result["kinds"].get(kind, {}):
            continue
        row = measure(kind, seed, data, args.memory)
        result["kinds"].setdefault(kind, {})[str(seed)] = row
        result["machine"] = describe_machine()
        FILE.write_text(json.dumps(result, indent=1) + "\n")
        print(f"{kind}, seed {seed}: {row['balanced_accuracy']:.1%}", flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder with train.npz")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--memory", help="folder that keeps the networks")
    return parser.parse_args()


def measure(kind: str, seed: int, data: Bunch, memory: str | None) -> dict[str, Any]:
    """Fit the members of a kind; score their vote, and what each of them is by itself."""
    train, held_out = split(data.target, seed)
    X, y = data.data[train], data.target[train]
    votes = [vote.set_params(memory=memory) for vote in KINDS[kind](seed, control_passes(X))]
    members = [member for vote in votes for member in vote.fit(X, y).estimators_]
    probas = [member.predict_proba(data.data[held_out]) for member in members]
    truth, labels = data.target[held_out], [proba.argmax(axis=1) for proba in probas]
    pairs = combinations(labels, 2)
    return {
        **report(truth, np.mean(probas, axis=0).argmax(axis=1), data),
        "alone": [report(truth, label, data)["balanced_accuracy"] for label in labels],
        "disagreement": float(np.mean([(one != other).mean() for one, other in pairs])),
        "cpu_minutes": sum(costs(member)["cpu_minutes"] for member in members),
    }


def by_seed(seed: int, passes: int) -> list[Any]:
    """Return the members of the students' teacher."""
    network = make_estimator(NETWORK, seed, passes)
    return [SeedEnsembleClassifier(network, N_MEMBERS, random_state=seed)]


def by_pictures(seed: int, passes: int) -> list[Any]:
    """Return the first of these, and two that are shown other pictures."""
    network = make_estimator(NETWORK, seed, passes)
    augmentations = [network.augmentation, STRONGER, ERASING]
    return [
        alone(make_estimator(NETWORK, seed, passes).set_params(augmentation=own), seed)
        for own in augmentations
    ]


def by_network(seed: int, passes: int) -> list[Any]:
    """Return the first of these, a wider one and a MobileNetV2, at equal time."""
    network = make_estimator(NETWORK, seed, passes)
    wider = make_estimator(NETWORK, seed, round(0.5 * passes)).set_params(width=0.5)
    params = network.get_params(deep=False) | {"width": 0.5, "max_epochs": round(0.4 * passes)}
    return [alone(each, seed) for each in (network, wider, MobileNetClassifier(**params))]


def alone(network: Any, seed: int) -> SeedEnsembleClassifier:
    """Return a vote of one, so that the network is kept in the memory."""
    return SeedEnsembleClassifier(network, 1, random_state=seed)


KINDS = {"seed": by_seed, "pictures": by_pictures, "network": by_network}


if __name__ == "__main__":
    main()
