"""
How does one search for regularisation without leaking?
=======================================================

Put the over-sampler into a pipeline of imbalanced-learn. Then each split is made among the original
images, and only the training part is over-sampled. So no copy of a validation image is in the
training part.

How much regularisation is best depends on the data. :class:`~sklearn.model_selection.GridSearchCV`
finds it, as for any other estimator. In this example, the classes are unequal: the largest has 24
images and the smallest 8.
"""

import matplotlib.pyplot as plt
import numpy as np
from imblearn.pipeline import Pipeline
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from skquickdraw import AugmentingOverSampler, CNNClassifier
from skquickdraw.datasets import make_ladder
from skquickdraw.inspection import ComparisonDisplay
from skquickdraw.model_selection import Comparison

X, y = load_digits(return_X_y=True)
X, y = make_ladder(X, y, n_max=24, n_min=8, profile="exponential", random_state=0)
network = CNNClassifier(width=0.25, max_epochs=9, batch_size=64, random_state=0)
model = Pipeline(
    [("fill", AugmentingOverSampler(random_state=0)), ("classify", network)]
)
search = GridSearchCV(
    model,
    {"classify__dropout": [0.0, 0.5], "classify__label_smoothing": [0.0, 0.1]},
    scoring="balanced_accuracy",
    cv=StratifiedKFold(3, shuffle=True, random_state=0),
    refit=False,
)
search.fit(X, y)
print(search.best_params_)

# %%
# How far apart are they?
# -----------------------
#
# The best parameters do not show how much better they are. Every combination was scored on the same
# three folds, so a :class:`~skquickdraw.model_selection.Comparison` can compare the scores fold by
# fold. The bars show one standard error on each side. With three folds, a difference of less than
# about four standard errors may be chance. Then use more folds or several seeds.

results = search.cv_results_
names = [
    ", ".join(f"{key.partition('__')[2]}={value}" for key, value in combination.items())
    for combination in results["params"]
]
scores = np.stack([results[f"split{fold}_test_score"] for fold in range(3)], axis=1)
comparison = Comparison(
    tuple(names),
    {"balanced_accuracy": scores},
    np.repeat(results["mean_fit_time"][:, None], 3, axis=1),
    test_ratio=1 / 2,
    uses_unlabeled=(False,) * len(names),
)
ComparisonDisplay(comparison).plot(kind="difference")
plt.show()
