"""The loopback server: it serves the page, and answers each sketch with the model's guesses.

Strokes are drawn here, by the rasteriser that made the training images. Images are read as data
sets are, and the estimator itself predicts. So the page shows what Python would, for every kind of
classifier, and the browser needs neither the rasteriser nor the model.

Only this machine can reach it: it listens on 127.0.0.1, and answers only its own page. So no other
page in the same browser can use it, not even through a host name that points here. There is a fixed
table of answers; no path of a request reaches the file system. What is saved goes into one folder
that the owner named, under the names of the model's classes.
"""

from __future__ import annotations

import errno
import json
import sys
import webbrowser
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from numbers import Integral
from os import PathLike
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import parse_qs

import numpy as np
from numpy.typing import NDArray

from .._checks import FLAG, check_arguments
from ..exceptions import (
    InvalidImagesError,
    InvalidParameterError,
    MissingDependencyError,
    SkquickdrawError,
)
from ._drawing import read_request, read_sketch
from ._images import MAX_BYTES, encode_picture, write_png
from ._model import Guesser, Model, open_model
from ._saving import Saver

HOST = "127.0.0.1"
FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
PAUSE = 0.1  # seconds
MAX_BODY = 256 * 1024  # bytes; more than the largest sketch needs
SCRIPTS = ("app.js", "paper.js", "colours.js", "correction.js", "images.js")
PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/app.css": ("app.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    **{f"/{name}": (name, "text/javascript; charset=utf-8") for name in SCRIPTS},
}
JSON = "application/json"
# A type that other pages cannot send without a preflight request, which is refused.
BYTES = "application/octet-stream"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
Answer = tuple[str, bytes]  # content type and body


class Server(ThreadingHTTPServer):
    """An HTTP server with a model; ``url`` is its page.

    ``saver`` stores sketches with their labels; None stores nothing.
    """

    daemon_threads = True  # an open tab does not keep the process alive
    allow_reuse_address = sys.platform != "win32"  # there, two servers could have one port
    request_queue_size = 128  # the default of five resets connections on a busy machine

    def __init__(self, guesser: Guesser, port: int, saver: Saver | None = None) -> None:
        self.guesser = guesser
        self.saver = saver
        folder = files(__package__) / "page"
        self.page = {
            url: (kind, (folder / file).read_bytes()) for url, (file, kind) in PAGE.items()
        }
        super().__init__((HOST, port), Handler)
        self.hosts = {f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"}
        self.url = f"http://{HOST}:{self.server_port}/"

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection; if no more files can be opened, wait, or the loop would spin."""
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in FULL:
                sleep(PAUSE)
            raise

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore browsers that close the connection before the answer."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Refused(Exception):
    """A request that is not answered: an HTTP status and the reason."""


class Handler(BaseHTTPRequestHandler):
    """Answer one request, always with the same headers, and with JSON unless it is for the page."""

    server: Server
    timeout = 10  # seconds until a silent connection is given up
    server_version = "skquickdraw"
    sys_version = ""

    def do_GET(self) -> None:
        self._respond(self._look_up)

    def do_POST(self) -> None:
        self._respond(self._take)

    def _respond(self, answer: Callable[[], Answer]) -> None:
        try:
            self._check_sender()
            status, (kind, body) = 200, answer()
        except Refused as refusal:
            status, reason = refusal.args
            kind, body = _as_json({"error": reason})
        except InvalidImagesError as error:
            status, (kind, body) = 400, _as_json({"error": str(error)})
        except MissingDependencyError as error:
            status, (kind, body) = 501, _as_json({"error": str(error)})
        self._send(status, kind, body)

    def _check_sender(self) -> None:
        """Refuse what other pages send, under their own host name or one that points here."""
        hosts = self.server.hosts
        if self.headers.get("Host") not in hosts:
            raise Refused(403, f"The host must be one of {sorted(hosts)}. Open {self.server.url}.")
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in hosts}:
            raise Refused(403, f"Only the page at {self.server.url} may ask.")

    def _look_up(self) -> Answer:
        path = self._path()
        if path == "/model":
            return _as_json(self._describe())
        if path in self._takers():
            raise Refused(405, f"Send to {path} by POST.")
        if path not in self.server.page:
            raise Refused(404, f"There is no such page. Open {self.server.url}.")
        return self.server.page[path]

    def _describe(self) -> dict[str, object]:
        """Return what the page has to know about the model."""
        guesser = self.server.guesser
        return {
            "kind": type(guesser.estimator).__name__,
            "side": guesser.side,
            "names": guesser.names,
            "has_colours": guesser.has_colours,
            "is_on_paper": guesser.is_on_paper,
            "reads_drawings": guesser.reads_drawings,
            "saves": self.server.saver is not None,
            "max_bytes": MAX_BYTES,
        }

    def _takers(self) -> dict[str, Callable[[], Answer]]:
        """Return the methods that answer a POST."""
        takers = {"/predict": self._predict, "/image": self._predict_image}
        if self.server.saver is not None:
            takers |= {"/save": self._save, "/save-image": self._save_image}
        return takers

    def _take(self) -> Answer:
        takers = self._takers()
        if self._path() not in takers:
            raise Refused(405, f"Only {', '.join(takers)} take a POST.")
        return takers[self._path()]()

    def _predict(self) -> Answer:
        guesser = self.server.guesser
        request = read_request(self._body())
        sketch = read_sketch(request, with_colours=guesser.has_colours)
        return self._guess(guesser.draw(sketch))

    def _predict_image(self) -> Answer:
        body = self._image()
        try:
            picture = self.server.guesser.read(body)
        except SkquickdrawError:
            raise
        except Exception as error:
            self.server.handle_error(self.request, self.client_address)
            raise Refused(500, f"The image could not be read: {error}") from error
        return self._guess(picture)

    def _guess(self, picture: NDArray[np.uint8]) -> Answer:
        shown = picture if picture.ndim == 2 else picture.transpose(1, 2, 0)
        try:
            top = self.server.guesser.best(picture)
            return _as_json({"picture": shown.tolist(), "top": top})
        except Exception as error:
            self.server.handle_error(self.request, self.client_address)  # prints the traceback
            raise Refused(500, f"The model failed: {error}") from error

    def _save(self) -> Answer:
        guesser = self.server.guesser
        request = read_request(self._body())
        label = self._label(request.get("label"))
        sketch = read_sketch(request, with_colours=guesser.has_colours)
        if guesser.has_colours:  # the format of strokes cannot store colours
            png = encode_picture(guesser.draw(sketch))
            return self._saved(lambda saver: saver.save_image(label, png))
        return self._saved(lambda saver: saver.save_sketch(label, sketch.strokes))

    def _save_image(self) -> Answer:
        (given,) = parse_qs(self.path.partition("?")[2]).get("label", [""])[:1]
        is_number = given.isascii() and given.isdigit() and len(given) < 10
        label = self._label(int(given) if is_number else None)
        png = write_png(self._image())
        return self._saved(lambda saver: saver.save_image(label, png))

    def _label(self, label: object) -> int:
        n_classes = len(self.server.guesser.names)
        if type(label) is not int or not 0 <= label < n_classes:
            raise Refused(400, f"The label must be the number of a class, below {n_classes}.")
        return label

    def _saved(self, save: Callable[[Saver], Path]) -> Answer:
        saver = self.server.saver
        assert saver is not None
        try:
            file = save(saver)
        except OSError as error:
            raise Refused(500, f"It cannot be saved: {error}.") from error
        return _as_json({"file": file.relative_to(saver.folder).as_posix()})

    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _body(self) -> bytes:
        return self._read(JSON, MAX_BODY, "Clear the sketch.")

    def _image(self) -> bytes:
        return self._read(BYTES, MAX_BYTES, "Make the image smaller.")

    def _read(self, kind: str, limit: int, way_out: str) -> bytes:
        """Read the request's body, after checking its type and length."""
        if self.headers.get_content_type() != kind:
            raise Refused(415, f"The request must be of the type {kind}.")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise Refused(411, "The request must have a Content-Length.")
        if len(length) > len(str(limit)) or int(length) > limit:
            raise Refused(413, f"The request may have at most {limit} bytes. {way_out}")
        return self.rfile.read(int(length))

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer an invalid request in the same form as all others."""
        self.close_connection = True
        self._send(code, *_as_json({"error": message or self.responses[code][0]}))

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal quiet: a sketch makes many requests."""


def make_server(
    model: str | PathLike[str] | Model,
    *,
    port: int = 0,
    names: Sequence[str] | None = None,
    save_to: str | PathLike[str] | None = None,
) -> Server:
    """Create the page's server without starting it.

    Use it in programs that start and stop the server themselves, for example in a thread.

    Parameters
    ----------
    model : estimator, str or path-like
        A fitted classifier with ``predict_proba`` that takes square images of one or three
        channels, or the path of a file that ``save_model`` or ``to_onnx`` (``.onnx``) has written.
    port : int, default=0
        Port on 127.0.0.1 to listen on, from 1024 to 65535. With 0, a free port is used.
    names : sequence of str, default=None
        Names of the classes, in the order of the model's ``classes_``. With None, the page shows
        the labels.
    save_to : str or path-like, default=None
        Folder in which a button on the page saves sketches and images with their right labels:
        sketches in ``drawings`` (for :func:`~skquickdraw.datasets.load_quickdraw`), images and
        sketches in colours in ``images`` (for :func:`~skquickdraw.datasets.load_image_folder`).
        With None, there is no button.

    Returns
    -------
    server : http.server.ThreadingHTTPServer
        It answers after its ``serve_forever`` is called. ``server.url`` is the address of the page.
        Close it with ``server_close``, or use it in a ``with`` statement.

    Raises
    ------
    InvalidParameterError
        If the model is not such a classifier, names do not fit, the port is out of range or taken,
        or the folder cannot be created or cannot hold files of these names.
    DataFileError, MissingDependencyError
        If the file is missing or damaged, or needs ONNX Runtime, which is not installed.

    Examples
    --------
    >>> from skquickdraw import CNNClassifier
    >>> from skquickdraw.app import make_server
    >>> from skquickdraw.datasets import make_sketches
    >>> X, y, names = make_sketches(40, n_classes=4, random_state=0, return_names=True)
    >>> clf = CNNClassifier(width=0.25, max_epochs=1, random_state=0).fit(X, y)
    >>> with make_server(clf, names=names) as server:
    ...     print(server.url)
    http://127.0.0.1:.../
    """
    if not isinstance(port, Integral) or not (port == 0 or 1024 <= port <= 65535):
        raise InvalidParameterError(
            f"app: port must be 0 or an int from 1024 to 65535; got {port!r}. 0 takes a free one."
        )
    guesser = open_model(model, names)
    saver = None if save_to is None else Saver(save_to, guesser.names)
    try:
        return Server(guesser, int(port), saver)
    except OSError as error:
        raise InvalidParameterError(
            f"app: port {port} on {HOST} cannot be used: {error}. Pass another, or 0."
        ) from error


def serve(
    model: str | PathLike[str] | Model,
    *,
    port: int = 0,
    open_browser: bool = True,
    names: Sequence[str] | None = None,
    save_to: str | PathLike[str] | None = None,
) -> None:
    """Show a page to draw on, with the model's predictions for the sketch, until Ctrl-C.

    Use it to test a model with your own sketches, and to see the images that the model receives.

    Parameters
    ----------
    model : estimator, str or path-like
        A fitted classifier with ``predict_proba`` that takes square images of one or three
        channels, or the path of a file that ``save_model`` or ``to_onnx`` (``.onnx``) has written.
    port : int, default=0
        Port on 127.0.0.1 to listen on, from 1024 to 65535. With 0, a free port is used.
    open_browser : bool, default=True
        Whether to open the page in the default browser.
    names : sequence of str, default=None
        Names of the classes, in the order of the model's ``classes_``. With None, the page shows
        the labels.
    save_to : str or path-like, default=None
        Folder in which a button on the page saves sketches and images with their right labels:
        sketches in ``drawings`` (for :func:`~skquickdraw.datasets.load_quickdraw`), images and
        sketches in colours in ``images`` (for :func:`~skquickdraw.datasets.load_image_folder`).
        With None, there is no button.

    Raises
    ------
    InvalidParameterError, DataFileError, MissingDependencyError
        As :func:`make_server`, before anything is shown.

    Examples
    --------
    >>> from skquickdraw.app import serve
    >>> serve("sketches.safetensors")  # doctest: +SKIP
    Draw at http://127.0.0.1:41234/ and stop with Ctrl-C.
    """
    check_arguments("serve", {"open_browser": FLAG}, {"open_browser": open_browser})
    with make_server(model, port=port, names=names, save_to=save_to) as server:
        print(f"Draw at {server.url} and stop with Ctrl-C.", flush=True)
        try:
            if open_browser:
                webbrowser.open(server.url)
            server.serve_forever()
        except KeyboardInterrupt:
            print("Stopped.")


def _as_json(value: object) -> Answer:
    # JSON has no NaN: a model that returns it fails here, not in the browser.
    return JSON, json.dumps(value, allow_nan=False).encode()
