"""
Which labels are wrong?
=======================

Those that a network which never saw them finds most unlikely.
:func:`~sklearn.model_selection.cross_val_predict` gives each image the probabilities of a network
that was trained without it; the surest contradictions are worth a look.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from skquickdraw import CNNClassifier
from skquickdraw.datasets import make_sketches
from skquickdraw.inspection import ImageSheetDisplay

X, y, names = make_sketches(480, 6, random_state=0, return_names=True)

# %%
# Thirty labels are exchanged for wrong ones
# ------------------------------------------

rng = np.random.RandomState(0)
is_wrong = np.zeros(len(y), dtype=bool)
is_wrong[rng.permutation(len(y))[:30]] = True
given = np.where(is_wrong, (y + rng.randint(1, 6, len(y))) % 6, y)

# %%
# Ask networks that did not see them
# ----------------------------------

network = CNNClassifier(width=0.25, max_epochs=14, batch_size=64, random_state=0)
folds = StratifiedKFold(3, shuffle=True, random_state=0)
proba = cross_val_predict(network, X, given, cv=folds, method="predict_proba")
doubt = proba.max(axis=1) - proba[np.arange(len(given)), given]
suspects = np.argsort(-doubt, kind="stable")[:30]
n_found = is_wrong[suspects].sum()
print(f"of the 30 most doubtful labels {n_found} are wrong, of all 480 only 30")

# %%
# Look at them
# ------------
#
# "True" is the label that stands in the data, and above it what the network takes the sketch for.

sheet = ImageSheetDisplay.from_predictions(
    X, names[given], names[proba.argmax(axis=1)], y_proba=proba.max(axis=1), n_images=24
)
plt.show()

# %%
# The sheet shows suspects, not culprits: a network errs too. Correct labels by hand, and never
# those of a test set by the model that is scored on it.
