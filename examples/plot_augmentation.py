"""
What does augmentation do to a sketch?
======================================

Augmentation turns, moves, resizes, slants and bends each sketch a little, and makes its lines
thicker or thinner. Each pass over the training set (epoch) changes it in a different way, so that a
network hardly ever sees the same image twice. The classifiers augment by default. This example
draws the changes that ``augmentation='auto'`` chose for some sketches.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch

from skquickdraw.augmentation import AugmentationPolicy, CutMix, MixUp
from skquickdraw.datasets import make_sketches
from skquickdraw.inspection import AugmentationDisplay

X, y, names = make_sketches(400, 20, noise=0.6, random_state=0, return_names=True)
rows = [
    np.flatnonzero(names[y] == name)[0]
    for name in ("house", "tree", "cup", "key", "boat")
]
AugmentationDisplay.from_augmentation("auto", X, y, rows=rows, n_variants=7)
plt.show()

# %%
# Each change alone
# -----------------
#
# An :class:`~skquickdraw.augmentation.AugmentationPolicy` has one parameter for the strength of
# each change; 0 switches the change off. Most values here are larger than those that you would use
# for training, so that the changes are visible. All rows use the same random seed. The random
# numbers of a change do not depend on which other changes are switched on.

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
sketches = torch.from_numpy(X[np.repeat(rows, 2)]).float().view(-1, 1, 28, 28)
changed = {"as drawn": sketches}
for name, value in CHANGES.items():
    policy = AugmentationPolicy(**{**OFF, name: value})
    changed[f"{name}={value}"] = policy(sketches, torch.Generator().manual_seed(5))

AugmentationDisplay(
    torch.stack(list(changed.values())), row_labels=list(changed)
).plot()
plt.show()

# %%
# Mixing
# ------
#
# :class:`~skquickdraw.augmentation.MixUp` blends two images, and
# :class:`~skquickdraw.augmentation.CutMix` copies a box of one image into another. Both mix the
# targets in the same proportion as the images. Both are off by default. The number is ``alpha``.
# With 1.0, all proportions are equally likely. Leave CutMix off for sketches, because a box cuts
# strokes apart: in short trainings on real drawings, CutMix lowered the accuracy by nine points
# (see :doc:`/user_guide/recipes`).

mixed = {"as drawn": sketches}
for name, mixing in {"MixUp(1.0)": MixUp(1.0), "CutMix(1.0)": CutMix(1.0)}.items():
    draw = mixing.draw(len(sketches), (1, 28, 28), torch.Generator().manual_seed(5))
    mixed[name], targets = mixing.apply(sketches, torch.eye(len(sketches)), draw)

AugmentationDisplay(torch.stack(list(mixed.values())), row_labels=list(mixed)).plot()
plt.show()
