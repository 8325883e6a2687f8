"""What a noisy student learned from, class by class and round by round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import as_array
from .._targets import read_labels
from ..exceptions import InvalidParameterError
from ._figures import (
    clean,
    figure_of,
    font_size,
    import_pyplot,
    legend_above,
    make_panels,
    name_classes,
    style_of,
)
from ._reading import check_fitted, check_length

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from ..semi_supervised import NoisyStudentClassifier
    from ._figures import Panels

NEEDED = ("n_selected", "mean_confidence")
ROW = 0.2  # inches of a new figure for each class
SMALLEST_ROW = 0.115


class PseudoLabelDisplay:
    """The pseudo-labels of a noisy student: their number, probability and precision by class.

    Each class has a row. The class with the most pseudo-labels is at the top. Each round has its
    own marker.

    Parameters
    ----------
    history : list of dict
        For each round arrays of shape (n_classes,): ``n_selected`` and ``mean_confidence``, as in
        ``history_`` of a :class:`~skquickdraw.semi_supervised.NoisyStudentClassifier`.
    classes : array-like of shape (n_classes,)
    precision : array-like of shape (n_classes,), default=None
        Share of right pseudo-labels of each class in the last round. NaN for classes without any.
    n_true : array-like of shape (n_classes,), default=None
        True number of unlabeled rows of each class.

    Attributes
    ----------
    axes_ : list of matplotlib Axes
        Numbers, probabilities and, where true labels are known, the share that is right.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure
    lines_ : dict from str to list of matplotlib Line2D
        By quantity: ``'n_selected'`` and ``'mean_confidence'`` with one line for each round,
        ``'precision'`` and ``'n_true'`` with one line.
    order_ : ndarray of shape (n_classes,)
        Positions in ``classes``, as drawn from the top.
    legend_ : matplotlib Legend or None
        None for one round without true labels.

    Notes
    -----
    A noisy student stores only the pseudo-labels of its last round, so only these can be compared
    with the true labels.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from skquickdraw.inspection import PseudoLabelDisplay
    >>> history = [{"n_selected": np.array([4, 9]), "mean_confidence": np.array([0.6, 0.9])}]
    >>> display = PseudoLabelDisplay(history, ["cat", "owl"]).plot()
    >>> display.order_.tolist()
    [1, 0]
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        history: Sequence[Mapping[str, Any]],
        classes: ArrayLike,
        *,
        precision: ArrayLike | None = None,
        n_true: ArrayLike | None = None,
    ) -> None:
        self.history = history
        self.classes = classes
        self.precision = precision
        self.n_true = n_true

    @classmethod
    def from_estimator(
        cls,
        estimator: NoisyStudentClassifier,
        y_unlabeled: ArrayLike | None = None,
        *,
        ax: Panels | None = None,
        **plot_kw: Any,
    ) -> PseudoLabelDisplay:
        """Draw what a fitted noisy student learned from.

        Parameters
        ----------
        estimator : NoisyStudentClassifier
            Fitted.
        y_unlabeled : array-like of shape (n_unlabeled,), default=None
            True labels of the rows that had none in ``fit``: first those of X in their order, then
            those of ``X_unlabeled``.
        ax : matplotlib Axes or array of Axes, default=None
            A single Axes, made by ``plt.subplots``, is divided into panels. None makes a new
            figure.
        **plot_kw : dict
            For :meth:`plot`.

        Returns
        -------
        display : PseudoLabelDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        InvalidParameterError
            If it is not a noisy student, or none of its rounds selected a row.
        InvalidTargetsError
            If ``y_unlabeled`` lacks a label of an unlabeled row, or has labels that are not in
            ``classes_``.
        MissingDependencyError
            If Matplotlib is not installed.
        """
        caller = f"{cls.__name__}.from_estimator"
        import_pyplot(caller)
        check_fitted(caller, estimator)
        history = getattr(estimator, "history_", None)
        if history is None or not hasattr(estimator, "labeled_iter_"):
            raise InvalidParameterError(
                f"{caller}: the estimator must be a NoisyStudentClassifier, got "
                f"{type(estimator).__name__}, which has no rounds of pseudo-labels."
            )
        if not history:
            raise InvalidParameterError(
                f"{caller}: there are no pseudo-labels to draw, because the fit ended with "
                f"termination_condition_={estimator.termination_condition_!r}. Fit with unlabeled "
                "rows, and a threshold that some of them reach."
            )
        classes = np.asarray(estimator.classes_)
        truth = {}
        if y_unlabeled is not None:
            truth = _judge(caller, estimator, classes, y_unlabeled)
        return cls(history, classes, **truth).plot(ax=ax, **plot_kw)

    def plot(self, ax: Panels | None = None) -> PseudoLabelDisplay:
        """Draw the panels side by side.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, default=None
            A single Axes, made by ``plt.subplots``, is divided into panels. None makes a new
            figure.

        Returns
        -------
        display : PseudoLabelDisplay
        """
        caller = f"{type(self).__name__}.plot"
        import_pyplot(caller)
        numbers, sure = self._check(caller)
        n_classes = numbers.shape[1]
        self.order_ = np.argsort(-numbers[-1], kind="stable")
        n_panels = 2 if self.precision is None else 3
        row = max(SMALLEST_ROW, ROW if n_classes <= 40 else 0)
        size = (2.4 * n_panels + 1.4, 1.6 + row * n_classes)
        self.axes_ = make_panels(caller, ax, (1, n_panels), size, sharey=True)
        self.lines_ = {
            "n_selected": self._draw(self.axes_[0], numbers, "pseudo-\nlabels"),
            "mean_confidence": self._draw(self.axes_[1], sure, "mean\nprobability"),
        }
        if self.n_true is not None:
            self.lines_["n_true"] = self._mark_truth(self.axes_[0])
        if self.precision is not None:
            values = np.asarray(self.precision, dtype=np.float64)[None]
            drawn = self._draw(self.axes_[2], values, "share\nright", len(numbers) - 1)
            self.lines_["precision"] = drawn
        self._finish(n_classes, len(numbers))
        self.ax_, self.figure_ = self.axes_[0], figure_of(self.axes_[0])
        return self

    def _check(self, caller: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        classes = as_array(caller, "classes", self.classes)
        n_classes = len(classes) if classes.ndim else 0
        rounds = list(self.history) if isinstance(self.history, Sequence) else []
        are_dicts = all(isinstance(record, Mapping) for record in rounds)
        if (
            not rounds
            or not are_dicts
            or not all(key in record for record in rounds for key in NEEDED)
        ):
            raise InvalidParameterError(
                f"{caller}: history must hold a dict for each round, with {NEEDED}, as history_ of "
                "a NoisyStudentClassifier does."
            )
        columns = [
            as_array(caller, f"history, {key}", [record[key] for record in rounds], float)
            for key in NEEDED
        ]
        for name in ("precision", "n_true"):
            values = getattr(self, name)
            shape = np.shape(as_array(caller, name, 0 if values is None else values, float))
            if values is not None and shape != (n_classes,):
                raise InvalidParameterError(
                    f"{caller}: {name} must hold a number for each of the {n_classes} classes, got "
                    f"an array of shape {shape}."
                )
        if any(column.shape != (len(rounds), n_classes) for column in columns):
            raise InvalidParameterError(
                f"{caller}: history must hold a number for each of the {n_classes} classes, got "
                f"arrays of shape {[column.shape[1:] for column in columns]}."
            )
        return columns[0], columns[1]

    def _draw(
        self, axes: Axes, values: NDArray[np.float64], label: str, first: int = 0
    ) -> list[Line2D]:
        lines = []
        for k, row in enumerate(values, start=first):
            style = {**style_of(k), "linestyle": "none", "markersize": 4.5, "fillstyle": "none"}
            if k == first + len(values) - 1:
                style["fillstyle"] = "full"
            lines += axes.plot(row[self.order_], np.arange(len(row)), **style)
        axes.set_xlabel(label, fontsize="small")
        clean(axes)
        axes.spines["left"].set_visible(False)
        return lines

    def _mark_truth(self, axes: Axes) -> list[Line2D]:
        from matplotlib import rcParams

        values = np.asarray(self.n_true)[self.order_]
        style = {"marker": "|", "markersize": 9, "color": rcParams["text.color"]}
        return list(axes.plot(values, np.arange(len(values)), linestyle="none", **style))

    def _finish(self, n_classes: int, n_rounds: int) -> None:
        names = np.asarray(self.classes)[self.order_].tolist()
        self.axes_[0].set_xlim(left=0)
        self.axes_[0].set_ylim(n_classes - 0.4, -0.6)
        for axes in self.axes_[1:]:
            axes.set_xlim(-0.03, 1.03)
        name_classes(self.axes_[0], "y", names)
        for axes in self.axes_:
            axes.tick_params(axis="x", labelsize=font_size("small"))
            axes.tick_params(axis="y", length=0)
        handles = list(self.lines_["n_selected"])
        labels = [f"round {k}" for k in range(1, n_rounds + 1)]
        if "n_true" in self.lines_:
            handles, labels = [*handles, *self.lines_["n_true"]], [*labels, "true number"]
        self.legend_ = legend_above(self.axes_[0], handles, labels) if len(labels) > 1 else None


def _judge(
    caller: str,
    estimator: NoisyStudentClassifier,
    classes: NDArray[np.generic],
    y_unlabeled: ArrayLike,
) -> dict[str, NDArray[np.generic]]:
    """Return how the last pseudo-labels compare with the truth, by class."""
    since = estimator.labeled_iter_
    is_open = since != 0
    check_length(caller, "y_unlabeled", y_unlabeled, int(is_open.sum()))
    _, true = read_labels(
        caller, y_unlabeled, unlabeled_label=None, classes=classes, input_name="y_unlabeled"
    )
    chosen = since[is_open] > 0
    _, pseudo = read_labels(
        caller,
        estimator.transduction_[is_open][chosen],
        unlabeled_label=None,
        classes=classes,
        input_name="transduction_",
    )
    n_classes = len(classes)
    n_selected = np.bincount(pseudo, minlength=n_classes)
    n_right = np.bincount(pseudo[pseudo == true[chosen]], minlength=n_classes)
    with np.errstate(invalid="ignore"):
        precision = n_right / n_selected
    return {"precision": precision, "n_true": np.bincount(true, minlength=n_classes)}
