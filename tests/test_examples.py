"""All examples have the form that the gallery needs, and the demo runs.

The examples themselves run when the documentation is built, which stops at the first failure.
"""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from skquickdraw.datasets import make_sketches

EXAMPLES = Path(__file__).parents[1] / "examples"
GALLERY = sorted(path.name for path in EXAMPLES.glob("plot_*.py"))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that runs the demo as in a new process, and returns its exit status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run_demo(*arguments: str) -> int | None:
        monkeypatch.setattr(sys, "argv", ["demo.py", "--quick", *arguments])
        with pytest.raises(SystemExit) as left:
            runpy.run_path(str(EXAMPLES / "demo.py"), run_name="__main__")
        return left.value.code

    return run_demo


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
    source = (EXAMPLES / name).read_text(encoding="utf-8")
    tree = ast.parse(source)
    title, underline, empty, *text = ast.get_docstring(tree).splitlines()
    assert underline == "=" * len(title)
    assert not empty
    assert text
    assert "plt.show()" in source
    assert "# %%\n" in source


@pytest.mark.parametrize("name", GALLERY)
def test_an_example_reads_from_top_to_bottom(name):
    """The gallery shows the output of each cell below it, so no code may be in a main function."""
    tree = ast.parse((EXAMPLES / name).read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert "main" not in functions
    assert not any(isinstance(node, ast.If) and "__name__" in ast.dump(node) for node in tree.body)


def test_the_demo_draws_what_it_promises(run, tmp_path, capsys):
    assert not run()
    assert capsys.readouterr().out
    found = {path.name for path in (tmp_path / "demo_output").glob("*")}
    assert found == {"sketches.png", "confusion.png"}


def test_the_demo_reads_a_competition(run, tmp_path, capsys):
    write_competition(tmp_path, ("train.npz", "holdout.npz"))
    assert not run(str(tmp_path), "--images", "60")
    told = capsys.readouterr().out
    assert "60 drawings of 4 classes, 24 of the largest, 6 of the smallest" in told


def test_the_demo_needs_something_to_score_on(run, tmp_path, capsys):
    write_competition(tmp_path, ("train.npz",))
    assert run(str(tmp_path)) == 1
    assert "DATA must contain holdout.npz" in capsys.readouterr().err
