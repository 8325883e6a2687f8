"""
What is a known class balance worth?
====================================

Where a whole test set is at hand and its class balance is known, as in many competitions,
:class:`~skquickdraw.TransductiveClassifier` corrects the answers until they have that balance.
Here the training classes are unequal, the test classes equal, and the network learned by plain
cross entropy, which expects the test set to be as unequal.
"""

import matplotlib.pyplot as plt
import numpy as np

from skquickdraw import CNNClassifier, TransductiveClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.inspection import RecallByClassSizeDisplay
from skquickdraw.metrics import imbalance_report

X, y = make_sketches(960, 8, random_state=0)
X, y = make_ladder(X, y, n_max=120, n_min=6, profile="exponential", random_state=0)
X_test, y_test = make_sketches(600, 8, random_state=1)

network = CNNClassifier(
    width=0.25, loss="cross_entropy", max_epochs=24, batch_size=64, random_state=0
)
clf = TransductiveClassifier(network).fit(X, y)
answers = {
    "predict": clf.predict(X_test),
    "predict_transductive": clf.predict_transductive(X_test, class_prior="uniform"),
}
for name, y_pred in answers.items():
    report = imbalance_report(y_test, y_pred, y_train=y)
    print(f"{name:22}", {key: round(float(score), 2) for key, score in report.items()})

RecallByClassSizeDisplay.from_predictions(y_test, answers, y_train=y)
plt.show()

# %%
# A wrong balance does harm
# -------------------------
#
# The balance is met whatever the images show. Of this test set, half of the images are of the
# first two classes. To call it uniform costs accuracy; its true shares gain.

is_kept = (y_test < 2) | (np.arange(len(y_test)) % 3 == 0)
X_skewed, y_skewed = X_test[is_kept], y_test[is_kept]
true_shares = np.bincount(y_skewed) / len(y_skewed)
answers = {
    "predict": clf.predict(X_skewed),
    "called uniform": clf.predict_transductive(X_skewed, class_prior="uniform"),
    "true shares": clf.predict_transductive(X_skewed, class_prior=true_shares),
}
print(f"{np.mean(y_skewed < 2):.0%} of the images are of the first two classes")
for name, y_pred in answers.items():
    print(f"{name:22} accuracy {np.mean(y_pred == y_skewed):.1%}")

# %%
# Such predictions depend on one another: report them apart from those of ``predict``. A network
# with the default loss expects equal classes already, and gains less.
# :doc:`/user_guide/semi_supervised` says more.
