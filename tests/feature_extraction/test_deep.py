"""DeepFeatureExtractor: the features of which network, through which wrappers, and its errors."""

import pickle
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator

from skquickdraw import CNNClassifier, DeepFeatureExtractor, PrototypeClassifier
from skquickdraw.exceptions import (
    InvalidImagesError,
    InvalidParameterError,
    InvalidTargetsError,
)

CHECKS = [
    pytest.param(estimator, check, id=check.func.__name__)
    for estimator, check in estimator_checks_generator(
        DeepFeatureExtractor(CNNClassifier(width=0.25, max_epochs=1), random_state=0)
    )
]


@pytest.mark.filterwarnings("default")  # the suite provokes warnings on purpose
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learn_check(estimator, check):
    check(estimator)


class Recorder(BaseEstimator):
    """A network whose feature shows, for rows it was not trained on, how many it was trained on."""

    def fit(self, X, y):
        self.rows_ = set(map(bytes, X))
        return self

    def extract_features(self, X, layer="penultimate"):
        is_new = [bytes(row) not in self.rows_ for row in X]
        return (X.mean(axis=1) + 1000.0 * len(self.rows_) * np.array(is_new))[:, None]


class Weigher(Recorder):
    """A network that checks that each row comes with its own weight."""

    def fit(self, X, y, sample_weight):
        np.testing.assert_array_equal(sample_weight, X.mean(axis=1))
        return super().fit(X, y)


@pytest.mark.parametrize("layer", ["penultimate", "logits", "stages.1"])
def test_features_are_those_of_the_fitted_network(sketches, network, layer):
    X, y = sketches
    extractor = DeepFeatureExtractor(network, layer=layer, random_state=0).fit(X, y)
    features = extractor.transform(X)
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, extractor.estimator_.extract_features(X, layer=layer))


def logits_of(extractor, features):
    """Return the output of the last layer for these inputs."""
    net = extractor.estimator_.net_
    rows = torch.as_tensor(features, device=net.device)
    return net.module_.head.classify(rows).detach().cpu().numpy()


def test_it_is_the_input_of_the_last_layer(sketches, network):
    X, y = sketches
    extractor = DeepFeatureExtractor(network, random_state=0)
    features = extractor.fit_transform(X, y)
    logits = logits_of(extractor, features)
    np.testing.assert_allclose(logits, extractor.estimator_.decision_function(X), atol=1e-5)


def test_stacks_are_read_like_rows(sketches, network):
    X, y = sketches
    extractor = DeepFeatureExtractor(network, random_state=0)
    flat = extractor.fit_transform(X, y)
    stacked = extractor.fit(X.reshape(-1, 12, 12), y).transform(X.reshape(-1, 12, 12))
    np.testing.assert_array_equal(stacked, flat)


def test_the_seed_decides(sketches, network):
    first, again, other = (
        DeepFeatureExtractor(network, random_state=seed).fit_transform(*sketches)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_copies_transform_alike(sketches, network):
    X, y = sketches
    extractor = DeepFeatureExtractor(network, random_state=0).fit(X, y)
    for copy in (pickle.loads(pickle.dumps(extractor)), deepcopy(extractor)):
        np.testing.assert_array_equal(copy.transform(X), extractor.transform(X))
    with pytest.raises(NotFittedError):
        clone(extractor).transform(X)


def test_global_state_stays(sketches, network):
    before = np.random.get_state()[1].copy(), torch.get_rng_state()
    DeepFeatureExtractor(network, cv=2, random_state=0).fit_transform(*sketches)
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])
    assert torch.equal(torch.get_rng_state(), before[1])


@pytest.mark.parametrize("cv", [None, 2])
def test_columns_have_names_in_a_frame(sketches, network, cv):
    X, y = sketches
    frame = pd.DataFrame(X, index=range(5, 95)).add_prefix("pixel")
    extractor = DeepFeatureExtractor(network, layer="logits", cv=cv, random_state=0)
    result = extractor.set_output(transform="pandas").fit_transform(frame, y)
    names = [f"deepfeatureextractor{i}" for i in range(3)]
    assert result.columns.tolist() == names == extractor.get_feature_names_out().tolist()
    assert result.index.tolist() == list(range(5, 95))
    assert extractor.transform(frame[:2]).columns.tolist() == names


WRAPS = {
    "bare": lambda network: network,
    "frozen": FrozenEstimator,
    "in a pipeline": lambda network: make_pipeline(FunctionTransformer(np.negative), network),
    "frozen in a pipeline": lambda network: make_pipeline("passthrough", FrozenEstimator(network)),
}


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=list(WRAPS))
def test_names_follow_a_layer_that_is_set_after_fit(sketches, network, wrap):
    X, y = sketches
    wrapped = wrap(clone(network).fit(X, y))
    extractor = DeepFeatureExtractor(wrapped, random_state=0).set_output(transform="pandas")
    extractor.fit(X, y)
    for layer in ("logits", "penultimate", "stages.1"):
        frame = extractor.set_params(layer=layer).transform(X[:3])
        own = clone(extractor).fit(X, y)
        assert frame.columns.tolist() == own.get_feature_names_out().tolist()
        assert frame.columns.tolist() == extractor.get_feature_names_out().tolist()
    with pytest.raises(InvalidParameterError, match="has no layer 'x'"):
        extractor.set_params(layer="x").get_feature_names_out()
    with pytest.raises(NotFittedError):
        clone(extractor).get_feature_names_out()


def test_memory_keeps_networks_across_layers(tmp_path, sketches, network):
    extractor = DeepFeatureExtractor(network, memory=str(tmp_path), random_state=0)
    logits = clone(extractor).set_params(layer="logits").fit_transform(*sketches)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("output.pkl")}
    assert len(kept) == 1
    features = extractor.fit_transform(*sketches)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("output.pkl")} == kept
    np.testing.assert_allclose(logits_of(extractor, features), logits, atol=1e-5)


def test_memory_that_no_later_fit_finds_gives_a_warning(tmp_path, sketches, network):
    extractor = DeepFeatureExtractor(network, memory=str(tmp_path))
    with pytest.warns(UserWarning, match="Extractor: memory stores fits, but random_") as found:
        extractor.fit(*sketches)
    assert found[0].filename == __file__
    frozen = FrozenEstimator(extractor.estimator_)  # is not fitted, and found without a seed
    extractor.set_params(estimator=frozen).fit(*sketches)


def test_weights_reach_the_network(sketches, network):
    X, y = sketches
    weights = (np.arange(len(y)) % 2).astype(float)
    extractor = DeepFeatureExtractor(network, random_state=0)
    half = extractor.fit(X, y, sample_weight=weights).transform(X)
    np.testing.assert_array_equal(half, extractor.fit(X[1::2], y[1::2]).transform(X))


# Frozen estimators and pipelines


def test_a_frozen_network_is_not_fitted(sketches, network):
    X, y = sketches
    network.set_params(random_state=0).fit(X, y)
    expected = network.extract_features(X)
    extractor = DeepFeatureExtractor(FrozenEstimator(network))
    np.testing.assert_array_equal(extractor.fit_transform(X[:3]), expected[:3])
    np.testing.assert_array_equal(clone(extractor).fit(X[:3], y[:3]).transform(X), expected)


def test_a_frozen_network_sees_the_names_it_was_fitted_with(sketches, network):
    frame = pd.DataFrame(sketches[0]).add_prefix("pixel")
    network.fit(frame, sketches[1])
    extractor = DeepFeatureExtractor(FrozenEstimator(network)).fit(frame)
    np.testing.assert_array_equal(extractor.transform(frame), network.extract_features(frame))


def test_a_frozen_network_must_be_fitted(sketches, network):
    with pytest.raises(NotFittedError):
        DeepFeatureExtractor(FrozenEstimator(network)).fit(*sketches)


def invert(X):
    return 255 - X


@pytest.mark.parametrize("wrap", [lambda model: model, FrozenEstimator], ids=["plain", "frozen"])
def test_a_pipeline_transforms_before_its_network(sketches, network, wrap):
    X, y = sketches
    network.set_params(random_state=0)
    model = make_imblearn_pipeline(
        FunctionTransformer(invert), "passthrough", RandomOverSampler(random_state=0), network
    )
    extractor = DeepFeatureExtractor(wrap(model.fit(X, y)), random_state=0).fit(X, y)
    inside = getattr(extractor.estimator_, "estimator", extractor.estimator_)[-1]
    np.testing.assert_array_equal(extractor.transform(X), inside.extract_features(255 - X))


# Cross-fitting


def test_rows_get_features_of_a_network_that_left_them_out(sketches):
    X, y = sketches
    folds = [(np.arange(30, 90), np.arange(20)), (np.r_[:20, 35:90], np.arange(20, 30))]
    extractor = DeepFeatureExtractor(Recorder(), cv=folds)
    # The networks agree on training rows, so the alignment changes nothing.
    told = extractor.fit_transform(X, y)[:, 0] - X.mean(axis=1)
    np.testing.assert_allclose(told, 1000.0 * np.repeat([60, 75, 0], [20, 10, 60]), atol=0.1)
    np.testing.assert_allclose(extractor.transform(X)[:, 0], X.mean(axis=1), rtol=1e-6)


class Memoriser(BaseEstimator):
    """A network whose feature of a row is its label if it was trained on the row, else 0."""

    def fit(self, X, y):
        self.labels_ = dict(zip(map(bytes, X), y, strict=True))
        return self

    def extract_features(self, X, layer="penultimate"):
        told = [[self.labels_.get(bytes(row), 0), 1] for row in X]
        return np.asarray(told, dtype=np.float32)


@pytest.fixture
def numbered():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (40, 64), dtype=np.uint8), np.tile([-5.0, 5.0], 20).astype(int)


def test_labels_do_not_leak_into_the_features_of_their_rows(numbered):
    X, y = numbered
    naive = DeepFeatureExtractor(Memoriser()).fit_transform(X, y)
    crossed = DeepFeatureExtractor(Memoriser(), cv=4, random_state=0).fit_transform(X, y)
    np.testing.assert_array_equal(naive[:, 0], y)
    np.testing.assert_allclose(crossed[:, 0], 0, atol=1e-5)


def test_a_class_with_one_row_is_always_trained_on(numbered):
    X, y = numbered[0], numbered[1].copy()
    y[7] = 9
    extractor = DeepFeatureExtractor(Memoriser(), cv=4, random_state=0)
    with pytest.warns(UserWarning, match="fewer labeled rows than n_splits"):
        crossed = extractor.fit_transform(X, y)
    np.testing.assert_allclose(crossed[7], [9, 1])  # from the network of all rows


def test_transform_always_uses_the_network_of_all_rows(sketches, network):
    X, y = sketches
    plain = DeepFeatureExtractor(network, random_state=0).fit(X, y)
    crossed = DeepFeatureExtractor(network, cv=3, random_state=0)
    features = crossed.fit_transform(X, y)
    np.testing.assert_array_equal(crossed.transform(X), plain.transform(X))
    np.testing.assert_array_equal(crossed.fit(X, y).transform(X), plain.transform(X))
    assert features.dtype == np.float32 and features.shape == (90, 64)
    assert not np.allclose(features, plain.transform(X))


def test_networks_fitted_at_once_are_the_same(sketches, network):
    extractor = DeepFeatureExtractor(network, cv=2, random_state=0)
    alone = extractor.fit_transform(*sketches)
    np.testing.assert_allclose(extractor.set_params(n_jobs=2).fit_transform(*sketches), alone)


def test_folds_have_their_part_of_the_weights(sketches):
    X, y = sketches
    extractor = DeepFeatureExtractor(Weigher(), cv=[(np.arange(50, 90), np.arange(50))])
    told = extractor.fit_transform(X, y, sample_weight=X.mean(axis=1))
    assert (told > 1000).sum() == 50


# Heads


@pytest.mark.parametrize(("cv", "n_jobs"), [(None, 2), (2, 1)])
def test_discriminants_search_over_layers(sketches, network, cv, n_jobs):
    model = make_pipeline(
        DeepFeatureExtractor(network, cv=cv, random_state=0),
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[1 / 3] * 3),
    )
    grid = {
        "deepfeatureextractor__layer": ["penultimate", "logits"],
        "deepfeatureextractor__estimator__max_epochs": [1],
    }
    search = GridSearchCV(model, grid, cv=2, n_jobs=n_jobs, error_score="raise").fit(*sketches)
    assert search.best_estimator_[0].estimator_.n_epochs_ == 1
    assert set(search.predict(sketches[0])) <= set(sketches[1])


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_boosting_searches_over_networks(sketches, network, n_jobs):
    extractor = DeepFeatureExtractor(network, random_state=0)
    model = make_pipeline(
        extractor.set_output(transform="pandas"),
        LGBMClassifier(n_jobs=1, verbose=-1, n_estimators=5),
    )
    grid = {"deepfeatureextractor__cv": [None, 2]}
    search = GridSearchCV(model, grid, cv=2, n_jobs=n_jobs, error_score="raise").fit(*sketches)
    assert search.score(*sketches) > 0.6


def test_prototypes_are_made_of_deep_features(sketches, network):
    model = make_pipeline(DeepFeatureExtractor(network, random_state=0), PrototypeClassifier())
    assert model.fit(*sketches)[-1].prototypes_.shape == (3, 64)


# Errors


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        FrozenEstimator(LogisticRegression()),
        make_pipeline(FunctionTransformer(invert), LogisticRegression()),
        GridSearchCV(CNNClassifier(), {}),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_an_estimator_without_features_is_refused(sketches, estimator):
    message = r"(?s)needs an estimator with extract_features.*FrozenEstimator\(fitted.estimator_\)"
    with pytest.raises(InvalidParameterError, match=message):
        DeepFeatureExtractor(estimator).fit(*sketches)


@pytest.mark.parametrize("wrap", [lambda model: model, make_pipeline], ids=["plain", "pipeline"])
def test_a_frozen_network_cannot_be_cross_fitted(sketches, network, wrap):
    frozen = wrap(FrozenEstimator(network.fit(*sketches)))
    with pytest.raises(InvalidParameterError, match="cv=3 fits .* a frozen estimator is never"):
        DeepFeatureExtractor(frozen, cv=3).fit(*sketches)


def test_a_fold_must_train_on_every_class(sketches, network):
    X, y = sketches
    order = np.argsort(y)
    with pytest.raises(InvalidTargetsError, match=r"fold 0 lacks \['circle'\]"):
        DeepFeatureExtractor(network, cv=[(order[60:], order[:60])]).fit_transform(X, y)


def test_there_must_be_folds(sketches, network):
    folds = (fold for fold in [(np.arange(90), np.arange(0))])
    extractor = DeepFeatureExtractor(network, cv=list(folds)).fit(*sketches)
    with pytest.raises(InvalidParameterError, match="cv must give at least one fold, .* a list"):
        extractor.set_params(cv=folds).fit_transform(*sketches)  # the generator is exhausted


def test_a_fold_must_not_train_on_what_it_leaves_out(sketches, network):
    folds = [(np.arange(30, 90), np.arange(30)), (np.arange(90), np.arange(80, 90))]
    with pytest.raises(InvalidParameterError, match="fold 1 trains on 10 of them"):
        DeepFeatureExtractor(network, cv=folds).fit_transform(*sketches)


def test_weights_need_a_network_that_learns_from_them(numbered):
    with pytest.raises(InvalidParameterError, match="learns from sample_weight, .* Memoriser"):
        DeepFeatureExtractor(Memoriser()).fit(*numbered, sample_weight=np.ones(40))


def test_labels_are_needed(sketches, network):
    with pytest.raises(ValueError, match="requires y to be passed"):
        DeepFeatureExtractor(network).fit(sketches[0])
    with pytest.raises(ValueError, match="Unknown label type"):
        DeepFeatureExtractor(network).fit(sketches[0], np.linspace(0, 1, 90))


def test_an_unknown_layer_is_named(sketches, network):
    extractor = DeepFeatureExtractor(network, layer="stage.1")
    with pytest.raises(InvalidParameterError, match="no layer 'stage.1'. Did you mean 'stages.1'"):
        extractor.fit(*sketches)


def test_parameters_are_checked_first(sketches, network):
    with pytest.raises(ValueError, match="'layer' parameter"):
        DeepFeatureExtractor(network, layer=-1).fit(*sketches)
    with pytest.raises(ValueError, match="'cv' parameter"):
        DeepFeatureExtractor(network, cv="five").fit(*sketches)


def test_pictures_are_checked(sketches, network):
    with pytest.raises(InvalidImagesError, match="X must have shape"):
        DeepFeatureExtractor(network).fit(np.zeros((90, 12, 12, 5)), sketches[1])


def test_columns_of_another_layer_have_names_though_the_channels_came_last(sketches):
    X, y = sketches
    colours = np.stack([X.reshape(-1, 12, 12)] * 3, axis=-1)
    fitted = CNNClassifier(width=0.25, max_epochs=1, random_state=0).fit(colours, y)
    extractor = DeepFeatureExtractor(FrozenEstimator(fitted)).fit(colours, y)
    extractor.set_params(layer="logits")
    assert len(extractor.get_feature_names_out()) == extractor.transform(colours).shape[1] == 3
