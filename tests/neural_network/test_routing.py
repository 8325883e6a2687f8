"""Weights and soft targets are routed through pipelines and cross-validation."""

import numpy as np
import pytest
import sklearn
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline as SamplingPipeline
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer


@pytest.fixture(autouse=True)
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


WEIGHTS = np.random.default_rng(0).integers(0, 3, 90)
SOFT = np.random.default_rng(0).dirichlet(np.ones(3), 90)


@pytest.mark.parametrize(
    "metadata",
    [
        {"sample_weight": WEIGHTS},
        {"soft_targets": SOFT},
        {"sample_weight": WEIGHTS, "soft_targets": SOFT},
    ],
    ids=list,
)
def test_a_pipeline_passes_what_was_requested(sketches, quick, metadata):
    X, y = sketches
    net = quick(max_epochs=2).set_fit_request(**dict.fromkeys(metadata, True))
    pipeline = Pipeline([("keep", FunctionTransformer()), ("net", net)])
    pipeline.fit(X, y, **metadata)
    direct = quick(max_epochs=2).fit(X, y, **metadata)
    np.testing.assert_array_equal(pipeline.predict_proba(X), direct.predict_proba(X))
    plain = quick(max_epochs=2).fit(X, y)
    assert not np.array_equal(pipeline.predict_proba(X), plain.predict_proba(X))


def test_validation_data_pass_too(sketches, quick):
    X, y = sketches
    net = quick().set_fit_request(X_val=True, y_val=True)
    pipeline = Pipeline([("keep", FunctionTransformer()), ("net", net)])
    pipeline.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    assert "valid_score" in pipeline["net"].history_[0]


def test_what_was_not_requested_is_refused(sketches, quick):
    pipeline = Pipeline([("net", quick())])
    with pytest.raises(ValueError, match=r"\[soft_targets\] are passed but are not explicitly set"):
        pipeline.fit(*sketches, soft_targets=SOFT)


def test_cross_validation_splits_soft_targets_with_the_rows(sketches, quick):
    X, y = sketches
    net = quick().set_fit_request(soft_targets=True, sample_weight=True)
    scores = cross_validate(
        net, X, y, cv=2, params={"soft_targets": np.eye(3)[y]}, error_score="raise"
    )["test_score"]
    hard = cross_validate(quick(), X, y, cv=2, error_score="raise")["test_score"]
    np.testing.assert_array_equal(scores, hard)


def test_a_search_over_a_pipeline_passes_weights(sketches, quick):
    X, y = sketches
    net = quick().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    search = GridSearchCV(
        Pipeline([("keep", FunctionTransformer()), ("net", net)]),
        {"net__label_smoothing": [0.0, 0.1]},
        cv=2,
        error_score="raise",
    ).fit(X, y, sample_weight=WEIGHTS)
    assert search.best_score_ > 0


def test_a_sampling_pipeline_works_under_routing(sketches, quick):
    X, y = sketches
    pipeline = SamplingPipeline([("over", RandomOverSampler(random_state=0)), ("net", quick())])
    assert pipeline.fit(X, y).predict(X).shape == (90,)
