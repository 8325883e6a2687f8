"""Images, and what an augmentation makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import as_array, is_int
from .._compat import count_samples, safe_indexing
from .._random import draw_seed, make_generator
from .._targets import read_labels
from ..augmentation import (
    Augmentation,
    BoundAugmentation,
    StrokeAugmentation,
    bind_augmentation,
    resolve_augmentation,
)
from ..exceptions import InvalidImagesError, InvalidParameterError
from ._choice import check_positions
from ._figures import (
    LINE,
    SMALLEST_FONT,
    figure_of,
    font_size,
    import_pyplot,
    make_axes,
    without_formulas,
)
from ._figures import size_in_points as size_of
from ._image_grid import draw_image, find_colour_scale, outline_image, show_grid
from ._reading import check_fitted, check_names, read_images, shape_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.text import Text

Rows = TypeVar("Rows", bound=ArrayLike)
GAP = 0.08  # between images, in their height
CELL = 0.75  # inches of a new figure for each image
MARGIN = 0.08  # inches around it
N_ROWS = 6


class AugmentationDisplay:
    """A grid of images: in each row one image, and what an augmentation makes of it.

    It is recommended to use :meth:`from_augmentation` or :meth:`from_estimator`. The constructor
    accepts any grid of images.

    Parameters
    ----------
    images : array-like of shape (n_rows, n_columns, H, W) or (n_rows, n_columns, C, H, W)
        With 1 or 3 channels C.
    row_labels, column_labels : sequence of str, default=None
        Names of the rows, written on the left, and of the columns, written above.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    images_ : ndarray of shape (n_rows, n_columns) of matplotlib AxesImage
    text_ : list of matplotlib Text
        The labels of rows, then of columns.

    See Also
    --------
    skquickdraw.augmentation.AugmentationPolicy : What can be changed.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skquickdraw.augmentation import AugmentationPolicy
    >>> from skquickdraw.datasets import make_sketches
    >>> from skquickdraw.inspection import AugmentationDisplay
    >>> X, y = make_sketches(60, n_classes=3, random_state=0)
    >>> policy = AugmentationPolicy(rotation=40, horizontal_flip=0)
    >>> display = AugmentationDisplay.from_augmentation(policy, X, rows=[0, 1], n_variants=4)
    >>> display.images.shape, display.column_labels[:2]
    ((2, 5, 1, 28, 28), ['original', 'changed'])
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        images: ArrayLike,
        *,
        row_labels: Sequence[str] | None = None,
        column_labels: Sequence[str] | None = None,
    ) -> None:
        self.images = images
        self.row_labels = row_labels
        self.column_labels = column_labels

    @classmethod
    def from_estimator(
        cls,
        estimator: object,
        X: ArrayLike,
        *,
        rows: ArrayLike | None = None,
        n_variants: int = 8,
        random_state: int | np.random.RandomState | None = 0,
        ax: Axes | None = None,
        **plot_kw: Any,
    ) -> AugmentationDisplay:
        """Draw how a fitted classifier changed its images during training.

        Parameters
        ----------
        estimator : classifier
            Fitted, with ``augmentation_`` and ``background_``.
        X : array-like of shape (n, ...)
            Images, or packed strokes if the classifier was trained on those.
        rows : array-like of int, default=None
            Positions of the rows of X to show. None shows the first 6.
        n_variants : int, default=8
            Number of augmented images per row, at least 1.
        random_state : int, RandomState instance or None, default=0
            Seeds the changes.
        ax : matplotlib Axes, default=None
            None makes a new figure.
        **plot_kw : dict
            For :meth:`plot`.

        Returns
        -------
        display : AugmentationDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        InvalidParameterError
            If the estimator has no augmentation, or if ``rows`` or ``n_variants`` is invalid.
        InvalidImagesError
            If X cannot be read.
        MissingDependencyError
            If Matplotlib is not installed.
        """
        caller = f"{cls.__name__}.from_estimator"
        import_pyplot(caller)
        check_fitted(caller, estimator)
        policy = getattr(estimator, "augmentation_", None)
        if policy is None or not hasattr(estimator, "background_"):
            raise InvalidParameterError(
                f"{caller}: the estimator must be a classifier of skquickdraw.neural_network that "
                f"was fitted with an augmentation; this {type(estimator).__name__} is not. Fit "
                "one with augmentation='auto', or use from_augmentation."
            )
        images = _read(caller, policy, _take_rows(caller, X, rows), shape_of(estimator, None))
        change = BoundAugmentation(policy, estimator.background_)
        return cls._of(caller, change, images, n_variants, random_state).plot(ax=ax, **plot_kw)

    @classmethod
    def from_augmentation(
        cls,
        augmentation: Augmentation | str,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        rows: ArrayLike | None = None,
        n_variants: int = 8,
        image_shape: tuple[int, ...] | None = None,
        random_state: int | np.random.RandomState | None = 0,
        ax: Axes | None = None,
        **plot_kw: Any,
    ) -> AugmentationDisplay:
        """Draw what an augmentation makes of images.

        Parameters
        ----------
        augmentation : {'auto', 'sketch'} or Augmentation
            As the parameter ``augmentation`` of the classifiers.
        X : array-like of shape (n, ...)
            Images, or packed strokes for a :class:`~skquickdraw.augmentation.StrokeAugmentation`.
            The background and all 'auto' parameters of the augmentation depend on all rows of X.
        y : array-like of shape (n,), default=None
            Labels. They are needed only for 'auto' and 'sketch', for policies with
            ``horizontal_flip='auto'``, the default, and for a StrokeAugmentation whose ``then`` is
            'sketch', the default, or such a policy.
        image_shape : (H, W) or (C, H, W), default=None
            Shape of the images if X has flat rows. None assumes square images.
        rows, n_variants, random_state, ax, **plot_kw
            As in :meth:`from_estimator`.

        Returns
        -------
        display : AugmentationDisplay
        """
        caller = f"{cls.__name__}.from_augmentation"
        import_pyplot(caller)
        named = isinstance(augmentation, str)
        shape = read_images(caller, safe_indexing(X, [0]), image_shape).shape[1:] if named else None
        policy = resolve_augmentation(augmentation, image_shape=shape, with_strokes=True)
        if policy is None:
            raise InvalidParameterError(
                f"{caller}: augmentation must be a name or a policy, got None."
            )
        images = _read(caller, policy, X, image_shape)
        codes = _read_codes(caller, policy, y, len(images))
        change = bind_augmentation(policy, codes, lambda own: images[own])
        chosen = _take_rows(caller, images, rows)
        return cls._of(caller, change, chosen, n_variants, random_state).plot(ax=ax, **plot_kw)

    @classmethod
    def _of(
        cls,
        caller: str,
        change: BoundAugmentation,
        images: NDArray[np.number],
        n_variants: int,
        random_state: int | np.random.RandomState | None,
    ) -> AugmentationDisplay:
        import torch

        if not is_int(n_variants, 1, 2**31):
            raise InvalidParameterError(
                f"{caller}: n_variants must be an int of at least 1, got {n_variants!r}."
            )
        given = torch.from_numpy(np.ascontiguousarray(images)).float()
        copies = given.repeat_interleave(n_variants, 0)
        changed = change(copies, make_generator(draw_seed(random_state)))
        ink = getattr(change.augmentation, "ink", None)
        original = given if ink is None else ink(given)
        changed = changed.view(len(given), n_variants, *changed.shape[1:])
        grid = torch.cat([original[:, None], changed], 1)
        labels = ["original", "changed", *[""] * (n_variants - 1)]
        return cls(grid.clamp(original.min(), original.max()).numpy(), column_labels=labels)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        cmap: str | Colormap | None = None,
        image_kw: dict[str, Any] | None = None,
    ) -> AugmentationDisplay:
        """Draw the grid.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.
        cmap : str or Colormap, default=None
            Colour map for images of one channel. None draws the ink dark: it is 'gray_r' if most
            pixels are 0, else 'gray'.
        image_kw : dict, default=None
            For ``imshow``.

        Returns
        -------
        display : AugmentationDisplay
        """
        caller = f"{type(self).__name__}.plot"
        import_pyplot(caller)
        images = self._check(caller)
        n_rows, n_columns, _, height, width = images.shape
        step = width / height + GAP
        inches = (n_columns * step - GAP) * CELL, (n_rows * (1 + GAP) - GAP) * CELL
        is_own, ax = ax is None, make_axes(caller, ax, inches)
        scale = find_colour_scale(images, cmap)
        self.images_ = np.empty((n_rows, n_columns), dtype=object)
        for row, column in np.ndindex(n_rows, n_columns):
            corner = (column * step, row * (1 + GAP))
            drawn = draw_image(ax, images[row, column], corner, scale, **(image_kw or {}))
            self.images_[row, column] = drawn
            outline_image(ax, corner, width / height)
        show_grid(ax, n_columns * step - GAP, n_rows * (1 + GAP) - GAP)
        self._write(ax, step, (n_rows, n_columns))
        self.ax_, self.figure_ = ax, figure_of(ax)
        if is_own:
            self._fit_figure(inches)
        return self

    def _check(self, caller: str) -> NDArray[np.number]:
        images = as_array(caller, "images", self.images)
        if images.ndim == 4:
            images = images[:, :, None]
        if images.ndim != 5 or images.shape[2] not in (1, 3) or not images.size:
            raise InvalidImagesError(
                f"{caller}: images must have shape (n_rows, n_columns, H, W), or (n_rows, "
                f"n_columns, C, H, W) with 1 or 3 channels, got {np.shape(self.images)}."
            )
        sides = {"row_labels": images.shape[0], "column_labels": images.shape[1]}
        for name, n_labels in sides.items():
            if getattr(self, name) is not None:
                check_names(caller, name, getattr(self, name), n_labels)
        return images

    def _write(self, ax: Axes, step: float, shape: tuple[int, int]) -> None:
        """Name rows by tick labels, which keep their distance, and columns by texts."""
        n_rows, n_columns = shape
        usual = font_size("small")
        width, height = size_of(ax)
        row = min(height / n_rows, width / n_columns / step)
        self.text_: list[Text] = []
        if self.row_labels is not None:
            size = float(np.clip(row / LINE, SMALLEST_FONT, usual))
            middles = np.arange(n_rows) * (1 + GAP) + 0.5
            ax.set_yticks(middles, list(map(without_formulas, self.row_labels)), fontsize=size)
            ax.tick_params(length=0)
            self.text_ += ax.get_yticklabels()
        labels = [] if self.column_labels is None else map(without_formulas, self.column_labels)
        named = [(k, label) for k, label in enumerate(labels) if label]
        ends = [*(k for k, _ in named[1:]), n_columns]
        sizes = [
            row * step * (end - k) / (0.6 * len(label))
            for (k, label), end in zip(named, ends, strict=False)  # without names there is one end
        ]
        size = max(SMALLEST_FONT, min([usual, *sizes]))
        for k, label in named:
            self.text_.append(ax.text(k * step, -0.08, label, fontsize=size, va="bottom"))

    def _fit_figure(self, inches: tuple[float, float]) -> None:
        """Make the figure as large as the grid and its names."""
        n_names = 0 if self.row_labels is None else len(self.row_labels)
        boxes = [text.get_window_extent() for text in self.text_]
        scale = 1 / self.figure_.get_dpi()
        left = max([0, *(box.width * scale for box in boxes[:n_names])]) + 2 * MARGIN
        top = max([0, *(box.height * scale for box in boxes[n_names:])]) + 2 * MARGIN
        width, height = left + inches[0] + MARGIN, top + inches[1] + MARGIN
        self.figure_.set_layout_engine("none")
        self.figure_.set_size_inches(width, height)
        place = left / width, MARGIN / height, inches[0] / width, inches[1] / height
        self.ax_.set_position(place)


def _read(
    caller: str, policy: object, X: ArrayLike, image_shape: tuple[int, ...] | None
) -> NDArray[np.number]:
    if not isinstance(policy, StrokeAugmentation):
        return read_images(caller, X, image_shape)
    strokes = np.asarray(X)
    if strokes.ndim == 4:
        return strokes
    is_flat = strokes.ndim == 2 and strokes.shape[1] % 3 == 0  # as unpack_strokes reads them
    return strokes.reshape(len(strokes), 1, *((3, -1) if is_flat else strokes.shape[-2:]))


def _take_rows(caller: str, X: Rows, rows: ArrayLike | None) -> Rows:
    n_rows = count_samples(X)
    if rows is None:
        return safe_indexing(X, np.arange(min(N_ROWS, n_rows)))
    return safe_indexing(X, check_positions(caller, rows, n_rows))


def _read_codes(caller: str, policy: object, y: ArrayLike | None, n_rows: int) -> NDArray[np.int64]:
    """Return classes; zeros if there are none and none are needed."""
    if y is not None:
        _, codes = read_labels(caller, y, unlabeled_label=None)
        if len(codes) != n_rows:
            raise InvalidParameterError(
                f"{caller}: y must have a label for each of the {n_rows} images, got {len(codes)}."
            )
        return codes
    then = getattr(policy, "then", policy)
    is_open = hasattr(policy, "bind") and not isinstance(
        getattr(then, "horizontal_flip", None), Real
    )
    if is_open and then is not None:
        raise InvalidParameterError(
            f"{caller}: {type(policy).__name__} needs labels, for example to decide about "
            "horizontal_flip='auto'. Pass y, or set horizontal_flip to a number."
        )
    return np.zeros(n_rows, dtype=np.int64)
