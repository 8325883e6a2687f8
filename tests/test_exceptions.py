"""Mistakes of users raise errors of this package, which have one base class."""

import traceback

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

import skquickdraw.exceptions
from skquickdraw import (
    AugmentingOverSampler,
    CNNClassifier,
    DeepFeatureExtractor,
    DistilledClassifier,
    ImageClassifier,
    MobileNetClassifier,
    NoisyStudentClassifier,
    PrototypeClassifier,
    RelationNetworkClassifier,
    ResNetClassifier,
    SeedEnsembleClassifier,
    SketchNormalizer,
    TopKReranker,
    TransductiveClassifier,
)
from skquickdraw._checks import raised_as
from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.datasets import make_ladder, make_sketches, rasterize
from skquickdraw.exceptions import (
    FitInterrupted,
    InvalidImagesError,
    InvalidParameterError,
    InvalidTargetsError,
    MissingDependencyError,
    SkquickdrawError,
)
from skquickdraw.losses import BalancedSoftmax
from skquickdraw.metrics import (
    frequency_groups,
    group_recall_score,
    imbalance_report,
    make_group_scorer,
    per_class_recall,
)
from skquickdraw.model_selection import LabeledStratifiedKFold, LabeledStratifiedShuffleSplit
from skquickdraw.recipes import BudgetedClassifier
from skquickdraw.semi_supervised import align_to_prior, assign_to_prior

X, y = make_sketches(60, 3, image_shape=(12, 12), random_state=0)
LINEAR = LogisticRegression(max_iter=5)
NETWORK = CNNClassifier(width=0.1, max_epochs=1, precision="float32", random_state=0)

# Each estimator, with a wrong value of one of its parameters.
ESTIMATORS = [
    (CNNClassifier(), {"width": 0}),
    (MobileNetClassifier(), {"lr": "fast"}),
    (ResNetClassifier(), {"augmentation": "none"}),
    (ResNetClassifier(), {"mixing": "none"}),
    (ImageClassifier(), {"network": "transformer"}),
    (SketchNormalizer(), {"polarity": "grey"}),
    (BudgetedClassifier([NETWORK]), {"minutes": 0}),
    (RelationNetworkClassifier(), {"n_way": 1}),
    (RelationNetworkClassifier(), {"augmentation": "none"}),
    (PrototypeClassifier(), {"metric": "manhattan"}),
    (TopKReranker(LINEAR, PrototypeClassifier()), {"k": 0}),
    (AugmentingOverSampler(), {"sampling_strategy": "majority"}),
    (AugmentingOverSampler(), {"sampling_strategy": {9: 100}}),
    (AugmentingOverSampler(), {"augmentation": "none"}),
    (NoisyStudentClassifier(LINEAR), {"n_iterations": -1}),
    (TransductiveClassifier(LINEAR), {"estimator": None}),
    (SeedEnsembleClassifier(LINEAR), {"n_estimators": 0}),
    (SeedEnsembleClassifier(LINEAR), {"estimator__C": -1.0}),  # of scikit-learn, checked here
    (DistilledClassifier(LINEAR, NETWORK), {"temperature": 0}),
    (DeepFeatureExtractor(NETWORK), {"cv": "many"}),
    (DeepFeatureExtractor(NETWORK), {"cv": 1}),
]


def name(value):
    return type(value).__name__ if hasattr(value, "get_params") else str(value)


def fit(estimator, X, y, **arguments):
    method = "fit_resample" if hasattr(estimator, "fit_resample") else "fit"
    return getattr(estimator, method)(X, y, **arguments)


@pytest.mark.parametrize(("estimator", "params"), ESTIMATORS, ids=name)
def test_parameters(estimator, params):
    with pytest.raises(InvalidParameterError):
        fit(clone(estimator).set_params(**params), X, y)


@pytest.mark.parametrize("estimator", [e for e, _ in ESTIMATORS], ids=name)
def test_parameters_that_are_not_there(estimator):
    with pytest.raises(InvalidParameterError, match=r"Invalid parameter 'colour' for estimator"):
        clone(estimator).set_params(colour=1)


@pytest.mark.parametrize("part", [AugmentationPolicy(), BalancedSoftmax()], ids=name)
def test_parameters_of_policies_and_losses_that_are_not_there(part):
    with pytest.raises(InvalidParameterError, match="Invalid parameter 'colour' for estimator"):
        clone(part).set_params(colour=1)


FITTED = {
    type(e).__name__: e
    for e in [
        NETWORK,
        RelationNetworkClassifier(width=0.1, n_episodes=1),
        PrototypeClassifier(),
        TopKReranker(LINEAR, PrototypeClassifier()),
        AugmentingOverSampler(),
        NoisyStudentClassifier(LINEAR, pseudo_labels="hard"),
        TransductiveClassifier(LINEAR),
        SeedEnsembleClassifier(LINEAR),
        DistilledClassifier(LINEAR, NETWORK),
        DeepFeatureExtractor(NETWORK),
    ]
}


def with_nan(X):
    X = X.astype(float)
    X[3, 3] = np.nan
    return X


NO_IMAGES = {
    "NaN": (with_nan, "NaN"),
    "one axis": (lambda X: X[0], "Expected 2D array, got 1D array instead"),
    "no rows": (lambda X: X[:0], "Found array with 0 sample"),
    "no columns": (lambda X: X[:, :0], "0 feature"),
    "text": (lambda X: np.full(X.shape, "ink"), "not compatible with arrays of bytes.strings"),
    "objects": (lambda X: np.full(X.shape, {}, object), "argument must be .* string.* number"),
    "complex": (lambda X: X + 1j, "Complex data not supported"),
    "ragged": (lambda X: [[1, 2], [3]], "inhomogeneous"),
    "None": (lambda X: None, "."),
}


@pytest.mark.parametrize("case", NO_IMAGES)
@pytest.mark.parametrize("estimator", FITTED.values(), ids=name)
def test_images_in_fit(estimator, case):
    change, message = NO_IMAGES[case]
    with pytest.raises(InvalidImagesError, match=message):
        fit(clone(estimator), change(X), y)


@pytest.mark.parametrize("case", NO_IMAGES)
@pytest.mark.parametrize("cls", [CNNClassifier, RelationNetworkClassifier, PrototypeClassifier])
def test_images_in_prediction(cls, case):
    change, message = NO_IMAGES[case]
    with pytest.raises(InvalidImagesError, match=message):
        clone(FITTED[cls.__name__]).fit(X, y).predict(change(X))


def test_sparse_images_are_a_type_error_too():
    with pytest.raises(InvalidImagesError, match="Sparse data was passed") as caught:
        clone(NETWORK).fit(sparse.csr_matrix(X), y)
    assert isinstance(caught.value, TypeError)


def test_columns_of_another_number():
    with pytest.raises(InvalidImagesError, match="X has 100 features, but CNNClassifier is exp"):
        clone(NETWORK).fit(X, y).predict(X[:, :100])


NO_TARGETS = {
    "too few": (y[:50], "inconsistent numbers of samples"),
    "a table": (np.column_stack([y, y]), "1d array|Unknown label type|multioutput|multilabel"),
    "fractions": (np.linspace(0, 1, 60), "Unknown label type"),
    "one class": (np.zeros(60, int), "class"),
}


@pytest.mark.parametrize("case", NO_TARGETS)
@pytest.mark.parametrize(
    "estimator",  # not those that leave the check of the classes to other estimators
    [e for e in FITTED.values() if not isinstance(e, TopKReranker | TransductiveClassifier)],
    ids=name,
)
def test_targets(estimator, case):
    targets, message = NO_TARGETS[case]
    with pytest.raises(InvalidTargetsError, match=message):
        fit(clone(estimator), X, targets)


def test_targets_that_are_missing():
    with pytest.raises(InvalidTargetsError, match="CNNClassifier requires y to be passed"):
        clone(NETWORK).fit(X, None)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(50), "sample_weight.shape == "),
        (np.full(60, np.nan), "sample_weight contains NaN"),
        (np.full(60, "heavy"), "could not convert"),
        (np.ones((60, 2)), "1D array or scalar"),
    ],
    ids=["short", "NaN", "text", "table"],
)
@pytest.mark.parametrize(
    "estimator",
    [
        NETWORK,
        PrototypeClassifier(),
        SeedEnsembleClassifier(NETWORK),
        NoisyStudentClassifier(LINEAR),
    ],
    ids=name,
)
def test_sample_weights(estimator, weights, message):
    with pytest.raises(InvalidTargetsError, match=message):
        clone(estimator).fit(X, y, sample_weight=weights)


def test_soft_targets():
    with pytest.raises(InvalidTargetsError, match="soft_targets contains NaN"):
        clone(NETWORK).fit(X, y, soft_targets=np.full((60, 3), np.nan))


def test_classes_of_two_kinds():
    with pytest.raises(InvalidTargetsError, match="of one kind, but they mix number and text"):
        clone(NETWORK).partial_fit(X, y, classes=np.array([0, "1", 2], object))


@pytest.mark.parametrize(
    ("error", "call", "message"),
    [
        (InvalidTargetsError, lambda: per_class_recall([0, 1], [0]), "inconsistent numbers"),
        (InvalidTargetsError, lambda: per_class_recall([0, 1], None), "requires y to be passed"),
        (InvalidTargetsError, lambda: per_class_recall([0], [0], labels=3), "1d array"),
        (
            InvalidTargetsError,
            lambda: group_recall_score([0, 1], [[0, 1], [1, 0]], class_counts=[3, 2, 1]),
            "y_pred should be a 1d array",
        ),
        (InvalidTargetsError, lambda: imbalance_report([0], [0, 1], y_train=y), "inconsistent"),
        (InvalidParameterError, lambda: frequency_groups(["a", "b"], 1), "could not convert"),
        (
            InvalidParameterError,
            lambda: frequency_groups([2, 1], "two"),
            "int between 1 and .*'two'",
        ),
        (
            InvalidParameterError,
            lambda: make_group_scorer("head", y_train=y, n_groups=2.5),
            "an int between 1 and 3, the number of classes .* got 2.5",
        ),
        (InvalidParameterError, lambda: make_sketches(9, 2, weights="ab"), "could not convert"),
        (InvalidParameterError, lambda: make_sketches(9, 2, random_state="x"), "cannot be used to"),
        (InvalidTargetsError, lambda: make_ladder(3, y), "Expected sequence or array-like"),
        (InvalidParameterError, lambda: rasterize(3), "a drawing must be a list of strokes"),
        (InvalidTargetsError, lambda: assign_to_prior([[np.nan, 1.0]]), "proba contains NaN"),
        (InvalidTargetsError, lambda: align_to_prior("rows"), "."),
        (
            InvalidParameterError,
            lambda: align_to_prior([[0.5, 0.5]], max_iter=0),
            "align_to_prior: max_iter must be an int of at least 1, got 0",
        ),
        (
            InvalidImagesError,
            lambda: AugmentationPolicy()(np.zeros((2, 1, 8, 8), np.float32)),
            "must be a torch tensor of shape .n, C, H, W., got ndarray",
        ),
        (InvalidParameterError, lambda: clone(NETWORK).set_params(device="mars").fit(X, y), "mars"),
    ],
)
def test_functions(error, call, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("splitter", "arguments", "error", "message"),
    [
        (
            LabeledStratifiedKFold(1),
            (X, y),
            InvalidParameterError,
            "LabeledStratifiedKFold: n_splits must be an int of at least 2, got 1",
        ),
        (LabeledStratifiedKFold("two"), (X, y), InvalidParameterError, "an int of .* got 'two'"),
        (
            LabeledStratifiedKFold(2, shuffle=True, random_state="x"),
            (X, y),
            InvalidParameterError,
            "cannot be used to seed",
        ),
        (LabeledStratifiedKFold(2), (X[:9], y), InvalidTargetsError, "inconsistent numbers"),
        (LabeledStratifiedKFold(2), (X, np.eye(60)), InvalidTargetsError, "1d array"),
        (
            LabeledStratifiedShuffleSplit(0),
            (X, y),
            InvalidParameterError,
            "LabeledStratifiedShuffleSplit: n_splits must be an int of at least 1, got 0",
        ),
        (LabeledStratifiedShuffleSplit(2), (X[:9], y), InvalidTargetsError, "inconsistent numbers"),
        (
            LabeledStratifiedShuffleSplit(2, random_state="x"),
            (X, y),
            InvalidParameterError,
            "cannot be used to seed",
        ),
    ],
    ids=str,
)
def test_splitters(splitter, arguments, error, message):
    with pytest.raises(error, match=message):
        list(splitter.split(*arguments))


def test_what_is_not_fitted_stays_scikit_learns_own():
    with pytest.raises(NotFittedError) as caught:
        clone(NETWORK).predict(X)
    assert not isinstance(caught.value, SkquickdrawError)
    with pytest.raises(NotFittedError), raised_as(InvalidImagesError):
        raise NotFittedError


def test_errors_of_ours_pass_unchanged():
    own = InvalidTargetsError("labels")
    with pytest.raises(InvalidTargetsError) as caught, raised_as(InvalidImagesError):
        raise own
    assert caught.value is own


def test_the_traceback_says_it_once():
    with pytest.raises(InvalidParameterError) as caught:
        clone(NETWORK).set_params(width=0).fit(X, y)
    text = "".join(traceback.format_exception(caught.value))
    assert text.count("The 'width' parameter of CNNClassifier must be") == 1
    assert "direct cause" not in text and "another exception" not in text


def test_every_error_is_one_of_the_tree_and_a_built_in_one():
    for error in set(skquickdraw.exceptions.__all__) - {"SkquickdrawError", "FitInterrupted"}:
        cls = getattr(skquickdraw.exceptions, error)
        assert issubclass(cls, SkquickdrawError)
        assert issubclass(cls, ValueError | OSError | ImportError | MemoryError), (
            f"{error} has to derive from one of these built-in errors too: users catch them already"
        )
    assert issubclass(FitInterrupted, KeyboardInterrupt)  # "except Exception" must not catch it
    assert issubclass(MissingDependencyError, ImportError)
    for cls in (InvalidImagesError, InvalidTargetsError, InvalidParameterError):
        assert issubclass(cls, ValueError) and issubclass(cls, TypeError)
