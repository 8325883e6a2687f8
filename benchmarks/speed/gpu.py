"""Speed on a GPU, compared with a training loop by hand, with and without a CUDA graph."""

import tempfile
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median

import numpy as np
import torch
from common import LIGHT, make_labeled_sketches, make_plain, measure_seconds
from competition.measure import costs, keep_predictions, networks_in, score
from competition.rows import unlabeled_pool
from torch.utils.flop_counter import FlopCounterMode

from skquickdraw import MobileNetClassifier, ResNetClassifier, SeedEnsembleClassifier, recipes
from skquickdraw.datasets import load_competition
from skquickdraw.networks import MobileNetV2, ResNet

from .loops import IMAGE_SHAPE, Recipe, train_by_hand

N_CLASSES, N_NETWORKS, DECAY = 100, 6, 0.999
MATRIX, N_PRODUCTS = 8192, 10
NETWORKS = {"ResNet": (ResNetClassifier, ResNet), "MobileNet": (MobileNetClassifier, MobileNetV2)}


def measure_gpu(options):
    """Yield part after part, so that an interrupted run keeps its finished parts."""
    device, is_quick, minutes = options.device, options.quick, options.minutes
    own = {
        "accurate": recipes.accurate(random_state=0),
        "ensemble": recipes.ensemble(class_prior="uniform", minutes=minutes, random_state=0),
    }
    parts = options.parts or [*PARTS, *own]
    if unknown := set(parts) - {*PARTS, *own}:
        raise SystemExit(f"--parts: {sorted(unknown)} must be among {[*PARTS, *own]}.")
    if not own.keys() >= set(parts):  # each row of the recipes names its card
        yield {"card": card_name(device)}
    X, y = make_labeled_sketches(128 if is_quick else 4096, N_CLASSES)
    if not is_quick:
        X, y = np.tile(X, (10, 1)), np.tile(y, 10)
    for part, measure in PARTS.items():
        if part in parts:
            yield {part: measure(X, y, device, is_quick)}
    data = load_competition(options.data) if options.data.is_dir() and not is_quick else None
    for name, recipe in own.items():
        if name in parts and data is not None:
            yield {"recipes": {name: measure_recipe(name, recipe, data, device)}}


def card_name(device):
    return torch.cuda.get_device_name(device) if device != "cpu" else "CPU"


def make_classifier(name, recipe, device):
    """Return a classifier whose training steps do the same as those of the loop by hand."""
    own = {"augmentation": LIGHT, "ema_decay": DECAY, "device": device}
    return make_plain(NETWORKS[name][0], **recipe.params() | own)


def measure_card(X, y, device, is_quick):
    """Return the speed of products of large bfloat16 matrices, as a limit of this card."""
    side = 256 if is_quick else MATRIX
    matrix = torch.randn(side, side, device=device, dtype=torch.bfloat16)
    torch.mm(matrix, matrix)  # warms up
    seconds = measure_seconds(partial(torch.mm, matrix, matrix), N_PRODUCTS, device)
    return [{"large products, TFLOP/s": round(2e-12 * side**3 / seconds, 1)}]


def measure_training(X, y, device, is_quick):
    """Return images per second for each network and batch size, of the library and by hand."""
    rows = []
    for name, size in product(NETWORKS, (64,) if is_quick else (256, 1024)):
        recipe = Recipe(N_CLASSES, size, n_epochs=2 if is_quick else 6)
        clf = make_classifier(name, recipe, device).fit(X, y)
        first, *later = (epoch["dur"] for epoch in clf.history_)
        paces = {"skquickdraw": median(later)}
        how = {"kind": NETWORKS[name][1], "device": device, "decay": DECAY}
        for contender in ("by hand", "recorded")[: 1 if device == "cpu" else 2]:
            is_recorded = contender == "recorded"
            _, seconds = train_by_hand(X, y, recipe, **how, is_recorded=is_recorded)
            paces[contender] = median(seconds[1:])
        row = {"network": name, "batch": size}
        row |= {contender: round(len(X) / epoch) for contender, epoch in paces.items()}
        if "recorded" in paces:
            row["of recorded"] = round(paces["recorded"] / paces["skquickdraw"], 2)
        row["TFLOP/s"] = round(len(X) / median(later) * flops_of_training(name) / 1e12, 2)
        rows.append(row | {"first epoch later, s": round(first - median(later), 2)})
    return rows


def flops_of_training(name):
    """Return the floating-point operations per image of a training step: forward and backward."""
    network = NETWORKS[name][1](IMAGE_SHAPE, N_CLASSES)
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(2, *IMAGE_SHAPE)).sum().backward()
    return counter.get_total_flops() / 2


def measure_files(X, y, device, is_quick):
    """Return images per second when training from an array, and from a memory-mapped file."""
    recipe = Recipe(N_CLASSES, *((64, 2) if is_quick else (1024, 4)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "images.npy")
        np.save(path, np.tile(X, (1 if is_quick else 10, 1)))
        mapped = np.load(path, mmap_mode="r")
        y, seconds = np.resize(y, len(mapped)), {}
        for name, rows in {"array": np.asarray(mapped), "file": mapped}.items():
            clf = make_classifier("ResNet", recipe, device).fit(rows, y)
            seconds[name] = median(epoch["dur"] for epoch in clf.history_[1:])
    row = {f"from {name}": round(len(y) / own) for name, own in seconds.items()}
    return [{"images": len(y), **row, "ratio": round(seconds["array"] / seconds["file"], 2)}]


def measure_prediction(X, y, device, is_quick):
    """Return images per second for many images, and milliseconds for one image."""
    rows = []
    for name in NETWORKS:
        clf = make_classifier(name, Recipe(), device).fit(X[:2048], y[:2048])
        time = partial(measure_seconds, device=device)
        clf.predict(X[:64])  # the first call folds batch normalisation
        many = min(time(partial(clf.predict, X)) for _ in range(3))
        one = median(time(partial(clf.predict, X[:1])) for _ in range(20))
        is_same = np.array_equal(clf.predict_proba(X[:1]), clf.predict_proba(X)[:1])
        row = {"network": name, "predicted images a second": round(len(X) / many)}
        rows.append(row | {"one image, ms": round(1e3 * one, 3), "one as among many": is_same})
    return rows


def measure_small_fit(X, y, device, is_quick):
    """Return the seconds of a fit on 50 images: with one pass, and with the default passes."""
    rows = []
    passes = {"warm-up": 1, "one pass": 1, "default": 2 if is_quick else "auto"}
    for name, n_epochs in passes.items():
        clf = ResNetClassifier(max_epochs=n_epochs, device=device, random_state=0)
        seconds = measure_seconds(partial(clf.fit, X[:50], y[:50] % 5), device=device)
        rows.append({"a fit of 50 images": name, "seconds": round(seconds, 2)})
    return rows[1:]


def measure_several(X, y, device, is_quick):
    """Return the seconds for six networks, when 1, 2 or 3 processes train them at once."""
    clf = make_classifier("ResNet", Recipe(n_epochs=1 if is_quick else 3), device)
    rows = []
    for n_jobs in (1, 2) if is_quick else (1, 2, 3):
        vote = SeedEnsembleClassifier(clf, N_NETWORKS, n_jobs=n_jobs, random_state=0)
        vote.fit(X[:256], y[:256])  # starts the processes
        seconds = measure_seconds(partial(vote.fit, X, y), device=device)
        rows.append({"networks at once, of six": n_jobs, "seconds": round(seconds, 2)})
    return rows


def measure_recipe(name, clf, data, device):
    """Return the minutes of a fit without warm-up, and its scores on the holdout.

    The predictions are added to those of the competition's rows.
    """
    own = {} if isinstance(clf, ResNetClassifier) else {"X_unlabeled": unlabeled_pool(data)}
    fit = partial(clf.fit, data.data, data.target, **own)
    row = {"card": card_name(device)}
    row["minutes"] = round(measure_seconds(fit, device=device) / 60, 2)
    row["width"] = next(networks_in(clf)).width
    row["images seen"] = costs(clf)["images"]
    holdout = clf.predict_proba(data.holdout_data)
    keep_predictions(f"{name}, {device}", clf.predict_proba(data.unlabeled), holdout)
    scores = score(holdout, data)
    return row | {f"accuracy, {k}": f"{own['balanced_accuracy']:.1%}" for k, own in scores.items()}


PARTS = {
    "limits": measure_card,
    "training": measure_training,
    "prediction": measure_prediction,
    "small_fit": measure_small_fit,
    "files": measure_files,
    "several": measure_several,
}
