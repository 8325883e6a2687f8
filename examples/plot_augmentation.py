"""
What does augmentation do to a sketch?
======================================

It turns, moves, resizes and bends each sketch a little, anew in every pass, so that a network
hardly ever sees the same image twice. The classifiers augment by default. Here are the changes
that ``augmentation='auto'`` chose for these sketches.
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
# An :class:`~skquickdraw.augmentation.AugmentationPolicy` has a range for each change, and 0
# switches a change off. These ranges are larger than one would train with. All rows draw from the
# same seed: switching one change on leaves the random numbers of the others alone.

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
# :class:`~skquickdraw.augmentation.CutMix` puts a box of one into the other. Both mix the targets
# in the same shares. They are off by default, and for sketches that is well: a box cuts strokes
# apart, and on real drawings CutMix cost nine points (see :doc:`/user_guide/recipes`).

mixed = {"as drawn": sketches}
for name, mixing in {"MixUp(1.0)": MixUp(1.0), "CutMix(1.0)": CutMix(1.0)}.items():
    draw = mixing.draw(len(sketches), (1, 28, 28), torch.Generator().manual_seed(5))
    mixed[name], targets = mixing.apply(sketches, torch.eye(len(sketches)), draw)

AugmentationDisplay(torch.stack(list(mixed.values())), row_labels=list(mixed)).plot()
plt.show()
