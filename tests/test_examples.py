"""Every example has the form that the gallery makes a page of, and the demo runs.

Building the site runs the examples themselves, and stops at the first that fails.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skquickdraw.datasets import make_sketches

EXAMPLES = Path(__file__).parents[1] / "examples"
GALLERY = sorted(path.name for path in EXAMPLES.glob("plot_*.py"))


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "COLUMNS": "100"}
    command = [sys.executable, str(EXAMPLES / "demo.py"), "--quick", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def write_competition(folder: Path, files: tuple[str, ...]) -> None:
    for seed, name in enumerate(files):
        X, y, classes = make_sketches(
            60, 4, weights=(4, 3, 2, 1), random_state=seed, return_names=True
        )
        np.savez(folder / name, X=X.reshape(-1, 28, 28), y=y, classes=classes)


def test_there_is_a_gallery():
    assert len(GALLERY) >= 15
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"demo.py", *GALLERY}


@pytest.mark.parametrize("name", GALLERY)
def test_an_example_can_become_a_page(name):
    source = (EXAMPLES / name).read_text()
    tree = ast.parse(source)
    title, underline, empty, *text = ast.get_docstring(tree).splitlines()
    assert underline == "=" * len(title)
    assert not empty
    assert text
    assert "plt.show()" in source
    assert "# %%\n" in source


@pytest.mark.parametrize("name", GALLERY)
def test_an_example_reads_from_top_to_bottom(name):
    """A page shows what a cell printed below it: nothing may wait for a call at the end."""
    tree = ast.parse((EXAMPLES / name).read_text())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert "main" not in functions
    assert not any(isinstance(node, ast.If) and "__name__" in ast.dump(node) for node in tree.body)


def test_the_demo_draws_what_it_promises(tmp_path):
    done = run(folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    found = {path.name for path in (tmp_path / "demo_output").glob("*")}
    assert found == {"sketches.png", "confusion.png"}


def test_the_demo_reads_a_competition(tmp_path):
    write_competition(tmp_path, ("train.npz", "holdout.npz"))
    done = run(str(tmp_path), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "60 drawings of 4 classes, 24 of the largest, 6 of the smallest" in done.stdout


def test_the_demo_needs_something_to_score_on(tmp_path):
    write_competition(tmp_path, ("train.npz",))
    done = run(str(tmp_path), folder=tmp_path)
    assert done.returncode == 1
    assert "DATA must contain holdout.npz" in done.stderr
