"""
What do six seeds of one network gain?
======================================

The average of their predictions makes fewer mistakes than a single network, because networks that
differ only in their seed make different mistakes. A :class:`~skquickdraw.SeedEnsembleClassifier`
trains the networks and averages their probabilities.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skquickdraw import CNNClassifier, SeedEnsembleClassifier
from skquickdraw.inspection import ComparisonDisplay
from skquickdraw.model_selection import compare

X, y = load_digits(return_X_y=True)
X_train, X_rest, y_train, y_rest = train_test_split(
    X, y, train_size=200, stratify=y, random_state=0
)
network = CNNClassifier(width=0.25, max_epochs=12, batch_size=64)
ensemble = SeedEnsembleClassifier(network, n_estimators=6, random_state=0).fit(
    X_train, y_train
)

# %%
# Equal or learned weights?
# -------------------------
#
# In the average of the probabilities, all networks have the same weight. scikit-learn's
# :class:`~sklearn.ensemble.VotingClassifier` of the same networks predicts the same.
# :class:`~sklearn.ensemble.StackingClassifier` learns, from other images, how much to trust each
# network. All of them are scored on the same folds of images that no network was trained on. In
# each fold, the stack is trained on the other folds. The networks are frozen, so that they are not
# trained again.

members = [
    (f"seed {k}", FrozenEstimator(clf)) for k, clf in enumerate(ensemble.estimators_)
]
candidates = {
    "one network": members[0][1],
    "six seeds": FrozenEstimator(ensemble),
    "VotingClassifier": VotingClassifier(members, voting="soft"),
    "StackingClassifier": StackingClassifier(
        members, LogisticRegression(max_iter=1000), cv="prefit"
    ),
}
comparison = compare(candidates, X_rest[:600], y_rest[:600], cv=3, scoring="accuracy")
print(comparison)
ComparisonDisplay(comparison).plot()
plt.show()

# %%
# The stack had 400 more labels than the vote. The networks were trained on only 200. If you have no
# additional labels, use the vote. :doc:`/user_guide/ensembles` explains both, and
# :doc:`/competition` shows how much a vote gained on real drawings.
