"""
How does one bring a network and a loss of one's own?
=====================================================

Pass the class of your network to :class:`~skquickdraw.ImageClassifier`, and an object with a method
``bind`` as the loss. Everything else works as for the networks of the package: augmentation, early
stopping, searches and ensembles.
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
# The classifier calls the class with the shape of the images and the number of classes, and gets a
# module that maps images to logits, the class scores before the softmax. If the class also has
# parameters ``width``, ``stem_stride``, ``dropout``, ``spatial_dropout`` or ``stochastic_depth``,
# the classifier passes the values that you set.


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
# The classifier passes to ``bind`` the number of rows of each class in one pass over the training
# set. ``bind`` returns a module that maps logits and target probabilities to one loss value per
# row. The loss of this example is the Brier score.


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
print(
    f"{clf.score(X_test, y_test):.1%} of {len(y_test)} other sketches are classified correctly"
)

TrainingHistoryDisplay.from_estimator(clf)
plt.show()

# %%
# :doc:`/user_guide/open_parts` says how to write your own augmentations, mixings and optimizers,
# and how to save such a model.
