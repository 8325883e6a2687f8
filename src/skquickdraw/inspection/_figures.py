"""Axes to draw on, and the colours, markers and sizes that all displays share.

Figures keep the background and the text colour of Matplotlib's ``rcParams``, so a dark style works
here too. Colour is never the only difference: lines differ in markers and dashes as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from ..exceptions import InvalidParameterError, MissingDependencyError

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

    Handle: TypeAlias = Artist | tuple[Artist, ...]
    Panels: TypeAlias = Axes | Sequence[Axes] | NDArray[np.object_]

# Okabe and Ito's colours, which colour-blind people can distinguish too. Black and yellow are left
# out, because each is invisible on a dark or a light background.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = "osD^vP"
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)))
RIGHT, WRONG = COLOURS[0], COLOURS[1]
MUTED = "0.5"  # visible on white and on black
POINTS = 72  # an inch
SMALLEST_FONT = 4.0
LINE = 1.3  # height of a line of text, in font sizes


def import_pyplot(caller: str) -> ModuleType:
    """Return ``matplotlib.pyplot``, or raise MissingDependencyError."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise MissingDependencyError(
            f"{caller} needs Matplotlib, which is not installed. Install the extra: pip install "
            "'skquickdraw[plot]'."
        ) from error
    return plt


def make_axes(caller: str, ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return ``ax``, or the axes of a new figure of ``size`` inches."""
    plt = import_pyplot(caller)
    if ax is None:
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    return _check_axes(caller, ax)


def make_panels(
    caller: str,
    ax: Panels | None,
    shape: tuple[int, int],
    size: tuple[float, float],
    **grid_kw: Any,
) -> list[Axes]:
    """Return several axes: those given, or new ones in place of ``ax`` or in a new figure.

    Parameters
    ----------
    caller : str
        The subject of errors.
    ax : Axes, array of Axes or None
    shape : (int, int)
        Rows and columns of axes.
    size : (float, float)
        Of a new figure, in inches.
    **grid_kw : dict
        ``sharex``, ``sharey``, ``width_ratios`` and ``height_ratios``.
    """
    plt = import_pyplot(caller)
    n_panels = shape[0] * shape[1]
    if ax is None:
        figure = plt.figure(figsize=size, layout="constrained")
        return list(figure.subplots(*shape, squeeze=False, **grid_kw).flat)
    given = np.asarray(ax, dtype=object)
    if given.ndim:
        panels = list(given.ravel())
        if len(panels) != n_panels:
            raise InvalidParameterError(
                f"{caller}: ax must be one Axes, or one for each of the {n_panels} panels, got "
                f"{len(panels)}. Make them with plt.subplots{shape}."
            )
        return [_check_axes(caller, panel) for panel in panels]
    own = _check_axes(caller, ax)
    place = own.get_subplotspec()
    if place is None:
        raise InvalidParameterError(
            f"{caller}: ax must lie on a grid, to be parted into {n_panels} panels, but it was "
            "placed freely. Make it with plt.subplots, or pass an array of Axes."
        )
    own.set_axis_off()
    ratios = {key: grid_kw.pop(key, None) for key in ("height_ratios", "width_ratios")}
    return list(place.subgridspec(*shape, **ratios).subplots(squeeze=False, **grid_kw).flat)


def _check_axes(caller: str, ax: object) -> Axes:
    """Return the axes, or raise if they are something else."""
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise InvalidParameterError(
            f"{caller}: ax must be a Matplotlib Axes, got {type(ax).__name__}. Make one with "
            "plt.subplots, or leave it out."
        )
    return ax


def style_of(position: int) -> dict[str, Any]:
    """Return colour, marker and dashes of the line at a position; six differ in all three."""
    k = position % len(COLOURS)
    return {"color": COLOURS[k], "marker": MARKERS[k], "linestyle": DASHES[k]}


def figure_of(ax: Axes) -> Figure:
    """Return the figure that the axes lie in, or the part of a figure, which has fewer methods."""
    return cast("Figure", ax.figure)


def size_in_points(ax: Axes) -> tuple[float, float]:
    """Return width and height of the axes."""
    box = ax.get_window_extent()
    scale = POINTS / ax.figure.get_dpi()
    return box.width * scale, box.height * scale


def shorten(text: object, n_letters: int) -> str:
    """Return a text of at most ``n_letters``, without its middle where it is longer.

    Names of classes often differ in their ends, such as ``'katakana_character12'``.
    """
    text = str(text)
    if len(text) > n_letters:
        n_last = max(0, n_letters - 1) // 2
        text = text[: max(1, n_letters - 1 - n_last)] + "…" + text[len(text) - n_last :]
    return without_formulas(text)


def without_formulas(text: object) -> str:
    """Escape dollars: Matplotlib would draw the text between two of them as a formula."""
    return str(text).replace("$", r"\$")


def name_classes(
    ax: Axes,
    axis: Literal["x", "y"],
    names: Sequence[object],
    n_letters: int = 24,
    space: float | None = None,
) -> None:
    """Write the names of classes at 0, 1, 2... of an axis, as large as space allows.

    If even small letters do not fit, only every second, third... class is named.

    Parameters
    ----------
    ax : Axes
    axis : {'x', 'y'}
    names : sequence of n_classes
    n_letters : int
        Longer names are cut.
    space : float, default=None
        Points available for all names; None takes the length of the axis.
    """
    if space is None:
        space = size_in_points(ax)[axis == "y"]
    usual = font_size("x-small")
    each = space / max(1, len(names)) / LINE
    size = min(usual, max(SMALLEST_FONT, each))
    step = 1 if each >= SMALLEST_FONT else int(np.ceil(SMALLEST_FONT / each))
    ticks = range(0, len(names), step)
    set_ticks = ax.set_xticks if axis == "x" else ax.set_yticks
    set_ticks(ticks, [shorten(names[k], n_letters) for k in ticks], fontsize=size)
    ax.tick_params(axis=axis, length=0)
    if axis == "x":
        ax.tick_params(axis="x", rotation=90)


def font_size(name: str) -> float:
    """Return a size such as 'small' in points."""
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=name).get_size_in_points())


def legend_above(ax: Axes, handles: Sequence[Handle], labels: Sequence[str]) -> Legend:
    """Put a legend above the axes, in as many columns as fit."""
    size = font_size("small")
    longest = max(len(label) for label in labels)
    width = size_in_points(ax)[0]
    n_columns = int(np.clip(width // (size * (0.52 * longest + 3.2)), 1, len(labels)))
    return ax.legend(
        handles,
        list(map(without_formulas, labels)),
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0.3,
        ncols=n_columns,
        frameon=False,
        fontsize=size,
    )


def clean(ax: Axes, grid_axis: Literal["both", "x", "y"] = "both") -> None:
    """Remove the upper and right spines, and draw a faint grid behind."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis=grid_axis, color=MUTED, alpha=0.3, linewidth=0.6)
    ax.set_axisbelow(True)
