"""Train one network on a competition folder, from its training drawings alone, and measure it.

    python benchmarks/train_competition.py ../quickdraw100 resnet

Prints the curve of the training, and writes ``results/competition-<network>.json`` and a plot. The
holdout is only measured: a fifth of it after each epoch, for the curve, and all of it at the end.
The settings below were tried in shorter trainings, scored on drawings held out of the training set.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
import sklearn
import torch
from _settings import LIGHT, STRONGER, make_plain

import skquickdraw
from skquickdraw import MobileNetClassifier, ResNetClassifier
from skquickdraw.datasets import load_competition
from skquickdraw.metrics import imbalance_report

RESULTS = Path(__file__).parent / "results"
CURVE_STEP = 5  # every fifth holdout drawing is scored after each epoch

SHARED = {
    "loss": "balanced_softmax",
    "batch_size": 256,
    "ema_decay": 0.999,
    "n_tta": 2,
    "verbose": 1,
}
NETWORKS = {
    "mobilenet": make_plain(MobileNetClassifier, augmentation=LIGHT, max_epochs=12, **SHARED),
    "resnet": make_plain(
        ResNetClassifier,
        augmentation=STRONGER,
        max_epochs=30,
        dropout=0.3,
        stochastic_depth=0.1,
        **SHARED,
    ),
}


def main() -> None:
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    data = load_competition(args.path)
    classifier = NETWORKS[args.network].set_params(random_state=args.seed)
    if args.epochs:
        classifier.set_params(max_epochs=args.epochs)
    started = time.perf_counter(), time.process_time()
    train(classifier, data)
    seconds = {
        "wall": time.perf_counter() - started[0],
        "cpu": time.process_time() - started[1],
    }
    result = describe(classifier, data, seconds, args)
    report(result, args.network)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", help="folder with train.npz and holdout.npz")
    parser.add_argument("network", choices=sorted(NETWORKS))
    parser.add_argument("--epochs", type=int, help="fewer or more passes than the default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def train(classifier: MobileNetClassifier | ResNetClassifier, data: sklearn.utils.Bunch) -> None:
    part = np.argsort(data.holdout_target, kind="stable")[::CURVE_STEP]
    classifier.fit(
        data.data,
        data.target,
        X_val=data.holdout_data[part],
        y_val=data.holdout_target[part],
    )


def describe(
    classifier: MobileNetClassifier | ResNetClassifier,
    data: sklearn.utils.Bunch,
    seconds: dict[str, float],
    args: argparse.Namespace,
) -> dict:
    prediction = classifier.predict(data.holdout_data)
    parameters = classifier.get_params(deep=False)
    return {
        "scores": imbalance_report(data.holdout_target, prediction, y_train=data.target),
        "seconds": seconds,
        "images_seen": len(data.data) * classifier.n_epochs_,
        "weights": sum(p.numel() for p in classifier.net_.module_.parameters()),
        "parameters": {name: str(value) for name, value in parameters.items()},
        "curve": classifier.history_,
        "seed": args.seed,
        "threads": args.threads,
        "precision": str(classifier.net_.precision),
        "machine": platform.processor() or platform.machine(),
        "versions": {
            "python": platform.python_version(),
            "skquickdraw": skquickdraw.__version__,
            "scikit-learn": sklearn.__version__,
            "torch": torch.__version__,
        },
    }


def report(result: dict, network: str) -> None:
    minutes = 0.0
    print("epoch  minutes  train loss  balanced accuracy (a fifth of the holdout)")
    for epoch in result["curve"]:
        minutes += epoch["dur"] / 60
        print(
            f"{epoch['epoch']:5d}  {minutes:7.1f}  {epoch['train_loss']:10.3f}  "
            f"{epoch['valid_score']:.1%}"
        )
    scores = {name: round(float(score), 4) for name, score in result["scores"].items()}
    print(f"{network}: {scores} in {result['seconds']['wall'] / 60:.1f} minutes")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"competition-{network}.json"
    path.write_text(json.dumps(result, indent=1, default=float) + "\n")
    plot(result["curve"], path.with_suffix(".png"), network)


def plot(curve: list[dict], path: Path, network: str) -> None:
    import matplotlib.pyplot as plt

    minutes = np.cumsum([epoch["dur"] for epoch in curve]) / 60
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.plot(minutes, [100 * epoch["valid_score"] for epoch in curve], marker=".")
    axes.set(xlabel="minutes", ylabel="balanced accuracy, %", title=f"{network}, holdout")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
