"""No public call changes the state of the process, which is compared before and after the call."""

import gc
import json
import logging
import os
import random
import tempfile
import threading
import warnings
from contextlib import suppress
from copy import deepcopy
from importlib import import_module
from inspect import isclass
from types import ModuleType

import numpy as np
import pytest
import torch
from joblib.externals.loky import get_reusable_executor
from sklearn.linear_model import LogisticRegression

import skquickdraw
from skquickdraw import datasets, inspection, metrics, model_selection, persistence, recipes
from skquickdraw.app import make_server
from skquickdraw.cli import main
from skquickdraw.datasets import make_sketches
from skquickdraw.distillation import DistilledClassifier
from skquickdraw.ensemble import SeedEnsembleClassifier
from skquickdraw.exceptions import SkquickdrawError
from skquickdraw.feature_extraction import DeepFeatureExtractor
from skquickdraw.few_shot import PrototypeClassifier, RelationNetworkClassifier, TopKReranker
from skquickdraw.networks import fold_batch_norm
from skquickdraw.neural_network import (
    CNNClassifier,
    ImageClassifier,
    MobileNetClassifier,
    ResNetClassifier,
)
from skquickdraw.over_sampling import AugmentingOverSampler
from skquickdraw.preprocessing import SketchNormalizer
from skquickdraw.semi_supervised import (
    NoisyStudentClassifier,
    TransductiveClassifier,
    align_to_prior,
    assign_to_prior,
)

from .process_state import left_behind

X, Y = make_sketches(24, 2, weights=[2, 1], image_shape=(8, 8), random_state=0)
NAMES = np.array(["circle", "square"])
TINY = {"width": 0.1, "max_epochs": 1}
ROUND = {"n_selected": np.array([3, 2]), "mean_confidence": np.array([0.7, 0.6])}


def cnn(**params):
    return CNNClassifier(**TINY, **params)


# Those that draw random numbers have a random_state. Without one, the seed comes from the global
# generator of NumPy, whose state then changes, as in scikit-learn.
ESTIMATORS = {
    "CNNClassifier": lambda: cnn(random_state=0),
    "MobileNetClassifier": lambda: MobileNetClassifier(**TINY, random_state=0),
    "ResNetClassifier": lambda: ResNetClassifier(**TINY, mixing="cutmix", random_state=0),
    "ImageClassifier": lambda: ImageClassifier("cnn", **TINY, early_stopping=True, random_state=0),
    "RelationNetworkClassifier": lambda: RelationNetworkClassifier(
        width=0.1, n_episodes=2, batch_size=1, random_state=0
    ),
    "AugmentingOverSampler": lambda: AugmentingOverSampler(random_state=0),
    "SeedEnsembleClassifier": lambda: SeedEnsembleClassifier(cnn(), 2, random_state=0),
    "NoisyStudentClassifier": lambda: NoisyStudentClassifier(cnn(), random_state=0),
    "DistilledClassifier": lambda: DistilledClassifier(cnn(), cnn(), random_state=0),
    "TransductiveClassifier": lambda: TransductiveClassifier(cnn(random_state=0)),
    "TopKReranker": lambda: TopKReranker(
        cnn(random_state=0), PrototypeClassifier(), k=2, random_state=0
    ),
    "PrototypeClassifier": lambda: PrototypeClassifier(),
    "DeepFeatureExtractor": lambda: DeepFeatureExtractor(cnn(), random_state=0),
    "BudgetedClassifier": lambda: recipes.BudgetedClassifier([cnn()], minutes=0.02, random_state=0),
    "SketchNormalizer": lambda: SketchNormalizer(input_shape=(1, 8, 8)),
}


@pytest.fixture(scope="module", autouse=True)
def libraries():
    """Load the libraries that the first fit loads, and restore what they change.

    PyTorch sets TORCHINDUCTOR_CACHE_DIR, and imports add filters of warnings. Workers of other
    tests are ended here, so that they and their pipes do not end during a call. Freezing makes
    later collections of garbage faster, because they skip all objects that exist by then.
    """
    get_reusable_executor().shutdown(wait=True)
    before = dict(os.environ)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cnn(random_state=0).fit(X, Y)
        for name in ("requests", "pooch", "onnxscript", "matplotlib.pyplot"):
            with suppress(ImportError):
                import_module(name)
    os.environ.clear()
    os.environ.update(before)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="module")
def fitted():
    return cnn(random_state=0).fit(X, NAMES[Y])


@pytest.fixture
def network(fitted):
    """Return an unused copy of the network."""
    return deepcopy(fitted)


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Use a new folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


def use(estimator):
    """Fit, and call every method that takes images."""
    if hasattr(estimator, "fit_resample"):
        estimator.fit_resample(X, Y)
        return
    estimator.fit(X, Y)
    for name in ("predict", "predict_proba", "transform", "extract_features", "score_samples"):
        if hasattr(estimator, name):
            getattr(estimator, name)(X)
    if hasattr(estimator, "partial_fit"):
        estimator.partial_fit(X, Y)


@pytest.mark.filterwarnings("ignore")  # about a single epoch, and a missed time budget
@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_leaves_no_trace(name):
    assert left_behind(lambda: use(ESTIMATORS[name]())) == {}


def test_every_public_estimator_is_here():
    found = {name for name, it in public().items() if hasattr(it, "fit")} ^ set(ESTIMATORS)
    assert not found, f"add {sorted(found)} to ESTIMATORS, or remove them there"


def public():
    parts = {name: getattr(skquickdraw, name) for name in skquickdraw.__all__}
    modules = [part for part in parts.values() if isinstance(part, ModuleType)]
    return {name: getattr(part, name) for part in modules for name in part.__all__}


def save_images(folder):
    from PIL import Image

    for label, name in enumerate(NAMES):
        (folder / "images" / name).mkdir(parents=True, exist_ok=True)
        for i in np.flatnonzero(label == Y)[:3]:
            Image.fromarray(X[i].reshape(8, 8)).save(folder / "images" / name / f"{i}.png")


def serve(network):
    """Answer one drawing, and close."""
    from urllib.request import Request, urlopen

    with make_server(network) as server:
        thread = threading.Thread(target=server.serve_forever, name="server")
        thread.start()
        body = json.dumps({"strokes": [[[0, 9], [0, 9]]]}).encode()
        request = Request(f"{server.url}predict", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            answer.read()
        server.shutdown()
        thread.join()
    wait_for_handlers()


def wait_for_handlers():
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(60)


def fetch_nothing(folder):
    with pytest.raises(SkquickdrawError):
        datasets.fetch_quickdraw(
            ["cat"],
            base_url="http://127.0.0.1:1",
            data_home=folder / "cache",
            n_retries=0,
            delay=0,
            progress=False,
        )


def plot(display):
    from matplotlib.figure import Figure

    display.plot(ax=Figure().subplots())


FUNCTIONS = {
    "make_sketches": lambda folder, net: make_sketches(9, 3, random_state=0),
    "rasterize": lambda folder, net: datasets.rasterize([[[0, 9], [0, 9]]]),
    "make_ladder": lambda folder, net: datasets.make_ladder(X, Y, n_max=8, n_min=4, random_state=0),
    "ladder_counts": lambda folder, net: datasets.ladder_counts(3, n_max=8, n_min=4),
    "pack_strokes": lambda folder, net: datasets.unpack_strokes(
        datasets.pack_strokes([[[[0, 9], [0, 9]]]])
    ),
    "load_quickdraw": lambda folder, net: datasets.load_quickdraw(folder / "arrays", mmap=True),
    "MappedFiles": lambda folder, net: np.asarray(
        datasets.MappedFiles([np.load(folder / "arrays" / "a.npy", mmap_mode="r")])
    ),
    "load_competition": lambda folder, net: datasets.load_competition(folder),
    "load_image_folder": lambda folder, net: datasets.load_image_folder(folder / "images"),
    "load_images": lambda folder, net: datasets.load_images(folder / "images"),
    "fetch_quickdraw": lambda folder, net: fetch_nothing(folder),
    "save_model": lambda folder, net: persistence.save_model(net, folder / "m.safetensors"),
    "load_model": lambda folder, net: persistence.load_model(folder / "model.safetensors"),
    "to_onnx": lambda folder, net: persistence.to_onnx(net, folder / "m.onnx"),
    "main": lambda folder, net: main(
        ["predict", str(folder / "model.safetensors"), str(folder / "images")]
    ),
    "make_server": lambda folder, net: serve(net),
    "fold_batch_norm": lambda folder, net: fold_batch_norm(net.net_.module_),
    "compare": lambda folder, net: model_selection.compare(
        {"a": LogisticRegression(), "b": LogisticRegression(C=9)}, X, Y, cv=2
    ),
    "find_label_errors": lambda folder, net: model_selection.find_label_errors(
        LogisticRegression(), X, Y, cv=2, random_state=0
    ),
    "LabeledStratifiedKFold": lambda folder, net: list(
        model_selection.LabeledStratifiedKFold(2).split(X, Y)
    ),
    "LabeledStratifiedShuffleSplit": lambda folder, net: list(
        model_selection.LabeledStratifiedShuffleSplit(2, random_state=0).split(X, Y)
    ),
    "imbalance_report": lambda folder, net: metrics.imbalance_report(
        [0, 1, 2], [0, 1, 1], y_train=[0, 0, 0, 1, 1, 2]
    ),
    "align_to_prior": lambda folder, net: align_to_prior(net.predict_proba(X)),
    "assign_to_prior": lambda folder, net: assign_to_prior(net.predict_proba(X)),
    "ImageSheetDisplay": lambda folder, net: plot(
        inspection.ImageSheetDisplay(X.reshape(-1, 8, 8)[:2], ["a", "b"], ["a", "a"])
    ),
    "TrainingHistoryDisplay": lambda folder, net: plot(
        inspection.TrainingHistoryDisplay({"net": [{"epoch": 1, "train_loss": 1.0}]})
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_leaves_no_trace(name, tmp_path, network):
    pytest.importorskip("PIL")
    if name == "to_onnx":
        pytest.importorskip("onnxscript")
    save_images(tmp_path)
    (tmp_path / "arrays").mkdir()
    np.save(tmp_path / "arrays" / "a.npy", X)
    np.savez(tmp_path / "train.npz", X=X.reshape(-1, 8, 8), y=Y, classes=NAMES)
    persistence.save_model(network, tmp_path / "model.safetensors")
    assert left_behind(lambda: FUNCTIONS[name](tmp_path, network)) == {}


# Functions that only make objects with parameters, or that the calls above include.
INSIDE = {"unpack_strokes", "frequency_groups", "group_recall_score", "per_class_recall"}
INSIDE |= {"serve", "make_group_scorer", "resolve_augmentation", "resolve_mixing"}
INSIDE |= {"accurate", "best", "distilled", "ensemble", "fast"}


def test_every_public_function_is_here():
    functions = {name for name, it in public().items() if not isclass(it)}
    found = (functions - set(FUNCTIONS)) ^ INSIDE
    assert not found, (
        f"add a call of {sorted(found)} to FUNCTIONS, or the names to INSIDE if another call there "
        "includes them; take out what is no longer public, or is in both"
    )


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_fit_that_fails_leaves_no_trace_either(error, monkeypatch):
    def fail(*args):
        raise error

    def call():
        with pytest.raises(error):
            cnn(random_state=0).fit(X, Y)

    monkeypatch.setattr("skquickdraw.neural_network._loop.TrainingLoop.run_steps", fail)
    assert left_behind(call) == {}


TRACES = {
    "random": lambda folder: random.random(),
    "numpy.random": lambda folder: np.random.rand(),
    "torch generator": lambda folder: torch.rand(1),
    "environment": lambda folder: os.environ.update(LEFT="1"),
    "warning filters": lambda folder: warnings.simplefilter("ignore"),
    "torch defaults": lambda folder: torch.set_default_dtype(torch.float64),
    "root": lambda folder: logging.getLogger().setLevel(3 + logging.getLogger().level),
    "threads": lambda folder: threading.Thread(target=threading.Event().wait, daemon=True).start(),
    "temporary files": lambda folder: tempfile.mkstemp(),
    "open files": lambda folder: KEPT.append(os.fdopen(os.open(os.devnull, os.O_RDONLY))),
}
KEPT = []


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", TRACES)
def test_a_trace_is_noticed(name, tmp_path, monkeypatch):
    monkeypatch.setenv("LEFT", "0")
    dtype, level = torch.get_default_dtype(), logging.root.level
    try:
        assert name in left_behind(lambda: TRACES[name](tmp_path))
    finally:
        torch.set_default_dtype(dtype)
        logging.root.setLevel(level)
        while KEPT:
            KEPT.pop().close()
