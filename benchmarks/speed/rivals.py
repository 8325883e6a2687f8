"""Speed of prediction and over-sampling, compared with alternatives.

All start from uint8 rows in memory. All predict labels of the same images with the same weights in
float32. All over-samplers fill ten classes of 20 to 1,000 images up to the largest. kornia and
SciPy draw the same changes from the same ranges; SMOTE mixes neighbours in pixel space.
"""

import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from common import LIGHT, make_labeled_sketches, make_plain, measure_seconds, race
from imblearn.over_sampling import SMOTE
from torch import nn

from skquickdraw import AugmentingOverSampler, CNNClassifier, MobileNetClassifier, ResNetClassifier
from skquickdraw.datasets import make_ladder, make_sketches
from skquickdraw.networks import fold_batch_norm
from skquickdraw.persistence import to_onnx

from .loops import IMAGE_SHAPE, warp_by_scipy

# Targets for the speed of the library relative to each rival (MANY, NEW), and for its time for one
# image (ONE). It folds batch normalisation, so it should be faster than the network as trained
# ("bare"), and almost as fast as the same network folded by hand.
MANY = {"bare": "at least 1.2", "bare, folded": "at least 0.95"}
ONE = {"bare": "at most 1.5"}
NEW = {"kornia": "at least 2", "scipy": "at least 30", "SMOTE": "at least 0.33"}
CLASSIFIERS = {"mobilenet": MobileNetClassifier, "resnet": ResNetClassifier, "cnn": CNNClassifier}
N_TRAINED = 512  # enough for batch statistics; accuracy does not matter here


def fastest_size(run, sizes):
    """Return the fastest batch size for a rival, by the best of three calls with each."""
    return min(sizes, key=lambda size: min(measure_seconds(partial(run, size)) for _ in range(3)))


def measure_prediction(options):
    """Yield images per second in one call for many; each rival uses its fastest batch size."""
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
    for name, size in sizes.items():
        rows[name]["size"] = size
    yield {"n_images": len(X), "rows": rows}


def measure_one_image(options):
    """Yield the milliseconds of a call for one image, and of the first call, which folds."""
    X, y = make_labeled_sketches(N_TRAINED, 100)
    found = {name: time_one(fit(kind, X, y), X[:1], options) for name, kind in CLASSIFIERS.items()}
    yield {"networks": found}


def fit(classifier, X, y):
    return make_plain(classifier, max_epochs=1, device="cpu", random_state=0).fit(X, y)


def time_one(clf, x, options):
    first = measure_seconds(partial(clf.predict, x))
    actions = {"skquickdraw": partial(clf.predict, x)}
    rivals = make_rivals(clf, options.threads)
    actions |= {name: partial(run, x, batch_size=1) for name, run in rivals.items()}
    time = partial(measure_seconds, n_calls=20)
    rows = race(actions, options.rounds, "ms", targets=ONE, time=time)
    return {"first_ms": round(1000 * first, 1), "rows": rows}


def make_rivals(clf, n_threads):
    """Return the rivals, as functions of rows and ``batch_size`` that return labels."""
    network = clf.net_.module_.eval()
    return {
        "bare": partial(predict_bare, network),
        "bare, folded": partial(predict_bare, fold_batch_norm(network)),
        "onnxruntime": partial(predict_onnx, open_session(clf, n_threads)),
    }


def predict_bare(network, X, batch_size):
    """Return codes of rows, by a plain loop in PyTorch."""
    with torch.inference_mode():
        batches = torch.from_numpy(X).view(-1, *IMAGE_SHAPE).split(batch_size)
        return torch.cat([network(batch.float()).argmax(1) for batch in batches]).numpy()


def open_session(clf, n_threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = n_threads, 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.onnx")
        to_onnx(clf, file)
        return onnxruntime.InferenceSession(file.read_bytes(), options)


def predict_onnx(session, X, batch_size):
    images = X.reshape(-1, *IMAGE_SHAPE)
    parts = [images[start : start + batch_size] for start in range(0, len(images), batch_size)]
    return np.concatenate([session.run(None, {"images": p})[0].argmax(1) for p in parts])


def measure_over_sampling(options):
    """Yield rates and ratios. SciPy makes fewer copies, because it is slow. kornia is optional."""
    largest, n_scipy = (200, 100) if options.quick else (1000, 1000)
    drawn = make_sketches(10 * largest, 10, random_state=0)
    sizes = {"n_max": largest, "n_min": max(8, largest // 50), "profile": "exponential"}
    X, y = make_ladder(*drawn, **sizes, random_state=0)
    sampler = AugmentingOverSampler(augmentation=LIGHT, unlabeled_label=-1, random_state=0)
    sampler.fit_resample(X, y)
    copies = sampler.sample_indices_[len(X) :]
    contenders = {
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


def make_kornia_policy():
    """Return the changes of ``LIGHT`` in kornia, in the form that was fastest here."""
    import kornia.augmentation as K

    affine = K.RandomAffine(15, (0.08, 0.08), (1 / 1.15, 1.15), (-8, 8, -8, 8), p=1.0)
    return nn.Sequential(affine, K.RandomHorizontalFlip(p=0.5))


def append_by_kornia(policy, X, copies, size):
    parts = [X]
    for rows in torch.from_numpy(X[copies]).split(size):
        changed = policy(rows.float().view(-1, *IMAGE_SHAPE))
        parts.append(changed.round_().to(torch.uint8).view(len(rows), -1).numpy())
    return np.concatenate(parts)


def append_by_scipy(X, copies):
    """Augment image by image, with one affine transform of order 1 each, which is fastest."""
    rng = np.random.default_rng(0)
    images = X[copies].reshape(-1, *IMAGE_SHAPE[1:])
    changed = [warp_by_scipy(image, rng).numpy().round().astype(X.dtype) for image in images]
    return np.concatenate([X, np.stack(changed).reshape(len(copies), -1)])
