"""README.md and the first page agree with the results, name all extras, and link existing pages."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


@pytest.fixture
def scores(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    yield import_module("make_scores")
    sys.modules.pop("make_scores")


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_the_table_of_the_first_pages_is_that_of_the_results(scores, page):
    text = (ROOT / page).read_text(encoding="utf-8")
    table = scores.render_table(
        scores.load_results("balanced_accuracy"), scores.load_results("cpu_seconds")
    )
    same = scores.replace_table(text, table) == text
    assert same, "the results have changed: run python docs/make_scores.py"


def test_the_table_has_means_of_shared_cells_over_seeds(scores):
    found = {
        "default": {"letters-300": 0.9, "digits-1000": 0.8},
        "svc": {"letters-300": 0.5, "digits-1000": 0.6},
        "forest": {"letters-300": 0.95, "digits-1000": 0.1},
        "boosting": {"letters-300": 0.3, "digits-1000": 0.3},
    }
    lines = scores.render_table(found, found).splitlines()
    assert "| letters, 300 images | 90 | 50 | **95** | 30 |" in lines
    assert "| mean of all 2 training sets | **85** | 55 | 52 | 30 |" in lines
    assert not any(line.startswith("| digits") for line in lines)


COMPETITION = {
    "one network by the recipe that won the original competition": "original-single",
    "`recipes.fast()`": "fast",
    "`recipes.accurate()`": "single",
    "`recipes.ensemble()`": "winner",
    "`recipes.distilled()`, one small network": "distilled",
}


@pytest.mark.parametrize(("recipe", "row"), COMPETITION.items())
def test_the_scores_of_recipes_are_those_of_the_competition(recipe, row):
    minutes, *scores = figures((ROOT / "README.md").read_text(encoding="utf-8"), f"| {recipe} |")
    measured = figures((DOCS / "competition.md").read_text(encoding="utf-8"), f"| `{row}` |")
    accuracy, _, *groups = measured[:5]  # the second number is the standard error
    assert [minutes, *scores] == [measured[-1], accuracy, *groups]


def figures(text: str, start: str) -> list[str]:
    *_, line = [line for line in text.splitlines() if line.startswith(start)]  # has all columns
    return re.findall(r"[\d.,]*\d", line.removeprefix(start))


@pytest.mark.parametrize("page", ["README.md", "docs/install.md"])
def test_every_extra_is_named(page):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / page).read_text(encoding="utf-8")
    assert not [name for name in extras["optional-dependencies"] if f"`{name}`" not in text]


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_the_snippet_of_the_first_page_is_ten_lines_and_the_same(page):
    snippet = re.search(
        r"```python\n(from sklearn.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.S
    )
    readme = re.search(
        r"```python\n(from sklearn.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S
    )
    assert snippet[1] == readme[1]
    assert len([line for line in snippet[1].splitlines() if line]) == 10


def test_the_command_that_installs_for_cpus_is_everywhere_the_same():
    command = (
        "pip install -c constraints.txt --extra-index-url https://download.pytorch.org/whl/cpu "
        '".[data,plot]"\n'
    )
    assert all(
        command in (ROOT / page).read_text(encoding="utf-8")
        for page in ("README.md", "docs/index.md", "docs/install.md")
    )
