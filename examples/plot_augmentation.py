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

matplotlib.use("Agg")
import matplotlib.pyplot as plt

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
    draw(rows, path)
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


def draw(rows: dict[str, torch.Tensor], path: Path) -> None:
    n_columns = len(SHOWN) * N_VARIANTS
    sheet = np.concatenate([stripe(images) for images in rows.values()])
    figure, axes = plt.subplots(figsize=(9, 0.62 * len(rows)), layout="constrained")
    axes.imshow(sheet, cmap="gray_r", vmin=0, vmax=255)
    axes.set_yticks((np.arange(len(rows)) + 0.5) * 28, rows, family="monospace")
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for border in (28, 28 * (1 + len(CHANGES)), 28 * (2 + len(CHANGES))):
        axes.axhline(border - 0.5, color="0.8", linewidth=1)
    axes.set_xlim(-0.5, 28 * n_columns - 0.5)
    figure.savefig(path, dpi=130, bbox_inches="tight")
    plt.close(figure)


def stripe(images: torch.Tensor) -> np.ndarray:
    """Lay images (n, 1, 28, 28) side by side."""
    return images[:, 0].permute(1, 0, 2).flatten(1).numpy()


if __name__ == "__main__":
    main()
