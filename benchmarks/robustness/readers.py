"""All readers of files and requests: how to write a valid file, damage it and read it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np

from skquickdraw import CNNClassifier, load_model, save_model
from skquickdraw.app import make_server
from skquickdraw.datasets import (
    load_competition,
    load_image_folder,
    load_images,
    load_quickdraw,
    make_sketches,
)
from skquickdraw.exceptions import SkquickdrawError

from . import mutations

Mutation = Callable[[bytes, Random, bytes], bytes]


@dataclass(frozen=True)
class Reader:
    """A reader under test.

    ``file`` is the file that is damaged, as a path in a folder. ``write`` gets its full path, and
    writes it with all files that belong to it. ``read`` gets the same path. ``inside`` damages the
    content and corrects the checksum, if the format has one.
    """

    file: str
    write: Callable[[Path], None]
    read: Callable[[Path], object]
    inside: Mutation | None = None


@cache
def sketches(n: int = 6, side: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    X, y, names = make_sketches(
        n, n_classes=2, image_shape=(side, side), random_state=0, return_names=True
    )
    return X.reshape(-1, side, side), y, names


@cache
def model() -> CNNClassifier:
    X, y, names = sketches(40)
    return CNNClassifier(width=0.1, max_epochs=1, random_state=0, device="cpu").fit(X, names[y])


def quickdraw(path: Path) -> None:
    """Load the drawings, and read every byte of them, also when they are memory-mapped."""
    for mmap in (False, True) if path.suffix == ".npy" else (False,):
        np.asarray(load_quickdraw(path, mmap=mmap).data).sum()


def drawings() -> list[list[list[list[int]]]]:
    return [[[[0, 255, 9], [0, 255, 7]], [[255, 0], [0, 255]]], [[[1, 2], [3, 4]]], [[[5], [5]]]]


def write_ndjson(path: Path) -> None:
    lines = [{"word": "a", "recognized": True, "drawing": each} for each in drawings()]
    data = "\n".join(map(json.dumps, lines)).encode()
    if path.suffix == ".gz":
        import gzip

        data = gzip.compress(data)
    path.write_bytes(data)


def write_binary(path: Path) -> None:
    from struct import pack

    records = []
    for i, drawing in enumerate(drawings()):
        strokes = [pack("<H", len(x)) + bytes(x) + bytes(y) for x, y in drawing]
        records.append(pack("<Q2sbIH", i, b"XX", 1, 0, len(strokes)) + b"".join(strokes))
    path.write_bytes(b"".join(records))


def write_sketch_rnn(path: Path) -> None:
    steps = np.array([[3, 4, 0], [200, 0, 1], [-7, 200, 0], [5, 5, 1]], dtype=np.int16)
    entries = np.empty(3, dtype=object)
    entries[:] = [steps, steps[:2], steps[1:]]
    np.savez_compressed(path, train=entries, valid=entries[:1], test=entries[:2])


def write_image(path: Path, **options: Any) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    grey = Image.fromarray(sketches()[0][0])
    grey.convert(options.pop("mode", "L")).save(path, **options)


def write_photo(path: Path) -> None:
    """Write a photo of dark ink on paper."""
    from PIL import Image

    Image.fromarray(255 - sketches(side=32)[0][0]).save(path)


def write_labeled(path: Path) -> None:
    X, y, names = sketches()
    np.savez_compressed(path, X=X, y=y, classes=names)


def write_competition(path: Path) -> None:
    for name in ("train", "unlabeled", "holdout"):
        write_labeled(path.with_name(f"{name}.npz"))


def write_onnx(path: Path) -> None:
    from skquickdraw.persistence import to_onnx

    to_onnx(model(), path)


def open_graph(path: Path) -> None:
    make_server(str(path)).server_close()


@cache
def _url() -> str:
    server = make_server(model())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.url


def send(path: Path, where: str, kind: str) -> None:
    """Send a file to the app, which must answer it, or refuse it with a client error (4xx)."""
    request = Request(_url() + where, path.read_bytes(), {"Content-Type": kind})
    try:
        with urlopen(request, timeout=60) as answer:
            json.load(answer)
    except HTTPError as error:
        with error:
            if error.code not in (400, 413):
                raise
            raise SkquickdrawError(json.load(error)["error"]) from error


def write_request(path: Path) -> None:
    path.write_text(json.dumps({"strokes": drawings()[0]}))


send_sketch = partial(send, where="predict", kind="application/json")
send_image = partial(send, where="image", kind="application/octet-stream")


def read_images(path: Path) -> None:
    """Read a file as an image without a label, and its folder as a class of images."""
    load_images(path)
    load_image_folder(path.parents[1], mode="RGB")


READERS = {
    "npy": Reader("a.npy", lambda path: np.save(path, sketches()[0]), quickdraw),
    "npz": Reader(
        "a.npz", lambda path: np.savez(path, sketches()[0]), quickdraw, mutations.inside_zip
    ),
    "npz of several classes": Reader("a.npz", write_labeled, quickdraw, mutations.inside_zip),
    "sketch-rnn npz": Reader("a.npz", write_sketch_rnn, quickdraw, mutations.inside_zip),
    "ndjson": Reader("a.ndjson", write_ndjson, quickdraw, mutations.inside_lines),
    "ndjson.gz": Reader("a.ndjson.gz", write_ndjson, quickdraw, mutations.inside_gzip),
    "bin": Reader("a.bin", write_binary, quickdraw),
    "png of drawings": Reader(
        "a/1.png", write_image, lambda path: quickdraw(path.parent), mutations.inside_png
    ),
    "png": Reader("all/a/1.png", write_image, read_images, mutations.inside_png),
    "png of a palette": Reader(
        "all/a/1.png", partial(write_image, mode="P"), read_images, mutations.inside_png
    ),
    "jpeg": Reader("all/a/1.jpg", write_image, read_images),
    "gif": Reader("all/a/1.gif", write_image, read_images),
    "bmp": Reader("all/a/1.bmp", write_image, read_images),
    "tiff": Reader("all/a/1.tiff", partial(write_image, compression="tiff_lzw"), read_images),
    "webp": Reader("all/a/1.webp", write_image, read_images),
    "competition": Reader(
        "train.npz",
        write_competition,
        lambda path: load_competition(path.parent),
        mutations.inside_zip,
    ),
    "model": Reader(
        "a.safetensors",
        lambda path: save_model(model(), path),
        partial(load_model, device="cpu"),
        mutations.inside_model,
    ),
    "onnx": Reader("a.onnx", write_onnx, open_graph),
    "sketch sent to the app": Reader("a.json", write_request, send_sketch, mutations.inside_json),
    "image sent to the app": Reader("a.png", write_photo, send_image, mutations.inside_png),
}
