"""The pages of the documentation are up to date: rendering the results gives the same text."""

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
    made = (tmp_path / f"{page}.md").read_text(encoding="utf-8")
    assert made == (DOCS / f"{page}.md").read_text(encoding="utf-8")


def test_a_line_of_a_page_stands_for_the_rows_of_its_table(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("{day}\n@of_sizes | {name} | {size:,} |\nend\n")
    rows = [{"name": "one", "size": 1000}, {"name": "two"}]  # a missing value leaves a blank
    text = import_module("common").fill(page, {"day": "today", "of_sizes": rows})
    assert text == "today\n| one | 1,000 |\n| two |  |\nend\n"


def test_rows_of_a_table_are_found_inside_the_results(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("@speed[rows] | {name} | {rate} |")
    rows = {"one": {"rate": 3}, "two": {"rate": 4}}
    text = import_module("common").fill(page, {"speed": {"rows": rows}})
    assert text == "| one | 3 |\n| two | 4 |"


def test_seeds_are_pooled_into_means():
    common = import_module("common")
    runs = [{"score": {"tail": 0.5}, "kind": "a"}, {"score": {"tail": 0.6, "head": 1}, "kind": "b"}]
    found = common.pool(runs)
    assert found["kind"] == "a"
    assert set(found["score"]) == {"tail"}  # the only score that every seed has
    tail = found["score"]["tail"]
    assert f"{tail:.1%}, {tail:.2f}" == "55.0%, 0.55"
    percent = common.pool(runs, scale=100)["score"]["tail"]
    assert f"{percent:.2f}, {percent}" == "55.00, 55.0 (5.0)"
    # The standard error of two values is half their distance.
    assert common.Sample([1, 3]).plus_minus() == f"{common.PLUS_MINUS}1.0"
    assert common.Sample([1]).plus_minus() == ""


def test_a_gain_is_in_points_on_common_seeds():
    ours, theirs = {0: {"score": 0.5}, 1: {"score": 0.75}}, {1: {"score": 0.5}, 2: {"score": 1.0}}
    assert import_module("common").gain(ours, theirs, "score") == [25]


@pytest.mark.parametrize(("unit", "figure", "ratio"), [("rate", 4.0, 0.5), ("ms", 250.0, 2.0)])
def test_a_race_gives_the_figure_of_the_first_to_that_of_each_other(unit, figure, ratio):
    seconds = {"ours": 0.5, "theirs": 0.25}
    rows = import_module("common").race(
        dict(zip(seconds, seconds, strict=True)),
        2,
        unit,
        n_images=1,
        targets={"theirs": "at least 1"},
        time=seconds.get,
    )
    assert rows["theirs"][unit]["median"] == figure
    assert rows["theirs"]["ratio"]["median"] == ratio
    assert rows["theirs"]["target"] == "at least 1"
    assert set(rows["ours"]) == {unit}


def test_what_the_results_have_is_not_measured_again(tmp_path):
    common, file, measured = import_module("common"), tmp_path / "results.json", []

    def measures(names):
        return {name: lambda name=name: measured.append(name) or {"score": 0.5} for name in names}

    common.measure_missing(file, 0, measures(["one"]))
    common.measure_missing(file, 0, measures(["one", "two"]))
    common.measure_missing(file, 1, measures(["two"]))
    assert measured == ["one", "two", "two"]
    row = {"score": 0.5}
    assert common.load(file)["rows"] == {"one": {"0": row}, "two": {"0": row, "1": row}}


def test_data_that_are_not_there_are_named(tmp_path):
    common = import_module("common")
    with pytest.raises(common.Absent, match=r"train\.npz is not in .* SKQUICKDRAW_DATA"):
        common.load_drawings(tmp_path)
