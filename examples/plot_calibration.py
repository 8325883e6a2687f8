"""
Can the probabilities of a network be trusted?
==============================================

Not as they come: this network, trained for long on few images and without augmentation, is too
sure of itself. scikit-learn's :class:`~sklearn.calibration.CalibratedClassifierCV` corrects that
by images that the network has not seen: ``method="temperature"``, of scikit-learn 1.8, needs few
of them. Where one answer is not enough, conformal sets hold the true class about as often as one
asks for.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skquickdraw import CNNClassifier

X, y = load_digits(return_X_y=True)
X_train, X_rest, y_train, y_rest = train_test_split(
    X, y, train_size=100, stratify=y, random_state=0
)
X_cal, X_test, y_cal, y_test = train_test_split(
    X_rest, y_rest, train_size=500, stratify=y_rest, random_state=0
)
network = CNNClassifier(
    width=0.25, augmentation=None, max_epochs=60, batch_size=64, random_state=0
).fit(X_train, y_train)
calibrated = CalibratedClassifierCV(FrozenEstimator(network), method="temperature")
calibrated.fit(X_cal, y_cal)

# %%
# Sure, and right?
# ----------------
#
# Images are grouped by the probability of the answer. The share that is right should be as large,
# on the dotted line.

figure, ax = plt.subplots(layout="constrained")
for name, model in {"as it comes": network, "calibrated": calibrated}.items():
    proba = model.predict_proba(X_test)
    is_right = proba.argmax(axis=1) == y_test
    surest = proba.max(axis=1)
    print(f"{name:12} sure by {surest.mean():.1%}, right in {is_right.mean():.1%}")
    CalibrationDisplay.from_predictions(
        is_right,
        surest,
        n_bins=5,
        strategy="quantile",
        ref_line=False,
        name=name,
        ax=ax,
    )
ax.plot([0, 1], [0, 1], linestyle=":", color="0.5", label="as often as it says")
ax.legend(loc="lower right")
ax.set(xlabel="probability of the answer", ylabel="share of right answers")
plt.show()

# %%
# Sets of answers
# ---------------
#
# Split conformal prediction asks how improbable the true class may be: on images that the network
# was not fitted to, 90 % of the true classes have at least the probability ``threshold``. The set
# of a new image holds all classes that reach it. Over all draws of the 500 images that makes nine
# in ten, however good the network is, and one draw is off by a point or two. A better network has
# smaller sets.

proba = network.predict_proba(X_cal)[np.arange(len(y_cal)), y_cal]
threshold = np.sort(proba)[int(0.1 * (len(y_cal) + 1)) - 1]
sets = network.predict_proba(X_test) >= threshold
is_covered = sets[np.arange(len(y_test)), y_test]
print(f"{is_covered.mean():.1%} of the sets hold the true class")
for size, n_sets in enumerate(np.bincount(sets.sum(axis=1))):
    print(f"{n_sets:5} sets of {size}")

# %%
# A network that is right more often than is asked for has empty sets: then nothing reaches the
# threshold. The package MAPIE has conformal sets of other kinds; its classes take any fitted
# classifier.
