"""Odd arguments of every public function, class and method give a result or an intended error.

Intended are errors of this package, of scikit-learn's validation, and of Python for a call that
does not fit the signature. All others are bare errors, which do not say what to do.
"""

from __future__ import annotations

import copy
import inspect
import socket
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

import skquickdraw
from skquickdraw import datasets, model_selection, recipes
from skquickdraw.exceptions import SkquickdrawError

pandas = pytest.importorskip("pandas")
pytest.importorskip("matplotlib").use("agg")

EXAMPLES = 6  # values for each argument; not drawn at random, so that failures are reproducible
N = 12
X, Y = datasets.make_sketches(N, 2, image_shape=(8, 8), random_state=0)
PROBA = np.full((N, 2), 0.5)
TENSOR = torch.from_numpy(X.reshape(N, 1, 8, 8)).float()
CROSS = [[[0, 255], [0, 255]], [[0, 255], [255, 0]]]
TINY = {"width": 0.01, "max_epochs": 1, "augmentation": None, "device": "cpu", "random_state": 0}


class Opaque:
    """An object that is not a valid value of any argument."""

    def __repr__(self):
        return "Opaque()"


# Odd values. Each use makes a new one. The names are shown if an example fails.
POOL: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "-1": lambda: -1,
    "0": lambda: 0,
    "1": lambda: 1,
    "2**63": lambda: 2**63,
    "10**400": lambda: 10**400,
    "1.5": lambda: 1.5,
    "-0.5": lambda: -0.5,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "1j": lambda: 1j,
    "np.float32(0.5)": lambda: np.float32(0.5),
    "np.datetime64('NaT')": lambda: np.datetime64("NaT", "s"),
    "pandas.NA": lambda: pandas.NA,
    "''": lambda: "",
    "'x'": lambda: "x",
    "a text with a null": lambda: "a\0b",
    "'auto'": lambda: "auto",
    "b''": lambda: b"",
    "[]": list,
    "()": tuple,
    "{}": dict,
    "set of 1": lambda: {1},
    "{'x': 'x'}": lambda: {"x": "x"},
    "{0: nan}": lambda: {0: float("nan")},
    "Opaque()": Opaque,
    "Opaque": lambda: Opaque,
    "len": lambda: len,
    "lambda": lambda: lambda *args, **kwargs: None,
    "range(2)": lambda: range(2),
    "a generator": lambda: iter([1, 2]),
    "['x', None]": lambda: ["x", None],
    "('8', '8')": lambda: ("8", "8"),
    "(nan, 8)": lambda: (float("nan"), 8),
    "(2**63, 8)": lambda: (2**63, 8),
    "ragged": lambda: [[1, 2], [3]],
    "ragged images": lambda: [np.zeros((8, 8)), np.zeros((9, 9))],
    "empty array": lambda: np.array([]),
    "no rows": lambda: np.empty((0, 64)),
    "0-d array": lambda: np.array(1),
    "5-d array": lambda: np.zeros((1, 1, 1, 1, 1)),
    "array of nan": lambda: np.full((N, 64), np.nan),
    "array of -1": lambda: np.full((N, 64), -1),
    "array of 2**40": lambda: np.full((N, 64), 2**40),
    "dates": lambda: np.zeros((N, 64), "datetime64[s]"),
    "column of dates": lambda: np.zeros(N, "datetime64[s]"),
    "None and text": lambda: np.array([None, "x"] * (N // 2), dtype=object),
    "objects": lambda: np.array([Opaque()] * N, dtype=object),
    "matrix of text": lambda: np.full((N, 64), "x"),
    "column of bytes": lambda: np.array([b"x", b"y"] * (N // 2)),
    "complex": lambda: np.zeros((N, 64), complex),
    "structured": lambda: np.zeros(N, [("a", int), ("b", float)]),
    "masked": lambda: np.ma.masked_array(X, mask=True),
    "masked column": lambda: np.ma.masked_array(Y, mask=Y == 0),
    "sparse": lambda: sparse.csr_matrix(X),
    "tensor": lambda: TENSOR.clone(),
    "frame of text": lambda: pandas.DataFrame({"a": ["x"] * N}),
    "frame of NA": lambda: pandas.DataFrame({"a": [pandas.NA] * N}),
    "series of NA": lambda: pandas.Series([pandas.NA, 1] * (N // 2), dtype="Int64"),
    "X": lambda: X,
    "y": lambda: Y,
    "column of one class": lambda: np.zeros(N, int),
    "a path": lambda: Path("missing", "folder"),
    "torch.device('meta')": lambda: torch.device("meta"),
    "LogisticRegression": lambda: LogisticRegression,
    "fitted": lambda: LogisticRegression().fit(X / 255, Y),
    "estimator of bad parameters": lambda: LogisticRegression(C=-1),
}


# Arguments of which some valid values take too long for a test, or start other processes.
WORK = {"max_epochs", "minutes", "n_episodes", "n_estimators", "n_iterations", "n_jobs", "delay"}
WORK |= {"n_members", "n_retries", "n_shot", "n_query", "n_variants", "max_iter", "port"}
CALLED = {"scoring", "sampling_strategy"}
LARGE = {"2**63", "10**400", "inf", "-1", "'auto'"}
# Arguments that are passed on to Matplotlib unchanged.
PASSED_ON = {"cmap", "image_kw", "im_kw", "text_kw", "styles", "plot_kw", "params", "self"}
PASSED_ON |= {"fit_params"}
PROTOCOLS = {"Augmentation", "Loss", "Mixing", "Network"}
NEAREST = skquickdraw.PrototypeClassifier()
CNN = skquickdraw.CNNClassifier(**TINY)
ESTIMATORS: dict[str, dict[str, Any]] = {
    "CNNClassifier": TINY,
    "ResNetClassifier": TINY,
    "MobileNetClassifier": TINY,
    "ImageClassifier": {**TINY, "network": "cnn"},
    "SeedEnsembleClassifier": {"estimator": GaussianNB(), "n_estimators": 2},
    "DistilledClassifier": {"teacher": GaussianNB(), "student": CNN},
    "NoisyStudentClassifier": {"estimator": GaussianNB(), "pseudo_labels": "hard"},
    "TransductiveClassifier": {"estimator": GaussianNB()},
    "TopKReranker": {"estimator": GaussianNB(), "reranker": GaussianNB()},
    "PrototypeClassifier": {},
    "RelationNetworkClassifier": {"width": 0.01, "n_episodes": 1, "device": "cpu"},
    "DeepFeatureExtractor": {"estimator": CNN},
    "BudgetedClassifier": {"estimators": [CNN], "minutes": 1e-3},
    "SketchNormalizer": {"image_shape": (8, 8)},
    "AugmentingOverSampler": {"augmentation": None},
}
METHODS = ("fit", "partial_fit", "fit_resample", "fit_transform", "adapt", "predict", "score")
METHODS += ("predict_proba", "decision_function", "predict_transductive", "transform")
METHODS += ("extract_features",)
# Valid arguments, by their names. OWN has arguments of single functions.
RIGHT: dict[str, Any] = {
    "X": X,
    "y": Y,
    "y_true": Y,
    "y_pred": Y,
    "y_train": Y,
    "proba": PROBA,
    "class_counts": [9, 3],
    "packed": datasets.pack_strokes([CROSS]),
    "drawings": [CROSS],
    "strokes": CROSS,
    "classes": ["a", "b"],
    "augmentation": "sketch",
    "mixing": "mixup",
    "group": "head",
    "n_classes": 2,
    "paths": "images",
    "network": torch.nn.ReLU(),
}
OWN: dict[str, dict[str, Any]] = {
    "make_group_scorer": {"class_counts": None},
    "make_sketches": {"n_samples": 4, "image_shape": (8, 8)},
    "make_ladder": {"n_max": 2, "n_min": 1},
    "fetch_quickdraw": {"classes": ["cat"], "n_retries": 0, "data_home": "cache"},
    "load_competition": {"path": "competition"},
    "load_quickdraw": {"path": "drawings"},
    "load_image_folder": {"path": "images"},
    "rasterize": {"side": 8},
    "load_model": {"path": "model"},
    "save_model": {"path": "saved", "estimator": "PrototypeClassifier"},
    "to_onnx": {"path": "saved", "estimator": "DeepFeatureExtractor"},
    "make_server": {"model": "CNNClassifier"},
    "serve": {"model": "CNNClassifier", "open_browser": False},
    "main": {"argv": ["--help"]},
    "compare": {
        "estimators": {
            "a": skquickdraw.PrototypeClassifier(),
            "b": skquickdraw.PrototypeClassifier(),
        },
        "cv": 2,
    },
    "find_label_errors": {"estimator": skquickdraw.PrototypeClassifier(), "cv": 2},
    "AugmentationDisplay": {"images": X.reshape(1, N, 1, 8, 8)},
    "AugmentationDisplay.from_estimator": {"estimator": "CNNClassifier"},
    "ConfusedPairsDisplay": {"confusion_matrix": np.eye(2, dtype=int)},
    "ConfusedPairsDisplay.from_estimator": {"estimator": "CNNClassifier"},
    "ImageSheetDisplay": {"images": X.reshape(N, 1, 8, 8), "rows": range(N)},
    "ImageSheetDisplay.from_estimator": {"estimator": "CNNClassifier"},
    "PseudoLabelDisplay": {"history": [{"n_selected": [4, 9], "mean_confidence": [0.6, 0.9]}]},
    "PseudoLabelDisplay.from_estimator": {"estimator": "NoisyStudentClassifier"},
    "RecallByClassSizeDisplay": {"recalls": {"a": [0.5, 0.6]}},
    "RecallByClassSizeDisplay.from_estimator": {"estimator": "CNNClassifier"},
    "TrainingHistoryDisplay": {"histories": {"a": [{"epoch": 1, "train_loss": 1.0}]}},
    "TrainingHistoryDisplay.from_estimator": {"estimator": "CNNClassifier"},
    "ComparisonDisplay": {
        "comparison": model_selection.Comparison(
            ("a", "b"), {"accuracy": np.eye(2)}, np.ones((2, 2)), 0.5, (False, False)
        )
    },
    "Comparison": {
        "names": ("a", "b"),
        "scores": {"accuracy": np.eye(2)},
        "fit_seconds": np.ones((2, 2)),
        "test_ratio": 0.5,
        "uses_unlabeled": (False, False),
    },
    "MappedFiles": {"arrays": ["x.npy"]},
}
NETWORKS = {"image_shape": (1, 8, 8), "width": 0.01}
COUNTS = torch.tensor([9.0, 3.0])


@dataclass
class Case:
    """A call, and its valid arguments. ``names`` are those to replace by odd values, one by one."""

    call: Callable[..., Any]
    right: dict[str, Any]
    names: list[str]


def case_of(name: str, call: Callable[..., Any], then: Any = lambda made: made, **right: Any):
    names = [n for n in inspect.signature(call).parameters if n not in PASSED_ON]
    known = {n: RIGHT[n] for n in names if n in RIGHT} | right | OWN.get(name, {})
    return name, Case(lambda **given: then(call(**given)), known, names)


@cache
def fitted(name: str) -> Any:
    estimator = kind_of(name)(**ESTIMATORS[name])
    getattr(estimator, "fit_resample" if hasattr(estimator, "fit_resample") else "fit")(X, Y)
    return estimator


def kind_of(name: str) -> Any:
    return getattr(recipes if name == "BudgetedClassifier" else skquickdraw, name)


def fit_and_use(estimator: Any) -> Any:
    if hasattr(estimator, "fit_resample"):
        return estimator.fit_resample(X, Y)
    return use(estimator.fit(X, Y))


def use(estimator: Any) -> Any:
    method = "predict_proba" if hasattr(estimator, "predict_proba") else "transform"
    return getattr(estimator, method)(X) if hasattr(estimator, method) else None


def cases_of_estimator(name: str, params: dict[str, Any]):
    """Yield the fit of an estimator, its use after a parameter has changed, and each method."""
    kind = kind_of(name)
    yield case_of(name, kind, fit_and_use, **params)
    names = list(inspect.signature(kind).parameters)

    def change(**changed: Any) -> Any:
        estimator = copy.copy(fitted(name))
        vars(estimator).update(changed)
        return use(estimator)

    yield f"{name}, changed", Case(change, {}, names)
    for method in METHODS:
        if hasattr(kind, method):

            def call(method: str = method, **given: Any) -> Any:
                return getattr(copy.copy(fitted(name)), method)(**given)

            own = case_of(f"{name}.{method}", getattr(kind, method))[1]
            right = {key: own.right[key] for key in own.right if key in ("X", "y")}
            yield f"{name}.{method}", Case(call, right, own.names)


def cases_of_class(name: str, kind: Any):
    """Yield construction and first use of a class that is no estimator, and its class methods."""
    if name.endswith("Display"):
        yield case_of(name, kind, lambda display: display.plot())
        for way in ("from_estimator", "from_predictions", "from_augmentation"):
            if hasattr(kind, way):
                yield case_of(f"{name}.{way}", getattr(kind, way))
    elif kind.__module__.startswith("skquickdraw.losses"):
        yield case_of(name, kind, lambda loss: loss.bind(COUNTS))
    elif hasattr(kind, "split"):
        yield case_of(name, kind, lambda splitter: list(splitter.split(X, Y)))
        yield case_of(f"{name}.split", kind().split, list)
    elif issubclass(kind, torch.nn.Module):
        yield case_of(name, kind, **NETWORKS)
    elif hasattr(kind, "validate"):
        draws = (4, (1, 3, 8) if name == "StrokeAugmentation" else (1, 8, 8))
        yield case_of(name, kind, lambda part: part.draw(*draws))
        yield case_of(f"{name}.draw", kind().draw, n_samples=4, image_shape=draws[1])
    else:
        yield case_of(name, kind)


def all_cases():
    for part in sorted({*skquickdraw.__all__} - {"exceptions"}):
        module = getattr(skquickdraw, part)
        for name in getattr(module, "__all__", ()):
            public = getattr(module, name)
            if name in ESTIMATORS:
                yield from cases_of_estimator(name, ESTIMATORS[name])
            elif name in THEN or inspect.isfunction(public):
                yield case_of(name, public, THEN.get(name, lambda made: made))
            elif name not in PROTOCOLS:
                yield from cases_of_class(name, public)


THEN = {"make_server": lambda server: server.server_close()}
CASES = dict(all_cases())


def outcome(case: Case, name: str, value: Any) -> BaseException | None:
    """Return the bare error of a call in which one argument is wrong; None if all is well."""
    given = {**case.right, name: value}
    named = {key: v for key, v in given.items() if isinstance(v, str) and v in ESTIMATORS}
    given |= {key: copy.copy(fitted(v)) for key, v in named.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            case.call(**given)
    except (SkquickdrawError, NotFittedError, SystemExit):
        return None
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        after_ours = [Path(frame.filename).as_posix() for frame in frames[-8:]]
        is_validation = any("sklearn/utils/" in name for name in after_ours)
        is_signature = isinstance(error, TypeError) and frames[-1].filename == __file__
        return None if is_validation or is_signature else error
    return None


def is_left_out(name: str, value: str) -> bool:
    """Return whether to skip a value: valid but too much work, or a callable that would fail."""
    is_called = name in CALLED and value in ("Opaque", "len", "lambda", "LogisticRegression")
    return is_called or (name in WORK and value in LARGE)


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory):
    """Run in a folder of valid files, without a network."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("fuzz")
    images = X.reshape(N, 8, 8)
    for label in "ab":
        Path(folder, "images", label).mkdir(parents=True)
        Image.fromarray(images[0]).save(Path(folder, "images", label, "1.png"))
    for part in ("competition", "drawings"):
        Path(folder, part).mkdir()
    np.savez(folder / "competition" / "train.npz", X=images, y=Y, classes=["a", "b"])
    np.save(folder / "drawings" / "cat.npy", X)
    np.save(folder / "x.npy", X)
    skquickdraw.save_model(fitted("PrototypeClassifier"), folder / "model")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(time, "sleep", lambda seconds: None)
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr("sys.argv", ["skquickdraw", "--help"])
        patch.setattr("skquickdraw.recipes._budget.Stopwatch", SteadyMachine)
        patch.setattr("skquickdraw.app._server.Server.serve_forever", lambda server: None)
        yield


class SteadyMachine:
    """A stopwatch of :class:`BudgetedClassifier` with a constant answer, which takes no time."""

    def __init__(self, X, y, seed):
        pass

    def wanted_epochs(self, work):
        return 1.0

    def seconds(self, work, n_epochs=1.0):
        return work.n_copies * n_epochs

    def look_longer(self, seconds):
        pass


def refuse(*args: Any) -> None:
    raise ConnectionRefusedError("there is no network here")


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.mark.parametrize("name", CASES)
def test_an_odd_argument_gets_an_error_that_is_meant(name):
    case = CASES[name]

    @settings(
        max_examples=EXAMPLES * max(1, len(case.names)),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(case.names), st.sampled_from(list(POOL)))
    def check(argument, value):
        if is_left_out(argument, value):
            return
        error = outcome(case, argument, POOL[value]())
        if error is not None:
            raise error

    if case.names:
        check()


def test_every_public_name_is_here():
    names = {
        name
        for part in skquickdraw.__all__
        for name in getattr(getattr(skquickdraw, part), "__all__", ())
    }
    fuzzed = {name.split(",")[0].split(".")[0] for name in CASES}
    found = (names - fuzzed - PROTOCOLS) ^ set(skquickdraw.exceptions.__all__)
    assert not found, f"add {sorted(found)} to PROTOCOLS if they are protocols, else to all_cases"


def test_a_bare_error_is_found():
    case = Case(lambda n: float(n), {}, ["n"])
    assert isinstance(outcome(case, "n", "x"), ValueError)
    assert outcome(case, "n", "1") is None
