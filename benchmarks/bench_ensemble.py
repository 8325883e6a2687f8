"""Six small networks at once: one after another, in processes, or batched as one model.

All train the same number of ResNets on the same pictures by the same recipe. One after another each
network has all threads; in processes each has one; batched, the weights of all are stacked and
``torch.func.vmap`` turns each convolution into one of as many groups as there are networks; that
leaves PyTorch's default layout, where the others are channels-last.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from _by_hand import IMAGE_SHAPE, Recipe, training_loss
from _settings import LIGHT, make_plain
from _speed_run import (
    begin_result,
    keep_result,
    make_labeled_sketches,
    parse_options,
    print_line,
)
from _timing import compare, summarize, take_turns
from joblib import parallel_config
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap

from skquickdraw import ResNetClassifier, SeedEnsembleClassifier
from skquickdraw.networks import ResNet

N_MEMBERS = 6
WIDTH = 0.35
TARGETS: dict[str, float] = {}


def main() -> None:
    options = parse_options(__doc__, n_rounds=3)
    result = begin_result(options)
    result |= measure(512 if options.quick else 4096, options.rounds, options.threads)
    keep_result("ensemble", result, options)
    for name, rate in result["images_per_second"].items():
        print_line(name, rate, f"in processes to this: {result['ratios'].get(name, '')}")


def measure(n_images: int, n_rounds: int, n_threads: int) -> dict[str, Any]:
    """Return how many pictures a second all members together learn from, in each way."""
    X, y = make_labeled_sketches(n_images, 100)
    recipe = Recipe(n_epochs=2, precision=torch.bfloat16)
    contenders = {
        "in processes": partial(fit_ensemble, X, y, recipe, n_threads),
        "one after another": partial(fit_ensemble, X, y, recipe, 1),
        "batched": partial(fit_batched, X, y, recipe),
    }
    seconds = take_turns(contenders, n_rounds)
    n_seen = N_MEMBERS * recipe.n_epochs * n_images
    rates = {name: [n_seen / s for s in values] for name, values in seconds.items()}
    ours = rates["in processes"]
    return {
        "n_images": n_images,
        "n_members": N_MEMBERS,
        "width": WIDTH,
        "images_per_second": {name: summarize(values) for name, values in rates.items()},
        "ratios": {name: compare(ours, rates[name]) for name in list(rates)[1:]},
        "targets": TARGETS,
    }


def fit_ensemble(X: np.ndarray, y: np.ndarray, recipe: Recipe, n_jobs: int) -> Any:
    network = make_plain(
        ResNetClassifier,
        width=WIDTH,
        augmentation=LIGHT,
        lr=recipe.lr,
        weight_decay=recipe.weight_decay,
        label_smoothing=recipe.label_smoothing,
        batch_size=recipe.batch_size,
        max_epochs=recipe.n_epochs,
        precision="bfloat16",
        device="cpu",
    )
    vote = SeedEnsembleClassifier(network, N_MEMBERS, n_jobs=n_jobs, random_state=0)
    with parallel_config("loky", inner_max_num_threads=1):  # of workers; one job alone has none
        return vote.fit(X, y)


def fit_batched(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> dict[str, Tensor]:
    """Train all members as one model; each draws its own batches."""
    generator = torch.Generator().manual_seed(0)
    images, labels = torch.from_numpy(X).view(-1, *IMAGE_SHAPE), torch.from_numpy(y)
    members = [make_member(images, recipe) for _ in range(N_MEMBERS)]
    weights, buffers = stack_module_state(members)
    decay = recipe.weight_decay  # of all weights, and at a constant rate: it costs the same time
    optimizer = torch.optim.AdamW(weights.values(), lr=recipe.lr, weight_decay=decay, fused=True)
    member = members[0]

    def loss_of_one(own: Any, own_buffers: Any, batch: Tensor, target: Tensor) -> Tensor:
        def network(x: Tensor) -> Tensor:
            return functional_call(member, (own, own_buffers), (x,))

        return training_loss(network, batch, target, recipe)

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


def make_member(images: Tensor, recipe: Recipe) -> ResNet:
    network = ResNet(IMAGE_SHAPE, recipe.n_classes, width=WIDTH)
    pixels = images.float()
    network.standardize.set_statistics(pixels.mean(), pixels.std())
    return network.train()


if __name__ == "__main__":
    main()
