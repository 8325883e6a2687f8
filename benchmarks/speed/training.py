"""Training: other loops, where a step's time goes, several networks, kinds of networks, minutes.

Arithmetic is that of convolutions and matrix products. Traffic adds up the tensors that operations
read and write, an estimate: it knows neither caches nor what an operation does inside.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np
import torch
from common import (
    LIGHT,
    compare,
    describe_moment,
    make_labeled_sketches,
    make_plain,
    measure_seconds,
    race,
    summarize,
    take_turns,
)
from competition.splits import Split
from joblib import parallel_config
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from skquickdraw import (
    CNNClassifier,
    MobileNetClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
    recipes,
)
from skquickdraw.datasets import load_competition, make_sketches
from skquickdraw.networks import MobileNetV2, ResNet

from . import loops
from .loops import IMAGE_SHAPE, HandLoop, Recipe

# Smallest ratios that the library aims for.
TARGETS = {"by hand": "at least 0.97", "skorch": "at least 5", "keras, on torch": "at least 2"}
NETWORKS: dict[str, type[nn.Module]] = {"MobileNet": MobileNetV2, "ResNet": ResNet}
N_TIMED, N_PROFILED, LEAST_SHOWN = 10, 5, 0.01
MATRIX_SIDE, COPIED_BYTES = 2048, 2**28
N_MEMBERS, WIDTH = 6, 0.35


def fit(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> Any:
    return make_plain(MobileNetClassifier, augmentation=LIGHT, **recipe.params()).fit(X, y)


CONTENDERS = {
    "skquickdraw": fit,
    "by hand": loops.train_by_hand,
    "skorch, tuned": partial(loops.train_with_skorch, is_tuned=True),
    "skorch": loops.train_with_skorch,
}
if find_spec("keras"):
    CONTENDERS["keras, on torch"] = loops.train_with_keras


def measure_training(options: Any) -> Iterator[dict[str, Any]]:
    """Yield rates on equally many images, ratios, and the fixed cost of a fit."""
    recipe = Recipe(n_epochs=2)
    X, y = make_labeled_sketches(256 if options.quick else 2560, recipe.n_classes)
    actions = {name: partial(train, X, y, recipe) for name, train in CONTENDERS.items()}
    yield {"recipe": asdict(recipe)}
    n_shown = len(X) * recipe.n_epochs
    yield {"rows": race(actions, options.rounds, n_images=n_shown, targets=TARGETS)}
    fits = {n: partial(fit, X, y, replace(recipe, n_epochs=n)) for n in (1, 2)}
    one, two = take_turns(fits, options.rounds).values()
    yield {"fixed_seconds": summarize(2 * a - b for a, b in zip(one, two, strict=True))}


# ---- a step -------------------------------------------------------------------------------------


class TrafficCounter(TorchDispatchMode):
    """Adds up the bytes of all that operations read and write."""

    n_bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if not func.is_view:
            touched = tree_leaves((args, kwargs, out))
            self.n_bytes += sum(t.nbytes for t in touched if isinstance(t, Tensor))
        return out


def measure_step(options: Any) -> Iterator[dict[str, Any]]:
    """Yield what the machine reaches, and of each network rates, operations, and compiling."""
    recipe = Recipe(batch_size=32 if options.quick else 256)
    best = measure_machine(3 * options.rounds + 1)
    yield {"attainable": best}
    yield {"rows": {name: measure_network(name, recipe, best, options) for name in NETWORKS}}


def measure_machine(n_calls: int, device: str = "cpu", side: int = MATRIX_SIDE) -> dict[str, float]:
    """Return GFLOP/s of a large matrix product and GB/s of a copy, each at its best."""
    a = torch.randn(side, side, dtype=torch.bfloat16, device=device)
    source = torch.zeros(COPIED_BYTES, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    product = min(measure_seconds(lambda: a @ a, device=device) for _ in range(n_calls))
    copy = min(measure_seconds(lambda: target.copy_(source), device=device) for _ in range(n_calls))
    gflops, gigabytes = 2 * side**3 / product / 1e9, 2 * COPIED_BYTES / copy / 1e9
    return {"gflops": round(gflops, 1), "gigabytes": round(gigabytes, 1)}


def measure_network(
    name: str, recipe: Recipe, best: dict[str, float], options: Any
) -> dict[str, Any]:
    step = make_step(name, recipe)
    step()
    seconds = [measure_seconds(step) for _ in range(N_TIMED)]
    with TrafficCounter() as traffic:
        step()
    flops = recipe.batch_size * flops_of_training(NETWORKS[name](IMAGE_SHAPE, recipe.n_classes))
    work = {"gflops": flops / 1e9, "gigabytes": traffic.n_bytes / 1e9}
    paces = {unit: round(amount / median(seconds), 1) for unit, amount in work.items()}
    measured = {
        "rate": summarize(recipe.batch_size / s for s in seconds),
        **paces,
        "shares": {unit: pace / best[unit] for unit, pace in paces.items()},
        "operations": profile_step(step),
    }
    if options.quick:
        return measured
    steps = {"eager": step, "compiled": make_step(name, recipe, torch.compile)}
    first = measure_seconds(steps["compiled"])
    speed = compare(*take_turns(steps, N_TIMED).values())
    return measured | {"compile": {"first_step_seconds": round(first, 1), "speed": speed}}


def make_step(name: str, recipe: Recipe, wrap: Any = lambda network: network) -> Any:
    """Return a training step on one batch: forwards, backwards, update of the weights."""
    torch.manual_seed(0)
    X = np.random.default_rng(0).integers(256, size=(recipe.batch_size, *IMAGE_SHAPE), dtype="u1")
    y = np.arange(recipe.batch_size) % recipe.n_classes
    loop = HandLoop(NETWORKS[name](IMAGE_SHAPE, recipe.n_classes), X, y, recipe)
    loop.called = wrap(loop.network)
    return partial(loop.train, loop.images.float(), loop.labels)


def flops_of_training(network: nn.Module) -> float:
    """Return the operations that an image takes; backwards takes twice those forwards.

    The counter itself is wrong about the gradients of depthwise convolutions.
    """
    with FlopCounterMode(display=False) as counter:
        network.eval()(torch.zeros(8, *IMAGE_SHAPE))
    return 3 * counter.get_total_flops() / 8


def profile_step(step: Callable[[], None]) -> str:
    """Name the operations that take the most time, without what they call, and their shares."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(N_PROFILED):
            step()
    seconds = {event.key: event.self_cpu_time_total for event in profiler.key_averages()}
    shares = {key: own / sum(seconds.values()) for key, own in seconds.items()}
    shown = sorted(((s, key) for key, s in shares.items() if s > LEAST_SHOWN), reverse=True)
    return ", ".join(f"`{key}` {share:.0%}" for share, key in shown)


# ---- several networks ---------------------------------------------------------------------------


def measure_ensemble(options: Any) -> Iterator[dict[str, Any]]:
    """Yield how many images a second six networks learn from together, in three ways.

    Batched, ``torch.func.vmap`` turns each convolution into one of as many groups as networks.
    """
    X, y = make_labeled_sketches(512 if options.quick else 4096, 100)
    recipe = Recipe(n_epochs=2)
    contenders = {
        "in processes": partial(fit_ensemble, X, y, recipe, options.threads),
        "one after another": partial(fit_ensemble, X, y, recipe, 1),
        "batched": partial(fit_batched, X, y, recipe),
    }
    yield {"n_members": N_MEMBERS, "width": WIDTH}
    n_shown = N_MEMBERS * recipe.n_epochs * len(X)
    yield {"rows": race(contenders, options.rounds, n_images=n_shown)}


def fit_ensemble(X: np.ndarray, y: np.ndarray, recipe: Recipe, n_jobs: int) -> Any:
    network = make_plain(ResNetClassifier, width=WIDTH, augmentation=LIGHT, **recipe.params())
    vote = SeedEnsembleClassifier(network, N_MEMBERS, n_jobs=n_jobs, random_state=0)
    with parallel_config("loky", inner_max_num_threads=1):  # of workers; one job alone has none
        return vote.fit(X, y)


def fit_batched(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> dict[str, Tensor]:
    """Train all members as one model; each draws its own batches."""
    generator = torch.Generator().manual_seed(0)
    images, labels = torch.from_numpy(X).view(-1, *IMAGE_SHAPE), torch.from_numpy(y)
    members = [ResNet(IMAGE_SHAPE, recipe.n_classes, width=WIDTH) for _ in range(N_MEMBERS)]
    for member in members:
        member.standardize.set_statistics(*loops.statistics(images))
    weights, buffers = stack_module_state(members)
    decay = recipe.weight_decay  # of all weights, and at a constant rate: it costs the same time
    optimizer = torch.optim.AdamW(weights.values(), lr=recipe.lr, weight_decay=decay, fused=True)

    def loss_of_one(own: Any, own_buffers: Any, batch: Tensor, target: Tensor) -> Tensor:
        network = partial(functional_call, members[0], (own, own_buffers))
        return loops.training_loss(network, batch, target, recipe)

    losses = vmap(loss_of_one)
    for _ in range(recipe.n_epochs):
        orders = [torch.randperm(len(images), generator=generator) for _ in members]
        for rows in torch.stack(orders).split(recipe.batch_size, dim=1):
            flat = LIGHT(images[rows.flatten()].float(), generator)
            batch = flat.view(N_MEMBERS, -1, *IMAGE_SHAPE)
            optimizer.zero_grad()
            losses(weights, buffers, batch, labels[rows]).sum().backward()
            optimizer.step()
    return weights


# ---- the networks, and minutes of ``recipes.best`` -----------------------------------------------

VARIANTS: dict[str, tuple[type, dict[str, Any]]] = {
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


def measure_networks(options: Any) -> Iterator[dict[str, Any]]:
    """Yield weights and images per second over the epochs of one short fit, without the first.

    With a competition's folder of data also the balanced accuracy after equal time, as many whole
    epochs as the measured speed allows, on a part of the labeled drawings. The holdout stays shut.
    """
    n_images, n_epochs = (256, 2) if options.quick else (1280, 7)
    X, y = make_labeled_sketches(n_images, 100)
    has_data = options.data is not None and not options.quick
    split = Split(load_competition(options.data), 0) if has_data else None
    found: dict[str, Any] = {}
    for name in VARIANTS:
        row = describe_moment()
        clf = make_variant(name, n_epochs).fit(X, y)
        rates = summarize(n_images / epoch["dur"] for epoch in clf.history_[1:])
        n_parameters = sum(p.numel() for p in clf.net_.module_.parameters())
        row |= {"n_parameters": n_parameters, "rate": rates, "score": "not measured"}
        if split is not None and name in WITH_ACCURACY:
            clf = make_variant(name, max(1, round(rates["median"] * SECONDS / len(split.y))))
            seconds = measure_seconds(partial(clf.fit, split.X, split.y))
            score = split.score(clf.predict(split.X_test))["balanced_accuracy"]
            row |= {"n_epochs": clf.n_epochs_, "fit_seconds": round(seconds, 1)}
            row |= {"balanced_accuracy": round(score, 4), "score": f"{100 * score:.1f}"}
        found[name] = row
        yield {"rows": found}


def make_variant(name: str, n_epochs: int) -> Any:
    classifier, params = VARIANTS[name]
    given = {"augmentation": LIGHT, "loss": "balanced_softmax", "ema_decay": 0.99, **params}
    given |= {"batch_size": 256, "device": "cpu", "random_state": 0, "max_epochs": n_epochs}
    return make_plain(classifier, **given)


def measure_minutes(options: Any) -> Iterator[dict[str, Any]]:
    """Yield the minutes that a fit took, by a clock of our own, and what was trained.

    The first fit is the process' first, so nothing is warmed up, as for a user.
    """
    n_rows, all_minutes = (200, (0.05,)) if options.quick else (N_SKETCHES, MINUTES)
    X, y = make_sketches(n_rows, 10, random_state=0)
    runs: dict[float, list[tuple[float, str]]] = {minutes: [] for minutes in all_minutes}
    for seed in range(options.rounds):
        for minutes, own in runs.items():
            clf = recipes.best(minutes=minutes, random_state=seed, n_jobs=options.threads)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of lateness, which is measured
                seconds = measure_seconds(partial(clf.fit, X, y))
            own.append((seconds / 60, describe_plan(clf.plan_)))
    yield {"points": [describe_point(n_rows, *point) for point in runs.items()]}


def describe_plan(plan: Any) -> str:
    """Return how many networks of which width a plan trains."""
    is_vote = isinstance(plan, SeedEnsembleClassifier)
    n_networks, network = (plan.n_estimators, plan.estimator) if is_vote else (1, plan)
    return f"{n_networks} of width {network.width:g}"


def describe_point(n_rows: int, minutes: float, runs: list[tuple[float, str]]) -> dict[str, Any]:
    """Return a row for so many minutes, of runs: what each took, and what it trained."""
    return {
        "recipe": "best",
        "n_rows": n_rows,
        "minutes": minutes,
        "taken": summarize(taken for taken, _ in runs),
        "ratio": summarize(taken / minutes for taken, _ in runs),
        "trained": sorted({trained for _, trained in runs}),
    }
