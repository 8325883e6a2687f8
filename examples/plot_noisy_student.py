"""
When does a noisy student pay?
==============================

With few labels: a :class:`~skquickdraw.NoisyStudentClassifier` gains in each round here where 20
images have a label, and hardly anything where 400 have one. In each round the last classifier
labels the other images, and a new one learns from these labels too.

Any classifier can be the student. This one is linear, so that all of this takes seconds.
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
# Up to how many labels, and in how many rounds?
# ----------------------------------------------
#
# The others of the 1,197 training images have no label. Each number of labels is tried with four
# draws of them. The digits are as frequent as each other, and ``class_prior`` says so.

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
# For each class and round: how many pseudo-labels, how sure the teacher was of them, and how many
# of the last round were right, with 20 labels. The prior makes the numbers right. Sure is not
# right, though: where the share is below the probability, the student has come to believe its own
# mistakes.

X_labeled, X_pool, y_labeled, y_pool = train_test_split(
    X, y, train_size=20, stratify=y, random_state=0
)
student.fit(X_labeled, y_labeled, X_unlabeled=X_pool)
PseudoLabelDisplay.from_estimator(student, y_pool)
plt.show()

# %%
# Networks as students need more time than an example has. On real drawings it depended on what one
# compares with: :doc:`/benchmarks` and :doc:`/competition` have the measurements.
# :doc:`/user_guide/semi_supervised` says how noise, soft labels and priors are set.
