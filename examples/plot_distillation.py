"""
Can one network learn what an ensemble knows?
=============================================

Nearly all of it: its score is within the error of the ensemble's here, and prediction is as cheap
as with one network. A :class:`~skquickdraw.DistilledClassifier` teaches the probabilities of the
ensemble to one network, on images without labels too.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skquickdraw import CNNClassifier, DistilledClassifier, SeedEnsembleClassifier
from skquickdraw.inspection import ComparisonDisplay
from skquickdraw.model_selection import compare

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=700, stratify=y, random_state=0)
X_train, X_pool, y_train, _ = train_test_split(X, y, train_size=100, stratify=y, random_state=0)

network = CNNClassifier(width=0.25, max_epochs=50, batch_size=64)
ensemble = SeedEnsembleClassifier(network, n_estimators=3, random_state=0).fit(X_train, y_train)

# %%
# The student
# -----------
#
# The student has 100 labels, as each network of its teacher had, and the teacher's opinion of 997
# other images. It makes as many steps as each of them: fewer passes, since there are more images.

student = CNNClassifier(width=0.25, max_epochs=6, batch_size=64, random_state=0)
distilled = DistilledClassifier(FrozenEstimator(ensemble), student, random_state=0)
distilled.fit(X_train, y_train, X_unlabeled=X_pool)

# %%
# All are fitted, so the folds only part the test set.

fitted = {
    "one network, labels alone": ensemble.estimators_[0],
    "one network, distilled": distilled,
    "its teacher, three networks": ensemble,
}
frozen = {name: FrozenEstimator(clf) for name, clf in fitted.items()}
comparison = compare(frozen, X_test, y_test, cv=5, scoring="accuracy")
print(comparison)
ComparisonDisplay(comparison).plot()
plt.show()

# %%
# One training of each, and all three are within a standard error or two: on so easy images an
# ensemble knows little more than one of its networks. :doc:`/user_guide/ensembles` says when
# distillation pays, and :doc:`/competition` what it reached on real drawings.
