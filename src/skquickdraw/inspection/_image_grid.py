"""Many images in one pair of axes, with texts above or beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._figures import MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.image import AxesImage

WHITE, BRIGHT = 255, 128


class ColourScale(NamedTuple):
    """How values are mapped to grey or colour."""

    low: float
    high: float
    cmap: str | Colormap


def find_colour_scale(
    images: NDArray[np.number], cmap: str | Colormap | None = None
) -> ColourScale:
    """Return the scale of images (n, C, H, W), and colours for those of one channel.

    Without ``cmap`` ink is dark: 'gray_r' where most pixels are 0, and else 'gray'.
    """
    low, high = (float(images.min()), float(images.max())) if images.size else (0.0, 1.0)
    if BRIGHT <= high <= WHITE:
        high = float(WHITE)
    elif 0 < high <= 1:
        high = 1.0
    if cmap is None:
        cmap = "gray_r" if 2 * np.sum(images == 0) > images.size else "gray"
    low = min(low, 0.0)
    return ColourScale(low, high if high > low else low + 1, cmap)


def draw_image(
    ax: Axes,
    image: NDArray[np.number],
    corner: tuple[float, float],
    scale: ColourScale,
    **image_kw: Any,
) -> AxesImage:
    """Draw an image (C, H, W), one unit high, from its upper left corner; y points down."""
    _, height, width = image.shape
    left, top = corner
    image_kw = {"interpolation": "nearest", "aspect": "equal", **image_kw}
    extent = (left, left + width / height, top + 1, top)
    if len(image) == 1:
        colours: dict[str, Any] = {"vmin": scale.low, "vmax": scale.high, "cmap": scale.cmap}
        return ax.imshow(image[0], extent=extent, **{**colours, **image_kw})
    scaled = (np.moveaxis(image, 0, -1).astype(np.float64) - scale.low) / (scale.high - scale.low)
    return ax.imshow(scaled.clip(0, 1), extent=extent, **image_kw)


def outline_image(ax: Axes, corner: tuple[float, float], width: float) -> None:
    """Draw a thin line around an image, which shows where in the image the ink is."""
    from matplotlib.patches import Rectangle

    style: dict[str, Any] = {"fill": False, "edgecolor": MUTED, "linewidth": 0.4, "clip_on": False}
    ax.add_patch(Rectangle(corner, width, 1, **style))


def show_grid(ax: Axes, width: float, height: float) -> None:
    """Show a grid of this width and height, in units, and nothing around it."""
    ax.set(xlim=(0, width), ylim=(height, 0), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.patch.set_visible(False)
