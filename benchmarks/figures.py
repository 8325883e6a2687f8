"""Figures of the pages: no background, and two versions, for light pages and for dark ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

INK = {"light": "#1a1c1e", "dark": "#d6d8dc"}
LINES = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
SURFACES = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")


def save_versions(draw: Callable[[], Any], stem: Path) -> None:
    """Save what ``draw`` returns, a figure, as ``STEM_light.png`` and ``STEM_dark.png``."""
    import matplotlib as mpl

    for version, ink in INK.items():
        with mpl.rc_context(dict.fromkeys(LINES, ink) | dict.fromkeys(SURFACES, "none")):
            draw().savefig(stem.with_name(f"{stem.name}_{version}.png"), dpi=180)
