"""One network, its students, its ensembles and other heads, at one budget of training images.

Every row may show its networks the same number of images in all, as nearly as whole epochs allow.
Two rows need more: what is distilled learns from a teacher that has used up the budget, and the
relation network is trained beside the one that it re-ranks. Settings were chosen on drawings held
out of the training set: LightGBM's leaves after it had diverged, all else beforehand.

Finished rows are kept in ``results/teachers-<seed>.json``, members of votes in the memory folder.
"""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from common import LIGHT, describe_machine, describe_moment, load, make_plain, need_folder, save
from competition.measure import costs, score
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import StackingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

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
from skquickdraw.datasets import load_competition
from skquickdraw.metrics import imbalance_report
from skquickdraw.semi_supervised import align_to_prior

RESULTS = Path(__file__).parent / "results"
IMAGES = 1_000_000  # of each row
N_MEMBERS = 6
HELD_OUT = 0.1  # of each class, for the weights of votes and for what is stacked on them
# Chosen on drawings held out of train.npz: a student larger than its teacher gained most there.
STUDENT = {"width": 0.5}
ONCE = {"n_iterations": 1}
NAIVE = {"threshold": 0.4, "pseudo_labels": "hard", **ONCE}
PRIOR_AWARE = {"threshold": 0.0, "pseudo_labels": "soft", "class_prior": "uniform", **ONCE}
EPISODES = {"n_episodes": 1000, "n_way": 20, "n_shot": 5, "n_query": 5}

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
# With its own 1e-3 and 0, trees of a hundred unequally weighted classes diverge.
LEAVES = {"num_leaves": 15, "min_sum_hessian_in_leaf": 1.0, "reg_lambda": 5.0}
LEAVES |= {"n_estimators": 60, "class_weight": "balanced", "n_jobs": 1, "verbose": -1}


class Kitchen:
    """What the rows are made of; each network is trained once a run."""

    def __init__(self, data: Any, seed: int, memory: str) -> None:
        self.data, self.seed, self.memory = data, seed, memory
        self.X, self.y = data.data, data.target
        self.n_all = len(data.target) + len(data.unlabeled)

    def network(self, share: float, n_rows: int | None = None, **params: Any) -> ResNetClassifier:
        """Return the network, to be trained for a share of the budget."""
        epochs = max(1, round(IMAGES * share / (n_rows or len(self.y))))
        return clone(NETWORK).set_params(max_epochs=epochs, random_state=self.seed, **params)

    def fit(self, share: float, **params: Any) -> ResNetClassifier:
        return self.network(share, **params).fit(self.X, self.y)

    def vote(self, network: Any, seed: int = 0, **params: Any) -> SeedEnsembleClassifier:
        shared = {"memory": self.memory, "random_state": self.seed + seed}
        return SeedEnsembleClassifier(network, N_MEMBERS, **shared, **params)

    def teach(self, kind: type, teacher: Any, student: Any, **params: Any) -> Any:
        made = kind(FrozenEstimator(teacher), student=student, random_state=self.seed, **params)
        return made.fit(self.X, self.y, X_unlabeled=self.data.unlabeled)

    @cached_property
    def single(self) -> Any:
        return self.fit(1.0)

    @cached_property
    def teacher(self) -> Any:
        return self.fit(0.5)

    @cached_property
    def members(self) -> Any:
        """Six networks on nine tenths of the rows: what combines them learns from the rest."""
        network = self.network(1 / N_MEMBERS, round(len(self.y) * (1 - HELD_OUT)))
        held_out = {"weights": "validation", "validation_fraction": HELD_OUT}
        return self.vote(network, **held_out).fit(self.X, self.y)

    @cached_property
    def six_teachers(self) -> Any:
        return self.vote(self.network(0.5 / N_MEMBERS)).fit(self.X, self.y)

    @cached_property
    def six_students(self) -> Any:
        student = self.network(0.5 / N_MEMBERS, self.n_all, **STUDENT)
        vote = self.vote(student, seed=1)
        return self.teach(NoisyStudentClassifier, self.six_teachers, vote, **PRIOR_AWARE)

    def row(
        self, estimator: Any, *, proba: Any = None, seconds: float = 0.0, more_images: int = 0
    ) -> dict[str, Any]:
        """Return what a row shows; ``seconds`` and images are of what is no network inside."""
        if proba is None:
            proba = estimator.predict_proba(self.data.holdout_data)
        found = costs(estimator)
        images, minutes = found["images"] + more_images, found["cpu_minutes"] + seconds / 60
        return score(proba, self.data) | {"images": images, "cpu_minutes": minutes}

    def fit_row(self, estimator: Any, X: Any, y: Any, **more: Any) -> dict[str, Any]:
        """Fit what is put on trained networks, and return its row."""
        started = process_time()
        estimator.fit(X, y)
        return self.row(estimator, seconds=process_time() - started, **more)

    def head(self, estimator: Any) -> dict[str, Any]:
        extractor = DeepFeatureExtractor(FrozenEstimator(self.single))
        return self.fit_row(make_pipeline(extractor, estimator), self.X, self.y)

    def judge(self, estimator: Any, teacher: Any, how: dict[str, Any]) -> dict[str, Any]:
        """Return a row, with the worth of the labels that its teacher would give to the holdout.

        The holdout is in a pool with the rest for this, and not in that of the student.
        """
        truth = self.data.holdout_target
        pools = self.data.holdout_data, self.data.unlabeled
        proba = np.concatenate([teacher.predict_proba(X) for X in pools])
        if "class_prior" in how:
            proba = align_to_prior(proba, how["class_prior"])
        selected = proba.max(axis=1) > how["threshold"]
        codes = np.where(selected, proba.argmax(axis=1), -1)[: len(truth)]
        recalls = imbalance_report(truth, codes, y_train=self.y)
        quality = {
            "accuracy": float((codes == truth)[codes >= 0].mean()),
            "selected": float((codes >= 0).mean()),
            "recall": recalls["balanced_accuracy"],
            "tail_recall": recalls["tail"],
        }
        return self.row(estimator) | {"pseudo_labels": quality}


def plain_teacher(kitchen: Kitchen) -> dict[str, Any]:
    """A teacher that nothing has told of unequal classes, and what a prior makes of its labels."""
    network = kitchen.fit(0.5, loss="cross_entropy")
    naive, aware = (kitchen.judge(network, network, how) for how in (NAIVE, PRIOR_AWARE))
    return aware | {"naive_pseudo_labels": naive["pseudo_labels"]}


def noisy_student(kitchen: Kitchen, how: dict[str, Any]) -> dict[str, Any]:
    confidence = kitchen.teacher.predict_proba(kitchen.data.unlabeled).max(axis=1)
    n_rows = len(kitchen.y) + int((confidence > how["threshold"]).sum())
    student = kitchen.network(0.5, n_rows, **STUDENT)
    fitted = kitchen.teach(NoisyStudentClassifier, kitchen.teacher, student, **how)
    return kitchen.judge(fitted, kitchen.teacher, how)


def vote(kitchen: Kitchen) -> dict[str, Any]:
    """The mean of the members' opinions, beside the mean score of a member."""
    data, members = kitchen.data, kitchen.members.estimators_
    probas = [member.predict_proba(data.holdout_data) for member in members]
    alone = [score(proba, data)["scores"]["balanced_accuracy"] for proba in probas]
    row = kitchen.row(kitchen.members, proba=np.mean(probas, axis=0))
    return row | {"one_member": float(np.mean(alone))}


def stack(kitchen: Kitchen) -> dict[str, Any]:
    """The same members, and a logistic regression on what they say of the rows held out."""
    rows = kitchen.members.held_out_
    members = [(f"seed{i}", FrozenEstimator(m)) for i, m in enumerate(kitchen.members.estimators_)]
    final = LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000)
    stacked = StackingClassifier(members, final, cv="prefit", stack_method="predict_proba")
    return kitchen.fit_row(stacked, kitchen.X[rows], kitchen.y[rows])


def distilled(kitchen: Kitchen) -> dict[str, Any]:
    """The six noisy students, whose training is counted, taught to one network."""
    student = kitchen.network(0.5, kitchen.n_all)
    return kitchen.row(kitchen.teach(DistilledClassifier, kitchen.six_students, student))


def lda(kitchen: Kitchen) -> dict[str, Any]:
    n_classes = len(kitchen.data.class_counts)
    equal = {"priors": np.full(n_classes, 1 / n_classes)}
    return kitchen.head(LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", **equal))


def relation_reranking(kitchen: Kitchen) -> dict[str, Any]:
    """The single network, whose five likeliest classes a relation network weighs again."""
    shared = {"augmentation": LIGHT, "precision": "bfloat16", "random_state": kitchen.seed}
    relation = RelationNetworkClassifier(**EPISODES, **shared)
    reranker = TopKReranker(FrozenEstimator(kitchen.single), relation, k=5)
    per_episode = EPISODES["n_way"] * (EPISODES["n_shot"] + EPISODES["n_query"])
    images = EPISODES["n_episodes"] * per_episode
    return kitchen.fit_row(reranker, kitchen.X, kitchen.y, more_images=images)


ROWS: dict[str, Callable[[Kitchen], dict[str, Any]]] = {
    "single network": lambda k: k.row(k.single),
    "teacher, half the budget": lambda k: k.judge(k.teacher, k.teacher, {"threshold": 0.0}),
    "teacher of cross entropy, half the budget": plain_teacher,
    "the student's network alone, half the budget": lambda k: k.row(k.fit(0.5, **STUDENT)),
    "+ noisy student, naive": lambda k: noisy_student(k, NAIVE),
    "+ noisy student, prior-aware": lambda k: noisy_student(k, PRIOR_AWARE),
    "vote of six": vote,
    "weighted vote of six": lambda k: k.row(k.members),
    "six stacked": stack,
    "six noisy students": lambda k: k.judge(k.six_students, k.six_teachers, PRIOR_AWARE),
    "six noisy students, distilled": distilled,
    "LDA on features": lda,
    "LightGBM on features": lambda k: k.head(LGBMClassifier(**LEAVES, random_state=k.seed)),
    "prototypes of features": lambda k: k.head(PrototypeClassifier()),
    "relation re-ranking": relation_reranking,
}


def measure(options: Any) -> None:
    folder = options.data and Path(options.data, "quickdraw100")
    data = load_competition(need_folder(folder, "The competition's folder"))
    for seed in options.seeds or [0, 1]:
        file = RESULTS / f"teachers-{seed}.json"
        result = {"rows": {}, "images": IMAGES, "seed": seed} | load(file)
        kitchen = Kitchen(data, seed, options.memory)
        for name in options.rows or ROWS:
            if name not in result["rows"]:
                rows = result["rows"] | {name: ROWS[name](kitchen) | describe_moment()}
                result["rows"] = {key: rows[key] for key in ROWS if key in rows}
                save(file, result | {"machine": describe_machine()})
                print(f"{seed}: {name} {rows[name]['scores']['balanced_accuracy']:.1%}", flush=True)
