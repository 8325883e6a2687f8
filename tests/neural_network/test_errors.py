"""Wrong parameters and data raise clear errors, before any training."""

import numpy as np
import pytest

from skquickdraw import CNNClassifier, MobileNetClassifier, ResNetClassifier
from skquickdraw.augmentation import AugmentationPolicy, MixUp
from skquickdraw.datasets import make_sketches
from skquickdraw.exceptions import (
    InvalidImagesError,
    InvalidParameterError,
    InvalidTargetsError,
    SkquickdrawError,
)
from skquickdraw.losses import LDAM, Focal


class NoPolicy:
    def __repr__(self):  # tests need the same name in every process
        return f"{type(self).__name__}()"

    def draw(self, *args):
        """Look like an augmentation policy."""

    def apply(self, *args):
        """Look like an augmentation policy."""


class NoLoss:
    def __repr__(self):  # tests need the same name in every process
        return f"{type(self).__name__}()"

    def bind(self, class_counts):
        """Look like a loss."""


PARAMETERS = [
    ({"loss": "hinge"}, "The 'loss' parameter of CNNClassifier"),
    (
        {"loss": NoLoss()},
        r"NoLoss.bind must return .* one loss for each row, of shape \(2,\), got None",
    ),
    ({"loss": Focal(-1)}, "Focal: gamma must be a finite number of at least 0, got -1"),
    ({"loss": LDAM(scale=0)}, "LDAM: scale must be a finite number above 0, got 0"),
    ({"lr_schedule": "linear"}, "The 'lr_schedule' parameter of CNNClassifier"),
    ({"augmentation": "photo"}, "The 'augmentation' parameter of CNNClassifier"),
    (
        {"augmentation": NoPolicy()},
        "NoPolicy.apply must return images of the shape .* got NoneType",
    ),
    ({"augmentation": AugmentationPolicy(rotation=-1)}, "rotation must be an angle in degrees"),
    ({"mixing": "blend"}, "The 'mixing' parameter of CNNClassifier"),
    ({"mixing": MixUp(alpha=0)}, "MixUp: alpha must be a finite number above 0, got 0"),
    ({"optimizer": "adam"}, "The 'optimizer' parameter of CNNClassifier"),
    ({"sampling": "all"}, "The 'sampling' parameter of CNNClassifier"),
    ({"sampling": 1.5}, "The 'sampling' parameter of CNNClassifier"),
    ({"class_weight": "fair"}, "The 'class_weight' parameter of CNNClassifier"),
    ({"precision": "float16"}, "The 'precision' parameter of CNNClassifier"),
    ({"device": "toaster"}, "device='toaster' cannot be used here.*Use device='auto'"),
    ({"batch_size": 1}, "The 'batch_size' parameter of CNNClassifier"),
    ({"batch_size": "large"}, "The 'batch_size' parameter of CNNClassifier"),
    ({"max_epochs": 0}, "The 'max_epochs' parameter of CNNClassifier"),
    ({"lr": 0.0}, "The 'lr' parameter of CNNClassifier"),
    ({"width": 0}, "The 'width' parameter of CNNClassifier"),
    ({"stem_stride": 3}, "The 'stem_stride' parameter of CNNClassifier"),
    ({"dropout": 1.0}, "The 'dropout' parameter of CNNClassifier"),
    ({"spatial_dropout": -0.1}, "The 'spatial_dropout' parameter of CNNClassifier"),
    ({"label_smoothing": 1.0}, "The 'label_smoothing' parameter of CNNClassifier"),
    ({"weight_decay": -1}, "The 'weight_decay' parameter of CNNClassifier"),
    ({"ema_decay": 1.0}, "The 'ema_decay' parameter of CNNClassifier"),
    ({"validation_fraction": 0.0}, "The 'validation_fraction' parameter of CNNClassifier"),
    ({"n_iter_no_change": 0}, "The 'n_iter_no_change' parameter of CNNClassifier"),
    ({"n_tta": 11}, "The 'n_tta' parameter of CNNClassifier"),
    ({"n_tta": 6}, "CNNClassifier: n_tta=6, but without horizontal flips .* only 5 views"),
    ({"image_shape": (12, 13)}, r"image_shape=\(1, 12, 13\) needs 156 pixels a row, but X has 144"),
    ({"stochastic_depth": 0.1}, "stochastic_depth must be 0, got 0.1"),
]


@pytest.mark.parametrize(("params", "message"), PARAMETERS, ids=str)
def test_a_parameter_that_cannot_be_used_is_refused(sketches, quick, params, message):
    clf = quick(**params)
    with pytest.raises(ValueError, match=message):
        clf.fit(*sketches)
    assert not hasattr(clf, "net_")


@pytest.mark.parametrize(("params", "message"), PARAMETERS, ids=str)
def test_partial_fit_refuses_the_same(sketches, quick, params, message):
    clf = quick(**params)
    with pytest.raises(ValueError, match=message):
        clf.partial_fit(*sketches)
    assert not hasattr(clf, "net_")


def with_pixel(X, value):
    X = X.astype(float)
    X[5, 7] = value
    return X


PICTURES = [
    (lambda X: with_pixel(X, np.nan), ValueError, "Input X contains NaN"),
    (lambda X: with_pixel(X, np.inf), ValueError, "Input X contains infinity"),
    (lambda X: with_pixel(X, -3), InvalidImagesError, "Negative values in data .* of -3"),
    (lambda X: with_pixel(X, 256), InvalidImagesError, "between 0 and 255, got a maximum of 256"),
    (lambda X: X[:, None, None].repeat(4, 1), InvalidImagesError, "A fourth channel, transpar"),
    (lambda X: X.reshape(-1, 2, 6, 12), InvalidImagesError, r"1 or 3 channels, got \(90, 2, 6, 12"),
    (lambda X: X[0], ValueError, "Expected 2D array, got 1D array instead"),
]


@pytest.mark.parametrize(("change", "error", "message"), PICTURES)
def test_what_is_no_picture_is_refused_in_fit(sketches, quick, change, error, message):
    clf = quick()
    with pytest.raises(error, match=message):
        clf.fit(change(sketches[0]), sketches[1])
    assert not hasattr(clf, "net_")


@pytest.mark.parametrize(("change", "error", "message"), PICTURES)
@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_and_in_prediction(sketches, quick, change, error, message, method):
    clf = quick().fit(*sketches)
    with pytest.raises(error, match=message):
        getattr(clf, method)(change(sketches[0]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[:, :100], "X has 100 features, but CNNClassifier is expecting 144"),
        (lambda X: X.reshape(-1, 9, 16), r"of shape \(1, 12, 12\) .*, got \(1, 9, 16\). Resize"),
        (lambda X: X[:60].reshape(-1, 3, 12, 12), "X has 432 features, but .* expecting 144"),
    ],
)
def test_pictures_of_another_shape_are_refused_in_prediction(sketches, quick, change, message):
    clf = quick().fit(*sketches)
    with pytest.raises(ValueError, match=message):
        clf.predict(change(sketches[0]))


def fit_arguments(X, y):
    return [
        (
            {"y": np.zeros(90, int)},
            "needs examples of at least two classes; y holds one class, .*0",
        ),
        ({"y": y[:80]}, "inconsistent numbers of samples"),
        ({"y": np.linspace(0, 1, 90)}, "Unknown label type"),
        ({"sample_weight": np.full(90, -1.0)}, "sample weights must be at least zero and not all"),
        ({"sample_weight": np.zeros(90)}, "not all zero|at least one non-zero"),
        ({"sample_weight": np.ones(80)}, "sample_weight.shape == "),
        ({"X_val": X}, "X_val and y_val go together; one is missing"),
        ({"y_val": y}, "X_val and y_val go together; one is missing"),
        ({"X_val": X, "y_val": y + 1}, r"not among the known classes: \[3\]"),
        ({"X_val": X[:, :100], "y_val": y}, "X has 100 features, but CNNClassifier is expecting"),
        ({"X_val": with_pixel(X, 255.5), "y_val": y}, "got a maximum of 255.5"),
        ({"soft_targets": np.full((90, 3), 0.5)}, "must sum to 1, but row .* sums to 1.5"),
        ({"soft_targets": np.full((90, 2), 0.5)}, r"= \(90, 3\), got \(90, 2\)"),
    ]


@pytest.mark.parametrize("case", range(13))
def test_arguments_that_do_not_fit_are_refused(sketches, quick, case):
    X, y = sketches
    arguments, message = fit_arguments(X, y)[case]
    clf = quick()
    with pytest.raises(ValueError, match=message):
        clf.fit(**{"X": X, "y": y, **arguments})
    assert not hasattr(clf, "net_")


def test_errors_are_the_packages_own_and_value_errors(sketches, quick):
    X, y = sketches
    for error, call in [
        (InvalidImagesError, lambda: quick().fit(X - 1.0, y)),
        (InvalidTargetsError, lambda: quick().fit(X, y * 0)),
        (InvalidParameterError, lambda: quick(device="toaster").fit(X, y)),
    ]:
        with pytest.raises(error) as caught:
            call()
        assert isinstance(caught.value, SkquickdrawError) and isinstance(caught.value, ValueError)


@pytest.mark.parametrize("cls", [MobileNetClassifier, ResNetClassifier, CNNClassifier])
def test_messages_name_the_classifier(sketches, quick, cls):
    with pytest.raises(InvalidTargetsError, match=f"^{cls.__name__}: X_val and y_val"):
        quick(cls).fit(*sketches, X_val=sketches[0])


def test_an_unfitted_classifier_says_so(sketches, quick):
    with pytest.raises(ValueError, match="This CNNClassifier instance is not fitted yet"):
        quick().predict(sketches[0])


def test_a_classifier_whose_fit_was_refused_is_not_fitted(sketches, quick):
    clf = quick()
    with pytest.raises(InvalidTargetsError, match="go together"):
        clf.fit(*sketches, X_val=sketches[0])
    with pytest.raises(ValueError, match="This CNNClassifier instance is not fitted yet"):
        clf.predict(sketches[0])


def test_a_refused_fit_leaves_the_previous_one_intact(sketches, quick):
    X, y = sketches
    clf = quick().fit(X, y)
    predicted = clf.predict(X)
    with pytest.raises(InvalidTargetsError, match="go together"):
        clf.fit(X, y + 10, X_val=X)
    np.testing.assert_array_equal(clf.predict(X), predicted)


def test_the_byte_order_does_not_matter(sketches, quick):
    X, y = sketches
    clf = quick().fit(X.astype(">f4"), y)
    np.testing.assert_array_equal(clf.predict(X.astype("<f4")), clf.predict(X.astype(">f4")))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda X, y: (X, y + 1), "y holds labels that are not among"),
        (lambda X, y: (X, y[1:]), "X and y have inconsistent numbers"),
        (lambda X, y: (X[:, :100], y), "X has 100 features"),
        (lambda X, y: (-1.0 * X, y), "Negative values"),
        (lambda X, y: (X / 255, y), "X must hold pixels on the scale"),
    ],
    ids=["label", "length", "width", "negative", "scale"],
)
def test_errors_of_validation_rows_name_them(change, match):
    X, y = make_sketches(30, 3, image_shape=(12, 12), random_state=0)
    X_val, y_val = change(X, y)
    start = "^CNNClassifier: invalid X_val or y_val, called X and y here: .*"
    with pytest.raises((InvalidImagesError, InvalidTargetsError), match=start + match):
        CNNClassifier().fit(X, y, X_val=X_val, y_val=y_val)
