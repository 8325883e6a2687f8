"""The loopback server: it hands out the page, and answers each drawing with the model's guesses.

The strokes are drawn here, by the rasteriser that made the training pictures, and the estimator is
asked itself. So the page sees what Python sees, for every kind of classifier, and the browser needs
no copy of either.

Only this machine reaches it: it listens on 127.0.0.1, and takes requests of its own page alone, so
that no other page in the same browser can ask it, not even by a name that it points here. There is
a fixed table of answers; no path of a request ever meets the file system.
"""

from __future__ import annotations

import json
import sys
import webbrowser
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from numbers import Integral
from os import PathLike
from typing import Any

from ..exceptions import InvalidImagesError, InvalidParameterError
from ._drawing import draw_picture, read_strokes
from ._model import Guesser, open_model

HOST = "127.0.0.1"
MAX_BODY = 256 * 1024  # bytes; the most points that a drawing may have take less
PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/app.css": ("app.css", "text/css; charset=utf-8"),
    "/app.js": ("app.js", "text/javascript; charset=utf-8"),
    "/paper.js": ("paper.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
JSON = "application/json"
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
    """An HTTP server with a model; ``url`` is its page."""

    daemon_threads = True  # an open tab does not keep the process alive
    request_queue_size = 128  # five, as it comes, resets connections on a busy machine

    def __init__(self, guesser: Guesser, port: int) -> None:
        self.guesser = guesser
        folder = files(__package__) / "page"
        self.page = {
            url: (kind, (folder / file).read_bytes()) for url, (file, kind) in PAGE.items()
        }
        super().__init__((HOST, port), Handler)
        self.hosts = {f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"}
        self.url = f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over browsers that hang up before the answer."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Refused(Exception):
    """A request that is not answered: an HTTP status and the reason."""


class Handler(BaseHTTPRequestHandler):
    """Answers one request, always with the same headers, and with JSON where it is no page."""

    server: Server
    timeout = 10  # seconds until a silent connection is given up
    server_version = "skquickdraw"
    sys_version = ""

    def do_GET(self) -> None:
        self._respond(self._look_up)

    def do_POST(self) -> None:
        self._respond(self._predict)

    def _respond(self, answer: Callable[[], Answer]) -> None:
        try:
            self._check_sender()
            status, (kind, body) = 200, answer()
        except Refused as refusal:
            status, reason = refusal.args
            kind, body = _as_json({"error": reason})
        except InvalidImagesError as error:
            status, (kind, body) = 400, _as_json({"error": str(error)})
        self._send(status, kind, body)

    def _check_sender(self) -> None:
        """Refuse what other pages send, under their own name or one that they point to here."""
        hosts = self.server.hosts
        if self.headers.get("Host") not in hosts:
            raise Refused(403, f"The host must be one of {sorted(hosts)}. Open {self.server.url}.")
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in hosts}:
            raise Refused(403, f"Only the page at {self.server.url} may ask.")

    def _look_up(self) -> Answer:
        path = self._path()
        if path == "/model":
            guesser = self.server.guesser
            kind = type(guesser.estimator).__name__
            return _as_json({"kind": kind, "side": guesser.side, "names": guesser.names})
        if path == "/predict":
            raise Refused(405, "Send drawings to /predict by POST.")
        if path not in self.server.page:
            raise Refused(404, f"There is no such page. Open {self.server.url}.")
        return self.server.page[path]

    def _predict(self) -> Answer:
        if self._path() != "/predict":
            raise Refused(405, "Only /predict takes a POST.")
        guesser = self.server.guesser
        picture = guesser.adapt(draw_picture(read_strokes(self._body()), guesser.side))
        try:
            return _as_json({"picture": picture.tolist(), "top": guesser.best(picture)})
        except Exception as error:
            self.server.handle_error(self.request, self.client_address)  # the trace, for the owner
            raise Refused(500, f"The model failed: {error}") from error

    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _body(self) -> bytes:
        """Read the request's body, once it is known to be JSON and of bearable length."""
        if self.headers.get_content_type() != JSON:
            raise Refused(415, f"The request must be of the type {JSON}.")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise Refused(411, "The request must say its Content-Length.")
        if len(length) > len(str(MAX_BODY)) or int(length) > MAX_BODY:
            raise Refused(413, f"The request may have {MAX_BODY} bytes. Clear the drawing.")
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
        """Answer what is no proper request in the same form as everything else."""
        self.close_connection = True
        self._send(code, *_as_json({"error": message or self.responses[code][0]}))

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the terminal quiet: a drawing makes many requests."""


def make_server(
    model: str | PathLike | Any, *, port: int = 0, names: Sequence[str] | None = None
) -> Server:
    """Make the page's server without starting it.

    For programs that run it themselves, in a thread beside a notebook for instance; :func:`serve`
    is simpler.

    Parameters
    ----------
    model : estimator, str or path-like
        A fitted classifier with ``predict_proba`` that takes flat square pictures of one channel,
        or a file of one: as saved by ``save_model``, or an ``.onnx`` file by ``to_onnx``.
    port : int, default=0
        Port on 127.0.0.1 to listen on, from 1024 to 65535; 0 takes a free one.
    names : sequence of str, default=None
        What to call the classes, in the order of the model's ``classes_``. None shows the labels.

    Returns
    -------
    server : http.server.ThreadingHTTPServer
        Bound, and waiting for ``serve_forever``; ``server.url`` is the page's address. Close it
        with ``server_close``, or use it in a ``with``.

    Raises
    ------
    InvalidParameterError
        If the model is no such classifier, names do not fit, or the port is out of range or taken.
    DataFileError
        If the file is missing or damaged.

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
    try:
        return Server(guesser, int(port))
    except OSError as error:
        raise InvalidParameterError(
            f"app: port {port} on {HOST} cannot be used: {error}. Pass another, or 0."
        ) from error


def serve(
    model: str | PathLike | Any,
    *,
    port: int = 0,
    open_browser: bool = True,
    names: Sequence[str] | None = None,
) -> None:
    """Show a page to draw on, and what the model makes of the drawing, until Ctrl-C.

    Use it to try a model by hand, and to see the picture as the model does.

    Parameters
    ----------
    model : estimator, str or path-like
        A fitted classifier with ``predict_proba`` that takes flat square pictures of one channel,
        or a file of one: as saved by ``save_model``, or an ``.onnx`` file by ``to_onnx``.
    port : int, default=0
        Port on 127.0.0.1 to listen on, from 1024 to 65535; 0 takes a free one.
    open_browser : bool, default=True
        Whether to open the page in the default browser.
    names : sequence of str, default=None
        What to call the classes, in the order of the model's ``classes_``. None shows the labels.

    Raises
    ------
    InvalidParameterError, DataFileError
        As :func:`make_server`, before anything is shown.

    Examples
    --------
    >>> from skquickdraw.app import serve
    >>> serve("sketches.safetensors")  # doctest: +SKIP
    Draw at http://127.0.0.1:41234/ and stop with Ctrl-C.
    """
    with make_server(model, port=port, names=names) as server:
        print(f"Draw at {server.url} and stop with Ctrl-C.", flush=True)
        try:
            if open_browser:
                webbrowser.open(server.url)
            server.serve_forever()
        except KeyboardInterrupt:
            print("Stopped.")


def _as_json(value: Any) -> Answer:
    # JSON knows no NaN: a model that gives it fails here, not in the browser.
    return JSON, json.dumps(value, allow_nan=False).encode()
