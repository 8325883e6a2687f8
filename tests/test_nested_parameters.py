"""Parameters of parts that are given by name: augmentation__rotation, loss__tau, mixing__alpha."""

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skquickdraw import (
    AugmentingOverSampler,
    CNNClassifier,
    ImageClassifier,
    RelationNetworkClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
)
from skquickdraw.augmentation import AugmentationPolicy, CutMix, MixUp, StrokeAugmentation
from skquickdraw.datasets import make_sketches
from skquickdraw.exceptions import InvalidParameterError
from skquickdraw.losses import LDAM, BalancedSoftmax, Focal

QUICK = {"width": 0.25, "max_epochs": 1, "precision": "float32", "random_state": 0}
WITH_AUGMENTATION = [CNNClassifier, ImageClassifier, ResNetClassifier, RelationNetworkClassifier]


@pytest.fixture(scope="module")
def sketches():
    return make_sketches(60, 3, image_shape=(12, 12), random_state=0)


@pytest.mark.parametrize("cls", [*WITH_AUGMENTATION, AugmentingOverSampler])
@pytest.mark.parametrize("name", ["sketch", "auto"])
def test_the_policy_takes_the_place_of_its_name(cls, name):
    estimator = cls(augmentation=name)
    assert estimator.set_params(augmentation__rotation=5) is estimator
    assert repr(estimator.augmentation) == repr(AugmentationPolicy(rotation=5))


@pytest.mark.parametrize(
    ("name", "key", "expected"),
    [
        ("balanced_softmax", {"loss__tau": 0.5}, BalancedSoftmax(0.5)),
        ("auto", {"loss__tau": 0.5}, BalancedSoftmax(0.5)),
        ("focal", {"loss__gamma": 1.0}, Focal(1.0)),
        ("ldam", {"loss__scale": 2.0, "loss__max_margin": 0.4}, LDAM(0.4, 2.0)),
    ],
)
def test_the_loss_takes_the_place_of_its_name(name, key, expected):
    assert repr(CNNClassifier(loss=name).set_params(**key).loss) == repr(expected)


@pytest.mark.parametrize(("name", "kind"), [("mixup", MixUp), ("cutmix", CutMix)])
def test_the_mixing_takes_the_place_of_its_name(name, kind):
    mixing = CNNClassifier(mixing=name).set_params(mixing__alpha=0.7).mixing
    assert type(mixing) is kind and mixing.alpha == 0.7


def test_an_object_is_kept():
    policy = StrokeAugmentation()
    clf = CNNClassifier(augmentation=policy).set_params(augmentation__jitter=1.5)
    assert clf.augmentation is policy and policy.jitter == 1.5


def test_the_policy_after_strokes_takes_the_place_of_its_name():
    clf = CNNClassifier(augmentation=StrokeAugmentation())
    clf.set_params(augmentation__then__rotation=5)
    assert repr(clf.augmentation.then) == repr(AugmentationPolicy(rotation=5))


def test_a_name_may_come_in_the_same_call():
    for order in (1, -1):
        params = dict([("augmentation", "sketch"), ("augmentation__shear", 2)][::order])
        assert CNNClassifier(augmentation=None).set_params(**params).augmentation.shear == 2


def test_names_stay_where_nothing_inside_is_set():
    clf = CNNClassifier(augmentation="sketch", loss="focal").set_params(lr=0.1)
    assert (clf.augmentation, clf.loss) == ("sketch", "focal")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"augmentation__rotation": 5},
            r"^CNNClassifier: augmentation__rotation can only be set on an object, but "
            r"augmentation=None is not an object, nor the name of one. "
            r"Set augmentation to AugmentationPolicy\(\) first",
        ),
        ({"mixing__alpha": 1.0}, r"mixing=None .* Set mixing to CutMix\(\) or MixUp\(\) first"),
        ({"augmentation": "photo", "augmentation__shear": 1}, "augmentation='photo' is not an ob"),
        ({"loss": "hinge", "loss__tau": 1}, r"loss='hinge' .* Set loss to BalancedSoftmax\(\) or "),
        ({"loss": "cross_entropy", "loss__tau": 1}, "Invalid parameter 'tau' for .*CrossEntropy"),
        ({"loss": "focal", "loss__tau": 1}, "Invalid parameter 'tau' .* are: .'gamma'"),
        ({"augmentation": "sketch", "augmentation__tilt": 5}, "Invalid parameter 'tilt' for"),
        ({"learning_rate": 5}, "Invalid parameter 'learning_rate' for estimator CNNClassifier"),
    ],
)
def test_what_cannot_be_set_is_a_clear_error(params, message):
    with pytest.raises(InvalidParameterError, match=message):
        CNNClassifier(augmentation=None, mixing=None).set_params(**params)


@pytest.mark.parametrize(
    "make",
    [
        lambda clf: (make_pipeline(FunctionTransformer(), clf), "cnnclassifier__"),
        lambda clf: (SeedEnsembleClassifier(clf, n_estimators=2), "estimator__"),
        lambda clf: (
            make_pipeline(SeedEnsembleClassifier(clf)),
            "seedensembleclassifier__estimator__",
        ),
    ],
)
def test_it_works_at_any_depth(make):
    outer, prefix = make(CNNClassifier(augmentation="sketch"))
    copy = clone(outer).set_params(**{f"{prefix}augmentation__rotation": 5})
    assert copy.get_params()[f"{prefix}augmentation__rotation"] == 5
    assert outer.get_params()[f"{prefix}augmentation"] == "sketch"  # only the clone has changed


def test_a_grid_search_reaches_what_a_name_stands_for(sketches):
    X, y = sketches
    clf = CNNClassifier(**QUICK, augmentation="sketch", loss="balanced_softmax")
    grid = {"cnnclassifier__augmentation__rotation": [0, 30], "cnnclassifier__loss__tau": [0.5]}
    search = GridSearchCV(make_pipeline(FunctionTransformer(), clf), grid, cv=2).fit(X, y)
    best = search.best_estimator_[-1]
    assert (
        best.augmentation.rotation == search.best_params_["cnnclassifier__augmentation__rotation"]
    )
    assert best.loss.tau == 0.5
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert clf.augmentation == "sketch"  # the given estimator is unchanged


def test_a_grid_search_reaches_the_policy_of_a_sampler(sketches):
    X, y = sketches
    pipeline = make_sampling_pipeline(AugmentingOverSampler(), LogisticRegression(max_iter=20))
    grid = {"augmentingoversampler__augmentation__rotation": [0, 30]}
    search = GridSearchCV(pipeline, grid, cv=2)
    with pytest.warns(match="lbfgs failed"):
        search.fit(X, y)
    assert isinstance(search.best_estimator_[0].augmentation, AugmentationPolicy)


def test_the_object_trains_as_its_name_does(sketches):
    X, y = sketches
    plain = CNNClassifier(**QUICK, augmentation="sketch", mixing="mixup", loss="balanced_softmax")
    spelled = clone(plain).set_params(augmentation__rotation=15.0, mixing__alpha=0.2, loss__tau=1.0)
    expected = plain.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(spelled.fit(X, y).predict_proba(X), expected)
