"""The model behind the page: a fitted classifier, or a file of one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from math import prod
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, TypedDict

import numpy as np
from numpy.typing import NDArray

from .._image_shape import resolve_image_shape
from .._pixel_range import MAX_PIXEL, PixelRange, has_own_scale
from ..exceptions import DataFileError, InvalidParameterError
from ._drawing import Sketch, draw_in_colours, draw_picture
from ._images import read_drawing, read_image
from ._onnx import OnnxClassifier

N_BEST = 5
# Attributes in which estimators hold other estimators, the fitted ones first.
INNER = ("steps", "estimators_", "student_", "estimator_", "best_estimator_", "estimator")


class Model(Protocol):
    """What the page needs of a classifier."""

    @property
    def classes_(self) -> Collection[object]: ...

    @property
    def predict_proba(self) -> Callable[..., NDArray[np.floating]]: ...


class TrainingSet(TypedDict, total=False):
    """What the page has to know about the training images; ``skquickdraw train`` stores it."""

    source: str
    background: int


@dataclass(frozen=True)
class Guesser:
    """A classifier of square images, the names of its classes, and the images that it takes.

    ``pixel_range`` is None if a model takes pixels from 0 to 255. ``is_on_paper`` says that it
    learned from dark ink on light paper, ``has_colours`` that it learned from images of three
    channels. ``reads_drawings`` says that an image is cleaned up to a drawing before the model sees
    it, and ``background`` is the grey behind its transparent pixels. ``takes_stacks`` says that
    flat rows are refused, because the order of their pixels is not known.
    """

    estimator: Model
    names: list[str]
    side: int
    pixel_range: tuple[float, float] | None = None
    is_on_paper: bool = False
    has_colours: bool = False
    reads_drawings: bool = True
    background: int = MAX_PIXEL
    takes_stacks: bool = False
    _turn: Lock = field(default_factory=Lock)

    def draw(self, sketch: Sketch) -> NDArray[np.uint8]:
        """Return strokes as the model sees them: (side, side), or (3, side, side) in colours."""
        if self.has_colours:
            return draw_in_colours(sketch, self.side, MAX_PIXEL if self.is_on_paper else 0)
        return self.adapt(draw_picture(sketch.strokes, self.side))

    def read(self, body: bytes) -> NDArray[np.uint8]:
        """Return a file of an image as the model sees it, shaped as :meth:`draw` says."""
        if self.reads_drawings:
            return self.adapt(read_drawing(body, self.side, self.background))
        return read_image(body, self.side, self.background, "RGB" if self.has_colours else "L")

    def adapt(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Convert light ink on black to the ink and the paper that the model learned from."""
        return np.uint8(MAX_PIXEL) - picture if self.is_on_paper else picture

    def probabilities(self, picture: NDArray[np.uint8]) -> NDArray[np.number]:
        """Return the probability of each class, for one caller at a time.

        Not every estimator may be used by several threads at once.
        """
        X: NDArray[np.number] = picture[None] if self.takes_stacks else picture.reshape(1, -1)
        if self.pixel_range is not None:
            low, high = self.pixel_range
            X = low + X * ((high - low) / MAX_PIXEL)
        with self._turn:
            return np.asarray(self.estimator.predict_proba(X))[0]

    def best(self, picture: NDArray[np.uint8]) -> list[dict[str, str | float]]:
        """Return the likeliest classes, best first, as JSON objects."""
        probabilities = self.probabilities(picture)
        order = np.argsort(-probabilities, kind="stable")[:N_BEST]
        return [{"name": self.names[i], "probability": float(probabilities[i])} for i in order]


def open_model(model: Model | str | PathLike[str], names: Sequence[str] | None = None) -> Guesser:
    """Load the model if it is a path, and find out its images and classes.

    Raises
    ------
    InvalidParameterError
        If the model is not a fitted classifier of square images of one or three channels, or if
        there is not one name for each class.
    DataFileError
        If the file is missing or damaged.
    """
    estimator = _load(Path(model)) if isinstance(model, str | PathLike) else model
    _check_classifier(estimator)
    names = _class_names(estimator, names)
    guesser = _make_guesser(estimator, names)
    # The first prediction is slow and may fail. So make one before a person waits for it.
    size = (guesser.side, guesser.side)
    blank = np.zeros((3, *size) if guesser.has_colours else size, dtype=np.uint8)
    shape = np.shape(guesser.probabilities(blank))
    if shape != (len(names),):
        raise InvalidParameterError(
            f"app: predict_proba must return a number for each of the {len(names)} classes; got "
            f"shape {shape} for an image. Take a classifier with one label per image."
        )
    return guesser


def _make_guesser(estimator: Model, names: list[str]) -> Guesser:
    channels, side = _shape(estimator)
    pixel_range = _pixel_range(estimator)
    is_on_paper = _is_on_paper(estimator, pixel_range)
    reading = _training_set(estimator)
    source = reading.get("source", "images" if channels == 3 or is_on_paper else "drawings")
    return Guesser(
        estimator,
        names,
        side,
        pixel_range,
        is_on_paper,
        has_colours=channels == 3,
        reads_drawings=source == "drawings" and channels == 1,
        background=reading.get("background", MAX_PIXEL),
        takes_stacks=_find(estimator, "data_format_", through_transformers=False) is not None,
    )


def _training_set(estimator: object) -> TrainingSet:
    """Return how ``skquickdraw train`` read the images; empty for a model that it did not train."""
    kept: Any = getattr(estimator, "training_set_", {})
    background = kept.get("background", MAX_PIXEL) if isinstance(kept, dict) else None
    if type(background) is not int or not 0 <= background <= MAX_PIXEL:
        raise DataFileError(
            "app: the model must say how its images were read, as skquickdraw train writes it; got "
            f"training_set_={str(kept)[:60]}. It was changed after training: get the original file."
        )
    return kept


def _load(path: Path) -> Model:
    if not path.is_file():
        raise DataFileError(
            f"app: the model must be a fitted classifier or a file of one; got {str(path)!r}, "
            "where there is no file. Save one by save_model."
        )
    if path.suffix.lower() == ".onnx":
        return OnnxClassifier(path)
    from ..persistence import load_model  # it loads PyTorch

    return load_model(path)


def _check_classifier(estimator: object) -> None:
    missing = [name for name in ("predict_proba", "classes_") if not hasattr(estimator, name)]
    if missing:
        raise InvalidParameterError(
            f"app: the model must be a fitted classifier; {type(estimator).__name__} has no "
            f"{' and no '.join(missing)}. Fit it first, or take one that gives probabilities."
        )


def _class_names(estimator: Model, names: Sequence[str] | None) -> list[str]:
    n_classes = len(estimator.classes_)
    if names is not None and (isinstance(names, str) or not np.iterable(names)):
        raise InvalidParameterError(
            f"app: names must be a list of one name for each of the model's {n_classes} classes, "
            f"got {names!r}."
        )
    shown = [str(name) for name in (estimator.classes_ if names is None else names)]
    if len(shown) != n_classes:
        raise InvalidParameterError(
            f"app: names must hold one name for each of the model's {n_classes} classes, in the "
            f"order of classes_; got {len(shown)}."
        )
    return shown


def _shape(estimator: object) -> tuple[int, int]:
    """Return the channels, 1 or 3, and the side of the images that the model takes."""
    name = type(estimator).__name__
    shape = _find(estimator, "image_shape_")
    n_pixels = getattr(estimator, "n_features_in_", 28 * 28 if shape is None else prod(shape))
    if shape is None or prod(shape) != n_pixels:  # or a transformer changes the images
        shape = resolve_image_shape(name, n_pixels)
    channels, height, width = (1, *shape)[-3:]
    if channels not in (1, 3) or height != width:
        raise InvalidParameterError(
            f"app: the model must take square images of 1 or 3 channels; {name} takes {height} x "
            f"{width} pixels, {channels} channel(s). Train it on images such as rasterize makes."
        )
    return int(channels), int(height)


def _pixel_range(estimator: object) -> PixelRange | None:
    """Return the range of pixels that the model takes, where it is not 0 to 255."""
    seen = _find(estimator, "pixel_range_", through_transformers=False)
    return seen if seen is not None and has_own_scale(seen) else None


def _is_on_paper(estimator: object, pixel_range: PixelRange | None) -> bool:
    """Return whether light colours surround the images that the model learned from.

    For a pipeline with transformers it is not known: SketchNormalizer takes both.
    """
    background = _find(estimator, "background_", through_transformers=False)
    low, high = (0, MAX_PIXEL) if pixel_range is None else pixel_range
    return background is not None and float(np.mean(background)) > (low + high) / 2


def _find(estimator: object, attribute: str, *, through_transformers: bool = True) -> Any:
    """Return an attribute of a network inside; None if no network has it.

    After a transformer, what a network was fitted to is not what the whole model takes.
    """
    while not hasattr(estimator, attribute):
        inner = next((getattr(estimator, name) for name in INNER if hasattr(estimator, name)), None)
        if inner is None:
            return None
        if isinstance(inner, list) and not through_transformers:
            steps = [step[-1] if isinstance(step, tuple) else step for step in inner[:-1]]
            if any(hasattr(step, "transform") for step in steps):
                return None
        estimator = inner[-1] if isinstance(inner, list) else inner
        if isinstance(estimator, tuple):  # a step of a pipeline, with its name
            estimator = estimator[-1]
    return getattr(estimator, attribute)
