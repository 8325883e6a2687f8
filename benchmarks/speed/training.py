"""Speed of training: other loops, several networks at once, kinds of networks, time budgets."""

import warnings
from dataclasses import asdict, replace
from functools import partial
from importlib.util import find_spec

from common import (
    LIGHT,
    load_drawings,
    make_labeled_sketches,
    make_plain,
    measure_seconds,
    race,
    summarize,
    take_turns,
)
from competition.splits import Split
from joblib import parallel_config

from skquickdraw import (
    CNNClassifier,
    MobileNetClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
    recipes,
)
from skquickdraw.datasets import make_sketches

from . import loops
from .loops import Recipe

# Targets for the speed of the library relative to each rival.
TARGETS = {"by hand": "at least 0.97", "skorch": "at least 5", "keras, on torch": "at least 2"}
N_MEMBERS, WIDTH = 6, 0.35


def fit(X, y, recipe):
    return make_plain(MobileNetClassifier, augmentation=LIGHT, **recipe.params()).fit(X, y)


CONTENDERS = {
    "skquickdraw": fit,
    "by hand": loops.train_by_hand,
    "skorch, tuned": partial(loops.train_with_skorch, is_tuned=True),
    "skorch": loops.train_with_skorch,
}
if find_spec("keras"):
    CONTENDERS["keras, on torch"] = loops.train_with_keras


def measure_training(options):
    """Yield the rate of each contender on the same images, ratios, and the fixed cost of a fit."""
    recipe = Recipe(n_epochs=2)
    X, y = make_labeled_sketches(256 if options.quick else 2560, recipe.n_classes)
    actions = {name: partial(train, X, y, recipe) for name, train in CONTENDERS.items()}
    yield {"recipe": asdict(recipe)}
    n_shown = len(X) * recipe.n_epochs
    yield {"rows": race(actions, options.rounds, n_images=n_shown, targets=TARGETS)}
    fits = {n: partial(fit, X, y, replace(recipe, n_epochs=n)) for n in (1, 2)}
    one, two = take_turns(fits, options.rounds).values()
    yield {"fixed_seconds": summarize(2 * one - two)}


def measure_ensemble(options):
    """Yield the images per second of six networks, trained at once and one after another."""
    X, y = make_labeled_sketches(512 if options.quick else 4096, 100)
    recipe = Recipe(n_epochs=2)
    network = make_plain(ResNetClassifier, width=WIDTH, augmentation=LIGHT, **recipe.params())

    def fit_members(n_jobs):
        vote = SeedEnsembleClassifier(network, N_MEMBERS, n_jobs=n_jobs, random_state=0)
        with parallel_config("loky", inner_max_num_threads=1):  # with one job, there is no worker
            vote.fit(X, y)

    jobs = {"in processes": options.threads, "one after another": 1}
    contenders = {name: partial(fit_members, n_jobs) for name, n_jobs in jobs.items()}
    yield {"n_members": N_MEMBERS, "width": WIDTH}
    n_shown = N_MEMBERS * recipe.n_epochs * len(X)
    yield {"rows": race(contenders, options.rounds, n_images=n_shown)}


VARIANTS = {
    "mobilenet-0.5": (MobileNetClassifier, {"width": 0.5}),
    "mobilenet-1.0": (MobileNetClassifier, {}),
    "mobilenet-0.5-stem1": (MobileNetClassifier, {"width": 0.5, "stem_stride": 1}),
    "mobilenet-1.0-dropout": (MobileNetClassifier, {"dropout": 0.2}),
    "mobilenet-1.0-spatial": (MobileNetClassifier, {"spatial_dropout": 0.05}),
    "mobilenet-1.0-depth": (MobileNetClassifier, {"stochastic_depth": 0.1}),
    "mobilenet-1.0-float32": (MobileNetClassifier, {"precision": "float32"}),
    "resnet-0.5": (ResNetClassifier, {"width": 0.5}),
    "resnet-1.0": (ResNetClassifier, {}),
    "resnet-1.0-float32": (ResNetClassifier, {"precision": "float32"}),
    "cnn-1.0": (CNNClassifier, {}),
}
WITH_ACCURACY = ("mobilenet-0.5", "mobilenet-1.0", "resnet-0.5", "resnet-1.0", "cnn-1.0")
SECONDS = 75  # of training, for the accuracy
N_SKETCHES, MINUTES = 5000, (1, 20)


def measure_networks(options):
    """Yield the size and speed of each network, over the epochs of a short fit after the first.

    With the data of the competition, also the balanced accuracy after equal time: each network
    makes as many whole epochs as its speed allows. The scores are on held-out labeled drawings; the
    holdout is not used.
    """
    n_images, n_epochs = (256, 2) if options.quick else (1280, 7)
    X, y = make_labeled_sketches(n_images, 100)
    has_data = options.data.is_dir() and not options.quick
    split = Split(load_drawings(options.data), 0) if has_data else None
    found = {}
    for name in VARIANTS:
        clf = make_variant(name, n_epochs).fit(X, y)
        rates = summarize(n_images / epoch["dur"] for epoch in clf.history_[1:])
        n_parameters = sum(p.numel() for p in clf.net_.module_.parameters())
        row = {"n_parameters": n_parameters, "rate": rates, "score": "not measured"}
        if split is not None and name in WITH_ACCURACY:
            clf = make_variant(name, max(1, round(rates["median"] * SECONDS / len(split.y))))
            seconds = measure_seconds(partial(clf.fit, split.X, split.y))
            score = split.score(clf.predict(split.X_test))["balanced_accuracy"]
            row |= {"n_epochs": clf.n_epochs_, "fit_seconds": round(seconds, 1)}
            row["score"] = f"{100 * score:.1f}"
        found[name] = row
        yield {"rows": found}


def make_variant(name, n_epochs):
    classifier, params = VARIANTS[name]
    given = {"augmentation": LIGHT, "loss": "balanced_softmax", "ema_decay": 0.99, **params}
    given |= {"batch_size": 256, "device": "cpu", "random_state": 0, "max_epochs": n_epochs}
    return make_plain(classifier, **given)


def measure_minutes(options):
    """Yield the minutes that fits with a time budget took, and which networks they trained.

    Nothing is warmed up: the first fit is the first of the process, as for a user.
    """
    n_rows, all_minutes = (200, (0.05,)) if options.quick else (N_SKETCHES, MINUTES)
    X, y = make_sketches(n_rows, 10, random_state=0)

    def fit_best(minutes, seed):
        clf = recipes.best(minutes=minutes, random_state=seed, n_jobs=options.threads)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a missed budget, which is measured
            seconds = measure_seconds(partial(clf.fit, X, y))
        return seconds / 60, describe_plan(clf.plan_)

    runs = {m: [fit_best(m, seed) for seed in range(options.rounds)] for m in all_minutes}
    yield {"points": [describe_point(n_rows, *point) for point in runs.items()]}


def describe_plan(plan):
    """Return the number and width of the networks that a plan trains."""
    is_vote = isinstance(plan, SeedEnsembleClassifier)
    n_networks, network = (plan.n_estimators, plan.estimator) if is_vote else (1, plan)
    return f"{n_networks} of width {network.width:g}"


def describe_point(n_rows, minutes, runs):
    """Return a row for a budget; each run is a pair of its minutes and what it trained."""
    return {
        "recipe": "best",
        "n_rows": n_rows,
        "minutes": minutes,
        "taken": summarize(taken for taken, _ in runs),
        "ratio": summarize(taken / minutes for taken, _ in runs),
        "trained": "; ".join(sorted({trained for _, trained in runs})),
    }
