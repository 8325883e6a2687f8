"""
What a hand in haste does to strokes
====================================

A drawing that is held as strokes can be changed in ways that pixels cannot: a stroke left out, a
line that ends too soon, points set beside their place, another pen. A
:class:`~skquickdraw.augmentation.StrokeAugmentation` does that and draws the picture, anew in each
epoch. This script shows each change alone, on a few drawings made by hand and stronger than one
would train with, then the defaults, first without and then with what they do to the images. A
classifier finds out from the training rows whether to mirror them; here they are. ::

    python examples/plot_strokes.py [--output FOLDER]
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
import torch

from skquickdraw.augmentation import AugmentationPolicy, StrokeAugmentation
from skquickdraw.datasets import pack_strokes
from skquickdraw.inspection import AugmentationDisplay

matplotlib.use("Agg")

OFF = {"drop_stroke": 0, "drop_tail": 0, "jitter": 0, "width": 0, "then": None}
CHANGES = {"drop_stroke": 0.4, "drop_tail": 0.5, "jitter": 6, "width": 1}
N_POINTS = 128
N_VARIANTS = 2
SIDE = 56  # twice the pixels of a Quick, Draw! bitmap, for the eye
SEED = 1


def main() -> None:
    options = parse_options()
    strokes = np.repeat(pack_strokes(list(DRAWINGS.values()), N_POINTS), N_VARIANTS, axis=0)
    rows = show_changes(torch.from_numpy(strokes).float().unsqueeze(1))
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "strokes.png"
    grid = torch.stack(list(rows.values())).numpy()
    AugmentationDisplay(grid, row_labels=list(rows)).plot().figure_.savefig(path, dpi=130)
    print(f"{len(rows)} rows of {', '.join(DRAWINGS)}: {path}")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Draw each change of an augmentation of strokes.")
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    parser.add_argument("--quick", action="store_true", help="no difference: this is quick")
    return parser.parse_args()


# Drawings by hand
# ----------------
#
# A drawing is a list of strokes, a stroke a pair of coordinates from 0 to 255, y pointing down.


def arc(x: float, y: float, rx: float, ry: float, start: float = 0, stop: float = 360) -> list:
    angle = np.radians(np.linspace(start, stop, 14))
    return [x + rx * np.cos(angle), y + ry * np.sin(angle)]


DRAWINGS = {
    "house": [
        [[20, 235, 235, 20, 20], [110, 110, 255, 255, 110]],
        [[0, 128, 255], [115, 0, 115]],
        [[100, 100, 155, 155], [255, 170, 170, 255]],
        [[180, 215, 215, 180, 180], [140, 140, 170, 170, 140]],
    ],
    "face": [
        arc(128, 128, 127, 127),
        arc(80, 95, 14, 18),
        arc(176, 95, 14, 18),
        [[128, 115, 132], [115, 150, 152]],
        arc(128, 150, 65, 55, 20, 160),
    ],
    "fish": [
        arc(105, 80, 104, 70, 20, 340),
        [[203, 255, 255, 203], [104, 20, 140, 56]],
        arc(55, 65, 8, 8),
        arc(90, 80, 20, 45, -60, 60),
    ],
    "boat": [
        [[0, 255, 205, 50, 0], [190, 190, 255, 255, 190]],
        [[120, 120], [190, 0]],
        [[120, 225, 120], [0, 165, 165]],
        [[105, 25, 105], [30, 165, 165]],
    ],
    "flower": [
        *[arc(105 + 62 * np.cos(a), 65 + 42 * np.sin(a), 38, 23) for a in np.arange(5) * 1.257],
        arc(105, 65, 25, 20),
        [[105, 98, 108], [107, 180, 255]],
        arc(140, 200, 33, 14),
    ],
}


# Each change alone
# -----------------
#
# All changes draw from the same seed; switching one on leaves the others' random numbers alone.


def show_changes(strokes: torch.Tensor) -> dict[str, torch.Tensor]:
    policies = {"as drawn": StrokeAugmentation(**OFF, side=SIDE)}
    for name, value in CHANGES.items():
        policies[f"{name}={value}"] = StrokeAugmentation(**{**OFF, name: value}, side=SIDE)
    policies["then=None"] = StrokeAugmentation(then=None, side=SIDE)
    policies["defaults"] = StrokeAugmentation(
        then=AugmentationPolicy(horizontal_flip=0.5), side=SIDE
    )
    return {
        name: policy(strokes, torch.Generator().manual_seed(SEED))
        for name, policy in policies.items()
    }


if __name__ == "__main__":
    main()
