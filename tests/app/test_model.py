"""Which models the page can use, and which are refused when the server starts."""

import sys

import numpy as np
import pytest
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from sklearn.svm import LinearSVC

from skquickdraw import CNNClassifier, SeedEnsembleClassifier, TransductiveClassifier
from skquickdraw.app import make_server
from skquickdraw.datasets import make_sketches
from skquickdraw.exceptions import DataFileError, InvalidParameterError, MissingDependencyError
from skquickdraw.persistence import save_model, to_onnx


@pytest.fixture(scope="module")
def sketches():
    return make_sketches(60, 3, image_shape=(12, 12), random_state=0)


@pytest.fixture(scope="module")
def small(sketches):
    return CNNClassifier(width=0.25, max_epochs=1, random_state=0).fit(*sketches)


def probabilities(model, picture):
    """Return the probabilities that a server gives for one image."""
    with make_server(model) as server:
        return server.guesser.probabilities(picture)


def shown(model, **params):
    with make_server(model, **params) as server:
        return server.guesser.side, server.guesser.names


def test_reads_side_and_names_off_the_estimator(small, neighbors):
    assert shown(small) == (12, ["0", "1", "2"])
    assert shown(neighbors) == (28, neighbors.classes_.tolist())


def test_names_can_be_given(small):
    assert shown(small, names=("sun", "moon", "star"))[1] == ["sun", "moon", "star"]


def test_pipelines_and_votes_are_classifiers(sketches):
    vote = VotingClassifier([("a", GaussianNB()), ("b", GaussianNB())], voting="soft")
    model = make_pipeline(MinMaxScaler(), vote).fit(*sketches)
    assert shown(model)[0] == 12
    np.testing.assert_array_equal(
        probabilities(model, sketches[0][0].reshape(12, 12)),
        model.predict_proba(sketches[0][:1])[0],
    )


def test_a_network_that_learned_from_stacks(sketches):
    X, y = sketches
    model = CNNClassifier(width=0.25, max_epochs=1, random_state=0)
    assert shown(model.fit(X.reshape(-1, 12, 12), y))[0] == 12


@pytest.mark.parametrize("as_text", [False, True])
def test_a_saved_model_is_the_model(tmp_path, small, sketches, as_text):
    path = tmp_path / "model.safetensors"
    save_model(small, path)
    picture = sketches[0][0].reshape(12, 12)
    np.testing.assert_allclose(
        probabilities(str(path) if as_text else path, picture),
        small.predict_proba(picture[None])[0],
        rtol=1e-6,
    )


@pytest.fixture(scope="module")
def graph(tmp_path_factory, small):
    """Return the path of an ONNX graph of the classifier, for uint8 images."""
    pytest.importorskip("onnx", reason="onnx is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    to_onnx(small, path)
    return path


@pytest.mark.parametrize("input_dtype", ["uint8", "float32"])
def test_an_onnx_graph_is_the_model(tmp_path, graph, small, sketches, input_dtype):
    if input_dtype == "float32":
        graph = tmp_path / "model.onnx"
        to_onnx(small, graph, input_dtype=input_dtype)
    picture = sketches[0][0].reshape(12, 12)
    expected = small.predict_proba(picture[None])[0]
    np.testing.assert_allclose(probabilities(graph, picture), expected, atol=1e-5)
    assert shown(graph) == (12, ["0", "1", "2"])


@pytest.mark.parametrize("suffix", [None, "safetensors", "onnx"])
@pytest.mark.parametrize("scale", ["units", "truth"])
def test_a_model_of_another_scale_gets_its_own(tmp_path, sketches, suffix, scale):
    X, y = sketches
    images = X > 127 if scale == "truth" else X / 255
    inner = CNNClassifier(width=0.25, max_epochs=1, random_state=0)
    model = SeedEnsembleClassifier(inner, n_estimators=1).fit(images, y)
    picture = (X[0] > 127).reshape(12, 12).astype(np.uint8)
    top = 1 if scale == "truth" else X.max() / 255
    expected = model.predict_proba(picture[None] * top)[0]
    if suffix is not None:
        path = tmp_path / f"model.{suffix}"
        if suffix == "onnx":
            pytest.importorskip("onnx")
            to_onnx(model, path, input_dtype="float32" if scale == "units" else "uint8")
        else:
            save_model(model, path)
        model = path
    np.testing.assert_allclose(probabilities(model, 255 * picture), expected, atol=1e-5)


@pytest.mark.parametrize("paper", [255, 1.0])
def test_a_model_of_dark_ink_on_paper_sees_such(sketches, paper):
    X, y = sketches
    images = paper * (X <= 127)
    model = CNNClassifier(width=0.25, max_epochs=1, random_state=0).fit(images, y)
    picture = 255 * (X[0] > 127).reshape(12, 12).astype(np.uint8)
    with make_server(model) as server:
        seen = server.guesser.adapt(picture)
        np.testing.assert_array_equal(seen, 255 - picture)
        expected = model.predict_proba(images[:1])[0]
        np.testing.assert_allclose(server.guesser.probabilities(seen), expected, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 255])
def test_a_graph_of_dark_ink_on_paper_says_so(tmp_path, sketches, scale):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    X, y = sketches
    images = scale * (X <= 127).astype(np.float64)
    model = CNNClassifier(width=0.25, max_epochs=1, random_state=0).fit(images, y)
    to_onnx(model, tmp_path / "new.onnx", input_dtype="float32")
    graph = onnx.load(tmp_path / "new.onnx")
    (found,) = [prop for prop in graph.metadata_props if prop.key == "background"]
    graph.metadata_props.remove(found)
    onnx.save(graph, tmp_path / "old.onnx")  # as written by earlier versions
    picture = 255 * (X[0] > 127).reshape(12, 12).astype(np.uint8)
    with make_server(tmp_path / "new.onnx") as server:
        seen = server.guesser.adapt(picture)
        np.testing.assert_array_equal(seen, 255 - picture)
        expected = model.predict_proba(images[:1])[0]
        np.testing.assert_allclose(server.guesser.probabilities(seen), expected, atol=1e-5)
    with make_server(tmp_path / "old.onnx") as server:
        np.testing.assert_array_equal(server.guesser.adapt(picture), picture)


def test_a_model_of_light_ink_sees_light_ink(small, sketches):
    picture = sketches[0][0].reshape(12, 12)
    with make_server(small) as server:
        np.testing.assert_array_equal(server.guesser.adapt(picture), picture)


def test_behind_a_scaler_pictures_stay_as_they_are(sketches):
    X, y = sketches
    inner = CNNClassifier(width=0.25, max_epochs=1, random_state=0)
    model = make_pipeline(MinMaxScaler(), inner).fit(X, y)
    np.testing.assert_array_equal(
        probabilities(model, X[0].reshape(12, 12)), model.predict_proba(X[:1])[0]
    )


def test_an_unfitted_classifier_is_refused():
    with pytest.raises(InvalidParameterError, match="CNNClassifier has no classes_"):
        make_server(CNNClassifier())


def test_a_classifier_without_probabilities_is_refused(sketches):
    with pytest.raises(InvalidParameterError, match="LinearSVC has no predict_proba"):
        make_server(LinearSVC().fit(*sketches))


@pytest.mark.parametrize("shape", [(3, 12, 14), (12, 14)])
def test_other_pictures_than_squares_are_refused(shape):
    X = np.random.default_rng(0).integers(256, size=(20, np.prod(shape)))
    clf = CNNClassifier(width=0.25, max_epochs=1, image_shape=shape, random_state=0)
    with pytest.raises(InvalidParameterError, match="must take square images of 1 or 3 channels"):
        make_server(clf.fit(X, np.arange(20) % 2))


def test_what_makes_smaller_pictures_for_a_network_takes_the_larger_ones(sketches):
    X, y = sketches
    double = X.reshape(-1, 12, 12).repeat(2, axis=1).repeat(2, axis=2).reshape(len(X), -1)
    halve = FunctionTransformer(lambda X: X.reshape(-1, 24, 24)[:, ::2, ::2].reshape(len(X), -1))
    halve.set_params(validate=True)  # so that it has n_features_in_
    clf = make_pipeline(halve, CNNClassifier(width=0.25, max_epochs=1, random_state=0))
    assert shown(clf.fit(double, y))[0] == 24


@pytest.mark.parametrize(
    "wrap",
    [
        lambda clf: make_pipeline(FunctionTransformer(), clf),
        lambda clf: SeedEnsembleClassifier(clf, 1),
        lambda clf: VotingClassifier([("a", make_pipeline(clf))], voting="soft"),
        lambda clf: TransductiveClassifier(clf),
    ],
    ids=["pipeline", "ensemble", "pipeline in a vote", "transductive"],
)
def test_what_surrounds_a_network_does_not_hide_its_pictures(wrap):
    X = np.random.default_rng(0).integers(256, size=(20, 144))  # as many pixels as 12 x 12
    clf = CNNClassifier(width=0.25, max_epochs=1, image_shape=(6, 24), random_state=0)
    with pytest.raises(InvalidParameterError, match="takes 6 x 24 pixels"):
        make_server(wrap(clf).fit(X, np.arange(20) % 2))


def test_rows_that_are_no_squares_are_refused(sketches):
    X, y = sketches
    clf = LogisticRegression(max_iter=5000).fit(X[:, :50] / 255, y)
    with pytest.raises(InvalidParameterError, match="takes 1 x 50 pixels"):
        make_server(clf)


def test_names_must_fit_the_classes(small):
    with pytest.raises(InvalidParameterError, match="each of the model's 3 classes.* got 2"):
        make_server(small, names=["a", "b"])


def test_probabilities_must_fit_the_classes():
    class Odd:
        classes_ = ("a", "b", "c")

        def predict_proba(self, X):
            return np.ones((len(X), 2)) / 2

    with pytest.raises(InvalidParameterError, match="each of the 3 classes; got shape \\(2,\\)"):
        make_server(Odd())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataFileError, match="nothing.safetensors', where there is no file"):
        make_server(tmp_path / "nothing.safetensors")


def test_a_damaged_graph_is_refused(tmp_path):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    path = tmp_path / "model.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(DataFileError, match="model.onnx must be an ONNX file"):
        make_server(path)


@pytest.mark.parametrize(
    "described",
    [
        {},
        {"classes": "3", "image_shape": "[1, 12, 12]"},
        {"classes": "[" * 100_000, "image_shape": "[1, 12, 12]"},
        {"classes": "[0, 1, 2]", "image_shape": "5"},
        {"classes": "[0, 1, 2]", "image_shape": '[1, "a", 12]'},
        {"classes": "[0, 1, 2]", "image_shape": "[1, 6, 24]"},
        {"classes": "[0, 1, 2]", "image_shape": "[1, 12, 12]", "background": "[0, 0, 0]"},
        {"classes": "[0, 1, 2]", "image_shape": "[1, 12, 12]", "background": "[NaN]"},
        {"classes": "[0, 1, 2]", "image_shape": "[1, 12, 12]", "background": "dark"},
    ],
    ids=[
        "nothing",
        "a number",
        "deep",
        "no shape",
        "a word",
        "another shape",
        "colours of grey",
        "no number",
        "no background",
    ],
)
def test_a_graph_that_describes_no_classifier_is_refused(tmp_path, graph, described):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    model = onnx.load(graph)
    onnx.helper.set_model_props(model, described)
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(DataFileError, match="must name its classes and image_shape"):
        make_server(tmp_path / "model.onnx")


@pytest.mark.parametrize("location", ["weights.bin", "../weights.bin", "/{}", "../" * 20 + "{}"])
def test_a_graph_cannot_name_other_files_as_its_weights(tmp_path, graph, monkeypatch, location):
    outside = (tmp_path / "weights.bin").relative_to(tmp_path.anchor).as_posix()
    location = location.format(outside)
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    model = onnx.load(graph)
    weights = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    (tmp_path / "below" / location).write_bytes(weights.raw_data)
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=location)
    weights.ClearField("raw_data")
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(DataFileError, match="model.onnx must be an ONNX file"):
        make_server(tmp_path / "model.onnx")


def test_the_extra_for_graphs_is_named(tmp_path, monkeypatch):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match="pip install 'skquickdraw\\[onnx\\]'"):
        make_server(path)
