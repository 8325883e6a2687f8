"""Trained models in files that execute nothing: saved and loaded, or handed to other runtimes."""

from ._model import load_model, save_model
from ._onnx import to_onnx

__all__ = ["load_model", "save_model", "to_onnx"]
