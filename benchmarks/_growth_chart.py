"""Time and memory of a fit against what grows, one panel each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LABELS = {
    "pictures": "images",
    "classes": "classes",
    "pixels": "pixels of an image",
    "processes": "processes",
}


def draw_growth(result: dict[str, Any], file: Path) -> None:
    """Write a PNG: seconds above, peak of memory below; a dashed line shows linear growth."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.5), layout="constrained")
    grid = figure.subplots(2, len(LABELS), sharex="col", sharey="row")
    for (above, below), (axis, label) in zip(grid.T, LABELS.items(), strict=True):
        points = result["axes"][axis]["points"]
        _draw_curve(above, points, "seconds")
        _draw_curve(below, points, "peak_gb")
        below.set_xlabel(label)
    grid[0, 0].set_ylabel("seconds of a fit")
    grid[1, 0].set_ylabel("peak memory, GB")
    figure.savefig(file, dpi=90)


def _draw_curve(axes: Any, points: list[dict[str, Any]], name: str) -> None:
    x = [point["x"] for point in points]
    y = [point[name]["median"] for point in points]
    axes.loglog(x, y, "o-")
    axes.loglog([x[0], x[-1]], [y[0], y[0] * x[-1] / x[0]], "--", color="grey", linewidth=1)
