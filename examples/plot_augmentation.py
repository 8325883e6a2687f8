"""
What augmentation does to a sketch
==================================

An :class:`~skquickdraw.augmentation.AugmentationPolicy` is a handful of ranges: how far
images may be turned, moved, resized, bent and inked. This script draws each of its changes alone,
on the same six sketches and stronger than one would train with, then what ``'auto'``, the default
of the classifiers, does to them, and last the two ways to mix images.

A policy first draws its parameters and then applies them, so that the same seed always changes
the images in the same way. ::

    python examples/plot_augmentation.py [--output FOLDER]
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
import torch

from skquickdraw.augmentation import AugmentationPolicy, CutMix, MixUp, resolve_augmentation
from skquickdraw.datasets import make_sketches
from skquickdraw.inspection import AugmentationDisplay

matplotlib.use("Agg")

OFF = {"rotation": 0, "horizontal_flip": 0, "shift": 0, "scale": 0, "shear": 0}
CHANGES = {
    "rotation": 40,
    "horizontal_flip": 1,
    "shift": 0.2,
    "scale": 0.5,
    "shear": 25,
    "elastic": 1.5,
    "thickness": 1,
    "erasing": 1,
}
SHOWN = ("house", "tree", "cup", "key", "boat", "car")
N_VARIANTS = 2
SEED = 5


def main() -> None:
    options = parse_options()
    originals, policy = pick_sketches()
    rows = {"as drawn": originals.repeat_interleave(N_VARIANTS, 0)}
    rows |= change_one_by_one(rows["as drawn"])
    rows["'auto'"] = policy(rows["as drawn"], generator())
    rows |= mix(rows["as drawn"])
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "augmentation.png"
    grid = torch.stack(list(rows.values())).numpy()
    AugmentationDisplay(grid, row_labels=list(rows)).plot().figure_.savefig(path, dpi=130)
    print(f"{len(rows)} rows of sketches: {path}")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Draw each change of an augmentation policy.")
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    parser.add_argument("--quick", action="store_true", help="no difference: this is quick")
    return parser.parse_args()


def pick_sketches() -> tuple[torch.Tensor, AugmentationPolicy]:
    """Return one tidy sketch of each class, as images (n, 1, 28, 28), and what suits all."""
    X, y, names = make_sketches(400, 20, noise=0.6, random_state=0, return_names=True)
    policy = resolve_augmentation("auto", image_shape=(1, 28, 28)).bind(X.reshape(-1, 1, 28, 28), y)
    first = [np.flatnonzero(names[y] == name)[0] for name in SHOWN]
    return torch.from_numpy(X[first]).float().view(-1, 1, 28, 28), policy


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(SEED)


# Each change alone
# -----------------
#
# All changes draw from the same seed; switching one on leaves the others' random numbers alone.


def change_one_by_one(images: torch.Tensor) -> dict[str, torch.Tensor]:
    return {
        f"{name}={value}": AugmentationPolicy(**{**OFF, name: value})(images, generator())
        for name, value in CHANGES.items()
    }


# Mixing
# ------
#
# MixUp and CutMix change the targets too. ``draw.share`` is what a picture keeps of its own.


def mix(images: torch.Tensor) -> dict[str, torch.Tensor]:
    targets = torch.eye(len(images))
    mixed = {}
    for name, mixing in {"MixUp(1.0)": MixUp(1.0), "CutMix(1.0)": CutMix(1.0)}.items():
        draw = mixing.draw(len(images), tuple(images.shape[1:]), generator())
        mixed[name] = mixing.apply(images, targets, draw)[0]
    return mixed


if __name__ == "__main__":
    main()
