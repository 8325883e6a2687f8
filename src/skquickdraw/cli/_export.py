"""skquickdraw export MODEL -o FILE: a model as one ONNX graph."""

from __future__ import annotations

import argparse

from ..persistence import load_model, to_onnx
from ._messages import tell
from ._output import check_output


def run(arguments: argparse.Namespace) -> None:
    """Write the graph; its pixels have the dtype that the commands train on."""
    check_output(arguments.output, is_forced=arguments.force, inputs=[arguments.model])
    to_onnx(load_model(arguments.model, device="cpu"), arguments.output)
    tell("export", f"wrote {arguments.output}")
