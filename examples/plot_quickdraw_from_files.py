"""
How does one read the files of Quick, Draw!?
============================================

Google has published the drawings of its game Quick, Draw!.
:func:`~skquickdraw.datasets.load_quickdraw` reads them as bitmaps (``.npy``), as simplified strokes
in text (``.ndjson``) or in binary form (``.bin``), and as the ``.npz`` files made for sketch-rnn, a
network that draws. It does not read the raw strokes. It reads one file or a whole folder. Reading a
file cannot execute code.

This example writes the files itself, so that it needs no download. They have the same names and
formats as the published files. :func:`~skquickdraw.datasets.fetch_quickdraw` downloads parts of the
real files.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np

from skquickdraw.datasets import load_quickdraw, make_sketches
from skquickdraw.inspection import ImageSheetDisplay

folder = TemporaryDirectory()

# %%
# Bitmaps
# -------
#
# Each file holds one class. Each row is a drawing of 28 x 28 pixels.

X, y, names = make_sketches(120, 6, random_state=0, return_names=True)
for label, name in enumerate(names):
    np.save(Path(folder.name, f"full_numpy_bitmap_{name}.npy"), X[y == label])

# %%
# Strokes
# -------
#
# Each line is a JSON object with a drawing in the simplified format, in which the longer side of
# the drawing goes from 0 to 255.


def spiral(rng):
    turn = np.linspace(0, rng.uniform(3, 6) * np.pi, 60)
    return np.stack([turn * np.cos(turn), turn * np.sin(turn)])


def zigzag(rng):
    corners = np.arange(rng.randint(4, 10))
    return np.stack([corners, rng.uniform(1, 3) * (corners % 2)])


rng = np.random.RandomState(0)
for name, curve in {"spiral": spiral, "zigzag": zigzag}.items():
    with Path(folder.name, f"{name}.ndjson").open("w", encoding="utf-8") as lines:
        for _ in range(20):
            points = curve(rng)
            points += rng.normal(scale=0.02 * np.ptp(points), size=points.shape)
            points -= points.min(axis=1, keepdims=True)
            stroke = np.rint(255 * points / points.max()).astype(int).tolist()
            lines.write(json.dumps({"word": name, "drawing": [stroke]}) + "\n")

# %%
# The folder, as one data set
# ---------------------------
#
# Strokes are turned into images like the bitmaps that Google publishes. Each class is named after
# its file, without the prefix ``full_numpy_bitmap_`` and the ending.

drawings = load_quickdraw(folder.name)
print(drawings.data.shape, drawings.image_shape)
print(
    dict(
        zip(drawings.target_names.tolist(), drawings.class_counts.tolist(), strict=True)
    )
)

labels = drawings.target_names[drawings.target]
shown = [
    row for code in range(8) for row in np.flatnonzero(drawings.target == code)[:3]
]
sheet = ImageSheetDisplay(drawings.data[shown], [None] * 24, labels[shown])
sheet.plot(n_columns=6)
plt.show()

# %%
# Only some drawings, or strokes
# ------------------------------
#
# With ``n_per_class``, only the needed part of each file is read. With ``as_strokes=True``, the
# strokes are returned as strokes, not as images.

few = load_quickdraw(folder.name, n_per_class=5)
print(few.data.shape)
zigzags = load_quickdraw(Path(folder.name, "zigzag.ndjson"), as_strokes=True)
print(zigzags.data[0])
folder.cleanup()

# %%
# :doc:`/user_guide/files` lists the formats. :doc:`/user_guide/millions` shows how to train on more
# images than fit into memory.
