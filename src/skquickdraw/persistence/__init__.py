"""Save and load trained models without executing code from files, or export them to ONNX."""

from ._model import load_model, save_model
from ._onnx import to_onnx
from ._writing import replacing as replacing

__all__ = ["load_model", "save_model", "to_onnx"]
