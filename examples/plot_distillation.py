"""
Can one network learn what an ensemble knows?
=============================================

Yes: in this example, the network is as accurate as the ensemble that taught it. It needs the
predictions of the ensemble for many images, but only few labels. A
:class:`~skquickdraw.DistilledClassifier` trains a network on the probabilities that any other
classifier predicts.
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
# The ensemble consists of trees, nearest neighbours and a linear classifier. It was trained on
# 1,097 labels.

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
# The student learns from 40 labels, and from the predictions of the ensemble for all images. For
# comparison, the same network is trained on the 40 labels alone, for as many steps.

X_labeled, X_pool, y_labeled, _ = train_test_split(
    X, y, train_size=40, stratify=y, random_state=0
)
network = CNNClassifier(width=0.25, max_epochs=10, batch_size=64, random_state=0)
student = DistilledClassifier(FrozenEstimator(ensemble), network, random_state=0)
student.fit(X_labeled, y_labeled, X_unlabeled=X_pool)
alone = CNNClassifier(width=0.25, max_epochs=180, batch_size=64, random_state=0)
alone.fit(X_labeled, y_labeled)

# %%
# All classifiers are fitted already. So the folds only divide the test set into parts.

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
# :func:`~skquickdraw.persistence.to_onnx` can export the network to an ONNX file, but not this
# ensemble. The network gains less if it is trained on as many labels as the ensemble.
# :doc:`/user_guide/ensembles` says when distillation helps, and :doc:`/competition` shows the
# accuracy that it reached on real drawings.
