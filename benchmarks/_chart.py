"""Accuracy against speed, one point a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw_chart(variants: dict[str, Any], file: Path) -> bool:
    """Write a PNG of the variants whose accuracy is known; return whether there are any."""
    known = {name: v for name, v in variants.items() if "accuracy" in v}
    if not known:
        return False
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot(
        xlabel="training images per second", ylabel="balanced accuracy, %", xscale="log"
    )
    for family in sorted({name.split("-")[0] for name in known}):
        points = [_point(v) for name, v in known.items() if name.startswith(family)]
        axes.scatter(*zip(*points, strict=True), label=family)
    for name, variant in known.items():
        axes.annotate(name, _point(variant), xytext=(4, 4), textcoords="offset points", fontsize=7)
    axes.legend()
    figure.savefig(file, dpi=150)
    return True


def _point(variant: dict[str, Any]) -> tuple[float, float]:
    return (
        variant["rate"]["images_per_second"]["median"],
        100 * variant["accuracy"]["balanced_accuracy"],
    )
