"""
When does a noisy student help?
===============================

It helps if there are few labels. In this example, a :class:`~skquickdraw.NoisyStudentClassifier`
improves in each round if 20 images have a label, and hardly at all if 400 images have one. In each
round, the classifier of the previous round, the *teacher*, labels the unlabeled images. A new
classifier, the *student*, also learns from these labels, the *pseudo-labels*.

Any classifier can be the student. Here, it is a linear classifier, so that the example takes
seconds.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LearningCurveDisplay, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skquickdraw import NoisyStudentClassifier
from skquickdraw.inspection import PseudoLabelDisplay

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=600, stratify=y, random_state=0)
linear = make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=300))
student = NoisyStudentClassifier(
    linear,
    pseudo_labels="hard",
    threshold=0,
    class_prior="uniform",
    n_iterations=3,
    random_state=0,
)

# %%
# How does the gain depend on labels and rounds?
# ----------------------------------------------
#
# Of the 1,197 training images, some have a label, and the others have none. Each number of labels
# is tried with four random choices of the labeled images. All digits are about equally frequent,
# and ``class_prior`` says so.

sizes, n_draws = np.array([20, 40, 100, 400]), 4
scores = np.empty((4, len(sizes), n_draws))
for k, n_labels in enumerate(sizes):
    for seed in range(n_draws):
        X_labeled, X_pool, y_labeled, y_pool = train_test_split(
            X, y, train_size=n_labels, stratify=y, random_state=seed
        )
        student.fit(X_labeled, y_labeled, X_unlabeled=X_pool)
        rounds = [*student.teachers_, student.estimator_]
        scores[:, k, seed] = [clf.score(X_test, y_test) for clf in rounds]

figure, ax = plt.subplots(layout="constrained")
names = ["labels alone", "round 1", "round 2", "round 3"]
for name, own in zip(names, scores, strict=True):
    curve = LearningCurveDisplay(
        train_sizes=sizes, train_scores=own, test_scores=own, score_name="accuracy"
    )
    curve.plot(ax, score_type="test", std_display_style=None, line_kw={"marker": "o"})
    curve.lines_[0].set_label(name)
    print(f"{name:14}", own.mean(axis=1).round(3))
ax.set_xscale("log")
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.set_xlabel("labels")
ax.legend(loc="lower right")
plt.show()

# %%
# What it learned from
# --------------------
#
# The plots show, for each class and round, the number of pseudo-labels and how sure the teacher was
# of them. For the last round, they also show the share of correct pseudo-labels. There are 20 given
# labels. Because of the prior, each class has nearly the right number of pseudo-labels. But
# pseudo-labels with a high probability need not be correct. If the share of correct labels is below
# the probability, the teacher was too sure of its mistakes, and the student has learned them.

X_labeled, X_pool, y_labeled, y_pool = train_test_split(
    X, y, train_size=20, stratify=y, random_state=0
)
student.fit(X_labeled, y_labeled, X_unlabeled=X_pool)
PseudoLabelDisplay.from_estimator(student, y_pool)
plt.show()

# %%
# An example is too short for networks as students. On real drawings, the gain of a student depended
# on the network that it was compared with: see the measurements in :doc:`/benchmarks` and
# :doc:`/competition`. :doc:`/user_guide/semi_supervised` explains how to set noise, soft labels and
# priors.
