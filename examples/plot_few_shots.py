"""
How does one learn new classes from one to five images?
=======================================================

Train a network on other classes. Then compute its features for the few images of each new class. An
image belongs to the class whose mean features are most similar to its own.
:class:`~skquickdraw.PrototypeClassifier` does this, without any training on the new classes. A
:class:`~skquickdraw.RelationNetworkClassifier` also learns how to compare images. Its method
``adapt`` returns a copy that predicts the new classes instead of the old ones. To predict old and
new classes together, pass images of all of them.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import LearningCurveDisplay

from skquickdraw import CNNClassifier, PrototypeClassifier, RelationNetworkClassifier
from skquickdraw.datasets import make_sketches

X, y = make_sketches(900, 20, random_state=0)
is_new = y >= 15
known = X[~is_new], y[~is_new]

network = CNNClassifier(width=0.25, max_epochs=10, batch_size=64, random_state=0).fit(
    *known
)
relation = RelationNetworkClassifier(
    width=0.25, n_way=5, n_shot=5, n_episodes=50, random_state=0
).fit(*known)


class Adapted(ClassifierMixin, BaseEstimator):
    """The relation network, with the classes that ``fit`` shows it."""

    def fit(self, X, y):
        self.adapted_ = relation.adapt(X, y)
        self.classes_ = self.adapted_.classes_
        return self

    def predict(self, X):
        return self.adapted_.predict(X)


# %%
# Five classes that no network has seen
# -------------------------------------
#
# Each fold draws at most five images of each new class, and predicts other images of these classes.
# The first five training images are one of each class, and the next five are another one of each
# class. So each point of a curve has equally many images of all classes. Guessing would be right
# for 20 % of the images.

X_new, y_new = X[is_new], y[is_new]
rng = np.random.RandomState(0)
folds = []
for _ in range(6):
    drawn = [
        rng.permutation(np.flatnonzero(y_new == label))[:20] for label in range(15, 20)
    ]
    drawn = np.transpose(drawn)
    folds.append((drawn[:5].ravel(), drawn[5:].ravel()))

candidates = {
    "class means of features": (PrototypeClassifier(), network.extract_features(X_new)),
    "relation network": (Adapted(), X_new),
    "class means of pixels": (PrototypeClassifier(), X_new),
}
figure, ax = plt.subplots(layout="constrained")
for name, (candidate, rows) in candidates.items():
    display = LearningCurveDisplay.from_estimator(
        candidate,
        rows,
        y_new,
        train_sizes=[5, 10, 15, 20, 25],
        cv=folds,
        score_type="test",
        score_name="accuracy",
        std_display_style=None,
        line_kw={"marker": "o"},
        ax=ax,
    )
    display.lines_[0].set_label(name)
ax.set(
    xlabel="training images, all five new classes together", xticks=[5, 10, 15, 20, 25]
)
ax.legend(loc="lower right")
plt.show()

# %%
# Each point is the mean of six folds. With few images of each class, both networks are better than
# the pixels. With five images of each class, these networks, which were trained for seconds, are as
# good as the pixels. :doc:`/user_guide/few_shot` has a comparison on 74 classes of real drawings,
# in which networks are much better than pixels. It also describes
# :class:`~skquickdraw.few_shot.TopKReranker`, in which a second classifier decides among the most
# probable classes of a first classifier.
