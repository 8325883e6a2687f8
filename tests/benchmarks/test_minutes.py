"""The benchmark of time budgets says what was trained, and how long it took."""

from importlib import import_module

import pytest

from skquickdraw import ResNetClassifier, SeedEnsembleClassifier


@pytest.mark.parametrize(
    ("plan", "networks"),
    [
        (ResNetClassifier(width=0.5), "1 of width 0.5"),
        (SeedEnsembleClassifier(ResNetClassifier(), 3), "3 of width 1"),
    ],
)
def test_plan_is_told_by_its_networks(plan, networks):
    assert import_module("speed.training").describe_plan(plan) == networks


def test_table_holds_minutes_and_their_ratio_to_those_asked_for():
    runs = [(minutes, "1 of width 1") for minutes in (1.9, 2.0, 3.0)]
    point = import_module("speed.training").describe_point(5000, 2.0, runs)
    cells = "{n_rows:,} | {minutes:g} | {taken:.2f} | {ratio:.2f} | {trained}".format(**point)
    assert cells == "5,000 | 2 | 2.00 (1.90 to 3.00) | 1.00 (0.95 to 1.50) | 1 of width 1"
