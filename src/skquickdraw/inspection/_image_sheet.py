"""A sheet of images with their true and predicted labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import as_array, check_arguments, raised_as
from .._compat import count_samples, safe_indexing
from .._pairs import read_pair
from .._targets import NO_LABEL
from .._typing import ProbabilisticClassifier
from ..exceptions import InvalidImagesError, InvalidTargetsError
from ._choice import check_positions, choose_rows, default_choice, read_proba
from ._figures import (
    POINTS,
    RIGHT,
    WRONG,
    figure_of,
    import_pyplot,
    make_axes,
)
from ._figures import size_in_points as size_of
from ._image_grid import draw_image, find_colour_scale, show_grid
from ._reading import (
    check_fitted,
    check_length,
    read_images,
    shape_of,
    unmarked,
    without_marks,
)
from ._sheet_cells import GAP, Cell, Label, Line, count_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.image import AxesImage
    from matplotlib.patches import Patch
    from matplotlib.text import Text

CELL = 1.15  # inches of a new figure for each image
TITLE = 0.35  # inches
CELL_HEIGHT = 1.36  # with its text, in heights of an image


class ImageSheetDisplay:
    """Images with their true and predicted labels, and the probability of the prediction.

    It is recommended to use :meth:`from_estimator` or :meth:`from_predictions`, which choose the
    images. Below each prediction is 'correct', the true label or 'no label'. Wrong predictions are
    bold, and their images have a thick dashed frame in another colour.

    Parameters
    ----------
    images : array-like of shape (n, H * W), (n, H, W), (n, C, H, W) or (n, H, W, C)
        Grey or RGB, on any scale that starts at 0.
    y_true : array-like of shape (n,)
        None or NaN where the label is not known.
    y_pred : array-like of shape (n,)
    y_proba : array-like of shape (n,) or (n, n_classes), default=None
        Probability of the predicted class, from 0 to 1, or those of all classes.
    rows : ndarray of shape (n,), default=None
        Positions of these images in X.
    title : str, default=None
    image_shape : (H, W) or (C, H, W), default=None
        Shape of the images if ``images`` has flat rows. None assumes square images.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    images_ : list of n matplotlib AxesImage
    text_ : list of n matplotlib Text
    frames_ : list of n matplotlib Rectangle

    See Also
    --------
    ConfusedPairsDisplay : Which classes are confused with each other.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skquickdraw.inspection import ImageSheetDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = GaussianNB().fit(X[:900], y[:900])
    >>> display = ImageSheetDisplay.from_estimator(clf, X[900:], y[900:], n_images=6)
    >>> len(display.rows), display.title
    (6, '6 of 173 errors in 897 images, the surest first')
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        images: ArrayLike,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        y_proba: ArrayLike | None = None,
        rows: NDArray[np.intp] | None = None,
        title: str | None = None,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.images = images
        self.y_true = y_true
        self.y_pred = y_pred
        self.y_proba = y_proba
        self.rows = rows
        self.title = title
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls,
        estimator: ProbabilisticClassifier,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        show: str | ArrayLike | None = None,
        n_images: int = 24,
        image_shape: tuple[int, ...] | None = None,
        ax: Axes | None = None,
        **plot_kw: Any,
    ) -> ImageSheetDisplay:
        """Predict images, and draw some of them, by default the errors of highest probability.

        Without labels, the predictions of lowest probability are drawn.

        Parameters
        ----------
        estimator : classifier
            Fitted, with ``predict_proba``.
        X : array-like of shape (n, ...)
            Images.
        y : array-like of shape (n,), default=None
            True labels. Rows without one (None, NaN, -1) are neither right nor wrong. None means
            that no row has a label.
        show : {'surest_errors', 'least_sure', 'errors'} or array-like of int, default=None
            Which images to show. 'surest_errors': the wrong predictions with the highest
            probability. 'least_sure': the predictions with the lowest probability, wrong or right.
            'errors': wrong predictions, in their order in X. An array: the images at these
            positions of X. None is 'least_sure' if no row has a label, else 'surest_errors', or
            'errors' if no probabilities are given.
        n_images : int, default=24
            Largest number of images, at least 1. It has no effect if ``show`` is an array.
        image_shape : (H, W) or (C, H, W), default=None
            Shape of the images if X has flat rows. None takes the shape from the estimator, or else
            assumes square images.
        ax : matplotlib Axes, default=None
            None makes a new figure.
        **plot_kw : dict
            For :meth:`plot`.

        Returns
        -------
        display : ImageSheetDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        InvalidParameterError
            If the estimator has no ``predict_proba``, or if ``show`` or ``n_images`` is invalid.
        InvalidTargetsError, InvalidImagesError
            If y or X cannot be read.
        MissingDependencyError
            If Matplotlib is not installed.
        """
        caller = f"{cls.__name__}.from_estimator"
        import_pyplot(caller)
        check_fitted(caller, estimator, "predict_proba")
        if y is not None:
            check_length(caller, "y", y, count_samples(X))
            y = unmarked(caller, estimator, y)
        proba = np.asarray(estimator.predict_proba(X))
        return cls.from_predictions(
            X,
            y,
            np.asarray(estimator.classes_)[proba.argmax(axis=1)],
            y_proba=proba,
            show=show,
            n_images=n_images,
            image_shape=shape_of(estimator, image_shape),
            ax=ax,
            **plot_kw,
        )

    @classmethod
    def from_predictions(
        cls,
        X: ArrayLike,
        y_true: ArrayLike | None,
        y_pred: ArrayLike,
        *,
        y_proba: ArrayLike | None = None,
        show: str | ArrayLike | None = None,
        n_images: int = 24,
        image_shape: tuple[int, ...] | None = None,
        ax: Axes | None = None,
        **plot_kw: Any,
    ) -> ImageSheetDisplay:
        """Draw images with given predictions, by default the errors of highest probability.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Images.
        y_true, y_pred : array-like of shape (n,)
            Labels, of one type; rows of ``y_true`` without one are neither right nor wrong. If
            ``y_true`` is None, no row has a label.
        y_proba : array-like of shape (n,) or (n, n_classes), default=None
            Probability of the predicted class, or the probabilities of all classes, of which the
            largest is taken. 'surest_errors' and 'least_sure' need it.
        show, n_images, image_shape, ax, **plot_kw
            As in :meth:`from_estimator`.

        Returns
        -------
        display : ImageSheetDisplay
        """
        caller = f"{cls.__name__}.from_predictions"
        import_pyplot(caller)
        if y_true is None:
            with raised_as(InvalidTargetsError):
                y_true = np.full(count_samples(y_pred), None)
        _, true, predicted = read_pair(caller, y_true, y_pred)
        check_length(caller, "X", X, len(true))
        sure = None if y_proba is None else read_proba(caller, y_proba, len(true))
        is_wrong = (true != predicted) & (true != NO_LABEL)
        if show is None:
            show = default_choice((true != NO_LABEL).any(), sure is not None)
        if isinstance(show, str):
            rows, title = choose_rows(caller, show, is_wrong, sure, n_images)
        else:
            rows, title = check_positions(caller, show, len(true)), None
        images = read_images(caller, safe_indexing(X, rows if len(rows) else [0]), image_shape)
        display = cls(
            images[: len(rows)],
            without_marks(safe_indexing(y_true, rows), true[rows]),
            np.asarray(safe_indexing(y_pred, rows)),
            y_proba=None if sure is None else sure[rows],
            rows=rows,
            title=title,
        )
        return display.plot(ax=ax, **plot_kw)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        n_columns: int | None = None,
        cmap: str | Colormap | None = None,
        image_kw: dict[str, Any] | None = None,
        text_kw: dict[str, Any] | None = None,
    ) -> ImageSheetDisplay:
        """Draw the sheet.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.
        n_columns : int, default=None
            Images in a row, at least 1. None takes up to 8 in a new figure. In given ``ax``, it
            takes the number that makes the images largest.
        cmap : str or Colormap, default=None
            Colour map for images of one channel. None draws the ink dark: it is 'gray_r' if most
            pixels are 0, else 'gray'.
        image_kw, text_kw : dict, default=None
            For ``imshow`` and ``text``.

        Returns
        -------
        display : ImageSheetDisplay
        """
        caller = f"{type(self).__name__}.plot"
        check_arguments(caller, {"title": [str, None]}, {"title": self.title})
        import_pyplot(caller)
        answers = self._answers(caller)
        images = as_array(caller, "images", self.images, error_type=InvalidImagesError)
        if images.ndim == 0 or len(images):
            images = read_images(caller, images, self.image_shape)
        check_length(caller, "images", images, len(answers))
        width = images.shape[3] / images.shape[2] if len(images) else 1.0
        size = None if ax is None else size_of(make_axes(caller, ax, (1, 1)))
        n_columns = count_columns(caller, n_columns, max(1, len(images)), width, size)
        n_rows = -(-max(1, len(images)) // n_columns)
        inches = max(4.0, n_columns * CELL * width), n_rows * CELL * CELL_HEIGHT + TITLE
        ax = make_axes(caller, ax, inches)
        size = (inches[0] * POINTS, (inches[1] - TITLE) * POINTS) if size is None else size
        scale = find_colour_scale(images, cmap)
        labels = [_label(*answer) for answer in answers]
        family = (text_kw or {}).get("fontfamily")
        cell = Cell.fitting(size, n_columns, n_rows, width, labels, family)
        self.images_: list[AxesImage] = []
        self.text_: list[Text] = []
        self.frames_: list[Patch] = []
        for k, (image, label) in enumerate(zip(images, labels, strict=True)):
            corner = cell.corner(k, n_columns)
            self.images_.append(draw_image(ax, image, corner, scale, **(image_kw or {})))
            self._write(ax, label, corner, cell, text_kw or {})
        show_grid(ax, n_columns * (width + GAP), n_rows * (1 + cell.text) + GAP / 2)
        if not len(images):
            ax.text(0.5, 0.5, "no such image", ha="center", transform=ax.transAxes)
        if self.title:
            ax.set_title(self.title, fontsize="medium")
        self.ax_, self.figure_ = ax, figure_of(ax)
        return self

    def _answers(self, caller: str) -> list[tuple[str, str, float | None]]:
        """Return each image's true label ('' if not known), prediction and probability."""
        if count_samples(self.y_pred) == 0:
            return []
        classes, true, predicted = read_pair(
            caller, self.y_true, self.y_pred, unlabeled_label=np.nan
        )
        names = [*map(str, classes.tolist()), ""]
        sure: list[float | None] = [None] * len(true)
        if self.y_proba is not None:
            sure = read_proba(caller, self.y_proba, len(true)).tolist()
        return [(names[t], names[p], s) for t, p, s in zip(true, predicted, sure, strict=True)]

    def _write(
        self,
        ax: Axes,
        label: Label,
        corner: tuple[float, float],
        cell: Cell,
        text_kw: dict[str, Any],
    ) -> None:
        from matplotlib.patches import Rectangle

        is_wrong = label.is_bold
        style = {"fontsize": cell.font, "fontweight": "bold" if is_wrong else "normal"}
        place = {"ha": "center", "va": "bottom", "linespacing": 1.1}
        x, y = corner[0] + cell.width / 2, corner[1] - 0.04
        self.text_.append(ax.text(x, y, cell.fit(label), **{**place, **style, **text_kw}))
        frame = Rectangle(
            corner,
            cell.width,
            1,
            fill=False,
            edgecolor=WRONG if is_wrong else RIGHT,
            linewidth=2.5 if is_wrong else 1,
            linestyle=(0, (4, 1.5)) if is_wrong else "-",
            clip_on=False,
        )
        self.frames_.append(ax.add_patch(frame))


def _label(true: str, predicted: str, sure: float | None) -> Label:
    """Return the two lines above an image; those of wrong predictions are bold."""
    first = Line("", predicted, "" if sure is None else f" {sure:.0%}")
    if true in ("", predicted):
        return Label((first, Line("", "correct" if true else "no label", "")), False)
    return Label((first, Line("true: ", true, "")), True)
