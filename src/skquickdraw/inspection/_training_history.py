"""Loss, validation score and learning rate, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from reprlib import repr as shorten
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from .._checks import FLAG, check_arguments
from ..exceptions import InvalidParameterError
from ._figures import (
    clean,
    figure_of,
    import_pyplot,
    make_panels,
    style_of,
    without_formulas,
)
from ._reading import check_fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from ._figures import Panels

History = Sequence[Mapping[str, Any]]
PANELS = (
    ("loss", ("train_loss", "valid_loss")),
    ("balanced accuracy on validation rows", ("valid_score",)),
    ("learning rate", ("lr",)),
)
FEW_EPOCHS = 30  # up to this number each epoch has a marker


class TrainingHistoryDisplay:
    """Loss, validation score and learning rate of each epoch, for one or several networks.

    Parameters
    ----------
    histories : dict from str to list of dict
        For each network its ``history_``: records with ``epoch`` and ``train_loss``, and optionally
        ``valid_loss``, ``valid_score`` and ``lr``. Losses, score and learning rate have a panel
        each, if they are in the records.

    Attributes
    ----------
    axes_ : list of matplotlib Axes
        The panels from the top.
    ax_ : matplotlib Axes
        The first of them, with the losses.
    figure_ : matplotlib Figure
    lines_ : dict from (str, str) to matplotlib Line2D
        Keyed by network and quantity, such as ``('student 1', 'valid_score')``. The name of the
        network is ``''`` if :meth:`from_estimator` got one classifier and no dict.
    legend_ : matplotlib Legend or None
        None if there is only one line of losses.

    Notes
    -----
    The training loss is computed on augmented images and soft targets. The validation loss is the
    cross entropy on images without augmentation. So compare the shapes of the two lines, not their
    values. For one network, the validation loss is a dashed line. For several networks, it is left
    out, and each network has its own dash pattern.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skquickdraw.inspection import TrainingHistoryDisplay
    >>> history = [{"epoch": 1, "train_loss": 2.0}, {"epoch": 2, "train_loss": 1.5}]
    >>> display = TrainingHistoryDisplay({"network": history}).plot()
    >>> display.lines_["network", "train_loss"].get_ydata().tolist()
    [2.0, 1.5]
    >>> plt.close(display.figure_)
    """

    def __init__(self, histories: Mapping[str, History]) -> None:
        self.histories = histories

    @classmethod
    def from_estimator(
        cls, estimator: object, *, ax: Panels | None = None, **plot_kw: Any
    ) -> TrainingHistoryDisplay:
        """Draw how the networks of an estimator were trained.

        Parameters
        ----------
        estimator : estimator, or dict from str to estimator
            A fitted classifier of :mod:`skquickdraw.neural_network`, or a fitted estimator that
            contains such classifiers: a pipeline, a noisy student (teacher and students), a
            distilled classifier (teacher and student), or a vote (members).
        ax : matplotlib Axes or array of Axes, default=None
            A single Axes, made by ``plt.subplots``, is divided into panels. None makes a new
            figure.
        **plot_kw : dict
            For :meth:`plot`.

        Returns
        -------
        display : TrainingHistoryDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        InvalidParameterError
            If there is no network with a ``history_`` in it.
        MissingDependencyError
            If Matplotlib is not installed.
        """
        caller = f"{cls.__name__}.from_estimator"
        import_pyplot(caller)
        given = estimator if isinstance(estimator, Mapping) else {"": estimator}
        histories: dict[str, History] = {}
        for name, own in given.items():
            check_fitted(caller, own)
            found = find_histories(own)
            if not found:
                raise InvalidParameterError(
                    f"{caller}: there must be a network with a history_ of epochs inside, but "
                    f"{type(own).__name__} has none. The classifiers of "
                    "skquickdraw.neural_network have it."
                )
            histories |= {_join(name, part): history for part, history in found.items()}
        return cls(histories).plot(ax=ax, **plot_kw)

    def plot(self, ax: Panels | None = None, *, log_loss: bool = False) -> TrainingHistoryDisplay:
        """Draw the panels.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, default=None
            A single Axes, made by ``plt.subplots``, is divided into panels. None makes a new
            figure.
        log_loss : bool, default=False
            Whether the axis of the losses is logarithmic.

        Returns
        -------
        display : TrainingHistoryDisplay
        """
        caller = f"{type(self).__name__}.plot"
        check_arguments(caller, {"log_loss": FLAG}, {"log_loss": log_loss})
        import_pyplot(caller)
        self._check(caller)
        panels = [(label, keys) for label, keys in PANELS if self._holds(keys)]
        ratios = [2] + [1] * (len(panels) - 1)
        size = (6.4, 3 + 1.6 * (len(panels) - 1))
        shape = (len(panels), 1)
        self.axes_ = make_panels(caller, ax, shape, size, sharex=True, height_ratios=ratios)
        self.lines_: dict[tuple[str, str], Line2D] = {}
        for axes, (label, keys) in zip(self.axes_, panels, strict=True):
            self._draw_panel(axes, keys)
            axes.set_title(label, loc="left", fontsize="small")
            clean(axes)
        self.axes_[-1].set_xlabel("epoch")
        locator: Any = self.axes_[-1].xaxis.get_major_locator()
        locator.set_params(integer=True)
        if log_loss:
            self.axes_[0].set_yscale("log")
        self._label()
        self.ax_, self.figure_ = self.axes_[0], figure_of(self.axes_[0])
        return self

    def _check(self, caller: str) -> None:
        if not isinstance(self.histories, Mapping) or not self.histories:
            raise InvalidParameterError(
                f"{caller}: histories must be a dict from names to lists of epochs, and not empty, "
                f"got {shorten(self.histories)}."
            )
        for name, history in self.histories.items():
            records = history if isinstance(history, Sequence) else []
            are_dicts = all(isinstance(r, Mapping) for r in records)
            if (
                not records
                or not are_dicts
                or not all("train_loss" in r and "epoch" in r for r in records)
            ):
                raise InvalidParameterError(
                    f"{caller}: a history must be a list of dicts, one per epoch, with 'epoch' and "
                    f"'train_loss', as history_ of a classifier is, but that of {name!r} is not."
                )

    def _holds(self, keys: tuple[str, ...]) -> bool:
        return any(key in r for history in self.histories.values() for r in history for key in keys)

    def _draw_panel(self, axes: Axes, keys: tuple[str, ...]) -> None:
        is_alone = len(self.histories) == 1
        for k, (name, history) in enumerate(self.histories.items()):
            for second, key in enumerate(keys if is_alone else keys[:1]):
                records = [record for record in history if key in record]
                if not records:
                    continue
                style = style_of(k + second)
                few = len(records) <= FEW_EPOCHS
                style |= {"markersize": 3.5, "marker": style["marker"] if few else ""}
                epochs = [record["epoch"] for record in records]
                values = np.array([record[key] for record in records], dtype=np.float64)
                (self.lines_[name, key],) = axes.plot(epochs, values, **style)

    def _label(self) -> None:
        is_alone = len(self.histories) == 1
        losses = {"train_loss": "training", "valid_loss": "validation"}
        shown = {
            losses[key] if is_alone else name: line
            for (name, key), line in self.lines_.items()
            if key in losses
        }
        self.legend_ = None
        if len(shown) > 1:
            style: dict[str, Any] = {"loc": "upper right", "fontsize": "small", "frameon": False}
            self.legend_ = self.axes_[0].legend(
                list(shown.values()), list(map(without_formulas, shown)), **style
            )


def find_histories(estimator: object) -> dict[str, History]:
    """Return the histories of the networks in a fitted estimator, by their names there."""
    if isinstance(estimator, FrozenEstimator):
        return find_histories(estimator.estimator)
    if isinstance(estimator, Pipeline):
        return find_histories(estimator.steps[-1][1])
    own = getattr(estimator, "history_", None)
    if own and "train_loss" in own[0]:
        return {"": own}
    found: dict[str, History] = {}
    for name, part in _parts(estimator):
        found |= {_join(name, inner): history for inner, history in find_histories(part).items()}
    return found


def _parts(estimator: Any) -> list[tuple[str, object]]:
    """Return the fitted estimators inside, with their names."""
    if hasattr(estimator, "teachers_"):  # the last one is not a teacher
        row = [*estimator.teachers_, estimator.estimator_]
        return [("teacher" if k == 0 else f"student {k}", own) for k, own in enumerate(row)]
    if hasattr(estimator, "student_"):
        return [("teacher", getattr(estimator, "teacher_", None)), ("student", estimator.student_)]
    if hasattr(estimator, "estimators_"):
        return [(f"member {k}", own) for k, own in enumerate(estimator.estimators_, start=1)]
    inner = getattr(estimator, "estimator_", None)
    return [] if inner is None else [("", inner)]


def _join(*names: str) -> str:
    return ", ".join(name for name in names if name)
