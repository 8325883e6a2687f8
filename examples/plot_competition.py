"""
How does one run a competition of one's own?
============================================

Three files make one: labeled training images, unlabeled test images, and a holdout that the
organiser keeps. Participants read the first two with
:func:`~skquickdraw.datasets.load_competition`, and hand in a file of labels.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np

from skquickdraw import CNNClassifier, TransductiveClassifier
from skquickdraw.datasets import load_competition, make_ladder, make_sketches
from skquickdraw.inspection import ConfusedPairsDisplay
from skquickdraw.metrics import imbalance_report

folder = TemporaryDirectory()

# %%
# The organiser
# -------------
#
# :func:`~skquickdraw.datasets.make_ladder` cuts a balanced data set down, so that class after
# class has fewer images. The test set stays balanced, and the participants are told so. What they
# are not told are its labels.

X, y, classes = make_sketches(1000, 10, random_state=0, return_names=True)
X, y = make_ladder(X, y, n_max=100, n_min=10, profile="exponential", random_state=0)
X_test, secret = make_sketches(500, 10, random_state=1)
np.savez_compressed(
    Path(folder.name, "train.npz"), X=X.reshape(-1, 28, 28), y=y, classes=classes
)
np.savez_compressed(
    Path(folder.name, "unlabeled.npz"), X=X_test.reshape(-1, 28, 28), classes=classes
)

# %%
# A participant
# -------------
#
# The test set is known to be balanced, so the answers can be made so.

data = load_competition(folder.name)
print(dict(zip(data.target_names.tolist(), data.class_counts.tolist(), strict=True)))
network = CNNClassifier(width=0.25, max_epochs=24, batch_size=64, random_state=0)
clf = TransductiveClassifier(network).fit(data.data, data.target)
codes = clf.predict_transductive(data.unlabeled, class_prior="uniform")
submission = data.target_names[codes]
np.savetxt(Path(folder.name, "submission.csv"), submission, fmt="%s")

# %%
# The score
# ---------

handed_in = np.loadtxt(Path(folder.name, "submission.csv"), dtype=str)
folder.cleanup()
report = imbalance_report(classes[secret], handed_in, y_train=classes[y])
print({name: round(float(score), 3) for name, score in report.items()})

ConfusedPairsDisplay.from_predictions(classes[secret], handed_in, n_pairs=8)
plt.show()

# %%
# A network of seconds is a baseline at best. :doc:`/competition` says what reached more on a
# hundred classes of real drawings, and :doc:`/user_guide/recipes` holds it ready.
