"""
What do six seeds of one network gain?
======================================

Their mean makes fewer mistakes than one of them: networks that differ only by their seed make
different mistakes. A :class:`~skquickdraw.SeedEnsembleClassifier` trains and averages them.
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
# Equal votes, or learned ones?
# -----------------------------
#
# The mean of the probabilities has equal votes; scikit-learn's
# :class:`~sklearn.ensemble.VotingClassifier` of the same networks says the same.
# :class:`~sklearn.ensemble.StackingClassifier` learns from other images how far to trust whom. All
# are scored on the same folds of images that no network was trained on, and the stack learns from
# the other folds. The networks are frozen, so that nothing trains them again.

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
# The stack had 400 labels more than the vote, twice as many as the networks. Without labels to
# spare, take the vote: :doc:`/user_guide/ensembles` says more, and :doc:`/competition` what a vote
# gained on real drawings.
