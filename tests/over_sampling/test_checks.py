"""The check suites of imbalanced-learn and scikit-learn, with no failure expected."""

import pytest
from imblearn.utils.estimator_checks import estimator_checks_generator as imblearn_checks
from sklearn.utils.estimator_checks import estimator_checks_generator as sklearn_checks

from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.over_sampling import AugmentingOverSampler

SAMPLERS = [
    AugmentingOverSampler(random_state=0),
    AugmentingOverSampler(augmentation=None, random_state=0),
    AugmentingOverSampler(augmentation=AugmentationPolicy(elastic=1.0), random_state=0),
]


# Like parametrize_with_checks of both packages, but with lists: pytest warns of generators.
@pytest.mark.parametrize(
    ("sampler", "check"), [pair for sampler in SAMPLERS for pair in imblearn_checks(sampler)]
)
def test_imbalanced_learns_checks(sampler, check):
    check(sampler)


@pytest.mark.parametrize(("sampler", "check"), list(sklearn_checks(SAMPLERS[0])))
def test_scikit_learns_checks(sampler, check):
    check(sampler)
