"""
Can the probabilities of a network be trusted?
==============================================

Not always: the network in this example, which was trained for long on few images and without
augmentation, predicts probabilities that are too high. scikit-learn's
:class:`~sklearn.calibration.CalibratedClassifierCV` corrects them. For this, it needs images that
the network was not trained on. Its ``method="temperature"``, which is new in scikit-learn 1.8,
needs only few of them.

If one predicted class per image is not enough, the package MAPIE can compute a conformal set: a set
of classes that contains the true class with a probability that you choose. To install MAPIE, run
``pip install mapie``.
"""

import matplotlib.pyplot as plt
import numpy as np
from mapie.classification import SplitConformalClassifier
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
# Probabilities and correct predictions
# -------------------------------------
#
# Images are grouped by the probability of the predicted class. In each group, the share of correct
# predictions should be equal to this probability: the points should be on the dotted line.

figure, ax = plt.subplots(layout="constrained")
for name, model in {"not calibrated": network, "calibrated": calibrated}.items():
    proba = model.predict_proba(X_test)
    is_right = proba.argmax(axis=1) == y_test
    surest = proba.max(axis=1)
    print(
        f"{name:14} mean probability {surest.mean():.1%}, correct {is_right.mean():.1%}"
    )
    CalibrationDisplay.from_predictions(
        is_right,
        surest,
        n_bins=5,
        strategy="quantile",
        ref_line=False,
        name=name,
        ax=ax,
    )
ax.plot([0, 1], [0, 1], linestyle=":", color="0.5", label="perfectly calibrated")
ax.legend(loc="lower right")
ax.set(
    xlabel="probability of the predicted class", ylabel="share of correct predictions"
)
plt.show()

# %%
# Sets of classes
# ---------------
#
# MAPIE's ``SplitConformalClassifier`` accepts any fitted classifier. Its method ``conformalize``
# needs images that the network was not trained on. It finds a threshold such that for 90 % of these
# images, the network gives the true class at least this probability. The set of a new image
# consists of all classes with at least this probability. On average over all choices of the 500
# images, these sets contain the true class of 90 % of the new images, however good the network is.
# For a single choice of the images, the share can differ by a point or two. A better network has
# smaller sets.

conformal = SplitConformalClassifier(network, confidence_level=0.9)
conformal.conformalize(X_cal, y_cal)
_, sets = conformal.predict_set(X_test)  # bool (n, number of classes, 1)
is_covered = sets[np.arange(len(y_test)), y_test]
print(f"{is_covered.mean():.1%} of the sets contain the true class")
for size, n_sets in enumerate(np.bincount(sets.sum(axis=(1, 2)))):
    print(f"{n_sets:5} sets of {size}")

# %%
# If a network is right for more than 90 % of the images, some sets are empty, because no class has
# a probability above the threshold. With ``conformity_score="aps"``, MAPIE computes sets of another
# kind. They are never empty, but larger.
