"""The page of the defaults shows what is in the results."""

import json
from importlib import import_module

import pytest


@pytest.fixture
def page(tmp_path):
    """Return a function that renders results {setting: {cell: scores by seed}}."""
    render = import_module("studies.render")

    def make(results):
        for name, cells in results.items():
            rows = [
                {"cell": cell, "seed": seed, "balanced_accuracy": score, "cpu_seconds": 10.0}
                for cell, scores in cells.items()
                for seed, score in enumerate(scores)
            ]
            (tmp_path / f"{name}.json").write_text(json.dumps(rows))
        return render.render(render.load_results(tmp_path))

    return make


def row_of(page, title, section):
    part = page.split(section)[1].split("\n## ")[0]
    line = next(line for line in part.splitlines() if line.startswith(f"| {title}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


CHANGED = "## Defaults and single changes"
PEERS = "## The default and other classifiers"


def test_without_results_it_says_so(page):
    text = page({})
    assert text.startswith("# How good the defaults are\n")
    assert "Not measured: `ResNetClassifier()`; " in text


def test_distance_is_to_the_best_change_of_each_cell_on_common_seeds(page):
    text = page(
        {
            "fast": {"digits-272": [0.90, 0.80], "clothes-500": [0.70]},
            "adamw": {"digits-272": [0.93], "clothes-500": [0.60]},  # 3 ahead on its one seed
            "twenty": {"digits-272": [0.80, 0.80], "clothes-500": [0.69]},
        }
    )
    assert text.startswith("# How good the defaults are\n")
    words = " ".join(text.split())
    finding = "On average over 2 training sets, **none of 2 changes of the default settings"
    assert finding in words
    assert "The best of them is 20 passes, which changes the balanced accuracy by -3.0" in words
    assert "you gain 1.5 points on average, and at most 3.0 points, on `digits-272`" in words


def test_changes_that_are_better_on_average_are_counted(page):
    fast, worse = {"digits-272": [0.9], "clothes-500": [0.7]}, {"digits-272": [0.8]}
    better = {"digits-272": [0.89], "clothes-500": [0.75]}
    text = page({"fast": fast, "adamw": worse, "twenty": better})
    assert "**1 of 2 changes of the default settings improved" in text


def test_a_change_that_rounds_to_nothing_has_no_minus(page):
    text = page({"fast": {"digits-272": [0.9]}, "twenty": {"digits-272": [0.8999]}})
    assert "- 20 passes: +0.0 on average, from +0.0 (`digits-272`) to +0.0" in text


def test_changes_are_compared_on_common_seeds_and_the_best_is_first(page):
    text = page(
        {
            "fast": {"digits-272": [0.90, 0.80], "clothes-500": [0.70]},
            "adamw": {"digits-272": [0.93], "clothes-500": [0.60]},
            "twenty": {"digits-272": [0.80, 0.80], "clothes-500": [0.71]},
        }
    )
    twenty = "- 20 passes: -2.0 on average, from -5.0 (`digits-272`) to +1.0 (`clothes-500`).\n"
    adamw = "- AdamW: -3.5 on average, from -10.0 (`clothes-500`) to +3.0 (`digits-272`).\n"
    assert twenty + adamw in text


def test_cells_hold_mean_and_standard_error_and_the_best_is_bold(page):
    text = page(
        {
            "fast": {"digits-272": [0.90, 0.80], "clothes-500": [0.70]},
            "adamw": {"clothes-500": [0.65]},
        }
    )
    # The standard error of two values is half their distance.
    best = "**85.0**\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}5.0"
    fast = ["`recipes.fast()`", best, "**70.0**", "70.0", "1 to 2", "10"]
    assert row_of(text, "`recipes.fast()`", CHANGED) == fast
    assert row_of(text, "AdamW", CHANGED) == ["AdamW", "-", "65.0", "65.0", "1", "10"]
    assert "*Mean* is over 1 of 2 cells" in text


def test_peers_stand_beside_the_default(page):
    text = page(
        {
            "default": {"digits-272": [0.90], "clothes-500": [0.70]},
            "svc": {"digits-272": [0.95], "clothes-500": [0.50]},
        }
    )
    assert row_of(text, "SVC", PEERS)[1:3] == ["**95.0**", "50.0"]
    gains = "+7.5 on average over 2 cells; the default is behind on `digits-272` (-5.0)"
    assert f"- SVC on pixels: {gains}.\n" in text


def test_rows_with_few_cells_take_no_part_in_the_mean(page):
    default = {cell: [0.9] for cell in ("digits-272", "clothes-500", "letters-300")}
    text = page({"default": default, "svc": default, "generic": {"digits-272": [0.8]}})
    assert row_of(text, "ResNet-18", PEERS)[1:] == ["80.0", "-", "-", "-", "1", "-"]
    assert row_of(text, "SVC", PEERS)[4] == "90.0"
    assert "*Mean* is over 3 of 3 cells" in text.split(PEERS)[1]


def test_cells_that_fewer_than_half_of_the_rows_have_are_left_out(page):
    fast = {cell: [0.9] for cell in ("digits-272", "digits-1000")}
    small = {"digits-272": [0.8]}
    text = page({"fast": fast, "long": fast, "adamw": small, "twenty": small, "light": small})
    header = next(line for line in text.split(CHANGED)[1].splitlines() if line.startswith("|"))
    assert header.split(" | ")[1:3] == ["digits-272", "mean"]
    long = '- `recipes.fast(max_epochs="long")`: +0.0 on average, from +0.0 (`digits-272`) to +0.0'
    assert f"{long} (`digits-1000`)." in text


def test_results_of_no_setting_are_named(page, capsys):
    page({"nonsense": {"digits-272": [0.9]}})
    assert "nonsense.json: left out" in capsys.readouterr().out


def test_every_set_of_the_study_is_described(page):
    text = page({})
    data = import_module("studies.data")
    assert all(f"| `{name}` | " in text for name in data.SETS)
