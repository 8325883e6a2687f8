from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def in_benchmarks(monkeypatch):
    """Import as the benchmarks do, which run from their own folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
