"""Settings on development sets: the defaults, single changes of settings, and peers.

A cell is a set and a number of rows. ``results/defaults/<setting>.json`` is a list of runs. Peers
are classifiers from outside the package.
"""

import warnings
from itertools import product
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np
import torch
from common import Absent, save
from common import load as load_result
from competition.original import conv_bn
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.utils.class_weight import compute_class_weight
from speed.loops import MixedNetwork
from torch import nn
from torch.nn.functional import relu

from skquickdraw import ResNetClassifier, recipes
from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.networks import Standardize
from skquickdraw.neural_network import resolve_batch_size, resolve_epochs

from .data import load

LIGHT = AugmentationPolicy(rotation=10, horizontal_flip=0, shift=0.1, scale=0.1, shear=0)
LR, WEIGHT_DECAY = 2e-3, 0.01
RESULTS = Path(__file__).parent / "results" / "defaults"
SIZES = {  # a small and a larger number of rows of each set
    "digits": (272, 1000),
    "letters": (300, 1000),
    "clothes": (500, 1500),
    "photos": (500, 2229),
    "characters": (None, 1210),
    "drawings": (1000, 2000),
    "sketches": (300, 1200),
}
CELLS = [f"{name}-{sizes[i]}" for i in (0, 1) for name, sizes in SIZES.items() if sizes[i]]


class Setting(NamedTuple):
    """A row of the table: its title, the classifier without a seed, and its kind."""

    title: str
    classifier: object
    kind: str = "default"  # or 'change' or 'peer'
    n_threads: int = 1


def change(title, **params):
    """Return ``recipes.fast``, a network of half the width, with other parameters."""
    return Setting(title, recipes.fast().set_params(**params), "change")


def on_pixels(title, *steps):
    """Return a pipeline of scikit-learn estimators that flattens the images first."""
    flat = FunctionTransformer(lambda X: X.reshape(len(X), -1))
    return Setting(title, make_pipeline(flat, *steps), "peer")


class Block(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.first = nn.Sequential(*conv_bn(c_in, c_out, 3, stride=stride))
        self.second = nn.Sequential(*conv_bn(c_out, c_out, 3))
        is_same = stride == 1 and c_in == c_out
        self.shortcut = nn.Sequential(*([] if is_same else conv_bn(c_in, c_out, 1, stride=stride)))

    def forward(self, x):
        return relu(self.second(relu(self.first(x))) + self.shortcut(x))


def resnet18(n_channels, n_classes):
    """Return the network of He et al. (2016), for small images: without a stride in the stem."""
    layers = [*conv_bn(n_channels, 64, 3), nn.ReLU()]
    for c_in, c_out, stride in ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)):
        layers += [Block(c_in, c_out, stride), Block(c_out, c_out, 1)]
    return [*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, n_classes)]


class GenericResNet18(ClassifierMixin, BaseEstimator):
    """A ResNet-18 with a 3 x 3 stem, trained in the usual way.

    That is weighted cross entropy, AdamW with a one-cycle schedule up to 2e-3, light affine
    augmentation, and as many passes as with the defaults of the library.
    """

    def __init__(self, random_state=0):
        self.random_state = random_state

    def fit(self, X, y):
        torch.manual_seed(self.random_state)
        images = as_images(X)
        self.classes_, codes = np.unique(y, return_inverse=True)
        weights = compute_class_weight("balanced", classes=self.classes_, y=y)
        criterion = nn.CrossEntropyLoss(torch.as_tensor(weights).float())
        targets = torch.as_tensor(codes)
        size = resolve_batch_size("auto", len(images))
        n_epochs = int(resolve_epochs("auto", len(images), size, is_picture=True))
        n_batches = -(-len(images) // size)
        standardize = Standardize(images.shape[1])
        standardize.set_statistics(images.mean((0, 2, 3)), images.std((0, 2, 3)))
        layers = nn.Sequential(standardize, *resnet18(images.shape[1], len(self.classes_)))
        self.network_ = MixedNetwork(layers)
        optimizer = torch.optim.AdamW(self.network_.parameters(), LR, weight_decay=WEIGHT_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, n_epochs * n_batches)
        for _ in range(n_epochs):
            for rows in torch.randperm(len(images)).tensor_split(n_batches):
                logits = self.network_(LIGHT(images[rows]))
                optimizer.zero_grad()
                criterion(logits, targets[rows]).backward()
                optimizer.step()
                schedule.step()
        return self

    def predict(self, X):
        self.network_.eval()
        with torch.inference_mode():
            parts = [self.network_(part) for part in as_images(X).split(256)]
        return self.classes_[torch.cat(parts).argmax(1).numpy()]


def as_images(X):
    images = torch.from_numpy(np.array(X, dtype=np.float32))
    return images[:, None] if images.ndim == 3 else images


BALANCED = {"class_weight": "balanced"}
SETTINGS = {
    "default": Setting("`ResNetClassifier()`", ResNetClassifier()),
    "fast": Setting("`recipes.fast()`", recipes.fast()),
    "best-5": Setting("`recipes.best(minutes=5)`", recipes.best(minutes=5, n_jobs=1)),
    "best-5-cores": Setting(
        "`recipes.best(minutes=5)`, two cores", recipes.best(minutes=5, n_jobs=2), n_threads=2
    ),
    "adamw": change("AdamW", optimizer="adamw"),
    "smoothing": change("label smoothing 0.1", label_smoothing=0.1),
    "no-average": change("last weights, no average", ema_decay=None),
    "one-view": change("one view", n_tta=1),
    "no-augmentation": change("no augmentation", augmentation=None),
    "light": change("only rotate, move, resize, shear", augmentation=AugmentationPolicy()),
    "no-mirror": change("never mirrored", augmentation=AugmentationPolicy(horizontal_flip=0)),
    "mirror": change("always mirrored", augmentation=AugmentationPolicy(horizontal_flip=0.5)),
    "cross-entropy": change("cross entropy", loss="cross_entropy"),
    "sampling": change("balanced sampling", loss="cross_entropy", sampling="balanced"),
    "dropout": change("dropout 0.2, stochastic depth 0.1", dropout=0.2, stochastic_depth=0.1),
    "twenty": change("20 passes", max_epochs=20),
    "long": change('`recipes.fast(max_epochs="long")`', max_epochs="long"),
    "svc": on_pixels("SVC on pixels", StandardScaler(), SVC(C=10, **BALANCED)),
    "forest": on_pixels("random forest on pixels", RandomForestClassifier(500, **BALANCED)),
    "boosting": on_pixels(
        "histogram boosting on pixels", HistGradientBoostingClassifier(**BALANCED)
    ),
    "generic": Setting("ResNet-18, as usual", GenericResNet18(), "peer"),
}


def measure(options):
    measure_cells(options, SETTINGS, CELLS, load, RESULTS)


def measure_cells(options, settings, cells, load, results):
    """Measure the runs that the folder of results lacks, and add them to it."""
    asked = options.seeds or [0, 1, 2], options.cells or cells, options.rows or settings
    for seed, cell, name in product(*asked):
        found = load_result(path := results / f"{name}.json") or []
        if any((row["cell"], row["seed"]) == (cell, seed) for row in found):
            continue
        try:
            row = measure_once(settings[name], seed, *load(cell, seed, options.data))
        except Absent as error:
            print(f"{cell}: left out. {error}")
            continue
        save(path, [*found, {"cell": cell, "seed": seed, **row}])
        score, seconds = row["balanced_accuracy"], row["cpu_seconds"]
        print(f"{name:16} {cell:16} {seed} {score:.3f} {seconds:.0f} s", flush=True)


def measure_once(setting, seed, X, y, X_test, y_test):
    clf = clone(setting.classifier)
    seeds = [key for key in clf.get_params() if key.split("__")[-1] == "random_state"]
    clf.set_params(**dict.fromkeys(seeds, seed))
    torch.set_num_threads(setting.n_threads)
    started = process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a budget may be missed if the machine is busy
        clf.fit(X, y)
    seconds = process_time() - started
    predicted = clf.predict(X_test)
    return {
        "balanced_accuracy": round(balanced_accuracy_score(y_test, predicted), 5),
        "cpu_seconds": round(seconds, 1),
    }
