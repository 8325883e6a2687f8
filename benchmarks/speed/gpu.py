"""What a GPU does with the library, beside a training loop by hand."""

from functools import partial
from itertools import product
from statistics import median

import numpy as np
import torch
from common import LIGHT, make_labeled_sketches, make_plain, measure_seconds
from competition.measure import score

from skquickdraw import MobileNetClassifier, ResNetClassifier, SeedEnsembleClassifier, recipes
from skquickdraw.datasets import load_competition
from skquickdraw.networks import MobileNetV2, ResNet

from .loops import Recipe, train_by_hand

N_CLASSES, N_NETWORKS, DECAY = 100, 6, 0.999
NETWORKS = {"ResNet": (ResNetClassifier, ResNet), "MobileNet": (MobileNetClassifier, MobileNetV2)}


def measure_gpu(options):
    """Yield part after part, so that a run that is cut off leaves what it had."""
    device, is_quick = options.device, options.quick
    yield {"card": torch.cuda.get_device_name(device) if device != "cpu" else "CPU"}
    X, y = make_labeled_sketches(512 if is_quick else 4096, N_CLASSES)
    if not is_quick:
        X, y = np.tile(X, (10, 1)), np.tile(y, 10)
    for part, measure in PARTS.items():
        yield {part: measure(X, y, device, is_quick)}
    if options.data is not None and not is_quick:
        yield {"winner": [measure_winner(load_competition(options.data), device)]}


def make_classifier(name, recipe, device):
    """Return a classifier that does in a step what the loop by hand does."""
    own = {"augmentation": LIGHT, "ema_decay": DECAY, "device": device}
    return make_plain(NETWORKS[name][0], **recipe.params() | own)


def measure_training(X, y, device, is_quick):
    """Return images per second of each network and size of batch, ours and by hand."""
    rows = []
    for name, size in product(NETWORKS, (64,) if is_quick else (256, 1024)):
        recipe = Recipe(N_CLASSES, size, n_epochs=2 if is_quick else 6)
        clf = make_classifier(name, recipe, device).fit(X, y)
        how = {"kind": NETWORKS[name][1], "device": device, "decay": DECAY}
        _, seconds = train_by_hand(X, y, recipe, **how)
        first, *later = (epoch["dur"] for epoch in clf.history_)
        paces = {"skquickdraw": median(later), "by hand": median(seconds[1:])}
        row = {"network": name, "batch": size}
        row |= {contender: round(len(X) / epoch) for contender, epoch in paces.items()}
        rows.append(row | {"first epoch later, s": round(first - median(later), 2)})
    return rows


def measure_prediction(X, y, device, is_quick):
    """Return images per second of many images, and milliseconds of one."""
    rows = []
    for name in NETWORKS:
        clf = make_classifier(name, Recipe(), device).fit(X[:2048], y[:2048])
        time = partial(measure_seconds, device=device)
        clf.predict(X[:64])  # folds the network
        many = min(time(partial(clf.predict, X)) for _ in range(3))
        one = median(time(partial(clf.predict, X[:1])) for _ in range(20))
        is_same = np.array_equal(clf.predict_proba(X[:1]), clf.predict_proba(X)[:1])
        row = {"network": name, "predicted images a second": round(len(X) / many)}
        rows.append(row | {"one image, ms": round(1e3 * one, 3), "one as among many": is_same})
    return rows


def measure_small_fit(X, y, device, is_quick):
    """Return the seconds of a fit of 50 images: of one pass, and of the passes of the default."""
    rows = []
    passes = {"warm-up": 1, "one pass": 1, "default": 2 if is_quick else "auto"}
    for name, n_epochs in passes.items():
        clf = ResNetClassifier(max_epochs=n_epochs, device=device, random_state=0)
        seconds = measure_seconds(partial(clf.fit, X[:50], y[:50] % 5), device=device)
        rows.append({"a fit of 50 images": name, "seconds": round(seconds, 2)})
    return rows[1:]


def measure_several(X, y, device, is_quick):
    """Return the seconds that six networks take, so many of them at once, in processes."""
    clf = make_classifier("ResNet", Recipe(n_epochs=1 if is_quick else 3), device)
    rows = []
    for n_jobs in (1, 2) if is_quick else (1, 2, 3, 6):
        vote = SeedEnsembleClassifier(clf, N_NETWORKS, n_jobs=n_jobs, random_state=0)
        vote.fit(X[:256], y[:256])  # starts the processes
        seconds = measure_seconds(partial(vote.fit, X, y), device=device)
        rows.append({"networks at once, of six": n_jobs, "seconds": round(seconds, 2)})
    return rows


def measure_winner(data, device):
    """Return the minutes and the scores of ``recipes.ensemble``, from a cold start."""
    clf = recipes.ensemble(class_prior="uniform", random_state=0)
    fit = partial(clf.fit, data.data, data.target, X_unlabeled=data.unlabeled)
    row = {"recipe": "winner", "minutes": round(measure_seconds(fit, device=device) / 60, 2)}
    scores = score(clf.predict_proba(data.holdout_data), data)
    return row | {f"accuracy, {k}": f"{own['balanced_accuracy']:.1%}" for k, own in scores.items()}


PARTS = {
    "training": measure_training,
    "prediction": measure_prediction,
    "small_fit": measure_small_fit,
    "several": measure_several,
}
