"""
How much does a known class balance help?
=========================================

In this example, it improves the accuracy by eight points. If you have a whole test set and know how
frequent each class is in it, as in many competitions, :class:`~skquickdraw.TransductiveClassifier`
corrects the predictions until the classes have these frequencies. Here, the training classes are
unequal and the test classes are equal. The network was trained with plain cross entropy, so it
expects the classes of the test set to be as unequal as those of the training set.

In the scores, ``head``, ``medium`` and ``tail`` are the mean recalls of the most frequent, the
middle and the rarest third of the classes. In the figure, each point is a class, and each line is
the mean over such a third.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skquickdraw import CNNClassifier, TransductiveClassifier
from skquickdraw.datasets import make_ladder
from skquickdraw.inspection import RecallByClassSizeDisplay
from skquickdraw.metrics import imbalance_report

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=700, stratify=y, random_state=0)
X, y = make_ladder(X, y, n_max=80, n_min=3, profile="exponential", random_state=0)

network = CNNClassifier(
    width=0.25, loss="cross_entropy", max_epochs=25, batch_size=64, random_state=0
)
clf = TransductiveClassifier(network).fit(X, y)
answers = {
    "predict": clf.predict(X_test),
    "predict_transductive": clf.predict_transductive(X_test, class_prior="uniform"),
}
for name, y_pred in answers.items():
    report = imbalance_report(y_test, y_pred, y_train=y)
    print(f"{name:22}", {key: round(float(score), 2) for key, score in report.items()})

RecallByClassSizeDisplay.from_predictions(y_test, answers, y_train=y)
plt.show()

# %%
# A wrong balance does harm
# -------------------------
#
# The predictions get the frequencies that you pass, whatever the images show. In this test set,
# half of the images are of the first two classes. If you say that the classes are equally frequent,
# the accuracy falls.

is_kept = (y_test < 2) | (np.arange(len(y_test)) % 4 == 0)
X_skewed, y_skewed = X_test[is_kept], y_test[is_kept]
true_shares = np.bincount(y_skewed) / len(y_skewed)
answers = {
    "predict": clf.predict(X_skewed),
    "called uniform": clf.predict_transductive(X_skewed, class_prior="uniform"),
    "true shares": clf.predict_transductive(X_skewed, class_prior=true_shares),
}
print(f"{np.mean(y_skewed < 2):.0%} of the images are of the first two classes")
for name, y_pred in answers.items():
    print(f"{name:22} accuracy {np.mean(y_pred == y_skewed):.1%}")

# %%
# The predictions of ``predict_transductive`` depend on one another, so report their scores
# separately from those of ``predict``. A network with the default loss already predicts as if all
# classes were equally frequent, so it gains less. For more, see :doc:`/user_guide/semi_supervised`.
