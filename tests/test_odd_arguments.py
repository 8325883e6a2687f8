"""Mistakes that once raised errors inside torch, NumPy or Python, each with its own test."""

import os
import sys
import zipfile

import numpy as np
import pytest
import torch
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skquickdraw import (
    AugmentingOverSampler,
    CNNClassifier,
    DistilledClassifier,
    ImageClassifier,
    NoisyStudentClassifier,
    PrototypeClassifier,
    RelationNetworkClassifier,
    SeedEnsembleClassifier,
    TopKReranker,
    save_model,
)
from skquickdraw._checks import path_in_errors
from skquickdraw.augmentation import MixUp
from skquickdraw.datasets import (
    load_competition,
    load_image_folder,
    load_images,
    load_quickdraw,
    make_sketches,
    pack_strokes,
    rasterize,
)
from skquickdraw.exceptions import (
    DataFileError,
    InvalidImagesError,
    InvalidParameterError,
    OutOfMemoryError,
)
from skquickdraw.losses import Focal
from skquickdraw.model_selection import compare
from skquickdraw.recipes import BudgetedClassifier

X, Y = make_sketches(12, 2, image_shape=(8, 8), random_state=0)


def cnn(**params):
    tiny = {"width": 0.01, "max_epochs": 1, "augmentation": None, "device": "cpu"}
    return CNNClassifier(**{**tiny, **params})


class Untouched(GaussianNB):
    """A teacher whose fit fails the test."""

    def fit(self, X, y):
        raise AssertionError("was fitted before the parameters of the others were checked")


@pytest.mark.parametrize(
    "params",
    [{"n_tta": 0}, {"n_tta": 1.5}, {"n_tta": None}, {"n_tta": True}, {"n_tta": 11}],
)
def test_n_tta_is_checked_where_it_is_used(params):
    fitted = cnn(random_state=0).fit(X, Y).set_params(**params)
    with pytest.raises(InvalidParameterError, match="n_tta' parameter of CNNClassifier must be"):
        fitted.predict(X)


@pytest.mark.parametrize(
    ("estimator", "params", "message"),
    [
        (PrototypeClassifier(), {"temperature": 0}, "'temperature' parameter of Prototype"),
        (PrototypeClassifier(), {"metric": "taxi"}, "'metric' parameter of PrototypeClassifier"),
        (TopKReranker(GaussianNB(), GaussianNB()), {"k": 0}, "'k' parameter of TopKReranker"),
        (TopKReranker(GaussianNB(), GaussianNB()), {"blend": 2}, "'blend' parameter of TopK"),
        (SeedEnsembleClassifier(GaussianNB(), 2), {"combine": "x"}, "'combine' parameter of Seed"),
    ],
)
def test_what_predictions_use_is_checked_again(estimator, params, message):
    estimator.fit(X, Y).set_params(**params)
    with pytest.raises(InvalidParameterError, match=message):
        estimator.predict_proba(X)


@pytest.mark.parametrize("name", ["width", "batch_size", "lr", "epoch_size", "n_iter_no_change"])
def test_a_truth_value_is_no_number(name):
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter .* Got True instead"):
        cnn(**{name: True}).fit(X, Y)


@pytest.mark.parametrize("name", ["width", "lr", "weight_decay", "batch_size", "epoch_size"])
def test_a_number_fits_into_64_bits(name):
    message = f"CNNClassifier: {name} must fit into 64 bits, got an int of 64 bits. Pass a smaller"
    with pytest.raises(InvalidParameterError, match=message):
        cnn(**{name: 2**63}).fit(X, Y)


def test_an_enormous_batch_is_all_rows():
    assert cnn(batch_size=10**7, random_state=0).fit(X, Y).predict(X).shape == (12,)


def test_an_enormous_episode_is_refused_before_any_work():
    message = "RelationNetworkClassifier: a step shows batch_size .* at most .* Lower one of"
    with pytest.raises(InvalidParameterError, match=message):
        RelationNetworkClassifier(batch_size=10**8).fit(X, Y)


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "meta", "", torch.device("meta")])
def test_an_odd_device_is_named(device):
    with pytest.raises(InvalidParameterError, match="device=.* cannot be used here: .* Use device"):
        cnn(device=device).fit(X, Y)


@pytest.mark.parametrize("optimizer", [torch.optim.LBFGS, torch.optim.Rprop, len, object])
def test_an_optimizer_takes_what_it_is_called_with(optimizer):
    message = "optimizer must be callable as optimizer.params, lr=.*, but Python says of .* Wrap it"
    with pytest.raises(InvalidParameterError, match=message):
        cnn(optimizer=optimizer).fit(X, Y)


def test_an_optimizer_is_what_its_function_returns():
    with pytest.raises(InvalidParameterError, match="optimizer=<lambda> must return a torch.optim"):
        cnn(optimizer=lambda *args, **options: None).fit(X, Y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"device": "gpu"}, "device='gpu' cannot be used here"),
        ({"optimizer": torch.optim.LBFGS}, "optimizer must be callable"),
        ({"mixing": MixUp(alpha=-1)}, "MixUp: alpha must be a finite number above 0"),
        ({"loss": Focal(gamma=-1)}, "Focal: gamma must be a finite number of at least 0"),
        ({"class_weight": {0: -1}}, "class_weight must give weights that are finite"),
        ({"n_tta": 11}, "'n_tta' parameter of CNNClassifier"),
        ({"width": True}, "'width' parameter of CNNClassifier"),
    ],
)
def test_a_student_is_checked_before_its_teacher_is_trained(params, message):
    student = cnn(**params)
    for around in (
        DistilledClassifier(Untouched(), student),
        NoisyStudentClassifier(Untouched(), student=student),
        TopKReranker(Untouched(), student),
        BudgetedClassifier([cnn(), student]),
        DistilledClassifier(Untouched(), SeedEnsembleClassifier(student, 2)),
    ):
        with pytest.raises(InvalidParameterError, match=message):
            around.fit(X, Y)


NAMES = np.array(["cat", "dog"])[Y]
MISSPELT = {"kat": 2.0}
OUTSIDE = "CNNClassifier: class_weight must name classes of y, but y has no .'kat'.; its 2 classes"


@pytest.mark.parametrize("fit", [CNNClassifier.fit, CNNClassifier.partial_fit])
def test_a_weight_of_a_class_that_is_not_there_is_named(fit, monkeypatch):
    monkeypatch.setattr("skquickdraw.neural_network._base.train", None)  # is not called
    with pytest.raises(InvalidParameterError, match=OUTSIDE):
        fit(cnn(class_weight=MISSPELT), X, NAMES)


def test_a_weight_of_more_classes_than_y_has_is_ignored():
    more = {"cat": 1, "dog": 3, "owl": 9}
    fitted, same = (
        cnn(class_weight=weights, random_state=0).fit(X, NAMES)
        for weights in (more, {"cat": 1, "dog": 3})
    )
    np.testing.assert_array_equal(fitted.predict_proba(X), same.predict_proba(X))


def test_weights_of_a_student_or_a_member_are_checked_before_others_are_trained(monkeypatch):
    monkeypatch.setattr("skquickdraw.neural_network._base.train", None)  # is not called
    student = cnn(class_weight=MISSPELT)
    late = [{}, {"class_weight": MISSPELT}]
    for around in (
        DistilledClassifier(Untouched(), student),
        NoisyStudentClassifier(Untouched(), student=student),
        TopKReranker(Untouched(), make_pipeline("passthrough", student)),
        BudgetedClassifier([cnn(), student]),
        DistilledClassifier(Untouched(), SeedEnsembleClassifier(student, 2)),
        NoisyStudentClassifier(Untouched(), student=cnn(), student_params=late),
        SeedEnsembleClassifier(cnn(), 2, member_params=late),
    ):
        with pytest.raises(InvalidParameterError, match=OUTSIDE):
            around.fit(X, NAMES)


def test_a_vote_hands_on_codes_in_place_of_labels():
    vote = VotingClassifier([("a", LogisticRegression(class_weight={0: 2.0}))], voting="soft")
    assert TopKReranker(GaussianNB(), vote).fit(X, NAMES).predict(X).shape == (12,)


@pytest.mark.parametrize("kind", [LogisticRegression, CNNClassifier])
def test_a_class_is_no_estimator(kind):
    with pytest.raises(
        InvalidParameterError,
        match="must be an object implementing 'fit' and 'predict_proba', and not a class",
    ):
        SeedEnsembleClassifier(kind, 2).fit(X, Y)


def test_no_worker_is_no_number_of_jobs():
    with pytest.raises(InvalidParameterError, match="'n_jobs' parameter of SeedEnsembleClassifier"):
        SeedEnsembleClassifier(GaussianNB(), 2, n_jobs=0).fit(X, Y)


def test_a_folder_of_stored_fits_can_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    message = "memory must be a folder to which files can be written, got .* Pass another folder"
    for around in (
        SeedEnsembleClassifier(Untouched(), 2),
        NoisyStudentClassifier(Untouched(), student=cnn()),
        DistilledClassifier(Untouched(), cnn()),
    ):
        with pytest.raises(InvalidParameterError, match=message):
            folder = str(tmp_path / "file" / "fits")
            around.set_params(memory=folder, random_state=0).fit(X, Y)


def test_an_empty_text_is_no_folder_of_stored_fits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidParameterError, match="memory must be a folder, got ''"):
        SeedEnsembleClassifier(Untouched(), 2, memory="", random_state=0).fit(X, Y)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("estimator", [cnn(), PrototypeClassifier(), AugmentingOverSampler()])
def test_dates_are_no_images(estimator):
    fit = getattr(estimator, "fit_resample", estimator.fit)
    with pytest.raises(InvalidImagesError, match="X must hold numbers, got the dtype datetime64"):
        fit(np.zeros((12, 64), "datetime64[s]"), Y)


@pytest.mark.parametrize("drawing", [[[1, 2], [3]], [[[0, 1], None]], [None], [[["x"], ["y"]]]])
def test_malformed_strokes_are_refused(drawing):
    for read in (rasterize, lambda strokes: pack_strokes([strokes, strokes])):
        with pytest.raises(
            InvalidParameterError, match="a drawing must be|coordinates must be|Pass .drawing"
        ):
            read(drawing)


@pytest.mark.parametrize("path", [None, 3, b"x", ["x"], "a\0b"])
def test_a_path_is_a_path(path):
    for load in (load_competition, load_image_folder, load_quickdraw, load_images):
        with pytest.raises(DataFileError, match="paths? must be a str or a path-like, got"):
            load([path] if load is load_images else path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cv": ["x"]}, "fold 0 of cv must be a pair .train, test. of rows' positions"),
        ({"cv": "x"}, "cv must be a number of folds"),
        ({"scoring": [["accuracy"]]}, "scoring must be the name of a scorer"),
        ({"X_unlabeled": [[1], [2, 3]]}, "X_unlabeled must be an array"),
    ],
)
def test_a_comparison_names_what_is_wrong(options, message):
    with pytest.raises(InvalidParameterError, match=f"compare: {message}"):
        compare({"a": GaussianNB()}, X, Y, **options)


def test_an_image_without_its_palette_is_damaged(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    (tmp_path / "cat").mkdir()
    file = tmp_path / "cat" / "1.png"
    Image.fromarray(X[0].reshape(8, 8)).convert("P").save(file)
    content = file.read_bytes()
    start = content.index(b"PLTE") - 4
    stop = start + 12 + int.from_bytes(content[start : start + 4], "big")
    file.write_bytes(content[:start] + content[stop:])
    with pytest.raises(DataFileError, match="1.png: must be a whole PNG image; got"):
        load_quickdraw(tmp_path)


def test_a_competition_holds_arrays(tmp_path):
    np.savez(tmp_path / "train.npz", y=Y, classes=["a", "b"])
    with zipfile.ZipFile(tmp_path / "train.npz", "a") as archive:
        archive.writestr("X", b"no array")
    with pytest.raises(DataFileError, match="train.npz, array 'X': must be an array"):
        load_competition(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file that opens and cannot be read")
def test_a_file_that_cannot_be_read_is_named(tmp_path):
    os.symlink("/proc/self/mem", tmp_path / "cat.ndjson")
    with pytest.raises(OSError, match="cat.ndjson"):
        load_quickdraw(tmp_path / "cat.ndjson")


def test_a_full_disk_names_the_file(tmp_path, monkeypatch):
    def fail(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    fitted = PrototypeClassifier().fit(X, Y)
    with pytest.raises(OSError, match="No space left on device: .*model"):
        save_model(fitted, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_an_error_that_names_its_file_stays_as_it_is():
    own = FileNotFoundError(2, "No such file", "own")
    with pytest.raises(FileNotFoundError) as caught, path_in_errors("other"):
        raise own
    assert caught.value is own


def fail_for_memory(*args, **kwargs):
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")


def test_without_memory_a_relation_network_names_what_to_lower(monkeypatch):
    fitted = RelationNetworkClassifier(width=0.01, n_episodes=1, device="cpu").fit(X, Y)
    monkeypatch.setattr("skquickdraw.few_shot._relation.relation_scores", fail_for_memory)
    with pytest.raises(OutOfMemoryError, match="memory ran out in comparing .* lower width"):
        fitted.predict(X)
    monkeypatch.setattr("skquickdraw.few_shot._relation.mean_maps", fail_for_memory)
    with pytest.raises(OutOfMemoryError, match="examples of the classes. Lower n_support or width"):
        fitted.adapt(X, Y)


def test_without_memory_a_sampler_names_what_to_lower(monkeypatch):
    monkeypatch.setattr("skquickdraw.over_sampling._augmenting.append_copies", fail_for_memory)
    with pytest.raises(OutOfMemoryError, match="memory ran out: .* Lower sampling_strategy, or"):
        AugmentingOverSampler(random_state=0).fit_resample(X[:-1], np.r_[Y[:-2], Y[0]])


def test_a_network_of_a_user_is_built_before_a_teacher_is_trained():
    student = ImageClassifier(torch.nn.Linear)
    with pytest.raises(InvalidParameterError, match="network"):
        DistilledClassifier(Untouched(), student.set_params(width=0.5)).fit(X, Y)
