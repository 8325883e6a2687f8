"""Find the ink of a drawing on paper: how much of each pixel it covers, from 0 to 1.

Ink is what differs from the paper around it. So the paper's brightness is estimated at every pixel,
and neither shadows nor gradual changes of light are mistaken for lines.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Grey = NDArray[np.float64]

PARTS = 4  # windows along the longer side; paper must show between lines inside every one
ROUGH_SIDE = 32  # of the reduced image on which polarity is decided
NOISE = 4.0  # standard deviations of the paper, below which nothing is ink
FAINTEST = 0.05  # of the paper's brightness: weaker contrast is the grain of empty paper
FAINT = 0.05  # of full ink: weaker traces are left out
FULL_INK = 90  # percentile of the ink's strength that counts as fully covered
CLEAR = 0.35  # of full ink, which a spot must reach somewhere: else it is a shadow
SPECK = 0.003  # of all ink: smaller spots are dirt
SHORTEST = 20  # an image is empty if no spot has as many pixels as the longer side divided by this
SMOOTHED = 100  # smallest side that is smoothed: smaller images have thin lines and no noise
DEEPEST = 0.1  # of the brightest paper: the darkest shadow in which contrast is still a ratio
MAD_TO_STD = 1.4826  # of a normal distribution


def find_ink(grey: Grey, polarity: str) -> Grey:
    """Return the coverage by ink of each pixel (h, w), from 0 to 1; all 0 on empty paper.

    Parameters
    ----------
    grey : ndarray of shape (h, w)
        On any scale, at least 0.
    polarity : {'auto', 'dark', 'light'}
        Of the ink.
    """
    highest = grey.max()
    if highest <= 0 or grey.min() == highest:
        return np.zeros_like(grey)
    light = grey / highest
    if polarity == "auto":
        polarity = "dark" if _is_dark(light) else "light"
    if min(light.shape) >= SMOOTHED:
        light = ndimage.gaussian_filter(light, 1.0)
    paper = _find_paper(light, polarity)
    sign = -1.0 if polarity == "dark" else 1.0
    strength = sign * (light - paper)
    least = NOISE * _spread(strength) * np.ones_like(light)
    if polarity == "dark":  # ink takes a share of the light, in the shadow too
        light_there = np.maximum(paper, DEEPEST * paper.max())
        strength, least = strength / light_there, least / light_there
    found = strength > np.maximum(least, 1e-9)
    if not found.any():
        return np.zeros_like(grey)
    full = np.percentile(strength[found], FULL_INK)
    ink = np.where(found & (strength > FAINT * full), np.clip(strength / full, 0, 1), 0)
    return _without_specks(ink) if full > FAINTEST else np.zeros_like(grey)


def _spread(strength: Grey) -> float:
    """Return the standard deviation of the paper, which most pixels show."""
    return MAD_TO_STD * float(np.median(np.abs(strength - np.median(strength))))


def _is_dark(light: Grey) -> bool:
    """Return whether ink is dark, given that ink covers less than paper does."""
    step = -(-max(light.shape) // ROUGH_SIDE)
    # The middle of a step may lie beyond the side of a thin image.
    top, left = (min(step // 2, side - 1) for side in light.shape)
    rough = ndimage.uniform_filter(light, step)[top::step, left::step]
    even = rough - _slope(rough)
    away = even - ndimage.median_filter(even, ROUGH_SIDE // 2, mode="nearest")
    return float((away**3).sum()) < 0


def _slope(light: Grey) -> Grey:
    """Return the lighting of the paper as a quadratic surface, fitted without the ink."""
    step = -(-max(light.shape) // ROUGH_SIDE)
    y, x = (np.linspace(-1, 1, side) for side in light.shape)
    terms = _quadratic(y[::step], x[::step])
    values = light[::step, ::step].ravel()
    kept = np.ones(values.size, dtype=bool)
    for _ in range(5):
        weights = np.linalg.lstsq(terms[kept], values[kept], rcond=None)[0]
        away = np.abs(values - terms @ weights)
        kept = away <= 2 * np.median(away) + 1e-9
    return (_quadratic(y, x) @ weights).reshape(light.shape)


def _quadratic(y: Grey, x: Grey) -> Grey:
    """Return the terms of a quadratic surface at each point of a grid."""
    y, x = (axis.ravel() for axis in np.meshgrid(y, x, indexing="ij"))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _find_paper(light: Grey, polarity: str) -> Grey:
    """Return the brightness of the paper at each pixel, also behind ink."""
    window = max(3, max(light.shape) // PARTS)
    slope = _slope(light)
    even = light - slope
    fill = ndimage.grey_closing if polarity == "dark" else ndimage.grey_opening
    filled = fill(even, size=(window, window), mode="nearest")
    away = np.abs(even - filled)
    is_paper = away <= np.median(away) + 3 * _spread(away)
    # Closing gives the brightest grain of the paper, so the mean of the paper's pixels is taken.
    shares = ndimage.uniform_filter(is_paper.astype(np.float64), window, mode="nearest")
    means = ndimage.uniform_filter(np.where(is_paper, even, 0), window, mode="nearest")
    return slope + np.where(shares > 0.05, means / np.maximum(shares, 0.05), filled)


def _without_specks(ink: Grey) -> Grey:
    labels, n_spots = ndimage.label(ink > 0, structure=np.ones((3, 3)))
    largest = np.bincount(labels.ravel())[1:].max()
    if largest < max(ink.shape) / SHORTEST:
        return np.zeros_like(ink)
    is_kept = ndimage.sum_labels(ink, labels, np.arange(n_spots + 1)) >= SPECK * ink.sum()
    is_clear = np.zeros_like(is_kept)
    is_clear[labels[ink >= CLEAR]] = True
    return np.where((is_kept & is_clear)[labels], ink, 0)
