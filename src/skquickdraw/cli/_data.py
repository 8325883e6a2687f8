"""Read images and labels from a path, in the same way in training and after it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isqrt
from pathlib import Path
from typing import Any
from warnings import warn

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from ..datasets import count_files, load_image_folder, load_images, load_quickdraw
from ..exceptions import DataFileError, InvalidTargetsError
from ..preprocessing import SketchNormalizer, scan_shape

DRAWINGS = (".npy", ".npz", ".ndjson", ".ndjson.gz", ".bin")  # as Quick, Draw! is published
SIDE = 28
N_NAMED = 5  # files, in a warning
NORMALIZED = "turned into drawings"  # the step after reading, in reports of the progress
KEPT_IN = "training_set_"  # the attribute of a saved model


@dataclass(frozen=True)
class Reading:
    """How files become the arrays that a model takes.

    Attributes
    ----------
    source : {'images', 'drawings'}
        Images of any kind, or drawings of Quick, Draw!, light ink on black.
    image_shape : (height, width)
    mode : {'L', 'RGB'}
        Grey, or colours.
    background : int
        The grey behind transparent pixels.
    """

    source: str
    image_shape: tuple[int, int]
    mode: str = "L"
    background: int = 255

    @property
    def n_features(self) -> int:
        height, width = self.image_shape
        return height * width * (3 if self.mode == "RGB" else 1)


@dataclass(frozen=True)
class LabeledSet:
    """Images of shape (n, H, W) or (n, 3, H, W), and their labels, as text."""

    X: NDArray[np.number]
    y: NDArray[np.generic]
    pool: NDArray[np.number] | None  # of the unlabeled images in the same folder
    reading: Reading


def read_training_set(
    path: str, *, size: int | None, background: int, skip_broken: bool
) -> LabeledSet:
    """Read the images that a model learns from.

    Raises
    ------
    DataFileError
        If it cannot be read.
    InvalidTargetsError
        If there is only one class.
    """
    if _holds_drawings(path):
        found = _load_drawings(path, size)
        reading = Reading("drawings", tuple(found.image_shape))
        return _labeled(found, reading, None)
    side = SIDE if size is None else size
    reading = Reading("images", (side, side), "auto", background)
    found = _load_folder(path, reading, skip_broken)
    mode = "RGB" if found.data.ndim == 4 else "L"
    return _labeled(found, Reading("images", (side, side), mode, background), found.unlabeled)


def read_test_set(path: str, reading: Reading, *, skip_broken: bool) -> LabeledSet:
    """Read the labeled images that a model is scored on."""
    if _holds_drawings(path):
        if reading.source != "drawings":
            raise DataFileError(
                f"{path!r} must be a folder of images, one folder for each class, because the "
                "model learned from images; got files of Quick, Draw!. Pass images, or train a "
                "model on such files."
            )
        return _labeled(_load_drawings(path, reading.image_shape[0]), reading, None)
    found = _load_folder(path, reading, skip_broken)
    found.data = _normalize(found, reading)
    return _labeled(found, reading, found.unlabeled)


def read_unlabeled(path: str, reading: Reading, *, skip_broken: bool) -> NDArray[np.number]:
    """Read unlabeled images to learn from; for a model of drawings, files of drawings as well."""
    if reading.source == "drawings" and _holds_drawings(path):
        X = _load_drawings(path, reading.image_shape[0]).data
        return X.reshape(-1, *reading.image_shape)
    return read_images([path], reading, skip_broken=skip_broken)[0]


def read_images(
    paths: list[str], reading: Reading, *, skip_broken: bool
) -> tuple[NDArray[np.number], NDArray[np.number]]:
    """Return images, read as in training, and their files."""
    found = load_images(paths, **_options(reading, skip_broken))
    return _normalize(found, reading), found.filenames


def remember(model: object, reading: Reading, class_counts: NDArray[np.generic]) -> None:
    """Store how a model's images were read, in an attribute that is saved with it."""
    setattr(model, KEPT_IN, {**asdict(reading), "class_counts": class_counts})


def recall(model: Any) -> tuple[Reading, dict[str, int] | None]:
    """Return how a model's images were read, and the training images of each class.

    A model that was saved in Python has neither. Its images are then assumed to be square, and the
    counts are None.

    Raises
    ------
    DataFileError
        If the model takes other images.
    """
    kept = getattr(model, KEPT_IN, None)
    if kept is None:
        return _guess(model), None
    try:
        counts = dict(zip(map(str, model.classes_), map(int, kept["class_counts"]), strict=True))
        shape = (int(kept["image_shape"][0]), int(kept["image_shape"][1]))
        reading = Reading(kept["source"], shape, kept["mode"], kept["background"])
        if reading.n_features != model.n_features_in_:
            raise ValueError(f"images of {reading.n_features} pixels")
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise DataFileError(
            "MODEL contradicts itself about how its training images were read "
            f"({error}). The file was changed after the training: use the original file, or train "
            "again."
        ) from error
    return reading, counts


def _guess(model: object) -> Reading:
    n_features = int(getattr(model, "n_features_in_", 0))
    for mode, n_channels in (("L", 1), ("RGB", 3)):
        side = isqrt(n_features // n_channels)
        if n_features and side * side * n_channels == n_features:
            return Reading("images", (side, side), mode)
    raise DataFileError(
        "MODEL must take square images, or be written by skquickdraw train; got a model of images "
        f"with {n_features} pixels. Use it in Python, with load_model."
    )


def _holds_drawings(path: str) -> bool:
    place = Path(path)
    if not place.exists():
        raise DataFileError(
            f"the file or folder must exist; got {path!r}, which does not. Check the name."
        )
    if place.is_file():
        return place.name.lower().endswith(DRAWINGS)
    shown = [e for e in place.iterdir() if not e.name.startswith(".")]
    shown = [e for e in shown if e.name.lower() != "__macosx"]  # from archives of a Mac
    drawings = sorted(e.name for e in shown if e.is_file() and e.name.lower().endswith(DRAWINGS))
    folders = sorted(entry.name for entry in shown if entry.is_dir())
    if drawings and folders:
        raise DataFileError(
            f"{path!r} must hold files of Quick, Draw!, or one folder of images for each class; "
            f"got both, {drawings[0]!r} and {folders[0]!r}. Move one kind away."
        )
    return bool(drawings)


def _load_drawings(path: str, side: int | None) -> Bunch:
    return load_quickdraw(path, side=side)


def _load_folder(path: str, reading: Reading, skip_broken: bool) -> Bunch:
    return load_image_folder(path, **_options(reading, skip_broken))


def _options(reading: Reading, skip_broken: bool) -> dict[str, Any]:
    """Return the options for loading. Images in which drawings are found later stay larger."""
    is_scan = reading.source == "drawings"
    return {
        "image_shape": scan_shape(reading.image_shape) if is_scan else reading.image_shape,
        "mode": reading.mode,
        "background": reading.background,
        "pad": not is_scan,
        "on_error": "warn" if skip_broken else "raise",
    }


def _normalize(found: Bunch, reading: Reading) -> NDArray[np.number]:
    """Turn images of drawings, such as scans, into drawings as the model knows them."""
    if reading.source == "images":
        return found.data
    normalizer = SketchNormalizer(image_shape=reading.image_shape).fit(found.data)
    tell = count_files(len(found.data), NORMALIZED)
    X = np.empty((len(found.data), *reading.image_shape), dtype=np.uint8)
    for i, image in enumerate(X):  # one by one, to report progress: it takes longer than reading
        image[:] = normalizer.transform(found.data[i : i + 1]).reshape(reading.image_shape)
        tell()
    empty = found.filenames[~X.any(axis=(1, 2))]
    if len(empty):
        named = ", ".join(empty[:N_NAMED].tolist())
        more = f" and {len(empty) - N_NAMED} more" if len(empty) > N_NAMED else ""
        warn(
            f"no ink was found on {len(empty)} of {len(X)} images, so the model sees empty paper: "
            f"{named}{more}. Take the photos from a shorter distance, in even light, and with "
            "nothing but the paper on them.",
            stacklevel=3,
        )
    return X


def _labeled(found: Bunch, reading: Reading, pool: NDArray[np.number] | None) -> LabeledSet:
    names = np.asarray(found.target_names).astype(str)
    channels = (3,) if reading.mode == "RGB" else ()
    X = found.data.reshape(-1, *channels, *reading.image_shape)
    return LabeledSet(X, names[found.target], pool, reading)


def check_classes(labeled: LabeledSet, path: str) -> None:
    """Raise if there are fewer than two classes."""
    names = np.unique(labeled.y)
    if len(names) < 2:
        raise InvalidTargetsError(
            f"{path!r} must hold at least two classes; got one, {str(names[0])!r}. Add a folder, "
            "or a file, for each class."
        )
