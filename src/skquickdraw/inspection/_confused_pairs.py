"""A confusion matrix for many classes, and the pairs that are confused most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import confusion_matrix

from .._checks import as_array, check_target_array, is_int
from .._compat import count_samples
from .._pairs import read_labeled_pair
from .._typing import Classifier
from ..exceptions import InvalidParameterError, InvalidTargetsError
from ._figures import (
    LINE,
    MUTED,
    POINTS,
    WRONG,
    figure_of,
    font_size,
    import_pyplot,
    make_panels,
    name_classes,
    shorten,
    size_in_points,
)
from ._reading import check_fitted, check_length, unmarked

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.text import Text

    from ._figures import Panels

CELL = 0.115  # inches of a new figure for each class, at least
ROOMY = 0.3  # inches for each of few classes
MOST_LINE, LEAST_LINE = 18.0, 9.0  # points for a line of the list
NARROW = 360.0  # points; in narrower figures the list is below the matrix


class ConfusedPair(NamedTuple):
    """A class that is mistaken for another: labels, rows, and their share of the class."""

    true: object
    predicted: object
    n: int
    share: float


class ConfusedPairsDisplay:
    """A confusion matrix for up to a few hundred classes, with the most confused pairs beside it.

    Classes that are often confused are placed next to each other, so confusions form blocks along
    the diagonal. The diagonal itself is grey, because the large numbers of right predictions would
    hide everything else. A cell shows which share of the true class was predicted as the other
    class. If the share is 0, the cell is white, or black where the style's text is light. If there
    are no errors at all, the figure says so.

    Parameters
    ----------
    confusion_matrix : array-like of shape (n_classes, n_classes)
        Counts: rows are true classes, columns predicted ones, as
        :func:`sklearn.metrics.confusion_matrix` returns it.
    classes : array-like of shape (n_classes,), default=None
        Names of the classes; None means 0, 1, 2...

    Attributes
    ----------
    order_ : ndarray of shape (n_classes,)
        Positions in ``classes``, in the order drawn.
    pairs_ : list of ConfusedPair
        The most confused pairs: tuples ``(true, predicted, n, share)``, the largest share first.
    ax_ : matplotlib Axes
        With the matrix.
    axes_ : list of matplotlib Axes
        With the matrix and the list, if ``pairs_`` is not empty.
    figure_ : matplotlib Figure
    im_ : matplotlib AxesImage
    text_ : list of matplotlib Text
        The lines of the list: fewer than ``pairs_`` if the figure is not high enough.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : For few classes, in their original order, with numbers.

    Notes
    -----
    The similarity of classes A and B is the share of A that is predicted as B, plus the share of B
    that is predicted as A. The classes are clustered by average linkage, and ordered so that
    neighbours are as similar as possible (Bar-Joseph et al. [1]_).

    References
    ----------
    .. [1] Z. Bar-Joseph, D. K. Gifford and T. S. Jaakkola, "Fast Optimal Leaf Ordering for
       Hierarchical Clustering", Bioinformatics 17, 2001.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skquickdraw.inspection import ConfusedPairsDisplay
    >>> y_true = ["cat", "cat", "owl", "yak", "yak", "yak"]
    >>> y_pred = ["cat", "yak", "owl", "yak", "cat", "yak"]
    >>> display = ConfusedPairsDisplay.from_predictions(y_true, y_pred)
    >>> [(pair.true, pair.predicted, round(pair.share, 2)) for pair in display.pairs_]
    [('cat', 'yak', 0.5), ('yak', 'cat', 0.33)]
    >>> plt.close(display.figure_)
    """

    def __init__(self, confusion_matrix: ArrayLike, *, classes: ArrayLike | None = None) -> None:
        self.confusion_matrix = confusion_matrix
        self.classes = classes

    @classmethod
    def from_estimator(
        cls,
        estimator: Classifier,
        X: ArrayLike,
        y: ArrayLike,
        *,
        ax: Panels | None = None,
        **plot_kw: Any,
    ) -> ConfusedPairsDisplay:
        """Predict a test set, and draw its confusions.

        Parameters
        ----------
        estimator : classifier
            Fitted.
        X : array-like of shape (n, ...)
        y : array-like of shape (n,)
            True labels; rows without a label are left out.
        ax : matplotlib Axes or array of 2 Axes, default=None
            A single Axes, made by ``plt.subplots``, is divided into two, for the matrix and the
            list. None makes a new figure.
        **plot_kw : dict
            For :meth:`plot`.

        Returns
        -------
        display : ConfusedPairsDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        InvalidTargetsError
            If labels cannot be read, or their number differs from that of the rows.
        InvalidParameterError
            If ``n_pairs`` or ``ax`` cannot be used.
        MissingDependencyError
            If Matplotlib is not installed.
        """
        caller = f"{cls.__name__}.from_estimator"
        import_pyplot(caller)
        check_fitted(caller, estimator, "predict")
        check_length(caller, "y", y, count_samples(X))
        y = unmarked(caller, estimator, y)
        return cls.from_predictions(y, estimator.predict(X), ax=ax, **plot_kw)

    @classmethod
    def from_predictions(
        cls, y_true: ArrayLike, y_pred: ArrayLike, *, ax: Panels | None = None, **plot_kw: Any
    ) -> ConfusedPairsDisplay:
        """Draw the confusions of given predictions.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n,)
            Labels, of one type.
        ax, **plot_kw
            As in :meth:`from_estimator`.

        Returns
        -------
        display : ConfusedPairsDisplay
        """
        caller = f"{cls.__name__}.from_predictions"
        import_pyplot(caller)
        classes, true, predicted = read_labeled_pair(caller, y_true, y_pred)
        counts = confusion_matrix(true, predicted, labels=np.arange(len(classes)))
        return cls(counts, classes=classes).plot(ax=ax, **plot_kw)

    def plot(
        self,
        ax: Panels | None = None,
        *,
        n_pairs: int = 15,
        cmap: str | Colormap | None = None,
        im_kw: dict[str, Any] | None = None,
    ) -> ConfusedPairsDisplay:
        """Draw the matrix and the list.

        Parameters
        ----------
        ax : matplotlib Axes or array of 2 Axes, default=None
            A single Axes, made by ``plt.subplots``, is divided into two, for the matrix and the
            list. None makes a new figure. Without a list, a single Axes is not divided, and the
            second of 2 Axes stays empty.
        n_pairs : int, default=15
            Largest number of pairs in the list; with 0, there is no list.
        cmap : str or Colormap, default=None
            Colour map. None takes a blue one, in which large shares stand out from the background.
        im_kw : dict, default=None
            For ``imshow``.

        Returns
        -------
        display : ConfusedPairsDisplay
        """
        caller = f"{type(self).__name__}.plot"
        import_pyplot(caller)
        counts, classes = self._check(caller, n_pairs)
        shares = _shares(counts)
        self.order_ = order_by_similarity(shares)
        self.pairs_ = _most_confused(counts, shares, classes, n_pairs)
        self.axes_ = self._panels(caller, ax, len(classes))
        self.ax_, self.figure_ = self.axes_[0], figure_of(self.axes_[0])
        self._draw_matrix(shares, classes, cmap, im_kw or {}, is_own=ax is None)
        self.text_ = self._draw_list() if self.pairs_ else []
        if ax is None:  # the layout of square axes needs a second pass
            self.figure_.draw_without_rendering()
        return self

    def _check(self, caller: str, n_pairs: int) -> tuple[NDArray[np.float64], list[object]]:
        counts = check_target_array(
            self.confusion_matrix, dtype=np.float64, input_name="confusion_matrix"
        )
        n_classes = len(counts)
        if counts.shape != (n_classes, n_classes) or counts.min() < 0:
            raise InvalidTargetsError(
                f"{caller}: confusion_matrix must be square and not negative, got shape "
                f"{counts.shape} and a minimum of {counts.min():g}."
            )
        classes: list[object] = list(range(n_classes))
        if self.classes is not None:
            own = as_array(caller, "classes", self.classes, error_type=InvalidTargetsError)
            if own.shape != (n_classes,):
                raise InvalidTargetsError(
                    f"{caller}: classes must name the {n_classes} rows of confusion_matrix, got "
                    f"names of shape {own.shape}."
                )
            classes = own.tolist()
        if not is_int(n_pairs, 0):
            raise InvalidParameterError(
                f"{caller}: n_pairs must be an int of at least 0, got {n_pairs!r}."
            )
        return counts, classes

    def _panels(self, caller: str, ax: Any, n_classes: int) -> list[Axes]:
        """Return axes for matrix and list: side by side, or one above the other in a column."""
        side = _figure_side(n_classes)
        if not self.pairs_ and np.asarray(ax, dtype=object).size == 2:
            matrix, empty = make_panels(caller, ax, (1, 2), (side, side))
            empty.set_axis_off()
            return [matrix]
        if not self.pairs_:
            return make_panels(caller, ax, (1, 1), (side, side))
        is_narrow = hasattr(ax, "get_window_extent") and size_in_points(ax)[0] < NARROW
        if is_narrow:
            return make_panels(caller, ax, (2, 1), (side, 2 * side), height_ratios=[1.7, 1])
        return make_panels(caller, ax, (1, 2), (side + 4.2, side), width_ratios=[side, 3.2])

    def _draw_matrix(
        self,
        shares: NDArray[np.float64],
        classes: list[object],
        cmap: str | Colormap | None,
        im_kw: dict[str, Any],
        *,
        is_own: bool,
    ) -> None:
        from matplotlib.colors import ListedColormap, PowerNorm

        ax, n_classes = self.ax_, len(classes)
        # A style's own grid and background could be taken for shares.
        ax.grid(False)
        ax.set_facecolor("white" if _has_dark_text() else "black")
        drawn = shares[np.ix_(self.order_, self.order_)]
        is_right = np.eye(n_classes, dtype=bool)
        confused = np.ma.masked_where(is_right | (drawn == 0), drawn)
        diagonal = np.ma.masked_where(~is_right, np.ones_like(drawn))
        ax.imshow(diagonal, cmap=ListedColormap([MUTED]), alpha=0.35, interpolation="nearest")
        top = float(confused.max()) if confused.count() else 1.0
        style: dict[str, Any] = {"interpolation": "nearest", "cmap": cmap or _blues()}
        if not {"norm", "vmin", "vmax"} & im_kw.keys():
            style["norm"] = PowerNorm(0.6, vmin=0, vmax=top)  # makes small shares visible
        self.im_ = ax.imshow(confused, **{**style, **im_kw})
        ax.set_xlabel("taken for (share of the true class)", fontsize="small")
        ax.set_ylabel("true class", fontsize="small")
        names = [classes[k] for k in self.order_]
        # A new figure is sized for these names; in given axes the names take part of the space.
        space = _side(n_classes) * POINTS if is_own else 0.85 * min(size_in_points(ax))
        # The matrix of few classes leaves much of a new figure to their names.
        span = _figure_side(n_classes) * POINTS if is_own else space
        n_letters = int(np.clip(span / 12, 6, 24))
        name_classes(ax, "y", names, n_letters, space=space)
        name_classes(ax, "x", names, n_letters, space=space)
        if not confused.count():  # nothing has a colour
            ax.set_title("no errors", fontsize="small", loc="left")
            return
        bar = self.figure_.colorbar(self.im_, ax=ax, shrink=0.5, aspect=25, pad=0.02)
        bar.ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        bar.ax.tick_params(labelsize=font_size("x-small"))
        bar.outline.set_visible(False)

    def _draw_list(self) -> list[Text]:
        """Write the pairs over pale bars, so their names need no margin."""
        ax = self.axes_[1]
        width, height = size_in_points(ax)
        shown = self.pairs_[: max(1, int(height / LEAST_LINE))]
        size = min(font_size("x-small"), height / len(shown) / LINE)
        shares = [pair.share for pair in shown]
        ax.barh(range(len(shown)), shares, color=WRONG, alpha=0.35, height=0.8)
        ax.set_ylim(max(len(shown), height / MOST_LINE) - 0.4, -0.6)
        ax.set_xlim(0, max(shares))
        ax.set_title("most confused", fontsize="small", loc="left")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        ax.patch.set_visible(False)
        n_letters = int((width / (0.55 * size) - len("100% taken for (100)")) / 2)
        place: dict[str, Any] = {
            "transform": ax.get_yaxis_transform(),
            "va": "center",
            "fontsize": size,
        }
        return [
            ax.text(0.01, row, _describe(pair, max(5, n_letters)), **place)
            for row, pair in enumerate(shown)
        ]


def _side(n_classes: int) -> float:
    """Return the size of the matrix in a new figure, in inches."""
    return n_classes * (ROOMY if n_classes <= 20 else CELL)


def _figure_side(n_classes: int) -> float:
    """Return the size of a new figure for the matrix and its names, in inches."""
    return max(3.6, _side(n_classes) + 1.2)


def order_by_similarity(shares: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return an order of classes in which those that are confused are neighbours."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(shares) < 3:
        return np.arange(len(shares))
    similarity = shares + shares.T
    distance = similarity.max() - similarity
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    return leaves_list(tree).astype(np.intp)


def _describe(pair: ConfusedPair, n_letters: int) -> str:
    names = [shorten(name, n_letters) for name in (pair.true, pair.predicted)]
    return f"{pair.share:.0%} {names[0]} taken for {names[1]} ({pair.n})"


def _shares(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shares of each row without its diagonal entry; zeros for classes without rows."""
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    np.fill_diagonal(shares, 0)
    return shares


def _most_confused(
    counts: NDArray[np.float64], shares: NDArray[np.float64], classes: list[object], n_pairs: int
) -> list[ConfusedPair]:
    falling = np.argsort(-shares, axis=None, kind="stable")[:n_pairs]
    positions = [np.unravel_index(k, shares.shape) for k in falling]
    return [
        ConfusedPair(classes[i], classes[j], int(counts[i, j]), float(shares[i, j]))
        for i, j in positions
        if shares[i, j] > 0
    ]


def _blues() -> str:
    """Return the direction of the blues in which large values are far from the background."""
    return "Blues" if _has_dark_text() else "Blues_r"


def _has_dark_text() -> bool:
    """Return whether the style is one for light backgrounds."""
    from matplotlib import rcParams
    from matplotlib.colors import to_rgb

    return bool(np.mean(to_rgb(rcParams["text.color"])) < 0.5)
