"""to_onnx: ONNX Runtime must predict what the estimator predicts, and the file describes itself."""

import json
import logging
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import skquickdraw
from skquickdraw import (
    AugmentingOverSampler,
    CNNClassifier,
    DeepFeatureExtractor,
    DistilledClassifier,
    ImageClassifier,
    MobileNetClassifier,
    NoisyStudentClassifier,
    RelationNetworkClassifier,
    SeedEnsembleClassifier,
    TransductiveClassifier,
    networks,
    recipes,
)
from skquickdraw.augmentation import AugmentationPolicy, StrokeAugmentation
from skquickdraw.datasets import make_sketches, pack_strokes
from skquickdraw.exceptions import DataFileError, InvalidParameterError, MissingDependencyError
from skquickdraw.persistence import to_onnx
from skquickdraw.recipes import BudgetedClassifier

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

SIDE = 12
X, CODES, NAMES = make_sketches(
    90, n_classes=3, image_shape=(SIDE, SIDE), random_state=0, return_names=True
)
Y = NAMES[CODES]
TINY = {"width": 0.25, "max_epochs": 1, "lr": 0.01, "random_state": 0}
CNN = CNNClassifier(**TINY)
OTHER_CNN = CNNClassifier(**{**TINY, "random_state": 1})
FILLED = make_sampling_pipeline(AugmentingOverSampler(random_state=0), "passthrough", CNN)
MIRRORING = AugmentationPolicy(horizontal_flip=0.5)


@pytest.fixture(scope="module")
def fitted():
    return CNNClassifier(**TINY).fit(X, Y)


@pytest.fixture(scope="module")
def file(fitted, tmp_path_factory):
    """Return the path of an ONNX file of ``fitted``, in a folder without other files."""
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    to_onnx(fitted, path)
    return path


@pytest.fixture
def no_new_graph(file, monkeypatch):
    """Make all exports write the graph of ``file``; only their metadata are their own."""
    monkeypatch.setattr("skquickdraw.persistence._onnx._export", lambda *_: onnx.load(file))


@pytest.fixture(scope="module")
def drawings(find_data):
    """Return training rows, labels and 1,000 other rows, of real drawings or else of sketches."""
    folder = find_data("quickdraw100")
    if folder is None:
        images, y = make_sketches(1200, n_classes=10, random_state=0)
        return images[:200], y[:200], images[200:]
    with np.load(folder / "train.npz") as train, np.load(folder / "holdout.npz") as holdout:
        images, y, unseen = train["X"], train["y"], holdout["X"]
    known = np.flatnonzero(y < 10)[:200]
    rows = np.random.default_rng(0).choice(len(unseen), 1000, replace=False)
    return images[known], y[known], unseen[rows]


def run(path, pixels, dtype=np.uint8):
    """Return the predictions of the file for rows of pixels, from what the file says alone."""
    session = onnxruntime.InferenceSession(path)
    (of_input,), (of_output,) = session.get_inputs(), session.get_outputs()
    images = np.asarray(pixels, dtype=dtype).reshape(-1, *of_input.shape[1:])
    return session.run([of_output.name], {of_input.name: images})[0]


def metadata(path):
    return onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map


def assert_same(path, estimator, pixels, **options):
    to_onnx(estimator, path, **options)
    proba = run(path, pixels, options.get("input_dtype", "uint8"))
    expected = estimator.predict_proba(pixels)
    assert np.ptp(expected, axis=0).max() > 1e-4  # else a constant would do
    np.testing.assert_allclose(proba, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "classifier",
    [
        MobileNetClassifier(precision="bfloat16", n_tta=4, augmentation=MIRRORING),
        recipes.accurate().set_params(precision="bfloat16", spatial_dropout=0.1),
        CNNClassifier(precision="float32", dropout=0.2),
    ],
    ids=lambda classifier: type(classifier).__name__,
)
def test_a_thousand_drawings(classifier, drawings, tmp_path):
    images, y, unseen = drawings
    classifier = clone(classifier).set_params(**TINY).fit(images, y)
    assert len(unseen) == 1000
    assert_same(tmp_path / "model.onnx", classifier, unseen)


class Renamed(CNNClassifier):
    """A subclass whose probabilities are those of the network."""


# As small as possible; even so, each export takes a second.
BUILT_ON_NETWORKS = {
    "weighted": SeedEnsembleClassifier(CNN, 3, weights=[1, 0, 3], random_state=0),
    "logits": SeedEnsembleClassifier(CNN, 2, weights=[1, 3], combine="logit", random_state=0),
    "student": NoisyStudentClassifier(CNN, n_iterations=1, random_state=0),
    "budget": BudgetedClassifier([CNN], minutes=1e-3, random_state=0),
    "distilled": DistilledClassifier(LogisticRegression(), CNN, random_state=0),
    "searched": TransductiveClassifier(GridSearchCV(FILLED, {"cnnclassifier__lr": [0.01]}, cv=2)),
    "relations": RelationNetworkClassifier(n_way=3, n_episodes=10, width=0.25, random_state=0),
    "subclass": Renamed(**TINY),
    "other shape": CNNClassifier(**TINY, image_shape=(SIDE // 2, SIDE * 2)),
}
WEIGHTS = [1, 2, 1, 1, 3, 1, 2, 1, 3]


@pytest.mark.filterwarnings("ignore:BudgetedClassifier. fit took:UserWarning")
def test_what_is_built_on_networks_is_one_graph(tmp_path):
    """All in one vote: an error of 1e-5 in any of them would move the vote by at least 3e-7."""
    y = np.where(np.arange(len(CODES)) < 60, CODES, -1)
    members = {
        name: clone(estimator).fit(X, y if name == "student" else CODES)
        for name, estimator in BUILT_ON_NETWORKS.items()
    }
    for estimator in members.values():
        proba = estimator.predict_proba(X)
        assert np.ptp(proba, axis=0).max() > 1e-4  # else a constant would do
    frozen = [(name, FrozenEstimator(member)) for name, member in members.items()]
    inner = VotingClassifier([*frozen, ("out", "drop")], voting="soft", weights=[*WEIGHTS, 9])
    inner.fit(X, CODES)
    seeds = SeedEnsembleClassifier(FrozenEstimator(inner), 1).fit(X, CODES)
    pair = [("seeds", FrozenEstimator(seeds)), ("new", OTHER_CNN)]
    outer = FrozenEstimator(VotingClassifier(pair, voting="soft").fit(X, CODES))
    to_onnx(outer, tmp_path / "model.onnx")
    proba = run(tmp_path / "model.onnx", X)
    np.testing.assert_allclose(proba, outer.predict_proba(X), rtol=0, atol=3e-7)
    assert json.loads(metadata(tmp_path / "model.onnx")["classes"]) == [0, 1, 2]


def state(classifier):
    """Return all that an export could change."""
    module = classifier.net_.module_
    weights = [*module.named_parameters(), *module.named_buffers()]
    return (
        [(k, w.device, w.stride(), w.requires_grad, w.tolist()) for k, w in weights],
        [(part.training, len(part._forward_hooks)) for part in module.modules()],
        [logging.getLogger(name).level for name in ("", "torch", "torch.onnx", "onnxscript")],
        list(warnings.filters),
        torch.get_rng_state().tolist(),
    )


@pytest.mark.parametrize("layer", ["penultimate", "logits", "stages.1"])
def test_features_of_a_layer(fitted, layer, tmp_path, capfd, caplog):
    two_views = deepcopy(fitted).set_params(n_tta=2)
    extractor = DeepFeatureExtractor(FrozenEstimator(make_pipeline(two_views)), layer=layer).fit(X)
    path, before = tmp_path / "model.onnx", state(two_views)
    to_onnx(extractor, path)
    assert state(two_views) == before
    assert capfd.readouterr() == ("", "")
    assert [log.message for log in caplog.records if log.levelno >= logging.WARNING] == []
    expected = extractor.transform(X)
    features = run(path, X)
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    assert "classes" not in metadata(path)


def test_pictures_of_any_shape(tmp_path):
    shape = (3, 10, 14)
    pixels = np.random.default_rng(0).integers(0, 256, (40, *shape), dtype=np.uint8)
    y = pixels.reshape(40, -1)[:, 0] > 127
    classifier = CNNClassifier(**TINY).fit(pixels, y)
    assert_same(tmp_path / "model.onnx", classifier, pixels)
    described = metadata(tmp_path / "model.onnx")
    assert json.loads(described["image_shape"]) == list(shape)
    assert json.loads(described["classes"]) == [False, True]


def test_numbers_that_uint8_cannot_hold(tmp_path):
    features = np.random.default_rng(0).normal(size=(40, 3, 4))  # features in a grid, not images
    classifier = CNNClassifier(**TINY).fit(features, features[:, 0, 0] > 0)
    assert_same(tmp_path / "model.onnx", classifier, features, input_dtype="float32")


def test_the_network_behind_strokes_takes_pictures(tmp_path):
    crosses = [[[[0, x], [0, x]], [[0, x], [x, 0]]] for x in range(100, 255, 10)]
    squares = [[[[0, x, x, 0, 0], [0, 0, x, x, 0]]] for x in range(100, 255, 10)]
    strokes = pack_strokes(crosses + squares, n_points=8)
    policy = StrokeAugmentation(side=SIDE)
    classifier = CNNClassifier(**TINY, augmentation=policy, n_tta=2)
    classifier.fit(strokes, ["cross"] * len(crosses) + ["square"] * len(squares))
    to_onnx(classifier, tmp_path / "model.onnx", input_dtype="float32")
    pictures = policy.ink(torch.from_numpy(strokes)[:, None].float()).numpy()
    assert pictures.shape[1:] == (1, SIDE, SIDE)
    proba = run(tmp_path / "model.onnx", pictures, np.float32)
    np.testing.assert_allclose(proba, classifier.predict_proba(strokes), rtol=0, atol=1e-5)


def test_any_number_of_rows(file):
    assert run(file, X[:0]).shape == (0, 3)
    one, all_rows = (run(file, rows) for rows in (X[:1], X))
    np.testing.assert_allclose(one, all_rows[:1], rtol=0, atol=1e-6)


def test_the_file_describes_itself(fitted, file):
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    assert [(ops.domain, ops.version) for ops in model.opset_import] == [("", 18)]
    assert model.producer_name == "skquickdraw" and model.producer_version
    session = onnxruntime.InferenceSession(file)
    (images,), (proba,) = session.get_inputs(), session.get_outputs()
    assert (images.name, images.type) == ("images", "tensor(uint8)")
    assert images.shape == ["n", 1, SIDE, SIDE]
    assert (proba.name, proba.type) == ("probabilities", "tensor(float)")
    assert proba.shape == ["n", 3]
    described = metadata(file)
    assert json.loads(described["classes"]) == fitted.classes_.tolist()
    assert json.loads(described["image_shape"]) == [1, SIDE, SIDE]
    assert described["estimator"] == "CNNClassifier"
    assert pixel_range(file) == [0, X.max()] and background(file) == [0]


def pixel_range(path):
    metadata = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
    return json.loads(metadata["pixel_range"]) if "pixel_range" in metadata else None


@pytest.mark.usefixtures("no_new_graph")
@pytest.mark.parametrize(
    ("images", "input_dtype", "expected"),
    [
        (X, "uint8", [0, int(X.max())]),
        (X > 127, "uint8", [0, 1]),
        (X / 255, "float32", [0, X.max() / 255]),
    ],
)
def test_the_file_names_the_range_of_its_pixels(images, input_dtype, expected, tmp_path):
    clf = SeedEnsembleClassifier(CNN, n_estimators=2, random_state=0).fit(images, Y)
    to_onnx(clf, tmp_path / "model.onnx", input_dtype=input_dtype)
    assert pixel_range(tmp_path / "model.onnx") == pytest.approx(expected)
    del clf.estimators_[1].pixel_range_  # as in a version that did not keep it
    to_onnx(clf, tmp_path / "model.onnx", input_dtype=input_dtype)
    assert pixel_range(tmp_path / "model.onnx") is None


def background(path):
    described = metadata(path)
    return json.loads(described["background"]) if "background" in described else None


@pytest.mark.usefixtures("no_new_graph")
def test_the_file_names_the_background_of_its_images(tmp_path):
    colours = np.stack([X, 255 - X, X // 2 + 7], axis=1).reshape(-1, 3, SIDE, SIDE)
    clf = SeedEnsembleClassifier(CNN, n_estimators=2, random_state=0).fit(colours, Y)
    to_onnx(clf, tmp_path / "model.onnx")
    assert background(tmp_path / "model.onnx") == [0, 255, 7]
    relations = clone(BUILT_ON_NETWORKS["relations"]).fit(X, CODES)  # it has no background_
    to_onnx(relations, tmp_path / "model.onnx")
    assert background(tmp_path / "model.onnx") is None


def test_fractions_are_refused_for_bytes(tmp_path):
    clf = clone(CNN).fit(X / 255, Y)
    message = r"input_dtype='uint8' must hold .* floating point from 0 to .*Pass input_dtype='float"
    with pytest.raises(InvalidParameterError, match=message):
        to_onnx(clf, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_one_and_holds_little_but_the_weights(fitted, file):
    assert list(file.parent.iterdir()) == [file]
    content = file.read_bytes()
    n_weights = sum(weight.numel() for weight in fitted.net_.module_.parameters())
    assert len(content) < 4 * n_weights + 10_000
    for package in (torch, np, pytest, skquickdraw):
        assert str(Path(package.__file__).parent).encode() not in content  # no paths from here


class Counting(networks.CNN):
    """A network with ``len(x)``, which the exporter turns into a constant."""

    def forward(self, x):
        return super().forward(x).reshape(len(x), -1)


class WithCounting(CNNClassifier):
    _network = Counting


def test_a_network_that_fixes_the_number_of_rows(tmp_path):
    classifier = WithCounting(**TINY).fit(X, Y)
    with pytest.raises(InvalidParameterError, match="WithCounting can only take 2 rows at a time"):
        to_onnx(classifier, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("no_new_graph")
def test_a_write_that_fails_leaves_the_old_file(fitted, tmp_path, monkeypatch):
    (tmp_path / "model.onnx").write_text("old")

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        to_onnx(fitted, tmp_path / "model.onnx")
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    assert (tmp_path / "model.onnx").read_text() == "old"


class Calibrated(CNNClassifier):
    """A subclass whose probabilities are not those of the network."""

    def predict_proba(self, X):
        return super().predict_proba(X) ** 2


def test_a_subclass_with_probabilities_of_its_own(tmp_path):
    with pytest.raises(InvalidParameterError, match="Calibrated cannot be exported"):
        to_onnx(Calibrated(**TINY).fit(X, Y), tmp_path / "model.onnx")


def with_forest(fitted):
    members = [("net", FrozenEstimator(fitted)), ("forest", RandomForestClassifier(2))]
    return VotingClassifier(members, voting="soft").fit(X, Y)


def test_a_vote_leaves_out_members_of_weight_zero(fitted, file, tmp_path):
    vote = with_forest(fitted).set_params(weights=[2, 0])
    assert_same(tmp_path / "vote.onnx", vote, X)
    proba = run(tmp_path / "vote.onnx", X)
    np.testing.assert_allclose(proba, run(file, X), rtol=0, atol=1e-6)


def with_other_size(fitted):
    other = CNNClassifier(**TINY).fit(X[:, : 10 * SIDE].reshape(-1, 10, SIDE), Y)
    members = [("net", FrozenEstimator(fitted)), ("other", FrozenEstimator(other))]
    return VotingClassifier(members, voting="soft").fit(X, Y)


class Reader(CNNClassifier):
    def extract_features(self, X, layer="penultimate"):
        return np.asarray(X)[:, :2]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: LogisticRegression().fit(X, Y), "LogisticRegression cannot be exported; what"),
        (with_forest, "RandomForestClassifier cannot be exported; .* DistilledClassifier"),
        (lambda _: None, "NoneType cannot be exported"),
        (
            lambda net: make_pipeline(PCA(16), CNNClassifier(**TINY)).fit(X, Y),
            "step 'pca', PCA, transforms them.*pipeline\\[0\\]",
        ),
        (
            lambda net: VotingClassifier([("a", FrozenEstimator(net))]).fit(X, Y),
            "VotingClassifier\\(voting='hard'\\) has no probabilities.* Set voting='soft'",
        ),
        (
            with_other_size,
            "the shapes \\[\\(1, 12, 12\\), \\(1, 10, 12\\)\\]. Fit them on the same",
        ),
        (
            lambda _: DeepFeatureExtractor(FrozenEstimator(Reader(**TINY).fit(X, Y))).fit(X),
            "DeepFeatureExtractor can be exported around a classifier of .*, got Reader",
        ),
        (
            lambda _: CNNClassifier(**TINY, augmentation=None).fit(X, Y).set_params(n_tta=9),
            "n_tta=9, but without horizontal flips",
        ),
    ],
)
def test_what_cannot_be_exported(fitted, make, message, tmp_path):
    with pytest.raises(InvalidParameterError, match=message):
        to_onnx(make(fitted), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("make", [clone, SeedEnsembleClassifier, TransductiveClassifier])
def test_an_unfitted_estimator(make, tmp_path):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        to_onnx(make(CNN), tmp_path / "model.onnx")


def test_wrong_arguments(fitted, tmp_path):
    with pytest.raises(InvalidParameterError, match="input_dtype must be one of .*, got 'int8'"):
        to_onnx(fitted, tmp_path / "model.onnx", input_dtype="int8")
    with pytest.raises(DataFileError, match="is a folder. Add a name"):
        to_onnx(fitted, tmp_path)
    with pytest.raises(DataFileError, match="folder that exists, and .*nowhere' does not. Make it"):
        to_onnx(fitted, tmp_path / "nowhere" / "model.onnx")


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_a_missing_extra_is_named(fitted, package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        MissingDependencyError, match=rf"and {package} is missing.*skquickdraw\[onnx\]"
    ):
        to_onnx(fitted, tmp_path / "model.onnx")


class Small(torch.nn.Sequential):
    """A network of a user."""

    penultimate = "2"

    def __init__(self, image_shape, n_classes):
        layers = torch.nn.LazyLinear(16), torch.nn.ReLU(), torch.nn.Linear(16, n_classes)
        super().__init__(torch.nn.Flatten(), *layers)


class Branching(Small):
    """A network whose branch depends on values, which no graph can express."""

    def forward(self, x):
        return super().forward(x if x.sum() > 7 else -x)


def users(network):
    return ImageClassifier(network, max_epochs=1, random_state=0)


@pytest.mark.parametrize("layer", [None, "penultimate", "network.1"])
def test_a_network_of_a_users_is_exported(layer, tmp_path):
    clf = users(Small)
    estimator = clf if layer is None else DeepFeatureExtractor(clf, layer=layer)
    to_onnx(estimator.fit(X, Y), tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    (outputs,) = session.run(None, {"images": X.reshape(-1, 1, SIDE, SIDE).astype(np.uint8)})
    expected = estimator.predict_proba(X) if layer is None else estimator.transform(X)
    np.testing.assert_allclose(outputs, expected, atol=1e-4)


def test_a_network_that_cannot_be_exported_is_named(tmp_path):
    clf = users(Branching).fit(X, Y)
    with pytest.raises(InvalidParameterError, match="the network of ImageClassifier: .*Distilled"):
        to_onnx(clf, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_threads_that_export_leave_the_process_and_a_fit_beside_them_as_they_were(tmp_path):
    fitted = clone(CNN).fit(X, Y)
    alone = clone(OTHER_CNN).fit(X, Y).predict_proba(X)
    before = torch._C._get_mkldnn_enabled(), list(warnings.filters)
    levels = {name: logging.getLogger(name).level for name in ("torch.onnx", "onnxscript")}
    paths = [tmp_path / f"{number}.onnx" for number in range(2)]
    with ThreadPoolExecutor(3) as pool:
        exports = [pool.submit(to_onnx, fitted, path) for path in paths]
        beside = pool.submit(lambda: clone(OTHER_CNN).fit(X, Y).predict_proba(X))
        for export in exports:
            export.result()
    np.testing.assert_array_equal(beside.result(), alone)
    assert (torch._C._get_mkldnn_enabled(), list(warnings.filters)) == before
    assert {name: logging.getLogger(name).level for name in levels} == levels
    assert len({path.read_bytes() for path in paths}) == 1
