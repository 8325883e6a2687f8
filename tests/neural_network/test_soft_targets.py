"""Training on class probabilities instead of labels."""

import numpy as np
import pytest

from skquickdraw.exceptions import InvalidTargetsError


@pytest.mark.parametrize(
    "params",
    [{}, {"sampling": "balanced"}, {"loss": "balanced_softmax", "class_weight": "balanced"}],
    ids=str,
)
def test_one_hot_targets_are_hard_labels(sketches, quick, params):
    X, y = sketches
    hard = quick(max_epochs=2, **params).fit(X, y)
    soft = quick(max_epochs=2, **params).fit(X, y, soft_targets=np.eye(3)[y])
    np.testing.assert_array_equal(hard.predict_proba(X), soft.predict_proba(X))


def test_columns_follow_the_sorted_classes(sketches, quick):
    X, y = sketches
    names = np.array(["zebra", "ant", "moth"])[y]  # sorted: ant 1, moth 2, zebra 0
    hard = quick(max_epochs=2).fit(X, names)
    soft = quick(max_epochs=2).fit(X, names, soft_targets=np.eye(3)[y][:, [1, 2, 0]])
    np.testing.assert_array_equal(hard.predict_proba(X), soft.predict_proba(X))


def test_a_teachers_distribution_is_learned(sketches, quick):
    X, y = sketches
    taught = np.array([0.5, 0.2, 0.3])
    clf = quick(max_epochs=12, label_smoothing=0.0, lr=0.005)
    clf.fit(X, y, soft_targets=np.tile(taught, (90, 1)))
    np.testing.assert_allclose(clf.predict_proba(X), np.tile(taught, (90, 1)), atol=0.1)
    # The smallest possible loss is the entropy of the targets.
    entropy = -(taught * np.log(taught)).sum()
    assert entropy - 1e-4 < clf.history_[-1]["train_loss"] < entropy + 0.05


def test_soft_targets_rule_over_labels(sketches, quick):
    X, y = sketches
    shifted = (y + 1) % 3
    clf = quick(max_epochs=10).fit(X, y, soft_targets=np.eye(3)[shifted])
    assert clf.score(X, shifted) > clf.score(X, y)


def test_weights_work_on_soft_targets_too(sketches, quick):
    X, y = sketches
    soft = np.random.default_rng(0).dirichlet(np.ones(3), 90)
    repeats = np.arange(90) % 3
    weighted = quick(max_epochs=2).fit(X, y, sample_weight=repeats, soft_targets=soft)
    repeated = quick(max_epochs=2).fit(
        np.repeat(X, repeats, 0), np.repeat(y, repeats), soft_targets=np.repeat(soft, repeats, 0)
    )
    np.testing.assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))


def test_validation_is_on_labels(sketches, quick):
    X, y = sketches
    clf = quick(max_epochs=2, early_stopping=True)
    clf.fit(X, y, soft_targets=np.random.default_rng(0).dirichlet(np.ones(3), 90))
    assert 0 <= clf.history_[-1]["valid_score"] <= 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p[:, :2], r"= \(90, 3\), got \(90, 2\).*olumns follow the sorted classes"),
        (lambda p: p[:50], r"= \(90, 3\), got \(50, 3\)"),
        (lambda p: p * 2, "each row of soft_targets must sum to 1, but row .* sums to 2"),
        (lambda p: p * [2, -1, 1], "soft_targets must not be negative, got -1"),
    ],
)
def test_other_targets_are_refused_before_any_training(sketches, quick, change, message):
    X, y = sketches
    clf = quick()
    with pytest.raises(InvalidTargetsError, match="CNNClassifier: .*" + message):
        clf.fit(X, y, soft_targets=change(np.eye(3)[y]))
    assert not hasattr(clf, "net_")
