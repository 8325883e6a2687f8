"""The history of a noisy student: its rounds, and the label of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from .._partly_labeled import PartlyLabeled
from .._targets import NO_LABEL, decode_labels
from ._pseudo_labels import PseudoLabels
from ._pseudo_targets import make_soft_targets

if TYPE_CHECKING:
    from ._noisy_student import NoisyStudentClassifier


class Round(TypedDict):
    """What ``history_`` says of a round; arrays have one entry per class."""

    iteration: int
    n_selected: NDArray[np.int64]
    mean_confidence: NDArray[np.float64]
    n_changed: NDArray[np.int64]


class History:
    """Collects the rounds of a fit, and makes fitted attributes of them."""

    def __init__(self, data: PartlyLabeled, verbose: int) -> None:
        self.data = data
        self.verbose = verbose
        self.rounds: list[Round] = []
        self.codes = np.full(len(data.unlabeled), NO_LABEL)
        self.since = np.full(len(data.unlabeled), NO_LABEL)
        self.pseudo: PseudoLabels | None = None
        self.end = "max_iter" if len(data.unlabeled) else "no_unlabeled"  # or what ends it earlier

    def add(self, pseudo: PseudoLabels) -> bool:
        """Record a round; return False, without recording it, if nothing was selected."""
        if not pseudo.selected.any():
            self.end = "none_selected"
            return False
        new = pseudo.standing_codes()
        changed = pseudo.selected & (new != self.codes)
        self.since = np.where(changed, len(self.rounds) + 1, self.since)
        self.since[~pseudo.selected] = NO_LABEL
        self.rounds = [*self.rounds, self._describe(pseudo, changed)]  # a new list, for copies
        self.codes, self.pseudo = new, pseudo
        return True

    def _describe(self, pseudo: PseudoLabels, changed: NDArray[np.bool_]) -> Round:
        n_classes = len(self.data.classes)
        codes = pseudo.codes[pseudo.selected]
        counts = np.bincount(codes, minlength=n_classes)
        sums = np.bincount(codes, pseudo.confidence[pseudo.selected], minlength=n_classes)
        means = np.divide(sums, counts, out=np.full(n_classes, np.nan), where=counts > 0)
        record: Round = {
            "iteration": len(self.rounds) + 1,
            "n_selected": counts,
            "mean_confidence": means,
            "n_changed": np.bincount(pseudo.codes[changed], minlength=n_classes),
        }
        if self.verbose:
            print(
                f"Round {record['iteration']}: learning from {counts.sum()} of {len(pseudo.codes)} "
                f"unlabeled rows, {record['n_changed'].sum()} with a new label."
            )
        return record

    def set_attributes(self, estimator: NoisyStudentClassifier, unlabeled_label: object) -> None:
        """Set ``history_``, ``transduction_`` and the other attributes about the rounds."""
        data = self.data
        codes = data.codes.copy()
        codes[data.unlabeled] = self.codes
        since = np.zeros(len(codes), dtype=np.int64)
        since[data.unlabeled] = self.since
        estimator.history_ = self.rounds
        estimator.n_iter_ = len(self.rounds)
        estimator.labeled_iter_ = since
        estimator.transduction_ = decode_labels(codes, data.classes, unlabeled_label)
        estimator.transduction_proba_ = make_soft_targets(data, self.pseudo)
        estimator.termination_condition_ = self.end
