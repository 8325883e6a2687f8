"""
From files of drawings to a model in a file
===========================================

The whole way: drawings in the formats that Quick, Draw! is published in are loaded, a network
learns them, and it leaves as two files. One is loaded again in Python, without executing anything;
the other runs wherever ONNX Runtime does. All three give the same answers. The picture shows test
drawings with them, the wrong ones in bold and in dashed frames.

Pass a file or folder of your own: .npy, .npz, .ndjson, .bin, or folders of .png. Without one, small
files are made up in a temporary folder: bitmaps of a few things, and strokes of two more. ::

    python examples/plot_quickdraw_from_files.py [PATH] [--n-per-class 500] [--output FOLDER]

Drawings of 28 x 28 pixels suit it; with strokes they are made so. It needs the extras plot and
onnx, and data for .png files.
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib
import numpy as np
import onnxruntime
from sklearn.model_selection import train_test_split

from skquickdraw import ResNetClassifier
from skquickdraw.datasets import load_quickdraw, make_sketches
from skquickdraw.inspection import ImageSheetDisplay
from skquickdraw.persistence import load_model, save_model, to_onnx

matplotlib.use("Agg")


def main() -> None:
    options = parse_options()
    n_per_class = 30 if options.quick else options.n_per_class
    drawings = load(options.path, n_per_class, options.file_format)
    print(drawings.DESCR)
    X, y = drawings.data, drawings.target_names[drawings.target]
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.25, stratify=y, random_state=0
    )
    classifier = ResNetClassifier(
        width=0.25,
        image_shape=drawings.image_shape,
        max_epochs=2 if options.quick else "auto",
        random_state=0,
    ).fit(X_train, y_train)
    y_pred = classifier.predict(X_test)
    print(f"{np.mean(y_pred == y_test):.1%} of {len(y_test)} test drawings are right")

    options.output.mkdir(parents=True, exist_ok=True)
    compare_files(classifier, X_test, drawings.image_shape, options.output)
    sheet = ImageSheetDisplay.from_predictions(
        X_test,
        y_test,
        y_pred,
        show=np.arange(min(24, len(y_test))),
        image_shape=drawings.image_shape,
    )
    sheet.figure_.savefig(options.output / "quickdraw_from_files.png", dpi=130)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train on files of drawings, and save the model.")
    parser.add_argument("path", type=Path, nargs="?", help="a file, or a folder of them")
    parser.add_argument("--file-format", help="of files to read, where the folder holds several")
    parser.add_argument("--n-per-class", type=int, default=200)
    parser.add_argument("--output", type=Path, default=Path("demo_output"))
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs")
    return parser.parse_args()


def load(path: Path | None, n_per_class: int, file_format: str | None):
    """Load the files of a path, or some that are made up."""
    if path is not None:
        return load_quickdraw(path, n_per_class=n_per_class, file_format=file_format)
    with TemporaryDirectory() as folder:
        make_files(Path(folder), n_per_class)
        return load_quickdraw(folder)


def make_files(folder: Path, n_per_class: int) -> None:
    """Write bitmaps of six things and strokes of two more, one class a file."""
    X, y, names = make_sketches(6 * n_per_class, 6, random_state=0, return_names=True)
    for label, name in enumerate(names):
        np.save(folder / f"full_numpy_bitmap_{name}.npy", X[y == label])
    rng = np.random.RandomState(0)
    for name, curve in {"spiral": spiral, "zigzag": zigzag}.items():
        with (folder / f"{name}.ndjson").open("w") as lines:
            for _ in range(n_per_class):
                drawing = [into_box(*curve(rng), rng)]
                lines.write(json.dumps({"word": name, "drawing": drawing}) + "\n")


def spiral(rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    turn = np.linspace(0, rng.uniform(3, 6) * np.pi, 60)
    return turn * np.cos(turn), turn * np.sin(turn)


def zigzag(rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    corners = rng.randint(4, 10)
    return np.arange(corners), rng.uniform(1, 3) * (np.arange(corners) % 2)


def into_box(x: np.ndarray, y: np.ndarray, rng: np.random.RandomState) -> list[list[int]]:
    """Return a shaky stroke in the simplified format: from 0 to 255 on its longer side."""
    points = np.stack([x, y])
    points = points + rng.normal(scale=0.02 * np.ptp(points), size=points.shape)
    points -= points.min(axis=1, keepdims=True)
    return np.rint(255 * points / points.max()).astype(int).tolist()


def compare_files(
    classifier: ResNetClassifier, X: np.ndarray, image_shape: tuple[int, int], folder: Path
) -> None:
    """Save the classifier in two formats, and compare what comes back with the original."""
    proba = classifier.predict_proba(X)

    save_model(classifier, folder / "quickdraw.safetensors", keep_optimizer=False)
    loaded = load_model(folder / "quickdraw.safetensors")
    report(folder / "quickdraw.safetensors", proba, loaded.predict_proba(X))

    to_onnx(classifier, folder / "quickdraw.onnx")
    session = onnxruntime.InferenceSession(folder / "quickdraw.onnx")
    (outside,) = session.run(["probabilities"], {"images": X.reshape(-1, 1, *image_shape)})
    report(folder / "quickdraw.onnx", proba, outside)


def report(file: Path, expected: np.ndarray, proba: np.ndarray) -> None:
    same = np.mean(proba.argmax(axis=1) == expected.argmax(axis=1))
    print(
        f"{file.name:22} {file.stat().st_size / 1e6:5.2f} MB, {same:.1%} of the answers the same, "
        f"probabilities within {np.abs(proba - expected).max():.0e}"
    )


if __name__ == "__main__":
    main()
