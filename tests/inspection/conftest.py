"""Figures without a screen, closed after each test. Without Matplotlib, all tests are skipped."""

from __future__ import annotations

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="displays are drawn with Matplotlib")
matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def plain_figures():
    import matplotlib.pyplot as plt

    with plt.style.context("default"):
        yield
    plt.close("all")
