"""
Can another classifier do better on a network's features?
=========================================================

Yes, where the network's own last layer was misled, as by unequal classes.
:class:`~skquickdraw.feature_extraction.DeepFeatureExtractor` takes that layer off, and any
estimator can take its place. Here linear discriminants, class means and LightGBM do, on a network
that learned unequal classes by plain cross entropy.
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
# Heads
# -----
#
# Linear discriminants take the shares of the classes in the training set for granted, unless they
# are told otherwise. Class means know no shares. Trees need weights.

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
# One training of one small network. A network with the default loss corrects for unequal classes
# by itself, and leaves less to gain. :doc:`/user_guide/deep_features` compares heads over several
# data sets, with cross-fitting for networks that have memorised their training rows.
