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
