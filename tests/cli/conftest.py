"""Folders of small images as users have them, and a model that the command trained on one."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from skquickdraw import CNNClassifier, NoisyStudentClassifier, recipes
from skquickdraw.datasets import make_sketches

Image = pytest.importorskip("PIL.Image")

CLASSES = ["cat", "kühl 2", "rare"]  # names of folders may have umlauts and spaces
COUNTS = [12, 8, 3]


def run_command(*arguments, **options):
    """Run the command in a new process."""
    command = [sys.executable, "-m", "skquickdraw", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", **options)


def start_command(*arguments):
    """Start the command so that it takes interrupts, even if the tests run in the background."""
    command = [sys.executable, "-u", "-m", "skquickdraw", *map(str, arguments)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def draw(label, i, side=20):
    """Return dark ink on paper at a random place: a horizontal bar, a vertical bar, or a block."""
    image = np.full((side, side + i % 3), 255, dtype=np.uint8)
    at = 3 + i % 5
    part = [np.s_[at : at + 3, 2:-2], np.s_[2:-2, at : at + 3], np.s_[4:-4, 4:-4]][label]
    image[part] = 10 * (i % 4)
    return Image.fromarray(image)


def write_folder(folder, classes=CLASSES, counts=COUNTS):
    """Write images of mixed sizes, modes and formats, in a folder for each class."""
    for label, (name, count) in enumerate(zip(classes, counts, strict=True)):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            image = draw(label, i, side=20 + 4 * (i % 4))
            if i % 3 == 1:
                image = image.convert("RGB")
            if i % 3 == 2:
                alpha = image.point(lambda grey: 255 - grey)  # paper is transparent
                image = image.convert("RGBA")
                image.putalpha(alpha)
            ending = "png" if image.mode == "RGBA" or i % 2 else "JPG"
            image.save(folder / name / f"bild {i} ß.{ending}")
    return folder


def write_drawings(folder, n=20, n_classes=3, seed=0):
    """Write bitmaps in the published format, in a file for each class."""
    folder.mkdir()
    X, y, names = make_sketches(n * n_classes, n_classes, random_state=seed, return_names=True)
    for label, name in enumerate(names):
        np.save(folder / f"full_numpy_bitmap_{name}.npy", X[y == label])
    return folder


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("data") / "my images")


@pytest.fixture(scope="session")
def training(tmp_path_factory, images):
    """Return the file of a model, and the output of the command that trained it."""
    model = tmp_path_factory.mktemp("models") / "mein modell.safetensors"
    done = run_command("train", images, "-o", model, "--minutes", "0.02", "--holdout", "0.3")
    assert done.returncode == 0, done.stderr
    return model, done


@pytest.fixture(scope="session")
def model(training):
    return training[0]


@pytest.fixture
def quick(monkeypatch):
    """Make the recipes small; the tests check only how the commands use them."""

    def fast(*, random_state=None):
        return CNNClassifier(width=0.25, max_epochs=2, random_state=random_state)

    def ensemble(*, random_state=None):
        return NoisyStudentClassifier(
            fast(), n_iterations=1, threshold=0.0, random_state=random_state
        )

    monkeypatch.setattr(recipes, "fast", fast)
    monkeypatch.setattr(recipes, "ensemble", ensemble)
