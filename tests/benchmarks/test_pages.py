"""The pages of the documentation are those that the renderers make of the results."""

from importlib import import_module
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("part", "page"),
    [
        ("speed", "benchmarks"),
        ("studies", "defaults"),
        ("competition", "competition"),
        ("robustness", "robustness"),
    ],
)
def test_the_page_is_what_the_results_say(part, page, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    (tmp_path / "images").mkdir()
    render = import_module(f"{part}.render")
    monkeypatch.setattr(render, "DOCS", tmp_path)
    monkeypatch.setattr("sys.argv", ["render"])
    render.main()
    made = (tmp_path / f"{page}.md").read_text()
    assert made == (DOCS / f"{page}.md").read_text()


def test_a_line_of_a_page_stands_for_the_rows_of_its_table(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("{day}\n@of_sizes | {name} | {size:,} |\nend\n")
    rows = [{"name": "one", "size": 1000}, {"name": "two"}]  # what a row has not is a blank
    text = import_module("common").fill(page, {"day": "today", "of_sizes": rows})
    assert text == "today\n| one | 1,000 |\n| two |  |\nend\n"
