"""
Can one network learn what an ensemble knows?
=============================================

Here all of it: the network is level with the ensemble that taught it. It needs the ensemble's
opinion of images, and few labels. A :class:`~skquickdraw.DistilledClassifier` teaches the
probabilities of any classifier to one network.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skquickdraw import CNNClassifier, DistilledClassifier
from skquickdraw.inspection import ComparisonDisplay
from skquickdraw.model_selection import compare

# %%
# The ensemble
# ------------
#
# It is made of trees, neighbours and a linear classifier, and has learned from 1,097 labels.

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=700, stratify=y, random_state=0)
linear = make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=1000))
members = [
    ("trees", ExtraTreesClassifier(random_state=0)),
    ("neighbours", KNeighborsClassifier(3)),
    ("linear", linear),
]
ensemble = VotingClassifier(members, voting="soft").fit(X, y)

# %%
# The student
# -----------
#
# It is told 40 labels, and what the ensemble thinks of all images. Beside it, the same network
# learns from the 40 labels alone, in as many steps.

X_labeled, X_pool, y_labeled, _ = train_test_split(
    X, y, train_size=40, stratify=y, random_state=0
)
network = CNNClassifier(width=0.25, max_epochs=10, batch_size=64, random_state=0)
student = DistilledClassifier(FrozenEstimator(ensemble), network, random_state=0)
student.fit(X_labeled, y_labeled, X_unlabeled=X_pool)
alone = CNNClassifier(width=0.25, max_epochs=180, batch_size=64, random_state=0)
alone.fit(X_labeled, y_labeled)

# %%
# All are fitted, so the folds only part the test set.

fitted = {
    "network, 40 labels alone": alone,
    "network, distilled": student,
    "ensemble": ensemble,
}
frozen = {name: FrozenEstimator(clf) for name, clf in fitted.items()}
comparison = compare(frozen, X_test, y_test, cv=5, scoring="accuracy")
print(comparison)
ComparisonDisplay(comparison).plot(kind="difference")
plt.show()

# %%
# The network can go where the ensemble cannot, such as into an ONNX file. Where network and
# ensemble have the same labels there is less to gain: :doc:`/user_guide/ensembles` says when
# distillation pays, and :doc:`/competition` what it reached on real drawings.
