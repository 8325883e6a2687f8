"""The development sets: images of many kinds, with a given number of training rows, and test rows.

``load("clothes-500", seed, folder)`` returns one cell of a study. Some sets are read from a folder
of downloaded files, some from packages of the system. A missing set raises ``Absent``.
"""

import gzip
from functools import cache
from pathlib import Path

import numpy as np
from common import Absent, find_data
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skquickdraw.datasets import make_ladder, make_sketches

FASHION = Path("/usr/share/datasets/fashion-mnist")
FONTS = Path("/usr/share/fonts")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def load(cell, seed, folder):
    """Return X, y, X_test and y_test of a cell, ``name-rows``; ``seed`` draws the rows.

    Images are of shape (n, H, W) or (n, C, H, W), labels of shape (n,).
    """
    name, n_rows = cell.rsplit("-", 1)
    return SETS[name](int(n_rows), seed, folder)


def digits(n_rows, seed, folder):
    """8 x 8 digits by 13 writers, in classes of equal size."""
    X, y = load_digits(return_X_y=True)
    X = X.reshape(-1, 8, 8)
    X, X_test, y, y_test = train_test_split(X, y, train_size=n_rows, stratify=y, random_state=seed)
    return X, y, X_test, y_test


def clothes(n_rows, seed, folder):
    """Fashion-MNIST. The largest class has 50 times as many rows as the smallest."""
    X, y = cut_ladder(*fashion("train"), n_rows, ratio=50, seed=seed)
    X_test, y_test = fashion("t10k")
    return X, y, X_test[:5000], y_test[:5000]


def photos(n_rows, seed, folder):
    """CIFAR-10, colour photos. The largest class has 90 times as many rows as the smallest."""
    found = np.load(find_data(folder, "other_images/cifar10_lt.npz"))
    X, y = found["X"].transpose(0, 3, 1, 2), found["y"]
    is_test = found["is_test"].astype(bool)
    rows = np.flatnonzero(~is_test)
    if n_rows < len(rows):
        cut = {"train_size": n_rows, "stratify": y[rows], "random_state": seed}
        rows, _ = train_test_split(rows, **cut)
    return X[rows], y[rows], X[is_test], y[is_test]


def characters(n_rows, seed, folder):
    """242 handwritten characters, equally many of each. The test rows are by other people."""
    found = np.load(find_data(folder, "other_images/omniglot_small.npz"))
    X, y, drawn_by = found["X"], found["y"], found["groups"]
    drawers = np.random.RandomState(seed).permutation(np.unique(drawn_by))
    is_train = np.isin(drawn_by, drawers[: n_rows // 242])
    is_test = np.isin(drawn_by, drawers[-8:])
    return X[is_train], y[is_train], X[is_test], y[is_test]


def drawings(n_rows, seed, folder):
    """Quick, Draw! drawings, 50 classes. The largest has 30 times as many rows as the smallest."""
    found = np.load(find_data(folder, "quickdraw100/train.npz"))
    is_large = found["y"] < 50  # the only classes with enough rows to test on
    X, y = found["X"][is_large], found["y"][is_large]
    X, X_test, y, y_test = train_test_split(X, y, test_size=5000, stratify=y, random_state=seed)
    X, y = cut_ladder(X, y, n_rows, ratio=30, seed=seed)
    return X, y, X_test, y_test


def sketches(n_rows, seed, folder):
    """Ten classes of ``make_sketches``, the largest with 40 times the rows of the smallest."""
    X, y = make_sketches(8000, n_classes=10, random_state=seed)
    X = X.reshape(-1, 28, 28)
    X, X_test, y, y_test = train_test_split(X, y, test_size=2000, stratify=y, random_state=seed)
    X, y = cut_ladder(X, y, n_rows, ratio=40, seed=seed)
    return X, y, X_test, y_test


def letters(n_rows, seed, folder):
    """Capital letters in fonts. The largest class has 10 times as many rows as the smallest.

    The test letters are in other families of fonts.
    """
    X, y, families = rendered_letters()
    order = np.random.RandomState(seed).permutation(np.unique(families))
    is_test = np.isin(families, order[: len(order) // 3])
    X_train, y_train = cut_ladder(X[~is_test], y[~is_test], n_rows, ratio=10, seed=seed)
    return X_train, y_train, X[is_test], y[is_test]


MAKERS = (digits, clothes, photos, characters, drawings, sketches, letters)
SETS = {make.__name__: make for make in MAKERS}


@cache
def fashion(part):
    """Read Fashion-MNIST as Debian's package dataset-fashion-mnist installs it."""
    paths = sorted(FASHION.rglob(f"{part}-*-ubyte*"))
    if len(paths) != 2:
        raise Absent(f"Fashion-MNIST is not in {FASHION}: install dataset-fashion-mnist.")
    images, labels = (gzip.decompress(path.read_bytes()) for path in paths)
    X = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28)
    return X, np.frombuffer(labels, np.uint8, offset=8).astype(np.int64)


@cache
def rendered_letters():
    """Render each letter in each font; return images, labels and the fonts' families."""
    from PIL import Image, ImageDraw, ImageFont

    paths = sorted({*FONTS.rglob("*.ttf"), *FONTS.rglob("*.otf")})
    if len(paths) < 50:
        raise Absent(f"{FONTS} holds {len(paths)} fonts, and letters need 50: install more.")
    images, labels, families = [], [], []
    for path in paths:
        font = ImageFont.truetype(str(path), 24)
        drawn = []
        for letter in LETTERS:
            canvas = Image.new("L", (28, 28))
            ImageDraw.Draw(canvas).text((14, 14), letter, fill=255, font=font, anchor="mm")
            drawn.append(np.asarray(canvas))
        if len({image.tobytes() for image in drawn}) < len(LETTERS):
            continue  # a font without these letters draws the same box for each
        images += drawn
        labels += list(LETTERS)
        families += [font.getname()[0].split()[0]] * len(LETTERS)
    return np.stack(images), np.array(labels), np.array(families)


def cut_ladder(X, y, n_rows, *, ratio, seed):
    """Cut to about ``n_rows``; class sizes fall exponentially, by the factor ``ratio`` in all."""
    counts = np.unique(y, return_counts=True)[1]
    shares = np.geomspace(1, 1 / ratio, len(counts))
    n_max = min(round(n_rows / shares.sum()), counts.min())
    n_min = max(2, round(n_max / ratio))
    return make_ladder(X, y, n_max=n_max, n_min=n_min, profile="exponential", random_state=seed)
