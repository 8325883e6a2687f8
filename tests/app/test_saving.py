"""Drawings and images that were guessed wrong are saved as the loaders read them."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from skquickdraw.app import make_server
from skquickdraw.app._saving import Saver, path_name
from skquickdraw.datasets import load_image_folder, load_quickdraw, rasterize
from skquickdraw.exceptions import InvalidParameterError

Image = pytest.importorskip("PIL.Image", reason="pillow is not installed")
HOUSE = [[[0, 0, 200, 200], [255, 100, 100, 255]], [[0, 100, 200], [100, 0, 100]]]
LABELS = [
    "alarm clock",
    "café",
    "cafe\u0301",
    "кошка",
    "東京 🗼",
    "a/b",
    "..",
    ".",
    "../../etc/passwd",
    "C:\\x",
    "50 % & more?",
    "50%20",
    " spaces ",
    "sketchrnn_cat",
    "full_simplified_dog",
    "x.ndjson",
    "con",
    "unlabeled",
    "Thumbs.db",
    "Cat",
    "cat",
    "a\nb",
    "~",
]


class Model:
    """A classifier that gives all of its classes the same probability."""

    def __init__(self, classes=("a", "b"), **attributes):
        vars(self).update(classes_=classes, **attributes)

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def encode(image, **options):
    content = io.BytesIO()
    image.save(content, **{"format": "PNG", **options})
    return content.getvalue()


def photo():
    """Return an image of many colours that is wider than high."""
    levels = np.random.default_rng(0).integers(256, size=(4, 6, 3), dtype=np.uint8)
    return Image.fromarray(levels).resize((90, 60))


@pytest.fixture
def save(post_json):
    return lambda server, **request: post_json(server, "/save", **request)


def test_sketches_come_back_with_strokes_and_word(start, tmp_path, save):
    server = start(Model(LABELS), save_to=tmp_path / "new" / "folder")
    for label in range(len(LABELS)):
        strokes = [[[10, 10 + label], [5, 30]], [[0], [0]]]
        status, answer = save(server, label=label, strokes=strokes)
        assert status == 200
        assert (tmp_path / "new" / "folder" / answer["file"]).is_file()
    found = load_quickdraw(tmp_path / "new" / "folder" / "drawings", as_strokes=True)
    assert sorted(found.target_names) == sorted(LABELS)
    for drawing, target in zip(found.data, found.target, strict=True):
        x = 10 + LABELS.index(found.target_names[target])
        scale = 255 / max(30, x)
        expected = [[[10, x], [5, 30]], [[0], [0]]]
        scaled = [[np.rint(np.multiply(axis, scale)).tolist() for axis in s] for s in expected]
        assert drawing == scaled


def test_a_saved_sketch_is_a_line_that_says_what_it_is(start, tmp_path, save):
    server = start(Model(LABELS), save_to=tmp_path)
    for strokes in (HOUSE, HOUSE[:1]):
        assert save(server, label=1, strokes=strokes)[0] == 200
    (file,) = (tmp_path / "drawings").iterdir()
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["word"] for line in lines] == ["café"] * 2
    assert [line["recognized"] for line in lines] == [False] * 2
    assert lines[0]["drawing"] == [[list(map(int, axis)) for axis in s] for s in HOUSE]
    images = load_quickdraw(tmp_path / "drawings").data
    np.testing.assert_array_equal(images[0], rasterize(HOUSE).ravel())


def test_images_come_back_with_their_labels(start, tmp_path, post):
    server = start(Model(LABELS), save_to=tmp_path)
    shades = np.linspace(10, 240, len(LABELS)).astype(int).tolist()
    for label, shade in enumerate(shades):
        body = encode(Image.new("L", (28, 28), shade), format="TIFF")
        assert post(server, f"/save-image?label={label}", body)[0] == 200
    found = load_image_folder(tmp_path / "images")
    assert found.unlabeled is None
    for image, target in zip(found.data, found.target, strict=True):
        assert (image == shades[LABELS.index(found.target_names[target])]).all()


def test_an_image_is_kept_as_it_was_but_for_the_notes_of_the_camera(start, tmp_path, post):
    notes = Image.Exif()
    notes[0x010E] = "taken at home"
    body = encode(photo(), format="WEBP", lossless=True, exif=notes)
    assert post(start(Model(), save_to=tmp_path), "/save-image?label=1", body)[0] == 200
    kept = (tmp_path / "images" / "b" / "00001.png").read_bytes()
    assert b"at home" in body and b"at home" not in kept
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(kept))), np.asarray(photo()))


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I;16B"]
)
def test_an_image_of_any_mode_is_read_back_as_it_was(start, tmp_path, mode, post):
    is_deep = mode.startswith("I;16")
    image = photo().convert("L" if is_deep else mode)
    if is_deep:
        pixels = np.asarray(image).astype(np.uint16) * 257
        image = Image.fromarray(pixels.astype(">u2" if mode == "I;16B" else "<u2"))
    (tmp_path / "given" / "b").mkdir(parents=True)
    (tmp_path / "given" / "b" / "a").write_bytes(encode(image, format="TIFF"))
    body = (tmp_path / "given" / "b" / "a").read_bytes()
    server = start(Model(), save_to=tmp_path / "saved")
    assert post(server, "/save-image?label=1", body)[0] == 200
    given, kept = (
        load_image_folder(tmp_path / folder).data for folder in ("given", "saved/images")
    )
    np.testing.assert_array_equal(given, kept)


def test_a_sketch_in_colours_is_kept_as_an_image(start, tmp_path, save, post_json):
    model = Model(image_shape_=(3, 28, 28), n_features_in_=2352, background_=[255.0] * 3)
    server = start(model, save_to=tmp_path)
    sketch = {"strokes": HOUSE, "colours": ["#ff0000", "#0000ff"]}
    assert save(server, label=0, **sketch)[0] == 200
    _, answer = post_json(server, "/predict", **sketch)
    found = load_image_folder(tmp_path / "images")
    np.testing.assert_array_equal(found.data[0].transpose(1, 2, 0), answer["picture"])


def test_nothing_is_overwritten(start, tmp_path, post, save):
    folder = tmp_path / "images" / "b"
    folder.mkdir(parents=True)
    for name in ("00001.png", "00003.png", "mine.png"):
        (folder / name).write_bytes(b"mine")
    lines = tmp_path / "drawings" / "full_simplified_b.ndjson"
    lines.parent.mkdir()
    lines.write_text('{"drawing": [[[0], [0]]]}')  # an editor left the last line open
    server = start(Model(), save_to=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(post, server, "/save-image?label=1", encode(photo())) for _ in range(9)]
        jobs += [pool.submit(save, server, label=1, strokes=HOUSE) for _ in range(9)]
        assert [job.result()[0] for job in jobs] == [200] * 18
    assert sum(file.read_bytes() == b"mine" for file in folder.iterdir()) == 3
    assert len(list(folder.iterdir())) == 12
    assert len(load_quickdraw(lines, as_strokes=True).data) == 10


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    saver = Saver(tmp_path, ["b"])
    saver.save_sketch(0, [np.zeros((2, 1))])
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    opened = Path.open

    def open_full(self, mode):
        return Full(opened(self, mode))

    class Full:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, content):
            self.file.write(content[: len(content) // 2])
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", open_full)
    for write in (
        lambda: saver.save_sketch(0, [np.ones((2, 3))]),
        lambda: saver.save_image(0, b"png" * 100),
    ):
        with pytest.raises(OSError, match="No space left"):
            write()
    monkeypatch.undo()
    assert {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()} == before


def test_a_folder_that_goes_away_is_told(start, tmp_path, save):
    server = start(Model(), save_to=tmp_path / "saved")
    (tmp_path / "saved").rmdir()
    (tmp_path / "saved").write_bytes(b"")
    status, answer = save(server, label=0, strokes=HOUSE)
    assert status == 500 and "It cannot be saved: " in answer["error"]


@pytest.mark.parametrize("label", [None, -1, 2, 1.0, True, "1"])
def test_a_label_is_the_number_of_a_class(start, tmp_path, label, save):
    server = start(Model(), save_to=tmp_path)
    status, answer = save(server, label=label, strokes=HOUSE)
    assert status == 400 and "must be the number of a class, below 2" in answer["error"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("query", ["", "?label=", "?label=2", "?label=-1", "?label=²", "?label=x"])
def test_a_label_of_an_image_is_the_number_of_a_class(start, tmp_path, query, post):
    server = start(Model(), save_to=tmp_path)
    status, answer = post(server, f"/save-image{query}".replace("²", "%C2%B2"), encode(photo()))
    assert status == 400 and "must be the number of a class, below 2" in answer["error"]
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_image_or_sketch_is_not_saved(start, tmp_path, post, save):
    server = start(Model(), save_to=tmp_path)
    assert post(server, "/save-image?label=0", b"no image")[0] == 400
    program = encode(photo(), format="EPS")  # which Pillow would pass to Ghostscript
    told = post(server, "/save-image?label=0", program)
    assert told[0] == 400 and "must be an image in a format" in told[1]["error"]
    assert post(server, "/save-image?label=0", encode(photo())[:500])[0] == 400
    assert save(server, label=0, strokes=[])[0] == 400
    assert list(tmp_path.iterdir()) == []


def test_what_is_saved_is_bounded_as_what_is_asked(start, tmp_path, post):
    server = start(Model(), save_to=tmp_path)
    json_type = {"Content-Type": "application/json"}
    assert post(server, "/save", b"", **json_type, **{"Content-Length": "262145"})[0] == 413
    assert post(server, "/save-image?label=0", b"", **{"Content-Length": "20971521"})[0] == 413
    assert post(server, "/save", b"{}")[0] == 415
    assert post(server, "/save-image?label=0", b"{}", **json_type)[0] == 415


def test_without_a_folder_nothing_can_be_saved(start, post, save):
    server = start(Model())
    assert save(server, label=0, strokes=HOUSE)[0] == 405
    assert post(server, "/save-image?label=0", encode(photo()))[0] == 405


@pytest.mark.parametrize("label", LABELS)
def test_a_name_of_a_path_is_one_and_can_be_turned_back(label):
    name = path_name(label, LABELS)
    assert unquote(name) == label
    assert not set(name) & set('/\\:*?"<>|\0\n.') and name.strip() == name
    others = {path_name(other, LABELS).casefold() for other in LABELS if other != label}
    assert name.casefold() not in others


@pytest.mark.parametrize("label", ["", "x" * 201, "я" * 101, "\ud800"])
def test_a_class_that_cannot_name_a_file_is_refused_at_the_start(tmp_path, label):
    with pytest.raises(InvalidParameterError, match="the name of a class must be text of 1 to 200"):
        make_server(Model(), names=["a", label], save_to=tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def test_a_folder_that_cannot_be_made_is_refused_at_the_start(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidParameterError, match="folder to save to must exist or be"):
        make_server(Model(), save_to=tmp_path / "file" / "saved")
