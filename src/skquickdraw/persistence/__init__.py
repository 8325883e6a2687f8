"""Save and load trained models in files that execute nothing, or export them to other runtimes."""

from ._model import load_model, save_model
from ._onnx import to_onnx

__all__ = ["load_model", "save_model", "to_onnx"]
