"""
Which labels are wrong?
=======================

Probably those labels that get a low probability from a network that was not trained on them.
:func:`~skquickdraw.model_selection.find_label_errors` cross-validates a classifier, and lists the
labels that are probably wrong, the most doubtful first.
"""

import matplotlib.pyplot as plt
import numpy as np

from skquickdraw import CNNClassifier
from skquickdraw.datasets import make_sketches
from skquickdraw.inspection import ImageSheetDisplay
from skquickdraw.model_selection import find_label_errors

X, y, names = make_sketches(480, 6, random_state=0, return_names=True)

# %%
# Thirty labels are exchanged for wrong ones
# ------------------------------------------

rng = np.random.RandomState(0)
is_wrong = np.zeros(len(y), dtype=bool)
is_wrong[rng.permutation(len(y))[:30]] = True
given = np.where(is_wrong, (y + rng.randint(1, 6, len(y))) % 6, y)

# %%
# Find the labels that networks contradict
# ----------------------------------------

network = CNNClassifier(width=0.25, max_epochs=14, batch_size=64, random_state=0)
found = find_label_errors(network, X, given, cv=3, random_state=0)
are_wrong = is_wrong[found.rows]
print(f"Wrong labels: {are_wrong[:10].sum()} of the 10 most doubtful ones,")
print(f"{are_wrong.sum()} of all {are_wrong.size} suspects, and 30 of all 480 labels")

# %%
# Look at the most doubtful ones
# ------------------------------
#
# Above each image, the first line is the prediction of the networks, with its probability. The
# second line is the label in the data. It starts with "true:", even if the label is wrong.

answers, sureness = names[found.proba.argmax(axis=1)], found.proba.max(axis=1)
sheet = ImageSheetDisplay.from_predictions(
    X, names[given], answers, y_proba=sureness, show=found.rows[:24]
)
plt.show()

# %%
# These labels are only suspected to be wrong, because networks make mistakes too. Look at each
# image before you correct its label. Never correct the labels of a test set by the predictions of
# the model that you score on it.
