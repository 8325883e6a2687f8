"""Every example runs to its end, quickly, from any folder, and leaves the pictures it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skquickdraw.datasets import make_sketches

EXAMPLES = Path(__file__).parents[1] / "examples"
PICTURES = {
    "demo.py": {"sketches.png", "confusion.png"},
    "grid_search_regularisation.py": set(),
    "plot_augmentation.py": {"augmentation.png"},
    "plot_deep_features.py": {"deep_features.png"},
    "plot_imbalance.py": {"imbalance.png"},
    "plot_quickdraw_from_files.py": {
        "quickdraw.onnx",
        "quickdraw.safetensors",
        "quickdraw_from_files.png",
    },
    "plot_noisy_student.py": {"noisy_student.png"},
    "plot_strokes.py": {"strokes.png"},
}


def run(script: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "COLUMNS": "100"}
    command = [sys.executable, str(EXAMPLES / script), "--quick", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def write_competition(folder: Path, files: tuple[str, ...]) -> None:
    for seed, name in enumerate(files):
        X, y, classes = make_sketches(
            60, 4, weights=(4, 3, 2, 1), random_state=seed, return_names=True
        )
        np.savez(folder / name, X=X.reshape(-1, 28, 28), y=y, classes=classes)


def test_every_example_is_here():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PICTURES)


@pytest.mark.parametrize(("script", "pictures"), PICTURES.items())
def test_an_example_runs(tmp_path, script, pictures):
    done = run(script, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert {path.name for path in (tmp_path / "demo_output").glob("*")} == pictures


def test_the_demo_reads_a_competition(tmp_path):
    write_competition(tmp_path, ("train.npz", "holdout.npz"))
    done = run("demo.py", str(tmp_path), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "60 drawings of 4 classes, 24 of the largest, 6 of the smallest" in done.stdout


def test_the_demo_needs_something_to_score_on(tmp_path):
    write_competition(tmp_path, ("train.npz",))
    done = run("demo.py", str(tmp_path), folder=tmp_path)
    assert done.returncode == 1
    assert "no holdout.npz" in done.stderr
