"""How much estimators differ on the same folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..exceptions import InvalidParameterError
from ..model_selection import Comparison
from ._figures import (
    MUTED,
    clean,
    figure_of,
    font_size,
    import_pyplot,
    make_axes,
    shorten,
    size_in_points,
    style_of,
    without_formulas,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer
    from matplotlib.text import Text

KINDS = ("score", "difference")


class ComparisonDisplay:
    """Scores of several estimators on the same folds, or their differences to the first one.

    Each small ring is the score, or difference, of a fold. Lines connect the scores of the same
    fold. A bar shows the mean and one standard error on each side.

    Parameters
    ----------
    comparison : Comparison
        What :func:`skquickdraw.model_selection.compare` returned.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    folds_ : list of n_folds matplotlib Line2D
    errorbars_ : list of n_estimators matplotlib ErrorbarContainer
    text_ : list of n_estimators matplotlib Text
        Mean and standard error.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.naive_bayes import BernoulliNB, GaussianNB
    >>> from skquickdraw.inspection import ComparisonDisplay
    >>> from skquickdraw.model_selection import compare
    >>> X, y = load_digits(return_X_y=True)
    >>> comparison = compare({"Gauss": GaussianNB(), "Bernoulli": BernoulliNB()}, X, y, cv=3)
    >>> display = ComparisonDisplay(comparison).plot(kind="difference")
    >>> [text.get_text() for text in display.text_][0]
    'baseline'
    >>> plt.close(display.figure_)
    """

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison

    def plot(
        self, ax: Axes | None = None, *, score: str | None = None, kind: str = "score"
    ) -> ComparisonDisplay:
        """Draw the comparison.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.
        score : str, default=None
            Name of the score to draw; None takes the first.
        kind : {'score', 'difference'}, default='score'
            The scores themselves, or each score minus that of the first estimator.

        Returns
        -------
        display : ComparisonDisplay

        Raises
        ------
        InvalidParameterError
            If there is no such score or kind.
        MissingDependencyError
            If Matplotlib is not installed.
        """
        caller = f"{type(self).__name__}.plot"
        import_pyplot(caller)
        found = self.comparison
        score = self._check(caller, score, kind)
        is_lead = kind == "difference"
        values = found.differences(score) if is_lead else found.scores[score]
        means, errors = values.mean(axis=1), found.standard_error(values)
        ax = make_axes(caller, ax, (6.4, 1 + 0.6 * len(found.names)))
        rows = np.arange(len(found.names))
        links: dict[str, Any] = {"linewidth": 0 if is_lead else 0.7, "color": MUTED, "alpha": 0.7}
        rings: dict[str, Any] = {"marker": "o", "markersize": 4, "fillstyle": "none"}
        self.folds_ = [ax.plot(fold, rows, **links, **rings)[0] for fold in values.T]
        self.errorbars_: list[ErrorbarContainer] = []
        self.text_: list[Text] = []
        for k, (mean, error) in enumerate(zip(means, errors, strict=True)):
            own = {**style_of(k), "linestyle": "none", "markersize": 7, "capsize": 3}
            self.errorbars_.append(ax.errorbar(mean, k, xerr=error, elinewidth=2, **own))
            self._write(ax, k, _tell(mean, error, is_lead, k))
        name = without_formulas(score.replace("_", " "))
        ax.set_xlabel(f"difference in {name}" if is_lead else name)
        ax.set_yticks([])
        ax.set_ylim(len(rows) - 0.6, -0.75)
        ax.locator_params(axis="x", nbins=int(np.clip(size_in_points(ax)[0] // 60, 2, 8)))
        if is_lead:
            ax.axvline(0, color=MUTED, linewidth=1)
        clean(ax, "x")
        ax.spines["left"].set_visible(False)
        self.ax_, self.figure_ = ax, figure_of(ax)
        return self

    def _write(self, ax: Axes, position: int, numbers: str) -> None:
        """Write name and numbers above a row, so that they do not narrow the axes."""
        size = font_size("small")
        place: dict[str, Any] = {
            "transform": ax.get_yaxis_transform(),
            "va": "center",
            "fontsize": size,
        }
        n_letters = int(size_in_points(ax)[0] / (0.55 * size)) - len(numbers) - 2
        name = shorten(self.comparison.names[position], max(8, n_letters))
        ax.text(0, position - 0.45, name, fontweight="bold", **place)
        self.text_.append(ax.text(1, position - 0.45, numbers, ha="right", **place))

    def _check(self, caller: str, score: str | None, kind: str) -> str:
        if not isinstance(self.comparison, Comparison):
            raise InvalidParameterError(
                f"{caller}: comparison must be what skquickdraw.model_selection.compare returned, "
                f"got {type(self.comparison).__name__}."
            )
        scores = list(self.comparison.scores)
        if score is not None and score not in scores:
            raise InvalidParameterError(f"{caller}: score must be one of {scores}, got {score!r}.")
        if kind not in KINDS:
            raise InvalidParameterError(f"{caller}: kind must be one of {KINDS}, got {kind!r}.")
        return scores[0] if score is None else score


def _tell(mean: float, error: float, is_lead: bool, position: int) -> str:
    if is_lead and position == 0:
        return "baseline"
    sign = "+" if is_lead else ""
    spread = "" if np.isnan(error) else f" ± {error:.3f}"
    return f"{mean:{sign}.3f}{spread}"
