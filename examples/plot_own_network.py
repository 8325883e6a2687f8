"""
How does one bring a network and a loss of one's own?
=====================================================

Pass the class that builds the network to :class:`~skquickdraw.ImageClassifier`, and an object with
a method ``bind`` as its loss. All else stays the same: augmentation, early stopping, searches,
ensembles.
"""

import matplotlib.pyplot as plt
from sklearn.base import BaseEstimator
from torch import nn

from skquickdraw import ImageClassifier
from skquickdraw.datasets import make_sketches
from skquickdraw.inspection import TrainingHistoryDisplay

# %%
# The network
# -----------
#
# It is called with an image shape and a number of classes, and returns a module that maps images
# to logits. Options that it names, such as ``dropout``, are set by the classifier.


class SmallNetwork(nn.Sequential):
    def __init__(self, image_shape, n_classes, *, dropout=0.0):
        super().__init__(
            nn.Conv2d(image_shape[0], 24, 5, stride=2, padding=2),
            nn.BatchNorm2d(24),
            nn.ReLU(),
            nn.Conv2d(24, 48, 3, stride=2, padding=1),
            nn.BatchNorm2d(48),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.LazyLinear(n_classes),
        )


# %%
# The loss
# --------
#
# ``bind`` is told how often an epoch shows each class. It returns a module that maps logits and
# target probabilities to one loss for each row. This is the Brier score.


class BrierRows(nn.Module):
    def forward(self, logits, targets):
        return (logits.softmax(1) - targets).square().sum(1)


class Brier(BaseEstimator):
    def bind(self, class_counts):
        return BrierRows()


# %%
# Training
# --------

X, y = make_sketches(600, 8, random_state=0)
X_test, y_test = make_sketches(400, 8, random_state=1)
clf = ImageClassifier(
    network=SmallNetwork,
    loss=Brier(),
    dropout=0.1,
    max_epochs=14,
    batch_size=64,
    random_state=0,
)
clf.fit(X, y)
print(f"{clf.score(X_test, y_test):.1%} of {len(y_test)} other sketches are right")

TrainingHistoryDisplay.from_estimator(clf)
plt.show()

# %%
# :doc:`/user_guide/open_parts` says what augmentations, mixings and optimizers of your own have to
# be, and how such a model is saved.
