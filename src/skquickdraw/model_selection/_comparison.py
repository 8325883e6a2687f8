"""The result of a comparison: scores by estimator and fold, their means and standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..exceptions import MissingDependencyError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("mean", "standard_error", "difference", "difference_error", "fit_seconds")
NOTE = "Differences are paired by fold, against {!r}; +- is one standard error."


@dataclass(frozen=True, repr=False)
class Comparison:
    """Scores of several estimators on the same folds, as :func:`compare` returns them.

    Parameters
    ----------
    names : tuple of str
        The estimators, in the order in which they were given.
    scores : dict from str to ndarray of shape (n_estimators, n_folds)
        The values of each score.
    fit_seconds : ndarray of shape (n_estimators, n_folds)
        How long each fit took.
    test_ratio : float
        Number of test rows divided by that of labeled training rows, as a mean over the folds.
    uses_unlabeled : tuple of bool
        Which of the estimators learned from unlabeled rows.

    See Also
    --------
    skquickdraw.inspection.ComparisonDisplay : Draws a comparison.

    Notes
    -----
    The training sets of different folds share most of their rows. So the usual standard error of a
    mean over k folds, ``s / sqrt(k)``, is too small. Here it is ``s * sqrt(1 / k + test_ratio)``,
    with the correction of Nadeau and Bengio [1]_. This correction was derived for random splits;
    for k-fold, it is an approximation.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the Generalization Error", Machine Learning 52,
       2003.

    Examples
    --------
    >>> import numpy as np
    >>> from skquickdraw.model_selection import Comparison
    >>> scores = {"accuracy": np.array([[0.5, 0.7], [0.6, 0.9]])}
    >>> comparison = Comparison(("a", "b"), scores, np.ones((2, 2)), 0.5, (False, False))
    >>> comparison.to_dict()["difference"].round(2).tolist()
    [0.0, 0.15]
    """

    names: tuple[str, ...]
    scores: dict[str, NDArray[np.float64]]
    fit_seconds: NDArray[np.float64]
    test_ratio: float
    uses_unlabeled: tuple[bool, ...]

    def standard_error(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the corrected standard error of the mean over folds, the last axis.

        Parameters
        ----------
        values : ndarray of shape (..., n_folds)

        Returns
        -------
        errors : ndarray of shape (...)
            NaN for a single fold.
        """
        n_folds = values.shape[-1]
        if n_folds == 1:
            return np.full(values.shape[:-1], np.nan)
        return values.std(axis=-1, ddof=1) * np.sqrt(1 / n_folds + self.test_ratio)

    def differences(self, score: str) -> NDArray[np.float64]:
        """Return each score minus that of the first estimator, for each fold.

        Parameters
        ----------
        score : str
            A key of ``scores``.

        Returns
        -------
        differences : ndarray of shape (n_estimators, n_folds)
            Zeros for the first.
        """
        return self.scores[score] - self.scores[score][0]

    def to_dict(self) -> dict[str, list[str] | NDArray[np.float64]]:
        """Return the table as columns, with one row for each score and estimator.

        Returns
        -------
        columns : dict
            Lists ``'score'`` and ``'estimator'``, and arrays ``'mean'``, ``'standard_error'``,
            ``'difference'`` (this mean minus that of the first estimator),
            ``'difference_error'`` (its standard error) and ``'fit_seconds'`` (a mean).
        """
        columns: dict[str, list[str] | NDArray[np.float64]] = {
            "score": [score for score in self.scores for _ in self.names],
            "estimator": [name for _ in self.scores for name in self.names],
        }
        rows = [self._columns_of(score) for score in self.scores]
        return columns | {key: np.concatenate([row[key] for row in rows]) for key in COLUMNS}

    def to_frame(self) -> pd.DataFrame:
        """Return :meth:`to_dict` as a pandas DataFrame.

        Raises
        ------
        MissingDependencyError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingDependencyError(
                "Comparison.to_frame needs pandas, which is not installed. Run pip install pandas, "
                "or use to_dict."
            ) from error
        return pd.DataFrame(self.to_dict())

    def _columns_of(self, score: str) -> dict[str, NDArray[np.float64]]:
        values, ahead = self.scores[score], self.differences(score)
        return {
            "mean": values.mean(axis=1),
            "standard_error": self.standard_error(values),
            "difference": ahead.mean(axis=1),
            "difference_error": self.standard_error(ahead),
            "fit_seconds": self.fit_seconds.mean(axis=1),
        }

    def __repr__(self) -> str:
        n_folds = self.fit_seconds.shape[1]
        folds = "1 fold" if n_folds == 1 else f"{n_folds} folds"
        lines = [f"{len(self.names)} estimators on the same {folds}"]
        for score in self.scores:
            lines += ["", *self._lines_of(score)]
        lines += ["", NOTE.format(self.names[0])]
        learners = [
            repr(n) for n, uses in zip(self.names, self.uses_unlabeled, strict=True) if uses
        ]
        if learners:
            lines.append(f"Learned from unlabeled rows too: {', '.join(learners)}.")
        return "\n".join(lines)

    def _lines_of(self, score: str) -> list[str]:
        table = self._columns_of(score)
        width = max(map(len, (*self.scores, *self.names)))
        lines = [f"{score:{width}}{'mean':>10} +- {'':6}{'difference':>12} +- {'':6}  fit seconds"]
        for row, name in enumerate(self.names):
            mean, error, ahead, ahead_error, seconds = (table[key][row] for key in COLUMNS)
            lead = f"{ahead:+12.4f} +- {ahead_error:.4f}" if row else ""
            lines.append(f"{name:{width}}{mean:10.4f} +- {error:.4f}{lead:22}{seconds:13.2f}")
        return lines
