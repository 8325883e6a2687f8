"""Figures of a model's errors as PNG files, after a training or an evaluation."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .._typing import ProbabilisticClassifier
from ..exceptions import DataFileError, MissingDependencyError

CONFUSIONS, ERRORS, RECALL = "confusions.png", "errors.png", "recall.png"
DPI = 150


def check_figures(folder: str | None, *, is_forced: bool) -> None:
    """Raise before any work if figures cannot be drawn, or exist already.

    Raises
    ------
    DataFileError, MissingDependencyError
    """
    if folder is None:
        return
    try:
        import matplotlib

        matplotlib.use("agg")  # files only, no window: a server has no display
    except ImportError as error:
        raise MissingDependencyError(
            "--figures needs Matplotlib, which is not installed. Install the extra: pip install "
            "'skquickdraw[plot]'."
        ) from error
    if Path(folder).exists() and not Path(folder).is_dir():
        raise DataFileError(
            f"--figures must name a folder; got {folder!r}, which is a file. Choose another name."
        )
    place = Path(folder).absolute()
    nearest = next(path for path in (place, *place.parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise DataFileError(
            f"--figures must name a folder that can be made; got {folder!r}, but "
            f"{str(nearest)!r} is not a folder that may be written. Choose another name."
        )
    there = [name for name in (CONFUSIONS, ERRORS, RECALL) if Path(folder, name).exists()]
    if there and not is_forced:
        raise DataFileError(
            f"--figures must name a folder without figures; got {folder!r}, which already contains "
            f"{', '.join(there)}. Choose another folder, or replace them with --force."
        )


def write_figures(
    model: ProbabilisticClassifier,
    X: NDArray[np.number],
    y: NDArray[np.generic],
    class_counts: dict[str, int] | None,
    folder: str | None,
) -> list[str]:
    """Draw confusions, the surest errors, and recall by class size; return what was written.

    Parameters
    ----------
    model : fitted classifier
    X : ndarray of n images
    y : ndarray of shape (n,), str
        All of them classes of the model. Without images nothing is drawn.
    class_counts : dict of str to int, or None
        Training images of each class; without them recall is not drawn.
    folder : str or None
        Created if missing; None draws nothing.
    """
    if folder is None or not len(y):
        return []
    from ..inspection import ConfusedPairsDisplay, ImageSheetDisplay, RecallByClassSizeDisplay

    names = np.asarray(model.classes_).astype(str)
    proba = model.predict_proba(X) if hasattr(model, "predict_proba") else None
    if proba is None:
        guesses = np.asarray(model.predict(X)).astype(str)
    else:
        guesses = names[proba.argmax(axis=1)]
    figures = {CONFUSIONS: ConfusedPairsDisplay.from_predictions(y, guesses).figure_}
    if (guesses != y).any():
        figures[ERRORS] = ImageSheetDisplay.from_predictions(X, y, guesses, y_proba=proba).figure_
    if class_counts is not None and len(set(class_counts.values())) > 1:
        recall = RecallByClassSizeDisplay.from_predictions(y, guesses, class_counts=class_counts)
        figures[RECALL] = recall.figure_
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(Path(folder, name), dpi=DPI)
    return [str(Path(folder, name)) for name in figures]
