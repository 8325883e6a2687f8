"""The rows of the comparison of teachers and students: how each is trained, and what it scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from time import process_time
from typing import Any

import numpy as np
from _settings import LIGHT, make_plain
from joblib import Memory
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import StackingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import Bunch

from skquickdraw import (
    DeepFeatureExtractor,
    DistilledClassifier,
    NoisyStudentClassifier,
    PrototypeClassifier,
    RelationNetworkClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
    TopKReranker,
)
from skquickdraw.metrics import imbalance_report, per_class_recall
from skquickdraw.semi_supervised import align_to_prior, assign_to_prior

N_MEMBERS = 6
HELD_OUT = 0.1  # of each class, for the weights of votes and for what is stacked on them
NAIVE_THRESHOLD = 0.4
N_TAIL = 33

NETWORK = make_plain(
    ResNetClassifier,
    width=0.35,
    augmentation=LIGHT,
    loss="balanced_softmax",
    batch_size=256,
    ema_decay=0.999,
    n_tta=2,
    precision="bfloat16",
)


@dataclass(frozen=True)
class Budget:
    """How many pictures the networks of a row may see in training, all together."""

    images: int = 1_000_000

    def epochs(self, n_rows: int, share: float = 1.0) -> int:
        return max(1, round(self.images * share / n_rows))


def fit_timed(estimator: Any, X: Any, y: Any, **params: Any) -> tuple[Any, float]:
    """Return the fitted estimator and the seconds of processor time that it took."""
    started = process_time()
    estimator.fit(X, y, **params)
    return estimator, process_time() - started


class Kitchen:
    """What the rows are made of; each network is trained once a run.

    ``memory`` keeps fits for the next run, but for those that contain a trained network, which
    joblib does not know again.
    """

    def __init__(self, data: Bunch, budget: Budget, seed: int, memory: Memory) -> None:
        self.data, self.budget, self.seed = data, budget, seed
        self.fit = memory.cache(fit_timed)
        self.n_labeled, self.n_pool = len(data.data), len(data.unlabeled)
        self.X, self.y = data.data, data.target

    def network(self, share: float, n_rows: int | None = None, **params: Any) -> ResNetClassifier:
        """Return the network, to be trained for a share of the budget."""
        epochs = self.budget.epochs(n_rows or self.n_labeled, share)
        return clone(NETWORK).set_params(max_epochs=epochs, random_state=self.seed, **params)

    @cached_property
    def single(self) -> tuple[Any, float]:
        return self.fit(self.network(1.0), self.X, self.y)

    @cached_property
    def teacher(self) -> tuple[Any, float]:
        return self.fit(self.network(0.5), self.X, self.y)

    @cached_property
    def members(self) -> tuple[Any, float]:
        """Six networks on nine tenths of the rows: what combines them learns from the rest."""
        n_rows = round(self.n_labeled * (1 - HELD_OUT))
        six = SeedEnsembleClassifier(
            self.network(1 / N_MEMBERS, n_rows),
            N_MEMBERS,
            weights="validation",
            validation_fraction=HELD_OUT,
            random_state=self.seed,
        )
        return self.fit(six, self.X, self.y)

    def members_images(self) -> int:
        six, _ = self.members
        return images_seen(six, self.n_labeled - len(six.held_out_))

    @cached_property
    def six_teachers(self) -> tuple[Any, float]:
        six = SeedEnsembleClassifier(
            self.network(0.5 / N_MEMBERS), N_MEMBERS, random_state=self.seed
        )
        return self.fit(six, self.X, self.y)

    @cached_property
    def six_students(self) -> tuple[Any, float]:
        teachers, seconds = self.six_teachers
        student = SeedEnsembleClassifier(
            self.network(0.5 / N_MEMBERS, self.n_labeled + self.n_pool, width=STUDENT_WIDTH),
            N_MEMBERS,
            random_state=self.seed + 1,
        )
        taught, more = self.teach(teachers, student, **PRIOR_AWARE)
        return taught, seconds + more

    def teach(self, teacher: Any, student: Any, **params: Any) -> tuple[Any, float]:
        noisy = NoisyStudentClassifier(
            FrozenEstimator(teacher),
            student=student,
            n_iterations=1,
            random_state=self.seed,
            **params,
        )
        return self.fit(noisy, self.X, self.y, X_unlabeled=self.data.unlabeled)

    def score(self, proba: np.ndarray, seconds: float, images: int) -> dict[str, Any]:
        """Return what a row shows; ``transductive`` uses that the holdout is balanced."""
        truth = self.data.holdout_target
        report = imbalance_report(truth, proba.argmax(axis=1), y_train=self.y)
        assigned = imbalance_report(truth, assign_to_prior(proba), y_train=self.y)
        return {
            "scores": report,
            "transductive": assigned,
            "images": int(images),
            "cpu_minutes": seconds / 60,
        }

    def judge(self, estimator: Any, seconds: float, images: int) -> dict[str, Any]:
        return self.score(estimator.predict_proba(self.data.holdout_data), seconds, images)


def images_seen(estimator: Any, n_rows: int) -> int:
    """Return how many pictures the networks inside were shown."""
    if isinstance(estimator, SeedEnsembleClassifier):
        return sum(images_seen(member, n_rows) for member in estimator.estimators_)
    return estimator.n_epochs_ * n_rows


def pseudo_label_quality(
    kitchen: Kitchen, teacher: Any, threshold: float, class_prior: str | None
) -> dict[str, float]:
    """Measure the labels that the teacher would give to the holdout, in a pool with the rest.

    The holdout's drawings are not in the pool that the student learns from.
    """
    truth = kitchen.data.holdout_target
    proba = [teacher.predict_proba(X) for X in (kitchen.data.holdout_data, kitchen.data.unlabeled)]
    proba = np.concatenate(proba)
    if class_prior is not None:
        proba = align_to_prior(proba, class_prior)
    selected = proba.max(axis=1) > threshold
    codes = np.where(selected, proba.argmax(axis=1), -1)[: len(truth)]
    by_size = np.argsort(-kitchen.data.class_counts, kind="stable")
    recall = per_class_recall(truth, codes, labels=np.arange(len(by_size)))
    taken = codes >= 0
    return {
        "accuracy": float((codes == truth)[taken].mean()),
        "selected": float(taken.mean()),
        "recall": float(recall.mean()),
        "tail_recall": float(recall[by_size[-N_TAIL:]].mean()),
    }


# Chosen on drawings held out of train.npz: a student larger than its teacher gained most there.
STUDENT_WIDTH = 0.5
PRIOR_AWARE = {"threshold": 0.0, "pseudo_labels": "soft", "class_prior": "uniform"}
RULE = {key: PRIOR_AWARE[key] for key in ("threshold", "class_prior")}
NAIVE = {"threshold": NAIVE_THRESHOLD, "pseudo_labels": "hard"}


def single(kitchen: Kitchen) -> dict[str, Any]:
    network, seconds = kitchen.single
    return kitchen.judge(network, seconds, images_seen(network, kitchen.n_labeled))


def half_budget_teacher(kitchen: Kitchen) -> dict[str, Any]:
    network, seconds = kitchen.teacher
    row = kitchen.judge(network, seconds, images_seen(network, kitchen.n_labeled))
    return row | {"pseudo_labels": pseudo_label_quality(kitchen, network, 0.0, None)}


def plain_teacher(kitchen: Kitchen) -> dict[str, Any]:
    """A teacher that nothing has told of unequal classes, and what a prior makes of its labels."""
    plain = kitchen.network(0.5, loss="cross_entropy")
    network, seconds = kitchen.fit(plain, kitchen.X, kitchen.y)
    row = kitchen.judge(network, seconds, images_seen(network, kitchen.n_labeled))
    naive = pseudo_label_quality(kitchen, network, NAIVE_THRESHOLD, None)
    aware = pseudo_label_quality(kitchen, network, **RULE)
    return row | {"pseudo_labels": aware, "naive_pseudo_labels": naive}


def wide_network(kitchen: Kitchen) -> dict[str, Any]:
    """What a student would be without a teacher: its network, on the labelled rows alone."""
    wide = kitchen.network(0.5, width=STUDENT_WIDTH)
    network, seconds = kitchen.fit(wide, kitchen.X, kitchen.y)
    return kitchen.judge(network, seconds, images_seen(network, kitchen.n_labeled))


def naive_student(kitchen: Kitchen) -> dict[str, Any]:
    return student_row(kitchen, is_naive=True)


def prior_aware_student(kitchen: Kitchen) -> dict[str, Any]:
    return student_row(kitchen, is_naive=False)


def student_row(kitchen: Kitchen, *, is_naive: bool) -> dict[str, Any]:
    teacher, seconds = kitchen.teacher
    how = NAIVE if is_naive else PRIOR_AWARE
    prior = how.get("class_prior")
    quality = pseudo_label_quality(kitchen, teacher, how["threshold"], prior)
    confidence = teacher.predict_proba(kitchen.data.unlabeled).max(axis=1)
    n_selected = (confidence > how["threshold"]).sum()  # with the prior it is every row
    n_rows = kitchen.n_labeled + int(n_selected)
    student = kitchen.network(0.5, n_rows, width=STUDENT_WIDTH)
    noisy, more = kitchen.teach(teacher, student, **how)
    n_rows = int((noisy.labeled_iter_ >= 0).sum())
    images = images_seen(teacher, kitchen.n_labeled) + images_seen(noisy.estimator_, n_rows)
    return kitchen.judge(noisy, seconds + more, images) | {"pseudo_labels": quality}


def vote(kitchen: Kitchen) -> dict[str, Any]:
    """The mean of the members' opinions, beside the mean score of a member."""
    six, seconds = kitchen.members
    probas = [member.predict_proba(kitchen.data.holdout_data) for member in six.estimators_]
    truth = kitchen.data.holdout_target
    alone = [recall_score(truth, proba.argmax(axis=1), average="macro") for proba in probas]
    row = kitchen.score(np.mean(probas, axis=0), seconds, kitchen.members_images())
    return row | {"one_member": float(np.mean(alone))}


def weighted_vote(kitchen: Kitchen) -> dict[str, Any]:
    """The same members, weighed by their log-loss on the rows that were held out."""
    six, seconds = kitchen.members
    return kitchen.judge(six, seconds, kitchen.members_images())


def stack(kitchen: Kitchen) -> dict[str, Any]:
    """The same members, and a logistic regression on what they say of the rows held out."""
    six, seconds = kitchen.members
    members = [(f"seed{i}", FrozenEstimator(m)) for i, m in enumerate(six.estimators_)]
    final = LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000)
    stacked = StackingClassifier(members, final, cv="prefit", stack_method="predict_proba")
    stacked, more = kitchen.fit(stacked, kitchen.X[six.held_out_], kitchen.y[six.held_out_])
    return kitchen.judge(stacked, seconds + more, kitchen.members_images())


def six_noisy_students(kitchen: Kitchen) -> dict[str, Any]:
    """A vote of six labels for six students, who vote."""
    noisy, seconds = kitchen.six_students
    teachers, _ = kitchen.six_teachers
    quality = pseudo_label_quality(kitchen, teachers, **RULE)
    images = six_images(kitchen)
    return kitchen.judge(noisy, seconds, images) | {"pseudo_labels": quality}


def six_images(kitchen: Kitchen) -> int:
    noisy, _ = kitchen.six_students
    n_rows = int((noisy.labeled_iter_ >= 0).sum())
    before = images_seen(kitchen.six_teachers[0], kitchen.n_labeled)
    return before + images_seen(noisy.estimator_, n_rows)


def distilled(kitchen: Kitchen) -> dict[str, Any]:
    """The six noisy students, whose training is counted, taught to one network."""
    noisy, seconds = kitchen.six_students
    n_rows = kitchen.n_labeled + kitchen.n_pool
    student = kitchen.network(0.5, n_rows)
    one = DistilledClassifier(FrozenEstimator(noisy), student, random_state=kitchen.seed)
    one, more = kitchen.fit(one, kitchen.X, kitchen.y, X_unlabeled=kitchen.data.unlabeled)
    images = six_images(kitchen) + images_seen(one.student_, n_rows)
    return kitchen.judge(one, seconds + more, images)


def head_row(kitchen: Kitchen, head: Any) -> dict[str, Any]:
    network, seconds = kitchen.single
    model = make_pipeline(DeepFeatureExtractor(FrozenEstimator(network)), head)
    model, more = kitchen.fit(model, kitchen.X, kitchen.y)
    return kitchen.judge(model, seconds + more, images_seen(network, kitchen.n_labeled))


def lda_head(kitchen: Kitchen) -> dict[str, Any]:
    n_classes = len(kitchen.data.class_counts)
    priors = np.full(n_classes, 1 / n_classes)
    head = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=priors)
    return head_row(kitchen, head)


def lightgbm_head(kitchen: Kitchen) -> dict[str, Any]:
    head = LGBMClassifier(
        n_estimators=60,
        num_leaves=15,
        class_weight="balanced",
        # With its own 1e-3 and 0, trees of a hundred unequally weighted classes diverge; found on
        # training rows that the head had not seen.
        min_sum_hessian_in_leaf=1.0,
        reg_lambda=5.0,
        n_jobs=1,
        random_state=kitchen.seed,
        verbose=-1,
    )
    return head_row(kitchen, head)


def prototype_head(kitchen: Kitchen) -> dict[str, Any]:
    return head_row(kitchen, PrototypeClassifier())


def relation_reranking(kitchen: Kitchen) -> dict[str, Any]:
    """The single network, whose five likeliest classes a relation network weighs again."""
    network, seconds = kitchen.single
    relation = RelationNetworkClassifier(
        n_way=20,
        n_shot=5,
        n_query=5,
        n_episodes=RELATION_EPISODES,
        augmentation=NETWORK.augmentation,
        precision="bfloat16",
        random_state=kitchen.seed,
    )
    relation, more = kitchen.fit(relation, kitchen.X, kitchen.y)
    both = TopKReranker(FrozenEstimator(network), FrozenEstimator(relation), k=5)
    both.fit(kitchen.X, kitchen.y)
    images = images_seen(network, kitchen.n_labeled) + RELATION_EPISODES * 20 * (5 + 5)
    return kitchen.judge(both, seconds + more, images)


RELATION_EPISODES = 1000

ROWS: dict[str, Callable[[Kitchen], dict[str, Any]]] = {
    "single network": single,
    "teacher, half the budget": half_budget_teacher,
    "teacher of cross entropy, half the budget": plain_teacher,
    "the student's network alone, half the budget": wide_network,
    "+ noisy student, naive": naive_student,
    "+ noisy student, prior-aware": prior_aware_student,
    "vote of six": vote,
    "weighted vote of six": weighted_vote,
    "six stacked": stack,
    "six noisy students": six_noisy_students,
    "six noisy students, distilled": distilled,
    "LDA on features": lda_head,
    "LightGBM on features": lightgbm_head,
    "prototypes of features": prototype_head,
    "relation re-ranking": relation_reranking,
}
