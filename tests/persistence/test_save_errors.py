"""Errors of save_model: raised before anything is written, and without loss of the old file."""

import os

import numpy as np
import pytest
from numpy.random import PCG64, RandomState
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch.optim import Adam

from skquickdraw import CNNClassifier, PrototypeClassifier, RelationNetworkClassifier
from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.exceptions import DataFileError, InvalidParameterError
from skquickdraw.persistence import save_model

with_permissions = pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")


def with_extra(value):
    model = PrototypeClassifier().fit(np.eye(2), [0, 1])
    model.extra_ = value
    return model


def circle():
    ring = []
    ring.append(ring)
    return with_extra(ring)


def self_centred():
    model = with_extra(None)
    model.extra_ = [model]
    return model


class Mine(PrototypeClassifier):
    pass


def search():
    grid = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2)
    return grid.fit(np.eye(4), [0, 1, 0, 1])


def hides_predict():
    model = with_extra(None)
    model.predict = "nothing"
    return model


X2, Y2 = np.eye(2), [0, 1]

REFUSED = {
    "forest": (
        lambda: RandomForestClassifier(2).fit(X2, Y2),
        r"estimator must be of a type that load_model builds, got sklearn.*RandomForestClassifier"
        r".*skops\.io\.dump",
    ),
    "inside": (
        lambda: (
            make_pipeline(PrototypeClassifier(), KNeighborsClassifier())
            .set_params(prototypeclassifier="passthrough")
            .fit(np.eye(5), [0, 1, 0, 1, 0])
        ),
        r"Pipeline\.steps\.1\.1 must be of a type .*KNeighborsClassifier.*skops\.io\.dump",
    ),
    "subclass": (lambda: Mine().fit(X2, Y2), r"estimator must be of a type .*Mine"),
    "search": (search, r"estimator must .*GridSearchCV. Save its best_estimator_"),
    "function": (
        lambda: make_pipeline(FunctionTransformer(np.log1p), PrototypeClassifier()).fit(X2, Y2),
        r"Pipeline\.steps\.0\.1 must be of a type .*FunctionTransformer",
    ),
    "lambda": (lambda: with_extra(lambda x: x), r"PrototypeClassifier\.extra_ must be no code"),
    "class": (lambda: with_extra(Adam), r"PrototypeClassifier\.extra_ must be no code.*Adam"),
    "odd random state": (
        lambda: LogisticRegression(random_state=RandomState(PCG64(0))).fit(X2, Y2),
        r"LogisticRegression\.random_state must be of a type .* got numpy.*RandomState",
    ),
    "dates": (
        lambda: with_extra(np.array(["2020-01-01"], dtype="M8[D]")),
        r"PrototypeClassifier\.extra_ must hold numbers or strings, got "
        r"an array of datetime64\[D\]. Convert it",
    ),
    "complex": (
        lambda: with_extra(1j),
        r"PrototypeClassifier\.extra_ must be of a type .* got complex",
    ),
    "bytes": (
        lambda: with_extra([{"a": b"x"}]),
        r"PrototypeClassifier\.extra_\.0\.a must be of a type .* got bytes",
    ),
    "date": (
        lambda: with_extra(np.datetime64("2020")),
        r"PrototypeClassifier\.extra_ must .* got numpy.datetime64",
    ),
    "circle": (circle, r"PrototypeClassifier must not be nested without end.*in a circle"),
    "self": (self_centred, r"PrototypeClassifier must not be nested without end.*in a circle"),
    "hides": (hides_predict, r"PrototypeClassifier\.predict must not hide"),
    "policy": (AugmentationPolicy, r"estimator must have fit, got AugmentationPolicy\(\)"),
    "no estimator": (lambda: {"a": 1}, r"estimator must be of a type .* got dict"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_stored_is_refused(name, tmp_path):
    make, message = REFUSED[name]
    with pytest.raises(InvalidParameterError, match="(?s)save_model: " + message):
        save_model(make(), tmp_path / "model.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_code_as_a_parameter_of_a_network_is_refused(small, small_sketches, tmp_path):
    model = small(optimizer=Adam).fit(*small_sketches)
    with pytest.raises(InvalidParameterError, match=r"CNNClassifier\.optimizer must be no code"):
        save_model(model, tmp_path / "model")
    model.set_params(optimizer="adamw")  # the net still holds it
    with pytest.raises(InvalidParameterError, match=r"CNNClassifier\.net_\.optimizer\.name must"):
        save_model(model, tmp_path / "model")


def test_what_is_not_fitted_is_refused(tmp_path):
    with pytest.raises(NotFittedError):
        save_model(CNNClassifier(), tmp_path / "model")


def test_a_width_that_was_changed_since_is_refused(small_sketches, tmp_path):
    model = RelationNetworkClassifier(width=0.25, n_episodes=1).fit(*small_sketches)
    model.set_params(width=0.5)
    with pytest.raises(InvalidParameterError, match="width=0.5 of RelationNetworkClassifier must"):
        save_model(model, tmp_path / "model")


def test_labels_that_are_too_long_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("skquickdraw.persistence._file.MAX_HEADER", 100)
    with pytest.raises(InvalidParameterError, match="header must stay below 100 bytes"):
        save_model(with_extra(None), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_path_must_name_a_file_in_a_folder(tmp_path):
    with pytest.raises(DataFileError, match="save_model: path must name a file, and .* is a fold"):
        save_model(with_extra(None), tmp_path)
    with pytest.raises(DataFileError, match="save_model: path must lie in a folder that exists"):
        save_model(with_extra(None), tmp_path / "missing" / "model")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataFileError, match="path must name a regular file, and .*pipe"):
        save_model(with_extra(None), tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


@with_permissions
def test_a_private_file_stays_private(tmp_path):
    path = tmp_path / "model"
    save_model(with_extra(1), path)
    path.chmod(0o600)
    save_model(with_extra(2), path)
    assert path.stat().st_mode & 0o777 == 0o600


@with_permissions
@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_what_is_written_in_place_of_a_file_is_private_until_then(tmp_path, monkeypatch, mode):
    path = tmp_path / "model"
    save_model(with_extra(1), path)
    path.chmod(mode)
    seen = []
    monkeypatch.setattr(os, "fsync", lambda file: seen.append(os.fstat(file).st_mode & 0o777))
    save_model(with_extra(2), path)
    assert seen == [0o600] and path.stat().st_mode & 0o777 == mode


@with_permissions
def test_a_new_file_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        save_model(with_extra(1), tmp_path / "model")
    finally:
        os.umask(before)
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_nothing_is_lost_when_writing_fails(step, tmp_path, monkeypatch):
    path = tmp_path / "model"
    save_model(with_extra(1), path)
    before = path.read_bytes()

    def fail(*args):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="the disk is full"):
        save_model(with_extra(2), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path, make_link):
    path, link = tmp_path / "model", tmp_path / "latest"
    save_model(with_extra(1), path)
    make_link(link, path)
    before = path.read_bytes()
    save_model(with_extra(2), link)
    assert link.is_symlink() and path.read_bytes() != before
