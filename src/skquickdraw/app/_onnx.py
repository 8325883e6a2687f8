"""A classifier in an ONNX file, run by ONNX Runtime."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import DataFileError, MissingDependencyError

WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"  # a key of ONNX Runtime's


class OnnxClassifier:
    """A graph that ``to_onnx`` wrote, with the methods of a classifier that the page needs."""

    def __init__(self, path: Path) -> None:
        self._session = _open(path)
        self._name = path.name
        try:
            described = self._session.get_modelmeta().custom_metadata_map
            (images,), (_,) = self._session.get_inputs(), self._session.get_outputs()
            self.classes_: list[object] = list(json.loads(described["classes"]))
            self.image_shape_ = [int(side) for side in json.loads(described["image_shape"])]
            self.pixel_range_ = _read_range(described)
            self.background_ = _read_background(described, self.image_shape_)
            if images.shape[1:] != self.image_shape_:
                raise ValueError(f"images of shape {images.shape[1:]}")
        except (LookupError, ValueError, TypeError, RecursionError) as error:
            raise DataFileError(
                f"app: {path.name} must name its classes and image_shape in its metadata, and take "
                "such images alone, as a classifier written by to_onnx does. Export a classifier "
                "by to_onnx."
            ) from error
        self._dtype = np.uint8 if images.type == "tensor(uint8)" else np.float32
        self._input = images.name

    def predict_proba(self, X: NDArray[np.number]) -> NDArray[np.float32]:
        """Return class probabilities of flat rows of pixels."""
        if self._dtype == np.uint8:
            X = np.rint(X)
        images = X.reshape(-1, *self.image_shape_).astype(self._dtype)
        try:
            (probabilities,) = self._session.run(None, {self._input: images})
        except Exception as error:  # the runtime has its own class for each kind of damage
            raise DataFileError(
                f"app: {self._name} must be a graph that ONNX Runtime can run; got: {error}. "
                "Export the classifier again."
            ) from error
        return probabilities


def _read_range(described: dict[str, str]) -> tuple[float, float] | None:
    """Return the range of the pixels; None if the file does not name it."""
    if "pixel_range" not in described:
        return None
    low, high = json.loads(described["pixel_range"])
    return float(low), float(high)


def _read_background(described: dict[str, str], image_shape: list[int]) -> list[float] | None:
    """Return the colour that surrounds the training images; None if the file does not name it."""
    if "background" not in described:
        return None
    background = [float(value) for value in json.loads(described["background"])]
    if len(background) != image_shape[0] or not np.isfinite(background).all():
        raise ValueError(f"a background of {background}")
    return background


def _open(path: Path) -> Any:
    try:
        from onnxruntime import InferenceSession, SessionOptions
    except ImportError as error:
        raise MissingDependencyError(
            f"app needs the package onnxruntime to run {path.name}. Install the extra: pip install "
            "'skquickdraw[onnx]'."
        ) from error
    try:
        with TemporaryDirectory() as empty:
            # A stranger's graph could name any file as its weights. With this setting ONNX Runtime
            # only accepts files in an empty folder.
            options = SessionOptions()
            options.add_session_config_entry(WEIGHTS_FOLDER, empty)
            return InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime has its own class for each kind of damage
        raise DataFileError(
            f"app: {path.name} must be an ONNX file that ONNX Runtime can run; got: {error}"
        ) from error
