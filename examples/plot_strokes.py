"""
How does one augment pen strokes?
=================================

People who draw in a hurry leave out a stroke, end a line too soon, miss the right place, or use
another pen. Most of these changes cannot be made to the pixels of a drawing, but all of them can be
made to its strokes. A :class:`~skquickdraw.augmentation.StrokeAugmentation` changes the strokes and
draws the image, in a different way in each pass.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch

from skquickdraw.augmentation import AugmentationPolicy, StrokeAugmentation
from skquickdraw.datasets import pack_strokes
from skquickdraw.inspection import AugmentationDisplay

# %%
# Drawings by hand
# ----------------
#
# A drawing is a list of strokes. Each stroke is a pair of lists, the x and the y coordinates of its
# points, from 0 to 255. The y axis points down.


def arc(x, y, rx, ry, start=0, stop=360):
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
        *[
            arc(105 + 62 * np.cos(a), 65 + 42 * np.sin(a), 38, 23)
            for a in np.arange(5) * 1.257
        ],
        arc(105, 65, 25, 20),
        [[105, 98, 108], [107, 180, 255]],
        arc(140, 200, 33, 14),
    ],
}
packed = np.repeat(pack_strokes(list(DRAWINGS.values()), n_points=128), 2, axis=0)
strokes = torch.from_numpy(packed).float().unsqueeze(1)

# %%
# Each change alone, and all together
# -----------------------------------
#
# The first row is unchanged. Each of the next four rows shows one change, stronger than you would
# use for training. All rows use the same random seed. The last two rows show the default policy.
# ``then`` is the augmentation of the images after they are drawn: with ``then=None``, only the
# strokes are changed. A classifier tests on the training rows whether to mirror images. Here, each
# image is mirrored with probability 0.5.

OFF = {"drop_stroke": 0, "drop_tail": 0, "jitter": 0, "width": 0, "then": None}
CHANGES = {"drop_stroke": 0.4, "drop_tail": 0.5, "jitter": 6, "width": 1}

policies = {"as drawn": StrokeAugmentation(**OFF, side=56)}
for name, value in CHANGES.items():
    policies[f"{name}={value}"] = StrokeAugmentation(**{**OFF, name: value}, side=56)
policies["then=None"] = StrokeAugmentation(then=None, side=56)
policies["defaults"] = StrokeAugmentation(
    then=AugmentationPolicy(horizontal_flip=0.5), side=56
)

changed = [
    policy(strokes, torch.Generator().manual_seed(1)) for policy in policies.values()
]
AugmentationDisplay(torch.stack(changed), row_labels=list(policies)).plot()
plt.show()

# %%
# To train with these changes, pass the array that :func:`~skquickdraw.datasets.pack_strokes`
# returns as X, and the policy as the ``augmentation`` of a classifier (see
# :doc:`/user_guide/strokes`).
