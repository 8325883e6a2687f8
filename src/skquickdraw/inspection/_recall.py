"""The recall of each class against the number of its training rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import FLAG, as_array, check_arguments, check_target_array
from .._compat import count_samples
from .._typing import Classifier
from ..exceptions import InvalidParameterError, InvalidTargetsError
from ..metrics import (
    class_table,
    count_classes,
    frequency_groups,
    group_names,
    known_recalls,
)
from ._figures import (
    MUTED,
    clean,
    figure_of,
    font_size,
    import_pyplot,
    legend_above,
    make_axes,
    style_of,
)
from ._reading import check_length, named_estimators

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from ._figures import Handle

DODGE = 1.035  # between the points of two models, which often have the same recall
BOTTOM = -0.14  # of the axes: the names of the groups are below 0


class RecallByClassSizeDisplay:
    """Recall of each class against the number of its training rows, for one or several models.

    The figure shows whether a method improves the rare classes, and whether it makes the frequent
    ones worse. Each point is a class. Each horizontal line is the mean of a model over a group of
    classes: head, medium or tail.

    Parameters
    ----------
    class_counts : array-like of shape (n_classes,)
        Training rows of each class.
    recalls : dict from str to array-like of shape (n_classes,)
        For each model, the recalls, from 0 to 1; NaN where a class had no test row.
    classes : array-like of shape (n_classes,), default=None
        Names of the classes; None means 0, 1, 2...
    n_groups : int, default=3
        Groups of classes, from 1 to the number of classes.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of n_models matplotlib Line2D
        The points of each model. The points of several models are shifted by a few percent of x, so
        that they do not overlap.
    means_ : list of n_models lists of matplotlib Line2D
        The mean of each group, as a line; empty lists with ``show_means=False``.
    legend_ : matplotlib Legend or None
        None if there is only one model.

    See Also
    --------
    skquickdraw.metrics.per_class_recall : The recalls.
    skquickdraw.metrics.frequency_groups : The groups.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skquickdraw.inspection import RecallByClassSizeDisplay
    >>> y_train = ["cat"] * 90 + ["owl"] * 9 + ["yak"]
    >>> y_true, y_pred = ["cat", "cat", "owl", "yak"], ["cat", "cat", "owl", "cat"]
    >>> display = RecallByClassSizeDisplay.from_predictions(y_true, y_pred, y_train=y_train)
    >>> display.class_counts.tolist(), display.recalls["y_pred"].tolist()
    ([90, 9, 1], [1.0, 1.0, 0.0])
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        class_counts: ArrayLike,
        recalls: Mapping[str, ArrayLike],
        *,
        classes: ArrayLike | None = None,
        n_groups: int = 3,
    ) -> None:
        self.class_counts = class_counts
        self.recalls = recalls
        self.classes = classes
        self.n_groups = n_groups

    @classmethod
    def from_estimator(
        cls,
        estimator: Classifier | Mapping[str, Classifier],
        X: ArrayLike,
        y: ArrayLike,
        *,
        y_train: ArrayLike | None = None,
        class_counts: Mapping[Any, int] | None = None,
        n_groups: int = 3,
        ax: Axes | None = None,
        **plot_kw: Any,
    ) -> RecallByClassSizeDisplay:
        """Predict a test set, and draw the recalls.

        Parameters
        ----------
        estimator : classifier, or dict from str to classifier
            Fitted.
        X : array-like of shape (n, ...)
        y : array-like of shape (n,)
            True labels; rows without a label are left out.
        y_train : array-like of shape (n_train,), default=None
            Labels of the training set. They are counted, without unlabeled rows.
        class_counts : dict from class to int, default=None
            Training rows of each class, in place of ``y_train``.
        n_groups : int, default=3
            Groups of classes, from 1 to the number of classes.
        ax : matplotlib Axes, default=None
            None makes a new figure.
        **plot_kw : dict
            For :meth:`plot`.

        Returns
        -------
        display : RecallByClassSizeDisplay

        Raises
        ------
        NotFittedError
            If an estimator is not fitted.
        InvalidParameterError
            If not exactly one of ``y_train`` and ``class_counts`` is given, or ``class_counts`` or
            ``n_groups`` cannot be used.
        InvalidTargetsError
            If labels cannot be read, or y holds a class that has no training count.
        MissingDependencyError
            If Matplotlib is not installed.
        """
        caller = f"{cls.__name__}.from_estimator"
        import_pyplot(caller)
        counts = _count(caller, y_train, class_counts)
        check_length(caller, "y", y, count_samples(X))
        estimators = named_estimators(caller, estimator, "predict")
        y_pred = {name: own.predict(X) for name, own in estimators.items()}
        return cls.from_predictions(
            y,
            y_pred,
            class_counts=counts,
            n_groups=n_groups,
            ax=ax,
            **plot_kw,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike | Mapping[str, ArrayLike],
        *,
        y_train: ArrayLike | None = None,
        class_counts: Mapping[Any, int] | None = None,
        n_groups: int = 3,
        ax: Axes | None = None,
        **plot_kw: Any,
    ) -> RecallByClassSizeDisplay:
        """Draw the recalls of given predictions.

        Parameters
        ----------
        y_true : array-like of shape (n,)
        y_pred : array-like of shape (n,), or dict from str to array-like of shape (n,)
            Predictions of one model, or of each model.
        y_train, class_counts, n_groups, ax, **plot_kw
            As in :meth:`from_estimator`.

        Returns
        -------
        display : RecallByClassSizeDisplay
        """
        caller = f"{cls.__name__}.from_predictions"
        import_pyplot(caller)
        counts = _count(caller, y_train, class_counts)
        named = y_pred if isinstance(y_pred, Mapping) else {"y_pred": y_pred}
        if not named:
            raise InvalidParameterError(f"{caller}: y_pred must hold one model at least, got none.")
        classes, _ = class_table(counts)
        sizes = np.array([counts[label] for label in classes.tolist()])
        recalls = {name: known_recalls(caller, y_true, own, classes) for name, own in named.items()}
        return cls(sizes, recalls, classes=classes, n_groups=n_groups).plot(ax=ax, **plot_kw)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        show_means: bool = True,
        styles: Mapping[str, dict[str, Any]] | None = None,
    ) -> RecallByClassSizeDisplay:
        """Draw the recalls.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.
        show_means : bool, default=True
            Whether to draw the mean over each group of classes.
        styles : dict from str to dict, default=None
            Keywords of ``Axes.plot``, by model. ``linestyle`` changes only the lines of the means.

        Returns
        -------
        display : RecallByClassSizeDisplay
        """
        caller = f"{type(self).__name__}.plot"
        check_arguments(caller, {"show_means": FLAG}, {"show_means": show_means})
        import_pyplot(caller)
        counts, recalls = self._check(caller)
        groups = frequency_groups(counts, self.n_groups)
        ax = make_axes(caller, ax, (6.4, 4.8))
        self.lines_: list[Line2D] = []
        self.means_: list[list[Line2D]] = []
        for k, (name, values) in enumerate(recalls.items()):
            style = {**style_of(k), "markersize": 4.5, "alpha": 0.7, "label": name}
            style |= (styles or {}).get(name, {})
            dashes = style.pop("linestyle")
            moved = counts * DODGE ** (k - (len(recalls) - 1) / 2)
            self.lines_ += ax.plot(moved, values, linestyle="none", **style)
            mean_style = {"color": self.lines_[-1].get_color(), "linestyle": dashes}
            shown = groups if show_means else ()
            self.means_.append([_draw_mean(ax, counts[i], values[i], mean_style) for i in shown])
        self._finish(ax, counts, groups)
        self.ax_, self.figure_ = ax, figure_of(ax)
        return self

    def _check(self, caller: str) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        counts = as_array(caller, "class_counts", self.class_counts, np.float64)
        if not isinstance(self.recalls, Mapping):
            raise InvalidParameterError(
                f"{caller}: recalls must be a dict from names to arrays, got {self.recalls!r}."
            )
        recalls = {
            name: check_target_array(
                values, ensure_2d=False, ensure_all_finite="allow-nan", dtype=np.float64
            )
            for name, values in self.recalls.items()
        }
        for name, values in recalls.items():
            if values.shape != counts.shape:
                raise InvalidTargetsError(
                    f"{caller}: recalls must hold a number for each of {counts.size} classes, but "
                    f"those of {name!r} have shape {values.shape}."
                )
        return counts, recalls

    def _finish(
        self, ax: Axes, counts: NDArray[np.float64], groups: Sequence[NDArray[np.intp]]
    ) -> None:
        if (counts == 0).any():
            ax.set_xscale("symlog", linthresh=1)
        else:
            ax.set_xscale("log")
        names = group_names(len(groups)) if len(groups) > 1 else ("",)
        _draw_bands(ax, [counts[own] for own in groups], names)
        ax.set(xlabel="training rows of the class", ylabel="recall of the class")
        ax.set_ylim(BOTTOM, 1.04)
        ax.set_yticks(np.linspace(0, 1, 6))
        _name_counts(ax, counts)
        clean(ax)
        labels = [str(line.get_label()) for line in self.lines_]
        handles: Sequence[Handle] = self.lines_
        if all(self.means_):
            handles = [(own[0], line) for own, line in zip(self.means_, self.lines_, strict=True)]
        self.legend_ = legend_above(ax, handles, labels) if len(labels) > 1 else None


def _count(
    caller: str, y_train: ArrayLike | None, class_counts: Mapping[Any, int] | None
) -> dict[Any, int]:
    if (y_train is None) == (class_counts is None):
        raise InvalidParameterError(
            f"{caller} needs either y_train or class_counts, to know how many training rows each "
            "class has."
        )
    if class_counts is not None:
        if not hasattr(class_counts, "keys"):
            raise InvalidParameterError(
                f"{caller}: class_counts must map classes to counts, as collections.Counter(y) "
                f"does, got {type(class_counts).__name__}."
            )
        return dict(class_counts)
    return count_classes(caller, y_train, "auto")


def _draw_mean(
    ax: Axes,
    counts: NDArray[np.float64],
    recalls: NDArray[np.float64],
    style: dict[str, Any],
) -> Line2D:
    seen = recalls[~np.isnan(recalls)]
    mean = seen.mean() if len(seen) else np.nan
    ends = counts.min() / 1.08, counts.max() * 1.08
    (line,) = ax.plot(ends, [mean, mean], linewidth=2.2, **style)
    return line


def _draw_bands(ax: Axes, counts: list[NDArray[np.float64]], names: Sequence[str]) -> None:
    """Shade every other group, and write its name below."""
    low = min(own.min() for own in counts)
    high = max(own.max() for own in counts)
    inner = [
        np.sqrt(max(upper.min(), 0.5) * max(lower.max(), 0.5)) for upper, lower in pairwise(counts)
    ]
    left = low / 1.25 if low > 0 else -0.3
    edges = [high * 1.25, *inner, left]
    for k, name in enumerate(names):
        start, stop = edges[k + 1], edges[k]
        if k % 2:
            ax.axvspan(start, stop, color=MUTED, alpha=0.12, linewidth=0)
        if stop > start * 1.01:
            middle = np.sqrt(start * stop) if start > 0 else stop / 2
            size = font_size("small")
            ax.text(middle, BOTTOM + 0.03, name, ha="center", fontsize=size, color=MUTED)
    ax.set_xlim(left, high * 1.25)


def _name_counts(ax: Axes, counts: NDArray[np.float64]) -> None:
    """Put ticks at 1, 2, 5, 10, 20..., fewer if the counts span many powers of ten."""
    from matplotlib.ticker import NullFormatter, NullLocator

    low, high = max(counts.min(), 1), max(counts.max(), 1)
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1, 2, 5) if high / low < 300 else (1,)
    ticks = [step * 10**power for power in powers for step in steps]
    ticks = [tick for tick in ticks if low / 1.25 <= tick <= high * 1.25]
    if (counts == 0).any():
        ticks = [0, *ticks]
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
