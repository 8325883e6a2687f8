from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def in_benchmarks(monkeypatch):
    """Make imports work as in the benchmarks, which run in their own folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
