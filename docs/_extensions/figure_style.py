"""Figures of the gallery: no background, and two versions, for light pages and for dark ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_rgba_array
from sphinx_gallery.scrapers import figure_rst

INK = {"only-light": "#1a1c1e", "only-dark": "#d6d8dc"}  # by furo's names of the versions
LINES = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
SURFACES = ("figure.facecolor", "axes.facecolor", "savefig.facecolor", "legend.facecolor")
COLOURED = ("color", "edgecolor", "facecolor", "markeredgecolor", "markerfacecolor")


def style_figures(gallery_conf: dict[str, Any], name: str) -> None:
    """Set Matplotlib's parameters for an example; sphinx-gallery calls this before each."""
    lines = dict.fromkeys(LINES, INK["only-light"])
    matplotlib.rcParams.update(lines | dict.fromkeys(SURFACES, "none"))


def scrape_figures(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save both versions of each open figure, close it, and return the markup that shows one."""
    import matplotlib.pyplot as plt

    rst = ""
    for number in plt.get_fignums():
        figure = plt.figure(number)
        setters = list(inked(figure))
        for version, ink in INK.items():
            for set_colour in setters:
                set_colour(ink)
            shown = save(figure, Path(next(block_vars["image_path_iterator"])), gallery_conf)
            rst += shown.replace("sphx-glr-single-img", version)  # only one class is kept
    plt.close("all")
    return rst


def inked(figure: Any) -> Iterator[Callable[[str], None]]:
    """Yield the setters of all colours that came from the style: letters, axes, ticks, frames."""
    figure.canvas.draw()  # makes the ticks
    ink = to_rgba_array(INK["only-light"])
    for artist in figure.findobj(Artist):
        for name in COLOURED:
            get, put = (getattr(artist, f"{verb}_{name}", None) for verb in ("get", "set"))
            if get and put and np.array_equal(as_colours(get()), ink):
                yield put


def as_colours(value: Any) -> Any:
    """Return colours (n, 4); None for what is no colour, such as 'auto'."""
    try:
        return to_rgba_array(value)
    except (TypeError, ValueError):
        return None


def save(figure: Any, path: Path, gallery_conf: dict[str, Any]) -> str:
    """Write a figure, and a version of twice the resolution."""
    fine = path.with_name(f"{path.stem}_2_00x{path.suffix}")
    figure.savefig(path)
    figure.savefig(fine, dpi=2 * figure.dpi)
    return figure_rst([path], gallery_conf["src_dir"], srcsetpaths=[{0: path, 2.0: fine}])
