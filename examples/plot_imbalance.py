"""
Over-sample, reweight, or correct the loss?
===========================================

X

"""

import matplotlib.pyplot as plt
from imblearn.pipeline import make_pipeline

from skquickdraw import AugmentingOverSampler, CNNClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.inspection import RecallByClassSizeDisplay
from skquickdraw.metrics import imbalance_report

X, y = make_sketches(480, 6, random_state=0)
X, y = make_ladder(X, y, n_max=80, n_min=5, profile="exponential", random_state=0)
X_test, y_test = make_sketches(400, 6, random_state=1)


# %%
# Five ways to train one network
# ------------------------------
#
# The over-sampler fills every class up to 80 images, so a pass is longer: it makes fewer of them,
# and all networks see as many images.


def make_models(n_passes):
    settings = {"width": 0.25, "batch_size": 48, "random_state": 0}
    network = CNNClassifier(max_epochs=n_passes, **settings)
    filled = CNNClassifier(loss="cross_entropy", max_epochs=n_passes * len(y) / 480, **settings)
    return {
        "no remedy": CNNClassifier(loss="cross_entropy", max_epochs=n_passes, **settings),
        "over-sampled": make_pipeline(AugmentingOverSampler(random_state=0), filled),
        "class_weight": CNNClassifier(class_weight="balanced", max_epochs=n_passes, **settings),
        "sampling": CNNClassifier(sampling="balanced", max_epochs=n_passes, **settings),
        "balanced softmax": network,
    }


# %%
# Few passes, and more
# --------------------

figure, axes = plt.subplots(1, 2, figsize=(10, 4.8), sharey=True, layout="constrained")
for ax, n_passes in zip(axes, (4, 24), strict=True):
    answers = {
        name: model.fit(X, y).predict(X_test) for name, model in make_models(n_passes).items()
    }
    print(f"{n_passes} passes")
    for name, y_pred in answers.items():
        report = imbalance_report(y_test, y_pred, y_train=y)
        print(f"  {name:18}", {key: round(float(score), 2) for key, score in report.items()})
    RecallByClassSizeDisplay.from_predictions(y_test, answers, y_train=y, ax=ax)
    ax.text(0.02, 0.98, f"{n_passes} passes", transform=ax.transAxes, va="top")
plt.show()
