"""load_model on files that are damaged, or made to do harm."""

import copy
import json
import pickle
import sys

import numpy as np
import pytest
from joblib import cpu_count
from safetensors.numpy import save_file
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skquickdraw.datasets import make_sketches
from skquickdraw.ensemble import SeedEnsembleClassifier
from skquickdraw.exceptions import DataFileError, InvalidParameterError
from skquickdraw.persistence import load_model, save_model

DAMAGED = "is damaged|must be a file that save_model wrote"


def flipped(data, i, bit):
    return data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1 :]


def test_every_byte_counts(short_file, tmp_path):
    data = short_file.read_bytes()
    path = tmp_path / "flipped"
    # All bits of the part in which the checksum is searched; then one bit of each byte.
    n_sought = data.index(b"versions")
    flips = [(i, bit) for i in range(n_sought) for bit in range(8)]
    flips += [(i, i % 8) for i in range(n_sought, len(data))]
    for i, bit in flips:
        path.write_bytes(flipped(data, i, bit))
        with pytest.raises(DataFileError, match=DAMAGED):
            load_model(path, device="cpu")


def test_bits_of_the_weights_count(net_file, tmp_path):
    data = net_file.read_bytes()
    path = tmp_path / "flipped"
    rng = np.random.RandomState(0)
    for i in rng.randint(len(data), size=300):
        path.write_bytes(flipped(data, i, rng.randint(8)))
        with pytest.raises(DataFileError, match=DAMAGED):
            load_model(path, device="cpu")


def test_every_length_but_one_is_wrong(short_file, tmp_path):
    data = short_file.read_bytes()
    path = tmp_path / "cut"
    for n in range(len(data)):
        path.write_bytes(data[:n])
        with pytest.raises(DataFileError, match=DAMAGED):
            load_model(path, device="cpu")
    path.write_bytes(data + b"\0")
    with pytest.raises(DataFileError, match="is damaged: its .* bytes do not have the checksum"):
        load_model(path, device="cpu")


class Bomb:
    def __reduce__(self):
        return exec, ("raise SystemExit('executed')",)


def test_other_files_are_told_apart(tmp_path):
    path = tmp_path / "other"
    save_file({"a": np.zeros(3)}, path, {"format": "np"})
    with pytest.raises(DataFileError, match="'.*other' must be a file that save_model wrote"):
        load_model(path)
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(DataFileError, match="must be a file that save_model wrote; got .* bytes"):
        load_model(path)


def test_no_file_at_all(tmp_path):
    with pytest.raises(DataFileError, match="load_model: path must name a file .*: No such file"):
        load_model(tmp_path / "missing")
    with pytest.raises(DataFileError, match="load_model: path must name a file .*: Is a directory"):
        load_model(tmp_path)


def test_a_newer_format_says_so(short_file, forger, tmp_path):
    read_parts, forge = forger
    content, arrays = read_parts(short_file)
    content["format"] = 3
    content["versions"]["skquickdraw"] = "9.1"
    forge(tmp_path / "newer", content, arrays)
    with pytest.raises(DataFileError, match="has format 3.*up to 2.*version 9.1: update"):
        load_model(tmp_path / "newer")


def test_the_format_of_a_development_version_says_so(short_file, forger, tmp_path):
    read_parts, forge = forger
    content, arrays = read_parts(short_file)
    content["format"] = 1
    forge(tmp_path / "older", content, arrays)
    with pytest.raises(DataFileError, match="has format 1.*from 2. Fit the model again"):
        load_model(tmp_path / "older")


def test_a_device_that_is_not_here(net_file):
    with pytest.raises(InvalidParameterError, match="device='cuda:99' cannot be used here"):
        load_model(net_file, device="cuda:99")


def test_other_versions_of_scikit_learn_warn_where_it_was_fitted(
    net_file, small_sketches, forger, tmp_path
):
    read_parts, forge = forger
    path = tmp_path / "old"
    content, arrays = read_parts(net_file)
    content["versions"]["scikit-learn"] = "0.1"
    load_model(forge(path, content, arrays))  # no warning: scikit-learn fitted nothing in it

    model = make_pipeline(MinMaxScaler(), LinearDiscriminantAnalysis())
    save_model(model.fit(small_sketches[0][:, 50:60], small_sketches[1]), path)
    content, arrays = read_parts(path)
    content["versions"]["scikit-learn"] = "0.1"
    forge(path, content, arrays)
    with pytest.warns(UserWarning, match="LinearDiscriminantAnalysis, sklearn.MinMaxScaler were"):
        load_model(path)


def put(value, *keys):
    """Return a function that puts a value into a description, at these keys."""

    def change(content, arrays):
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = copy.deepcopy(value)

    return change


def pairs(content, *names):
    """Return the list of pairs of a nested dict inside the net."""
    node = content["model"]["fitted"]["net_"]["state"]
    for name in names:
        node = next(value for key, value in node["items"] if key == name)
    return node["items"]


def put_in_net(value, *names):
    def change(content, arrays):
        items = pairs(content, *names[:-1])
        for pair in items:
            if pair[0] == names[-1]:
                pair[1] = value

    return change


def array_of(value, name="net_.weights.head.classify.bias"):
    def change(content, arrays):
        assert name in arrays
        arrays[name] = value

    return change


MODEL, FITTED, PARAMS = ("model",), ("model", "fitted"), ("model", "params")
TEXTS = {"type": "strings", "length": 3, "shape": [1], "items": ["abc"]}
NODE = {"type": "object", "class": "skquickdraw.MixUp", "params": {}, "fitted": {}, "requests": {}}
RANDOM = {"type": "random_state", "key": [1] * 624, "pos": 0, "has_gauss": 0, "gauss": 0.0}


def doubled(n):
    """Return a description whose n levels each contain the last one twice: 2**n values in all."""
    node = 0
    for number in range(n):
        node = [{"id": 1000 + number, "type": "tuple", "items": [node]},
                {"type": "same", "id": 1000 + number}]  # fmt: skip
    return node


FORGED = {
    "a module": (put("this.Zen", *MODEL, "class"), "names the class 'this.Zen'"),
    "a builtin": (put("builtins.eval", *MODEL, "class"), "names the class 'builtins.eval'"),
    "a class out of the list": (put("sklearn.SVC", *MODEL, "class"), "names the class 'sklearn.S"),
    "a class of no name": (put(["a"], *MODEL, "class"), "TypeError"),
    "a nested class": (
        put({**NODE, "class": "os.system"}, *PARAMS, "loss"),
        "names the class 'os.system'",
    ),
    "its class": (put("x", *FITTED, "__class__"), "no fitted attribute '__class__'"),
    "its dict": (put("x", *FITTED, "__dict__"), "no fitted attribute '__dict__'"),
    "its reduce": (put("x", *FITTED, "__reduce__"), "no fitted attribute '__reduce__'"),
    "a method": (put("x", *FITTED, "predict"), "no fitted attribute 'predict'"),
    "a class attribute": (put("x", *FITTED, "_network"), "no fitted attribute '_network'"),
    "a parameter as fitted": (put("x", *FITTED, "lr"), "no fitted attribute 'lr'"),
    "its requests": (put("x", *FITTED, "_metadata_request"), "no fitted attribute '_metadata_r"),
    "no identifier": (put("x", *FITTED, "a b"), "no fitted attribute 'a b'"),
    "an unknown parameter": (put(1, *PARAMS, "evil"), "has no parameter 'evil'"),
    "a folder to unpickle": (
        put(
            {**NODE, "class": "skquickdraw.SeedEnsembleClassifier",
             "params": {"estimator": None, "memory": "elsewhere"}},
            *PARAMS, "loss",
        ),
        "sets a parameter memory",
    ),
    "a folder in a dict": (
        put({"type": "dict", "items": [["a__memory", "elsewhere"]]}, *PARAMS, "class_weight"),
        "sets a parameter memory",
    ),
    "a folder as fitted": (
        put({**NODE, "class": "sklearn.Pipeline", "params": {"steps": []},
             "fitted": {"memory": "elsewhere"}}, *PARAMS, "loss"),
        "no fitted attribute 'memory'",
    ),
    "a method that asks": (put({"_init_": {}}, *MODEL, "requests"), "unknown method '_init_'"),
    "what it asks for": (put({"fit": {"evil": True}}, *MODEL, "requests"), "TypeError"),
    "an unknown type": (put({"type": "code"}, *FITTED, "a_"), "unknown type 'code'"),
    "no type": (put({"a": 1}, *FITTED, "a_"), "KeyError"),
    "a type of a type": (put({"type": {}}, *FITTED, "a_"), "TypeError"),
    "nothing known": (put({"type": "same", "id": 99}, *FITTED, "a_"), "KeyError: 99"),
    "itself": (put({"type": "same", "id": 0}, *FITTED, "a_"), "KeyError: 0"),
    "no model": (lambda content, arrays: content.pop("model"), "KeyError: 'model'"),
    "no versions": (lambda content, arrays: content.pop("versions"), "KeyError: 'versions'"),
    "a part doubled and doubled again": (
        lambda content, arrays: content["model"]["fitted"].update(a_=doubled(40)),
        "references repeat more than 1,000,000 values",
    ),
    "an array that is named again": (
        put({"type": "array", "name": "net_.weights.head.classify.bias"}, *FITTED, "a_"),
        "KeyError: 'net_.weights.head.classify.bias'",
    ),
    "many wide texts": (
        put([{**TEXTS, "length": 10**7, "items": ["abc"]}] * 2, *FITTED, "a_"),
        "strings cannot have the length 10000000",
    ),
    "a normaliser to large images": (
        put({**NODE, "class": "skquickdraw.SketchNormalizer",
             "params": {"image_shape": {"type": "tuple", "items": [40_000, 40_000]}}},
            *FITTED, "a_"),
        "asks for images of shape .40000, 40000.",
    ),
    "a large paper for strokes": (
        put_in_net({"type": "dict", "items": [["side", 40_000]]}, "ink"),
        "asks for images of shape .1, 40000, 40000.",
    ),
    "an array that is not there": (put({"type": "array", "name": "x"}, *FITTED, "a_"), "KeyError"),
    "a wide text": (put({**TEXTS, "length": 10**12}, *FITTED, "a_"), "cannot have the length"),
    "a long text": (put({**TEXTS, "length": 1}, *FITTED, "a_"), "cannot have the length 1"),
    "many texts": (put({**TEXTS, "shape": [10**12]}, *FITTED, "a_"), "cannot have the shape"),
    "few texts": (put({**TEXTS, "shape": [-1]}, *FITTED, "a_"), "cannot have the shape"),
    "below no text": (put({**TEXTS, "shape": [-1, -1]}, *FITTED, "a_"), "cannot have the shape"),
    "fractions of texts": (put({**TEXTS, "shape": [1.0]}, *FITTED, "a_"), "cannot have the shape"),
    "no texts": (put({**TEXTS, "items": [7]}, *FITTED, "a_"), "holds something else"),
    "many objects": (
        put({"type": "objects", "shape": [10**9, 9], "items": [1]}, *FITTED, "a_"),
        "1 items cannot have the shape",
    ),
    "a float": (put({"type": "float", "value": "evil"}, *FITTED, "a_"), "KeyError: 'evil'"),
    "a scalar": (put({"type": "scalar", "dtype": "O", "value": 1}, *FITTED, "a_"), "KeyError"),
    "a random state beyond its end": (
        put({**RANDOM, "pos": 10**6}, *FITTED, "a_"),
        "no key of shape .624,. and position 1000000",
    ),
    "a short random state": (put({**RANDOM, "key": [1]}, *FITTED, "a_"), "no key of shape .1,."),
    "no estimator": (put(NODE, *MODEL), "is MixUp, no estimator"),
    "a list": (put([[1]], *MODEL), "is list, no estimator"),
    "a large scalar": (
        put({"type": "scalar", "dtype": "int8", "value": 10**30}, *FITTED, "a_"),
        "OverflowError",
    ),
    "a device": (put({"type": "device", "name": "evil"}, *FITTED, "a_"), "RuntimeError"),
    "a network": (put("evil", *FITTED, "net_", "network"), "KeyError: 'evil'"),
    "another network": (put("ResNet", *FITTED, "net_", "network"), "are missing or unknown"),
    "a comparing network": (put("RelationNetwork", *FITTED, "net_", "network"), "TypeError"),
    "a huge network": (put_in_net(1e9, "options", "width"), "width must be"),
    "an endless network": (put_in_net(1e308, "options", "width"), "Error"),
    "a network of a name": (put_in_net("wide", "options", "width"), "width must be"),
    "huge pictures": (put_in_net([1, 10**9, 12], "options", "image_shape"), "images of shape"),
    "many classes": (put_in_net(10**12, "options", "n_classes"), "n_classes must"),
    "more classes": (put(TEXTS, *FITTED, "classes_"), "a network for 3 classes"),
    "no classes": (lambda content, arrays: content["model"]["fitted"].pop("classes_"), "Attrib"),
    "no state": (put({"type": "dict", "items": []}, *FITTED, "net_", "state"), "KeyError"),
    "weights of another shape": (array_of(np.zeros(4, np.float32)), "there is torch.float32 of"),
    "weights of another type": (array_of(np.zeros(3)), "there is torch.float64 of"),
    "no weights": (put_in_net({"type": "dict", "items": []}, "weights"), "missing or unknown"),
    "weights of nothing": (put_in_net(None, "weights"), "AttributeError"),
    "an optimizer": (
        put_in_net({"type": "module", "network": "CNN", "state": None}, "optimizer", "name"),
        "TypeError",
    ),
    "no optimizer": (put_in_net(["evil"], "optimizer", "name"), "optimizer of a network has no n"),
    "a rate": (put_in_net("fast", "optimizer", "lr"), "TypeError"),
    "a memory of nothing": (
        put_in_net({"type": "dict", "items": [[999, {"type": "dict", "items": []}]]},
                   "optimizer", "memory"),
        "shapes {}|IndexError",
    ),
    "a memory of another shape": (
        array_of(np.zeros(7, np.float32), "net_.optimizer.memory.0.exp_avg"),
        "state of weight 0 has the shapes",
    ),
    "sums of other channels": (
        array_of(np.ones((3, 2)), "net_.pixel_sums"), "pixel statistics are not a number",
    ),
    "no pixels": (array_of(np.zeros((3, 1)), "net_.pixel_sums"), "pixel statistics"),
    "an ink": (put_in_net(["evil"], "ink"), "TypeError"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_what_does_not_fit_is_a_clear_error(name, net_file, forger, tmp_path):
    read_parts, forge = forger
    content, arrays = read_parts(net_file)
    change, message = FORGED[name]
    change(content, arrays)
    path = forge(tmp_path / "forged", content, arrays)
    with pytest.raises(DataFileError, match="'.*forged' must describe a model.*" + message):
        load_model(path, device="cpu")
    assert "this" not in sys.modules


def test_a_file_starts_no_more_processes_than_there_are_cores(frozen, forger, tmp_path):
    read_parts, forge = forger
    vote = SeedEnsembleClassifier(frozen.estimator, 2, n_jobs=1)
    save_model(
        vote.fit(*make_sketches(20, 2, image_shape=(12, 12), random_state=0)), tmp_path / "v"
    )
    content, arrays = read_parts(tmp_path / "v")
    content["model"]["params"]["n_jobs"] = 10_000
    assert load_model(forge(tmp_path / "forged", content, arrays)).n_jobs == cpu_count()
    content["model"]["params"]["n_jobs"] = -1
    assert load_model(forge(tmp_path / "forged", content, arrays)).n_jobs == -1


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ('"model": ' + "[" * 100_000 + "]" * 100_000 + "}", "recursion"),
        ('"model": 1', "Expecting"),
        ('"model": ' + "9" * 5000 + "}", "digits"),
    ],
    ids=["deep", "unfinished", "digits"],
)
def test_odd_texts_are_a_clear_error(rest, message, forger, tmp_path):
    _, forge = forger
    text = '{"format": 2, "sha256": "' + "0" * 64 + '", ' + rest
    with pytest.raises(DataFileError, match="must .*" + message):
        load_model(forge(tmp_path / "odd", text, {}), device="cpu")


def test_a_description_that_is_no_object(forger, tmp_path):
    _, forge = forger
    text = json.dumps({"format": "one", "sha256": "0" * 64})
    with pytest.raises(DataFileError, match="must be a file that save_model wrote"):
        load_model(forge(tmp_path / "odd", text, {}), device="cpu")


def test_headers_of_tensors_are_checked(net_file, tmp_path):
    """A header whose tensors lie beyond the end of the file, with a correct checksum."""
    from hashlib import sha256

    data = net_file.read_bytes()
    start = data.index(b"sha256") + len(b'sha256\\": \\"')
    blank = data[:start] + b"0" * 64 + data[start + 64 :]
    cut = blank[:-400]
    checksum = sha256(cut).hexdigest().encode()
    (tmp_path / "cut").write_bytes(cut[:start] + checksum + cut[start + 64 :])
    with pytest.raises(DataFileError, match="must be a safetensors file with a description"):
        load_model(tmp_path / "cut", device="cpu")
