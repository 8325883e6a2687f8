"""to_onnx: a trained estimator as one file that runs without Python, scikit-learn or PyTorch."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from importlib.metadata import version
from os import PathLike
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .._device import plain_torch
from .._image_shape import ImageShape
from .._pixel_range import PixelRange, has_own_scale
from .._turns import sole_user_of_torch
from .._typing import Estimator
from ..exceptions import InvalidParameterError, MissingDependencyError
from ._onnx_graph import build_module, read_background, read_image_shape, read_pixel_range
from ._writing import check_target, replacing

if TYPE_CHECKING:
    import onnx

# The opset that PyTorch's exporter is written for; others would be translated from it. The version
# of the format is the one published with it. The exporter names a later one, but only for its
# notes, which are removed here, and older runtimes would refuse the later one.
OPSET, IR_VERSION = 18, 8

INPUT_DTYPES = {"uint8": torch.uint8, "float32": torch.float32}
FOLDER_OF_COMPILER = "TORCHINDUCTOR_CACHE_DIR"  # PyTorch sets it in the environment
NOISY_LOGGERS = ("torch.onnx", "onnxscript", "onnx_ir")


@plain_torch()
def to_onnx(estimator: Estimator, path: str | PathLike[str], *, input_dtype: str = "uint8") -> None:
    """Write a fitted estimator as one ONNX graph: pixels in, probabilities out.

    The file runs wherever ONNX Runtime does: on servers, phones, in browsers. It includes the
    network's scaling of pixels, its test-time views and its softmax. An ensemble becomes one graph
    too.

    Parameters
    ----------
    estimator : fitted estimator
        - A classifier of :mod:`skquickdraw.neural_network`, or a
          :class:`~skquickdraw.few_shot.RelationNetworkClassifier`.
        - An estimator that holds such classifiers:
          :class:`~skquickdraw.ensemble.SeedEnsembleClassifier`,
          :class:`~skquickdraw.semi_supervised.NoisyStudentClassifier`,
          :class:`~skquickdraw.distillation.DistilledClassifier`,
          :class:`~skquickdraw.semi_supervised.TransductiveClassifier`,
          :class:`~skquickdraw.recipes.BudgetedClassifier`, or scikit-learn's
          ``VotingClassifier(voting='soft')``, ``FrozenEstimator`` or a search.
        - A pipeline that ends in one of these and has only samplers before it.
        - A :class:`~skquickdraw.feature_extraction.DeepFeatureExtractor`, whose graph returns
          features.
    path : str or path-like
        File to write; its name usually ends in ``.onnx``. An existing file is replaced once the new
        one is complete.
    input_dtype : {'uint8', 'float32'}, default='uint8'
        Dtype of the pixels that the graph accepts. Use 'float32' if the pixels in ``fit`` were not
        whole numbers, or if X held features. The graph needs pixels on the scale of ``fit``.

    Raises
    ------
    InvalidParameterError
        Before any work, if the estimator is none of these, if ``input_dtype`` is unknown, or if it
        is 'uint8' but the estimator was fitted to floating point on a scale such as 0 to 1. Later,
        if PyTorch cannot export a network of your own.
    NotFittedError
        If the estimator is not fitted.
    DataFileError
        If the folder of the file does not exist, or ``path`` is a folder.
    MissingDependencyError
        If the extra ``onnx`` is not installed.

    See Also
    --------
    skquickdraw.persistence.save_model : Writes a file that Python can load and train further.

    Notes
    -----
    The graph has one input, ``images`` of shape (n, C, H, W), and one output, ``probabilities`` of
    shape (n, n_classes) or ``features`` of shape (n, n_features), in float32, for any n. The graph
    does not check the range of the pixels. The metadata are JSON, except for the last entry:

    - ``classes``: the labels of the columns. Labels that JSON cannot represent are written as text.
      Missing for a DeepFeatureExtractor.
    - ``image_shape``: (C, H, W).
    - ``pixel_range``: the lowest and highest pixel in ``fit``. Missing if X did not hold images, or
      if the estimator was fitted by a version that did not store it.
    - ``background``: the C values of the background colour of the training images, on their scale.
      Missing if a network has no ``background_`` or learned from strokes.
    - ``estimator``: the name of the exported class.

    Probabilities equal ``predict_proba`` up to rounding in float32: on CPUs to within 1e-5.

    A classifier that was fitted to packed strokes is exported without the drawing: ``images`` are
    the drawn strokes, with the shape of its augmentation's ``ink``.

    The graph predicts row by row. So ``predict_transductive``, which needs all rows of a test set,
    is not exported.

    The operators are those of opset 18, the file format is IR version 8, both from ONNX 1.13. All
    weights are in this one file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skquickdraw import CNNClassifier
    >>> from skquickdraw.datasets import make_sketches
    >>> from skquickdraw.persistence import to_onnx
    >>> X, y, names = make_sketches(60, 3, image_shape=(14, 14), random_state=0, return_names=True)
    >>> clf = CNNClassifier(width=0.25, max_epochs=1, random_state=0).fit(X, names[y])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_onnx(clf, Path(folder, "sketches.onnx"))
    ...     content = Path(folder, "sketches.onnx").read_bytes()

    From here on, nothing but ONNX Runtime:

    >>> import json
    >>> import onnxruntime
    >>> session = onnxruntime.InferenceSession(content)
    >>> classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
    >>> images = X[:2].reshape(2, 1, 14, 14)
    >>> (proba,) = session.run(["probabilities"], {"images": images})
    >>> [classes[column] for column in proba.argmax(axis=1)] == clf.predict(X[:2]).tolist()
    True
    """
    if not isinstance(input_dtype, str) or input_dtype not in INPUT_DTYPES:
        raise InvalidParameterError(
            f"to_onnx: input_dtype must be one of {sorted(INPUT_DTYPES)}, got {input_dtype!r}."
        )
    target = check_target("to_onnx", path)
    module = build_module(estimator)
    image_shape, pixel_range = read_image_shape(module), read_pixel_range(module)
    _check_dtype(input_dtype, pixel_range)
    onnx = _import_onnx()
    output = "probabilities" if hasattr(estimator, "predict_proba") else "features"
    name = type(estimator).__name__
    model = _export(name, module, image_shape, INPUT_DTYPES[input_dtype], output)
    _check_rows_are_free(model, estimator)
    _remove_traces(model)
    _describe(model, estimator, image_shape, pixel_range, read_background(module))
    onnx.checker.check_model(model, full_check=True)
    with replacing(target) as file:
        file.write(model.SerializeToString())


def _check_dtype(input_dtype: str, pixel_range: PixelRange | None) -> None:
    if input_dtype != "uint8" or pixel_range is None:
        return
    low, high = pixel_range
    if isinstance(high, float) and has_own_scale(pixel_range):
        raise InvalidParameterError(
            f"to_onnx: input_dtype='uint8' must hold the pixels of fit, but these were floating "
            f"point from {low:g} to {high:g}. Pass input_dtype='float32', or fit on uint8 images."
        )


class _FromPixels(nn.Module):
    """The root of a graph, which first converts pixels to floating point."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: Tensor) -> Tensor:
        return self.inner(images.float())


def _import_onnx() -> ModuleType:
    try:
        with _silence():
            import onnx
            import onnxscript  # noqa: F401  # PyTorch's exporter needs it
    except ImportError as error:
        raise MissingDependencyError(
            f"to_onnx needs the packages onnx and onnxscript, and {error.name} is missing. Install "
            "the extra: pip install 'skquickdraw[onnx]'."
        ) from error
    return onnx


def _export(
    name: str, module: nn.Module, image_shape: ImageShape, dtype: torch.dtype, output: str
) -> onnx.ModelProto:
    """Return the graph of a copy of the module, as ONNX's own model object."""
    copy = deepcopy(_FromPixels(module)).cpu().eval()
    copy.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    # Two rows, because the exporter would treat a single one as a constant.
    example = torch.zeros(2, *image_shape, dtype=dtype, device="cpu")
    try:
        with _silence():
            program = torch.onnx.export(
                copy,
                (example,),
                dynamo=True,
                opset_version=OPSET,
                input_names=["images"],
                output_names=[output],
                dynamic_shapes=({0: torch.export.Dim("n")},),
                verbose=False,
            )
    except Exception as error:  # PyTorch raises many kinds, and the cause says more
        reason = str(error.__cause__ or error).strip().split("\n")[0].rstrip(".")
        raise InvalidParameterError(
            f"to_onnx: PyTorch's exporter cannot read the network of {name}: {reason}. Write its "
            "forward without branches on values of tensors, and with operators that ONNX has; or "
            "distil it into a network of this package: DistilledClassifier("
            "FrozenEstimator(fitted), ResNetClassifier())."
        ) from error
    assert program is not None
    return program.model_proto


def _check_rows_are_free(model: onnx.ModelProto, estimator: object) -> None:
    """Refuse a graph whose number of rows the exporter made a constant, which it does silently.

    Our own networks are written so that this does not happen.
    """
    n_rows = model.graph.input[0].type.tensor_type.shape.dim[0]
    if not n_rows.dim_param:
        raise InvalidParameterError(
            f"to_onnx: after PyTorch's export, {type(estimator).__name__} can only take "
            f"{n_rows.dim_value} rows at a time. Its network must not fix the number of rows: "
            "write x.shape[0] in place of len(x)."
        )


@contextmanager
def _silence() -> Iterator[None]:
    """Hide the exporter's messages to its developers, and restore everything afterwards.

    Warning filters and loggers belong to the whole process, and so do the switches of torch that
    the exporter changes. So only one thread is inside at a time, and no thread trains meanwhile.
    """
    with sole_user_of_torch(), _quiet():
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in NOISY_LOGGERS]
    levels = [logger.level for logger in loggers]
    had_folder = FOLDER_OF_COMPILER in os.environ
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
            if not had_folder:
                os.environ.pop(FOLDER_OF_COMPILER, None)


def _remove_traces(model: onnx.ModelProto) -> None:
    """Remove the exporter's notes: they name files of this machine, and are a fifth of the file."""
    graph = model.graph
    graph.ClearField("metadata_props")
    parts = (graph.node, graph.input, graph.output, graph.value_info, graph.initializer)
    for part in (part for group in parts for part in group):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


def _describe(
    model: onnx.ModelProto,
    estimator: Any,
    image_shape: ImageShape,
    pixel_range: PixelRange | None,
    background: list[float] | None,
) -> None:
    """Write into the file what its readers have to know."""
    from onnx.helper import set_model_props

    name, release = type(estimator).__name__, version("skquickdraw")
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version = "skquickdraw", release
    model.graph.name = name
    columns = "features: (n, n_features)."
    if hasattr(estimator, "predict_proba"):
        columns = "probabilities: columns follow the metadata's classes."
    model.doc_string = (
        f"A {name} of skquickdraw {release}. images: (n, channels, height, width), values as "
        f"in training, as the metadata's pixel_range says. {columns}"
    )
    described = {"estimator": name, "image_shape": json.dumps(image_shape)}
    if pixel_range is not None:
        described["pixel_range"] = json.dumps(pixel_range)
    if background is not None:
        described["background"] = json.dumps(background)
    if hasattr(estimator, "predict_proba"):
        described["classes"] = json.dumps(estimator.classes_.tolist(), default=str)
    set_model_props(model, described)
