"""A local web server that serves files like the published ones, and fails as a test asks."""

import gzip
import json
import re
import threading
import time
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import numpy as np
import pytest


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        server = self.server
        server.requests.append(self)
        mishap = server.mishaps.pop(0) if server.mishaps else None
        if callable(mishap):
            mishap()  # for example, the file changes just before a correct answer
        elif isinstance(mishap, bytes):
            return self.send_whole(mishap)
        elif mishap is not None:
            return self.misbehave(mishap)
        return self.answer()

    def misbehave(self, mishap):
        self.close_connection = True
        if isinstance(mishap, int):
            self.send_error(mishap)
        elif mishap == "hang":
            time.sleep(1.5)
        elif mishap == "drop":
            self.answer(share=0.5)
        elif mishap == "cut":  # half of the file, without a Content-Length
            content = self.content()
            self.send_response(200)
            self.end_headers()
            self.send(content[: len(content) // 2])
        elif mishap == "hollow":  # the headers promise a range, but no content follows
            self.send_response(206)
            self.send_header("Content-Range", f"bytes 0-99/{len(self.content())}")
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")  # else a client may ask again, too late
            self.end_headers()
        elif isinstance(mishap, dict):  # only headers
            self.send_response(301 if "Location" in mishap else 206)
            for name, value in mishap.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
        elif mishap == "flood":  # the whole file, whatever range was asked for
            content = self.content()
            self.send_response(206)
            self.send_header("Content-Range", f"bytes 0-{len(content) - 1}/{len(content)}")
            self.send_rest(content, self.etag(content), share=1.0)
        elif mishap == "bomb":  # 20 MB in 20 kB
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.send(gzip.compress(bytes(20_000_000)))
        elif mishap == "noise":
            self.send(b"\x00\x01 this is not HTTP at all\r\n\r\n")
        else:
            assert mishap == "refuse"

    def content(self):
        path = unquote(re.sub(r"^https?://[^/]*", "", self.path))  # a proxy is asked for a URL
        return self.server.files.get(path)

    def answer(self, share=1.0):
        """Serve the file, or the requested range; with ``share``, only the first part of it."""
        content = self.content()
        if content is None:
            return self.send_error(404)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        changed = self.headers.get("If-Range", self.etag(content)) != self.etag(content)
        if not asked or changed or not self.server.knows_ranges:
            return self.send_whole(content, share)
        start = int(asked[1])
        end = min(int(asked[2] or len(content)), len(content) - 1)
        if start > end:
            return self.send_error(416)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{end}/{len(content)}")
        return self.send_rest(content[start : end + 1], self.etag(content), share)

    def send_whole(self, content, share=1.0):
        self.send_response(200)
        if not self.server.says_length:
            self.send_header("Connection", "close")
            self.end_headers()
            return self.send(content)
        return self.send_rest(content, self.etag(content), share)

    def send_rest(self, part, etag, share):
        if self.server.has_etags:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        return self.send(part[: int(share * len(part))])

    def etag(self, content):
        return f'"{md5(content).hexdigest()}"'

    def send(self, content):
        try:
            for start in range(0, len(content), self.server.chunk):
                self.server.n_sent += self.wfile.write(content[start : start + self.server.chunk])
                time.sleep(self.server.pause)
        except OSError:  # the client has closed the connection, or was killed
            self.close_connection = True

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    """Serves `files` by their paths. Each of the next requests takes one of the `mishaps`."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {}
        self.mishaps = []
        self.requests = []
        self.n_sent = 0
        self.knows_ranges = self.has_etags = self.says_length = True
        self.chunk, self.pause = 1 << 16, 0
        self.url = f"http://127.0.0.1:{self.server_port}/full"

    def put_bitmaps(self, name, n, seed=0, alignment=16):
        """Publish n bitmaps of a class, and return them."""
        X = np.random.RandomState(seed).randint(0, 256, (n, 784)).astype(np.uint8)
        self.files[f"/full/numpy_bitmap/{name}.npy"] = as_npy(X, alignment)
        return X

    def put_strokes(self, name, n, seed=0):
        """Publish n drawings of a class, and return them."""
        drawings = make_strokes(n, seed)
        self.files[f"/full/simplified/{name}.ndjson"] = as_ndjson(drawings, name)
        return drawings

    def handle_error(self, request, client_address):
        pass  # it is not an error if a client closes the connection


@pytest.fixture
def server(monkeypatch):
    """Serve on this machine, without a proxy."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "SKQUICKDRAW_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def as_npy(X, alignment):
    """Return a .npy file; the published ones have headers padded to 16, as by an old NumPy."""
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {X.shape}, }}"
    text += " " * (-(len(text) + 11) % alignment) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + X.tobytes()


def make_strokes(n, seed):
    """Return drawings of 1 to 4 strokes of 2 to 30 points."""
    rng = np.random.RandomState(seed)
    return [
        [rng.randint(0, 256, (2, rng.randint(2, 31))).tolist() for _ in range(rng.randint(1, 5))]
        for _ in range(n)
    ]


def as_ndjson(drawings, word):
    entries = [
        {
            "word": word,
            "countrycode": "US",
            "recognized": True,
            "key_id": str(i),
            "drawing": drawing,
        }
        for i, drawing in enumerate(drawings)
    ]
    return "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries).encode()
