"""
How does one run a competition of one's own?
============================================

A competition has labeled training images and unlabeled test images. Only the organiser has the
labels of the test images. Participants read the images with
:func:`~skquickdraw.datasets.load_competition`, and submit a file with labels for the test images.
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
# :func:`~skquickdraw.datasets.make_ladder` removes images from a balanced data set, so that each
# class has fewer images than the class before it. In the test set, all classes are equally
# frequent. The participants know this, but do not know the labels.

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
# The participant knows that all classes are equally frequent in the test set, and uses this in the
# predictions.

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
#
# ``head``, ``medium`` and ``tail`` are the mean recalls of the most frequent, the middle and the
# rarest third of the classes.

handed_in = np.loadtxt(Path(folder.name, "submission.csv"), dtype=str)
folder.cleanup()
report = imbalance_report(classes[secret], handed_in, y_train=classes[y])
print({name: round(float(score), 3) for name, score in report.items()})

ConfusedPairsDisplay.from_predictions(classes[secret], handed_in, n_pairs=8)
plt.show()

# %%
# A network that was trained for seconds is only a baseline. :doc:`/competition` shows which methods
# were more accurate on 100 classes of real drawings. They are available as
# :doc:`recipes </user_guide/recipes>`.
