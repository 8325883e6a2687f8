"""Size and training speed of the networks and, given data, their accuracy after equal time.

Resumable: what stands in the result file with the same settings is not measured again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _chart import draw_chart
from _labeled import Split, load_split
from _machine import describe_machine, describe_moment
from _settings import LIGHT
from _timing import measure_seconds, summarize
from _variants import RECIPE, VARIANTS, make_classifier
from sklearn.metrics import balanced_accuracy_score

from skquickdraw.datasets import make_sketches

RESULT = Path(__file__).parent / "results" / "networks.json"
N_CLASSES = 100


def main() -> None:
    options = parse_options()
    torch.set_num_threads(options.threads)
    variants = json.loads(RESULT.read_text())["variants"] if RESULT.is_file() else {}
    machine = describe_machine()
    for name in options.only:
        done = variants.setdefault(name, {})
        add_rate(done, name, machine, options)
        if options.data is not None:
            add_accuracy(done, name, machine, options)
        save(variants)
        print_row(name, done)
    draw_chart(variants, RESULT.with_suffix(".png"))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    names = list(VARIANTS)
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--force", action="store_true", help="measure again what is known")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--images", type=int, default=1280, help="an epoch, for the speed")
    parser.add_argument("--epochs", type=int, default=7, help="for the speed; the first warms up")
    parser.add_argument("--data", type=Path, help="folder with train.npz, for the accuracy")
    parser.add_argument("--seconds", type=float, default=120, help="of training, for the accuracy")
    return parser.parse_args()


def add_rate(
    done: dict[str, Any], name: str, machine: dict[str, Any], options: argparse.Namespace
) -> None:
    """Add the number of weights, and images per second over the epochs of one short fit."""
    sizes = {"n_images": options.images, "n_epochs": options.epochs, "n_classes": N_CLASSES}
    settings = {**describe(name, machine), **sizes}
    if is_known(done.get("rate"), settings, options):
        return
    moment = describe_moment()
    X, _ = make_sketches(options.images, 50, random_state=0)
    classifier = make_classifier(name, options.epochs).fit(X, np.arange(len(X)) % N_CLASSES)
    rates = [len(X) / epoch["dur"] for epoch in classifier.history_[1:]]
    n_parameters = sum(p.numel() for p in classifier.net_.module_.parameters())
    done["rate"] = {
        **moment,
        "settings": settings,
        "n_parameters": n_parameters,
        "images_per_second": summarize(rates),
    }


def add_accuracy(
    done: dict[str, Any], name: str, machine: dict[str, Any], options: argparse.Namespace
) -> None:
    """Add the balanced accuracy after as many epochs as the measured speed allows."""
    settings = {
        **describe(name, machine),
        "data": options.data.resolve().name,
        "seconds": options.seconds,
        "images_per_second": done["rate"]["images_per_second"]["median"],
    }
    if is_known(done.get("accuracy"), settings, options):
        return
    split = load_split(options.data)
    done["accuracy"] = {
        **describe_moment(),
        "settings": settings,
        **train_and_score(name, split, settings["images_per_second"] * options.seconds),
    }


def train_and_score(name: str, split: Split, n_shown: float) -> dict[str, Any]:
    n_epochs = max(1, round(n_shown / len(split.X_train)))
    classifier = make_classifier(name, n_epochs)
    seconds = measure_seconds(lambda: classifier.fit(split.X_train, split.y_train))
    score = balanced_accuracy_score(split.y_test, classifier.predict(split.X_test))
    return {
        "n_train": len(split.X_train),
        "n_test": len(split.X_test),
        "n_epochs": n_epochs,
        "fit_seconds": round(seconds, 1),
        "balanced_accuracy": round(float(score), 4),
    }


def describe(name: str, machine: dict[str, Any]) -> dict[str, Any]:
    """Return what a figure depends on."""
    parameters = {**RECIPE, **VARIANTS[name].parameters, "augmentation": str(LIGHT.get_params())}
    return {"parameters": parameters, "machine": machine}


def is_known(entry: dict | None, settings: dict[str, Any], options: argparse.Namespace) -> bool:
    return not options.force and entry is not None and entry["settings"] == settings


def save(variants: dict[str, Any]) -> None:
    """Write all results, in the order of the list of variants."""
    RESULT.parent.mkdir(exist_ok=True)
    ordered = {name: variants[name] for name in VARIANTS if name in variants}
    RESULT.write_text(json.dumps({"variants": ordered}, indent=2) + "\n")


def print_row(name: str, done: dict[str, Any]) -> None:
    rate = done["rate"]
    speed = rate["images_per_second"]
    row = f"{name:24}{rate['n_parameters'] / 1e3:8.0f}k weights{speed['median']:8.0f} images/s"
    row += f" ({speed['min']:.0f} to {speed['max']:.0f})"
    if "accuracy" in done:
        accuracy = done["accuracy"]
        row += f"{accuracy['balanced_accuracy']:8.1%} after {accuracy['fit_seconds']:.0f} s"
    print(row, flush=True)


if __name__ == "__main__":
    main()
