"""
Can another classifier do better on a network's features?
=========================================================

Yes, if the last layer of the network is biased, for example because the classes of the training set
are imbalanced. :class:`~skquickdraw.feature_extraction.DeepFeatureExtractor` computes the features
before the last layer, and you can train any estimator on them. This example does so with linear
discriminants, with LightGBM, and with a :class:`~skquickdraw.PrototypeClassifier`, which predicts
the class with the nearest mean (*class means*). The network was trained on imbalanced classes with
plain cross entropy.
"""

import matplotlib.pyplot as plt
import numpy as np
from lightgbm import LGBMClassifier
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skquickdraw import CNNClassifier, DeepFeatureExtractor, PrototypeClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.inspection import RecallByClassSizeDisplay
from skquickdraw.metrics import imbalance_report

X, y = make_sketches(960, 8, random_state=0)
X, y = make_ladder(X, y, n_max=120, n_min=6, profile="exponential", random_state=0)
X_test, y_test = make_sketches(600, 8, random_state=1)

network = CNNClassifier(
    width=0.25, loss="cross_entropy", max_epochs=24, batch_size=64, random_state=0
).fit(X, y)
features = DeepFeatureExtractor(FrozenEstimator(network))

# %%
# Several classifiers on the same features
# ----------------------------------------
#
# By default, linear discriminants assume that new images have the class shares of the training set,
# so you have to pass other ``priors``. Class means do not depend on the class shares. LightGBM
# needs class weights.
#
# In the scores, ``head``, ``medium`` and ``tail`` are the mean recalls of the most frequent, the
# middle and the rarest third of the classes. In the figure, each point is a class, and each line is
# the mean over such a third.

uniform = np.full(8, 1 / 8)
lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=uniform)
trees = LGBMClassifier(
    n_estimators=40, class_weight="balanced", n_jobs=1, verbose=-1, random_state=0
)
heads = {"LDA": lda, "class means": PrototypeClassifier(), "LightGBM": trees}
models = {"own last layer": network}
models |= {
    name: make_pipeline(features, head).fit(X, y) for name, head in heads.items()
}

answers = {name: model.predict(X_test) for name, model in models.items()}
for name, y_pred in answers.items():
    report = imbalance_report(y_test, y_pred, y_train=y)
    print(f"{name:16}", {key: round(float(score), 2) for key, score in report.items()})

RecallByClassSizeDisplay.from_predictions(y_test, answers, y_train=y)
plt.show()

# %%
# The scores are from one training of one small network. A network with the default loss corrects
# for imbalanced classes itself, so other estimators improve it less.
# :doc:`/user_guide/deep_features` compares several estimators on several data sets, and shows how
# to cross-fit features if a network has memorised its training images.
