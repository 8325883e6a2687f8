"""A local web page to draw on, which shows what a model makes of the drawing.

::

    page/         what the browser shows, and the pen strokes that it sends
    _drawing.py   strokes -> the picture as the model sees it
    _model.py     a fitted classifier, or a file of one (_onnx.py) -> probabilities and names
    _server.py    the loopback server between them
    _cli.py       the command `skquickdraw app MODEL`
"""

from ._cli import main
from ._server import make_server, serve

__all__ = ["main", "make_server", "serve"]
