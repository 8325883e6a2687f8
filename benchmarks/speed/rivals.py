"""Prediction, over-sampling, and what does not grow, beside other ways to do the same.

All start from uint8 rows in memory. Predictions are labels of the same images by the same weights
in float32. Over-samplers fill ten classes, from 20 to 1,000 images, up to the largest. kornia and
SciPy draw the same changes from the same ranges; SMOTE mixes neighbours in pixel space.
"""

import io
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnxruntime
import torch
from common import (
    LIGHT,
    make_labeled_sketches,
    make_plain,
    measure_seconds,
    race,
    summarize,
    take_turns,
)
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from torch import nn

from skquickdraw import (
    AugmentingOverSampler,
    CNNClassifier,
    MobileNetClassifier,
    NoisyStudentClassifier,
    ResNetClassifier,
)
from skquickdraw.datasets import make_sketches
from skquickdraw.networks import fold_batch_norm
from skquickdraw.persistence import to_onnx

from .loops import IMAGE_SHAPE, Recipe, train_by_hand, warp_by_scipy

# Smallest ratios that the library aims for, and the largest of the time for one image. It folds
# batch normalisation itself, so it has to be faster than the network as trained, and lose little to
# one that was folded by hand.
MANY = {"bare": "at least 1.2", "bare, folded": "at least 0.95"}
ONE = {"bare": "at most 1.5"}
NEW = {"kornia": "at least 2", "scipy": "at least 30", "SMOTE": "at least 0.33"}
CLASSIFIERS = {"mobilenet": MobileNetClassifier, "resnet": ResNetClassifier, "cnn": CNNClassifier}
N_TRAINED = 512  # enough for statistics; what is predicted does not matter
N_CLASSES = 10  # to over-sample
OVERHEAD = {"noisy student": 0.03, "import seconds": 0.3}  # largest that the library aims for
FIRST = "import numpy, torch, skorch"
IMPORTS = [  # pairs to compare: what is imported, and what was before
    {"skquickdraw": ("import skquickdraw", "import numpy"), "numpy": ("import numpy", "")},
    {
        "MobileNetClassifier": ("from skquickdraw import MobileNetClassifier", FIRST),
        "torch and skorch": ("import torch, skorch", "import numpy"),
    },
]
PRINT_SECONDS = "{1}\nfrom time import perf_counter\nstart = perf_counter()\n{0}\n"
PRINT_SECONDS += "print(perf_counter() - start)"


def fastest_size(run: Callable[[int], object], sizes: tuple[int, int]) -> int:
    """Return the batch size at which a rival is faster, from the best of three calls each."""
    return min(sizes, key=lambda size: min(measure_seconds(partial(run, size)) for _ in range(3)))


# ---- prediction ---------------------------------------------------------------------------------


def measure_prediction(options: Any) -> Iterator[dict[str, Any]]:
    """Yield rates of many images in one call; each rival has the batch size that suits it."""
    X, y = make_labeled_sketches(512 if options.quick else 4096, 100)
    clf = fit(MobileNetClassifier, X[:N_TRAINED], y[:N_TRAINED])
    rivals = make_rivals(clf, options.threads)
    sizes = {k: fastest_size(partial(run, X[:1024]), (32, 256)) for k, run in rivals.items()}
    predicts = {"skquickdraw": clf.predict}
    predicts |= {name: partial(run, batch_size=sizes[name]) for name, run in rivals.items()}
    for name, predict in predicts.items():  # labels may differ by rounding only
        if (predict(X[:N_TRAINED]) == clf.predict(X[:N_TRAINED])).mean() < 0.99:
            raise SystemExit(f"{name} does other work: it predicts other labels.")
    actions = {name: partial(predict, X) for name, predict in predicts.items()}
    rows = race(actions, options.rounds, n_images=len(X), targets=MANY)
    yield {"n_images": len(X)}
    yield {"rows": {k: {**row, "size": sizes[k]} if k in sizes else row for k, row in rows.items()}}


def measure_one_image(options: Any) -> Iterator[dict[str, Any]]:
    """Yield milliseconds of one image a call, and of the first call, which folds the network."""
    X, y = make_labeled_sketches(N_TRAINED, 100)
    found = {name: time_one(fit(kind, X, y), X[:1], options) for name, kind in CLASSIFIERS.items()}
    yield {"networks": found}


def fit(classifier: type, X: np.ndarray, y: np.ndarray) -> Any:
    return make_plain(classifier, max_epochs=1, device="cpu", random_state=0).fit(X, y)


def time_one(clf: Any, x: np.ndarray, options: Any) -> dict[str, Any]:
    first = measure_seconds(partial(clf.predict, x))
    actions = {"skquickdraw": partial(clf.predict, x)}
    rivals = make_rivals(clf, options.threads)
    actions |= {name: partial(run, x, batch_size=1) for name, run in rivals.items()}
    time = partial(measure_seconds, n_calls=20)
    rows = race(actions, options.rounds, "ms", targets=ONE, time=time)
    return {"first_ms": round(1000 * first, 1), "rows": rows}


def make_rivals(clf: Any, n_threads: int) -> dict[str, Any]:
    """Return the rivals, as functions of rows and ``batch_size`` that return labels."""
    network = clf.net_.module_.eval()
    return {
        "bare": partial(predict_bare, network),
        "bare, folded": partial(predict_bare, fold_batch_norm(network)),
        "onnxruntime": partial(predict_onnx, open_session(clf, n_threads)),
    }


def predict_bare(network: nn.Module, X: np.ndarray, batch_size: int) -> np.ndarray:
    """Return codes of rows, as one writes it by hand."""
    with torch.inference_mode():
        batches = torch.from_numpy(X).view(-1, *IMAGE_SHAPE).split(batch_size)
        return torch.cat([network(batch.float()).argmax(1) for batch in batches]).numpy()


def open_session(clf: Any, n_threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = n_threads, 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.onnx")
        to_onnx(clf, file)
        return onnxruntime.InferenceSession(file.read_bytes(), options)


def predict_onnx(session: Any, X: np.ndarray, batch_size: int) -> np.ndarray:
    images = X.reshape(-1, *IMAGE_SHAPE)
    parts = [images[start : start + batch_size] for start in range(0, len(images), batch_size)]
    return np.concatenate([session.run(None, {"images": p})[0].argmax(1) for p in parts])


# ---- over-sampling ------------------------------------------------------------------------------


def measure_over_sampling(options: Any) -> Iterator[dict[str, Any]]:
    """Yield rates and ratios; SciPy is slow, so it makes fewer copies. kornia may be absent."""
    largest, n_scipy = (200, 100) if options.quick else (1000, 1000)
    counts = np.geomspace(largest, max(8, largest / 50), N_CLASSES).round().astype(int)
    y = np.repeat(np.arange(N_CLASSES), counts)
    X, _ = make_sketches(len(y), N_CLASSES, random_state=0)
    chosen = RandomOverSampler(random_state=0)
    chosen.fit_resample(X, y)
    copies = chosen.sample_indices_[len(X) :]
    sampler = AugmentingOverSampler(augmentation=LIGHT, unlabeled_label=-1, random_state=0)
    contenders: dict[str, Callable[[], np.ndarray]] = {
        "skquickdraw": lambda: sampler.fit_resample(X, y)[0],
        "scipy": lambda: append_by_scipy(X, copies[:n_scipy]),
        "SMOTE": lambda: SMOTE(random_state=0).fit_resample(X, y)[0],
    }
    if find_spec("kornia"):
        append = partial(append_by_kornia, make_kornia_policy(), X, copies)
        contenders["kornia"] = partial(append, fastest_size(append, (256, 1024)))
    made = {}
    for name, action in contenders.items():
        rows = action()
        if rows.dtype != X.dtype or not np.array_equal(rows[: len(X)], X):
            raise SystemExit(f"{name} does other work: it does not keep the rows as they were.")
        made[name] = len(rows) - len(X)
    yield {"n_originals": len(X), "n_made": made}
    yield {"rows": race(contenders, options.rounds, n_images=made, targets=NEW)}


def make_kornia_policy() -> nn.Module:
    """Return the changes of ``LIGHT`` in the form that was fastest here."""
    import kornia.augmentation as K

    affine = K.RandomAffine(15, (0.08, 0.08), (1 / 1.15, 1.15), (-8, 8, -8, 8), p=1.0)
    return nn.Sequential(affine, K.RandomHorizontalFlip(p=0.5))


def append_by_kornia(policy: Any, X: np.ndarray, copies: np.ndarray, size: int) -> np.ndarray:
    parts = [X]
    for rows in torch.from_numpy(X[copies]).split(size):
        changed = policy(rows.float().view(-1, *IMAGE_SHAPE))
        parts.append(changed.round_().to(torch.uint8).view(len(rows), -1).numpy())
    return np.concatenate(parts)


def append_by_scipy(X: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Change image by image: one affine transform of first order each, the fastest way."""
    rng = np.random.default_rng(0)
    images = X[copies].reshape(-1, *IMAGE_SHAPE[1:])
    changed = [warp_by_scipy(image, rng).numpy().round().astype(X.dtype) for image in images]
    return np.concatenate([X, np.stack(changed).reshape(len(copies), -1)])


# ---- overhead -----------------------------------------------------------------------------------


class TimedClassifier(MobileNetClassifier):
    """A network that adds up the seconds of its own fits and predictions."""

    seconds = 0.0  # of all instances together

    def fit(self, X: Any, y: Any, sample_weight: Any = None, soft_targets: Any = None) -> Any:
        return self.time(super().fit, X, y, sample_weight, soft_targets)

    def predict_proba(self, X: Any) -> np.ndarray:
        return self.time(super().predict_proba, X)

    def time(self, work: Callable[..., Any], *args: Any) -> Any:
        start = perf_counter()
        result = work(*args)
        TimedClassifier.seconds += perf_counter() - start
        return result


def measure_overhead(options: Any) -> Iterator[dict[str, Any]]:
    """Yield shares, seconds and ratios, each beside what one would use instead."""
    size = (200, 400, 10) if options.quick else (1000, 4000, 100)
    yield {"targets": OVERHEAD, "noisy_student": measure_noisy_student(*size, options.rounds)}
    races = [race(pair, options.rounds, "seconds", time=time_import) for pair in IMPORTS]
    yield {"imports": races[0] | races[1]}
    yield measure_fixed_costs(options.rounds)


def measure_noisy_student(n_labeled: int, n_more: int, n_classes: int, n_rounds: int) -> dict:
    """Return the share of a fit's time that is none of its networks'.

    The networks are small and train for two epochs only, so that they hide as little as can be.
    """
    X, y = make_labeled_sketches(n_labeled + n_more, n_classes)
    y[n_labeled:] = -1
    network = make_plain(TimedClassifier, width=0.25, max_epochs=2, device="cpu")
    student = NoisyStudentClassifier(network, threshold=0.0, unlabeled_label=-1, random_state=0)
    aligned = clone(student).set_params(class_prior="uniform")
    fits = {"as it comes": student, "aligned with a prior": aligned}
    actions = {name: partial(model.fit, X, y) for name, model in fits.items()}
    shares = take_turns(actions, n_rounds, share_outside)
    return {
        "n_labeled": n_labeled,
        "n_unlabeled": n_more,
        "n_students": student.n_iter_,
        "share_outside": {name: summarize(values) for name, values in shares.items()},
    }


def share_outside(action: Callable[[], object]) -> float:
    """Return which share of the call's time passes outside of :class:`TimedClassifier`."""
    TimedClassifier.seconds = 0.0
    total = measure_seconds(action)
    return 1 - TimedClassifier.seconds / total


def time_import(statements: tuple[str, str]) -> float:
    """Return the seconds of an import in a new process, after what it is counted beyond."""
    command = [sys.executable, "-c", PRINT_SECONDS.format(*statements)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure_fixed_costs(n_rounds: int) -> dict[str, Any]:
    """Return milliseconds of the small things and of what stands beside each."""
    X, y = make_labeled_sketches(50, 10)
    clf = make_plain(MobileNetClassifier, max_epochs=1, device="cpu", random_state=0)
    clf.set_params(precision="float32", batch_size=32)
    fitted, forest = clone(clf).fit(X, y), RandomForestClassifier()
    recipe = Recipe(n_classes=10, batch_size=32, precision="float32")
    network = fitted.net_.module_
    pairs: list[dict[str, Callable[[], object]]] = [
        {
            "fit on 50 images, one epoch": lambda: clone(clf).fit(X, y),
            "a loop by hand": lambda: train_by_hand(X, y, recipe),
        },
        {"clone": lambda: clone(clf), "clone of a random forest": lambda: clone(forest)},
        {
            "pickle and back": lambda: pickle.loads(pickle.dumps(fitted)),
            "torch.save of the weights and back": lambda: network.load_state_dict(
                torch.load(io.BytesIO(saved_weights(network)))
            ),
        },
    ]
    costs = {}
    for pair in pairs:
        timed = race(pair, n_rounds, "ms", time=partial(measure_seconds, n_calls=20))
        (name, ours), (beside, theirs) = timed.items()
        costs[name] = {"ms": ours["ms"], "beside": beside, "ms_beside": theirs["ms"]}
        costs[name]["ratio"] = theirs["ratio"]
    sizes = {"pickle_bytes": pickle.dumps(fitted), "weights_bytes": saved_weights(network)}
    return {"fixed_costs": costs} | {name: len(content) for name, content in sizes.items()}


def saved_weights(network: torch.nn.Module) -> bytes:
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    return file.getvalue()
