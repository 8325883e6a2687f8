"""
What does a noisy student learn in each round?
==============================================

X
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skquickdraw import CNNClassifier, NoisyStudentClassifier
from skquickdraw.inspection import PseudoLabelDisplay

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=600, stratify=y, random_state=0)


# %%
# Few labels, and more
# --------------------
#
# All networks make 60 steps of 64 images, so teachers and students see as many. To be fair, a
# network that learns from the labels alone makes as many as the teacher and both students
# together.


def make_network(n_rows, n_steps=60, **settings):
    n_passes = n_steps * 64 / n_rows
    return CNNClassifier(width=0.25, max_epochs=n_passes, batch_size=64, random_state=0, **settings)


students = {}
for n_labels in (40, 400):
    X_labeled, X_pool, y_labeled, y_pool = train_test_split(
        X, y, train_size=n_labels, stratify=y, random_state=0
    )
    clf = NoisyStudentClassifier(
        make_network(n_labels),
        student=make_network(len(X), dropout=0.2),
        n_iterations=2,
        random_state=0,
    )
    clf.fit(X_labeled, y_labeled, X_unlabeled=X_pool)
    students[n_labels] = clf, y_pool
    alone = make_network(n_labels, n_steps=180).fit(X_labeled, y_labeled)

    print(f"{n_labels} labels")
    rounds = [*clf.teachers_, clf.estimator_]
    names = ["teacher", "student, round 1", "student, round 2"]
    for name, network in [*zip(names, rounds, strict=True), ("labels alone, 180 steps", alone)]:
        print(f"  {name:24} {network.score(X_test, y_test):.1%}")

# %%
# What it learned from
# --------------------

PseudoLabelDisplay.from_estimator(*students[40])
plt.show()
