"""Test the package with its oldest and its newest dependencies: ``make matrix``.

A cell is a new environment, with a Python, a set of releases, and one extra or none. The oldest
releases are those of constraints-oldest.txt; the newest are those that pip finds. Each cell fits,
saves and loads a network, checks that errors name the extras that are missing, and runs the tests
of the package's contracts and of its own extra. ``packaging/matrix.py oldest newest-onnx`` tries
some cells; without names, all. A line for each cell gives the result, the seconds and the releases.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
NEEDS_NO_TEST = {"test", "docs", "dist", "bench", "mutants", "coverage"}  # no user needs these
# The tests of each extra. The tests of "" run in every cell.
TESTS = {
    "": [
        "tests/test_public_api.py",
        "tests/test_contracts.py",
        "tests/persistence/test_save_errors.py",
    ],
    "plot": ["tests/inspection"],
    "data": [
        "tests/datasets/test_fetch.py",
        "tests/datasets/test_fetch_failures.py",
        "tests/datasets/test_load_image_folder.py",
        "tests/datasets/test_load_images.py",
        "tests/datasets/test_load_png.py",
    ],
    "onnx": ["tests/persistence/test_onnx.py"],
    "app": ["tests/app"],
    "distributed": ["tests/test_dask.py", "tests/neural_network/test_shared.py"],
}
SMOKE = """
import skquickdraw, tempfile, pathlib
from skquickdraw.datasets import make_sketches
X, y = make_sketches(60, 3, image_shape=(12, 12), random_state=0)
clf = skquickdraw.ResNetClassifier(width=0.1, max_epochs=1, random_state=0).fit(X, y)
file = pathlib.Path(tempfile.mkdtemp(), "model.safetensors")
skquickdraw.save_model(clf, file)
assert (skquickdraw.load_model(file).predict(X) == clf.predict(X)).all()
"""
RELEASES = """
from importlib.metadata import version
print(", ".join(f"{name} {version(name)}" for name in ("torch", "scikit-learn", "numpy")))
"""


def main() -> int:
    cells = {name: cell for name, cell in make_cells()}
    unknown = sorted(set(sys.argv[1:]) - set(cells))
    if unknown:
        sys.exit(f"There is no cell {unknown[0]!r}, but {', '.join(cells)}")
    held = []
    for name in sys.argv[1:] or cells:
        began = time.monotonic()
        outcome = try_cell(*cells[name])
        held.append(outcome.startswith("held"))
        print(f"{name:30} {time.monotonic() - began:5.0f} s  {outcome}", flush=True)
    return 0 if all(held) else 1


def make_cells() -> list[tuple[str, tuple[str, str, str]]]:
    """Return (name, (python, releases, extra)) of each cell; other Pythons have no extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = ["", *(name for name in project["optional-dependencies"] if name not in NEEDS_NO_TEST)]
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    cells = [
        (f"{releases}-{extra}" if extra else releases, (sys.executable, releases, extra))
        for releases in ("oldest", "newest")
        for extra in extras
    ]
    others = [(version, find_python(version)) for version in PYTHONS if version != own]
    return cells + [(f"newest-{v}", (path, "newest", "")) for v, path in others if path]


def find_python(version: str) -> str | None:
    """Return the path of a Python that runs; commands of version managers may exist but fail."""
    path = shutil.which(f"python{version}")
    runs = path and subprocess.run([path, "--version"], capture_output=True).returncode == 0
    return path if runs else None


def try_cell(python: str, releases: str, extra: str) -> str:
    """Return 'held' with the releases of three dependencies, or the step that failed."""
    with TemporaryDirectory() as folder:
        own = str(Path(folder, "bin", "python"))
        package = f"{ROOT}[{extra}]" if extra else str(ROOT)
        bounds = (
            ["--constraint", str(ROOT / "constraints-oldest.txt")] if releases == "oldest" else []
        )
        tools = ["pytest", "pytest-timeout", "pandas"]
        tests = TESTS[""] + (TESTS[extra] if extra else [])
        steps = {
            "environment": [python, "-m", "venv", folder],
            "install": [
                own,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-compile",
                *bounds,
                package,
                *tools,
            ],
            "smoke": [own, "-c", SMOKE],
            "missing extras": [own, str(ROOT / "packaging/try_extras.py")],
            "tests": [own, "-m", "pytest", "-q", "-W", "ignore", "-p", "no:cacheprovider", *tests],
            "releases": [own, "-c", RELEASES],
        }
        for name, command in steps.items():
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            if done.returncode:
                lines = (done.stdout + done.stderr).strip().splitlines()
                return f"failed at {name}: {lines[-1][:120] if lines else ''}"
    return f"held: {done.stdout.strip()}"


if __name__ == "__main__":
    sys.exit(main())
