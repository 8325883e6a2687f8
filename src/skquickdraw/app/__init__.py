"""A local web page to draw on, which shows a model's predictions for the sketch.

::

    page/         what the browser shows and runs; it sends pen strokes
    _drawing.py   strokes -> the image as the model sees it
    _images.py    a file of an image -> the same
    _saving.py    sketches and images with their right labels -> a folder to train on
    _model.py     a fitted classifier, or a file of one (_onnx.py) -> probabilities and names
    _server.py    the loopback server between the page and the model
"""

from ._server import make_server, serve

__all__ = ["make_server", "serve"]
