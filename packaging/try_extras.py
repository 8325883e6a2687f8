"""Check that the functions that need an extra raise an error that names it, if it is missing.

``make matrix`` runs this in each environment that it makes. Installed extras are skipped here,
because they have their own tests.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import skquickdraw
from skquickdraw.datasets import fetch_quickdraw, load_image_folder, make_sketches
from skquickdraw.exceptions import MissingDependencyError
from skquickdraw.inspection import ImageSheetDisplay
from skquickdraw.persistence import save_model, to_onnx

X, y = make_sketches(20, 2, image_shape=(12, 12), random_state=0)
NETWORK = skquickdraw.CNNClassifier(width=0.25, max_epochs=1, device="cpu", random_state=0)

# (extra, package): calls that must fail without this package. Each gets a temporary folder.
USES: dict[tuple[str, str], list[Callable[[Path], object]]] = {
    ("plot", "matplotlib"): [
        lambda folder: ImageSheetDisplay(X, y, y).plot(),
        lambda folder: command("demo", "--quick"),
        lambda folder: command("train", folder, "-o", folder / "new", "--figures", folder),
    ],
    ("data", "pooch"): [lambda folder: fetch_quickdraw(["cat"], data_home=folder)],
    ("data", "PIL"): [
        lambda folder: load_image_folder(folder),
        lambda folder: command("train", folder, "-o", folder / "new"),
    ],
    ("onnx", "onnx"): [
        lambda folder: to_onnx(NETWORK.fit(X, y), folder / "new"),
        lambda folder: command("export", save(folder), "-o", folder / "new.onnx"),
    ],
    ("onnx", "onnxruntime"): [lambda folder: command("app", graph(folder))],
    ("distributed", "accelerate"): [
        lambda folder: skquickdraw.CNNClassifier(device="accelerate").fit(X, y)
    ],
}


def main() -> None:
    n_tried = 0
    for (extra, package), uses in USES.items():
        for use in uses if find_spec(package) is None else ():
            with TemporaryDirectory() as folder:
                check(extra, use, fill(Path(folder)))
            n_tried += 1
    print(f"{n_tried} uses of missing extras raise errors that name them")


def check(extra: str, use: Callable[[Path], object], folder: Path) -> None:
    try:
        use(folder)
    except MissingDependencyError as error:
        assert f"pip install 'skquickdraw[{extra}]'" in str(error), error
    else:
        raise AssertionError(f"what needs the extra {extra} ran without it")
    assert not list(folder.glob("new*")), "a file was written before the error"


def fill(folder: Path) -> Path:
    """Write a folder with two classes of files; the files only have names of images."""
    for name in ("cat", "owl"):
        folder.joinpath(name).mkdir()
        folder.joinpath(name, "1.png").write_bytes(b"\x89PNG")
    return folder


def save(folder: Path) -> Path:
    path = folder / "model.safetensors"
    save_model(NETWORK.fit(X, y), path)
    return path


def graph(folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(b"\x08\x0a")
    return path


def command(*arguments: object) -> None:
    """Run a command, and raise its error message as an error of Python."""
    line = [sys.executable, "-m", "skquickdraw", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    raise MissingDependencyError(" ".join(done.stderr.split()))


if __name__ == "__main__":
    main()
