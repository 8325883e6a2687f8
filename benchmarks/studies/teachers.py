"""A network, its students, ensembles and other heads, with the same budget of training images.

In each row, all networks together are shown the same number of images, as nearly as whole epochs
allow. Two rows need more: the distilled network learns from a teacher that has used up the budget,
and the relation network is trained in addition to the network that it re-ranks. Settings were
chosen on drawings held out of the training set: those of LightGBM after it had diverged, all others
before the study.

Finished rows are kept in ``results/teachers.json``, members of ensembles in ``.cache/teachers``.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from time import process_time

import numpy as np
from common import LIGHT, ROOT, load_drawings, make_plain, measure_missing
from competition.measure import costs, score
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.frozen import FrozenEstimator
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
from skquickdraw.metrics import imbalance_report
from skquickdraw.semi_supervised import align_to_prior

RESULT = Path(__file__).parent / "results" / "teachers.json"
MEMORY = str(ROOT / ".cache" / "teachers")
IMAGES = 1_000_000  # the budget of each row
N_MEMBERS = 6
HELD_OUT = 0.1  # share of each class that is held out for the weights of the members
# Chosen on drawings held out of train.npz: a student larger than its teacher gained most there.
STUDENT = {"width": 0.5}
NAIVE = {"threshold": 0.4, "pseudo_labels": "hard", "n_iterations": 1}
PRIOR_AWARE = NAIVE | {"threshold": 0.0, "pseudo_labels": "soft", "class_prior": "uniform"}
EPISODES = {"n_episodes": 1000, "n_way": 20, "n_shot": 5, "n_query": 5}

SHARED = {"augmentation": LIGHT, "precision": "bfloat16"}
OWN = {"width": 0.35, "loss": "balanced_softmax", "batch_size": 256, "ema_decay": 0.999, "n_tta": 2}
NETWORK = make_plain(ResNetClassifier, **SHARED, **OWN)
FLAT = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=np.full(100, 0.01))
# With LightGBM's defaults, 1e-3 and 0, training diverges on a hundred classes of unequal weights.
LEAVES = {"num_leaves": 15, "min_sum_hessian_in_leaf": 1.0, "reg_lambda": 5.0}
LEAVES |= {"n_estimators": 60, "class_weight": "balanced", "n_jobs": 1, "verbose": -1}


@dataclass
class Kitchen:
    """The networks that the rows are made of; a network of several rows is trained only once."""

    data: object
    seed: int

    def network(self, share, n_rows=None, **params):
        """Return an unfitted network that uses a share of the budget."""
        epochs = max(1, round(IMAGES * share / (n_rows or len(self.data.target))))
        return clone(NETWORK).set_params(max_epochs=epochs, random_state=self.seed, **params)

    def fit(self, share, **params):
        return self.network(share, **params).fit(self.data.data, self.data.target)

    def vote(self, network, seed=0, **params):
        shared = {"memory": MEMORY, "random_state": self.seed + seed}
        return SeedEnsembleClassifier(network, N_MEMBERS, **shared, **params)

    def teach(self, kind, teacher, student, **params):
        made = kind(FrozenEstimator(teacher), student=student, random_state=self.seed, **params)
        return made.fit(self.data.data, self.data.target, X_unlabeled=self.data.unlabeled)

    @cached_property
    def n_all(self):
        return len(self.data.target) + len(self.data.unlabeled)

    @cached_property
    def single(self):
        return self.fit(1.0)

    @cached_property
    def teacher(self):
        return self.fit(0.5)

    @cached_property
    def members(self):
        """Six networks, fitted on nine tenths of the rows; the rest is for the members' weights."""
        network = self.network(1 / N_MEMBERS, round(len(self.data.target) * (1 - HELD_OUT)))
        vote = self.vote(network, weights="validation", validation_fraction=HELD_OUT)
        return vote.fit(self.data.data, self.data.target)

    @cached_property
    def six_teachers(self):
        vote = self.vote(self.network(0.5 / N_MEMBERS))
        return vote.fit(self.data.data, self.data.target)

    @cached_property
    def six_students(self):
        vote = self.vote(self.network(0.5 / N_MEMBERS, self.n_all, **STUDENT), seed=1)
        return self.teach(NoisyStudentClassifier, self.six_teachers, vote, **PRIOR_AWARE)

    def row(self, estimator, *, proba=None, seconds=0.0, more_images=0):
        """Return scores and costs; ``seconds`` and ``more_images`` add to those of the networks."""
        if proba is None:
            proba = estimator.predict_proba(self.data.holdout_data)
        found = costs(estimator)
        images, minutes = found["images"] + more_images, found["cpu_minutes"] + seconds / 60
        return score(proba, self.data) | {"images": images, "cpu_minutes": minutes}

    def fit_row(self, estimator, **more):
        """Fit an estimator that uses trained networks, and return its scores and costs."""
        started = process_time()
        estimator.fit(self.data.data, self.data.target)
        return self.row(estimator, seconds=process_time() - started, **more)

    def head(self, estimator):
        extractor = DeepFeatureExtractor(FrozenEstimator(self.single))
        return self.fit_row(make_pipeline(extractor, estimator))

    def judge(self, estimator, teacher, how):
        """Return a row, with the quality of the pseudo-labels of its teacher on the holdout.

        For this, the holdout joins the pool of unlabeled drawings. The student does not see it.
        """
        truth = self.data.holdout_target
        pools = self.data.holdout_data, self.data.unlabeled
        proba = np.concatenate([teacher.predict_proba(X) for X in pools])
        if "class_prior" in how:
            proba = align_to_prior(proba, how["class_prior"])
        selected = proba.max(axis=1) > how["threshold"]
        codes = np.where(selected, proba.argmax(axis=1), -1)[: len(truth)]
        recalls = imbalance_report(truth, codes, y_train=self.data.target)
        quality = {
            "accuracy": float((codes == truth)[codes >= 0].mean()),
            "selected": float((codes >= 0).mean()),
            "recall": recalls["balanced_accuracy"],
            "tail_recall": recalls["tail"],
        }
        return self.row(estimator) | {"pseudo_labels": quality}


def plain_teacher(kitchen):
    """A teacher without correction for imbalance; its pseudo-labels, without and with a prior."""
    network = kitchen.fit(0.5, loss="cross_entropy")
    naive, aware = (kitchen.judge(network, network, how) for how in (NAIVE, PRIOR_AWARE))
    return aware | {"naive_pseudo_labels": naive["pseudo_labels"]}


def noisy_student(kitchen, how):
    confidence = kitchen.teacher.predict_proba(kitchen.data.unlabeled).max(axis=1)
    n_rows = len(kitchen.data.target) + int((confidence > how["threshold"]).sum())
    student = kitchen.network(0.5, n_rows, **STUDENT)
    fitted = kitchen.teach(NoisyStudentClassifier, kitchen.teacher, student, **how)
    return kitchen.judge(fitted, kitchen.teacher, how)


def vote(kitchen):
    """The score of the members' mean probabilities, and the mean score of a member."""
    data, members = kitchen.data, kitchen.members.estimators_
    probas = [member.predict_proba(data.holdout_data) for member in members]
    alone = [score(proba, data)["scores"]["balanced_accuracy"] for proba in probas]
    row = kitchen.row(kitchen.members, proba=np.mean(probas, axis=0))
    return row | {"one_member": float(np.mean(alone))}


def distilled(kitchen):
    """One network that learns from the six noisy students; their training is counted too."""
    student = kitchen.network(0.5, kitchen.n_all)
    return kitchen.row(kitchen.teach(DistilledClassifier, kitchen.six_students, student))


def relation_reranking(kitchen):
    """The single network; a relation network re-ranks its five likeliest classes."""
    relation = RelationNetworkClassifier(**EPISODES, **SHARED, random_state=kitchen.seed)
    reranker = TopKReranker(FrozenEstimator(kitchen.single), relation, k=5)
    per_episode = EPISODES["n_way"] * (EPISODES["n_shot"] + EPISODES["n_query"])
    return kitchen.fit_row(reranker, more_images=EPISODES["n_episodes"] * per_episode)


ROWS = {
    "single network": lambda k: k.row(k.single),
    "teacher, half the budget": lambda k: k.judge(k.teacher, k.teacher, {"threshold": 0.0}),
    "teacher of cross entropy, half the budget": plain_teacher,
    "the student's network alone, half the budget": lambda k: k.row(k.fit(0.5, **STUDENT)),
    "+ noisy student, naive": lambda k: noisy_student(k, NAIVE),
    "+ noisy student, prior-aware": lambda k: noisy_student(k, PRIOR_AWARE),
    "vote of six": vote,
    "weighted vote of six": lambda k: k.row(k.members),
    "six noisy students": lambda k: k.judge(k.six_students, k.six_teachers, PRIOR_AWARE),
    "six noisy students, distilled": distilled,
    "LDA on features": lambda k: k.head(FLAT),
    "LightGBM on features": lambda k: k.head(LGBMClassifier(**LEAVES, random_state=k.seed)),
    "prototypes of features": lambda k: k.head(PrototypeClassifier()),
    "relation re-ranking": relation_reranking,
}


def measure(options):
    data = load_drawings(options.data / "quickdraw100")
    for seed in options.seeds or [0, 1]:
        kitchen = Kitchen(data, seed)
        measures = {name: partial(row, kitchen) for name, row in ROWS.items()}
        measure_missing(RESULT, seed, measures)
