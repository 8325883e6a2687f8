"""Images that are dropped on the page: read as by the loaders, and limited in size before that."""

import io
import re
import sys

import numpy as np
import pytest

from skquickdraw import CNNClassifier
from skquickdraw.app import make_server
from skquickdraw.cli._data import Reading, read_images
from skquickdraw.datasets import load_images, make_sketches, rasterize
from skquickdraw.exceptions import DataFileError
from skquickdraw.preprocessing import SketchNormalizer

Image = pytest.importorskip("PIL.Image", reason="pillow is not installed")
HOUSE = [[[0, 0, 200, 200], [255, 100, 100, 255]], [[0, 100, 200], [100, 0, 100]]]
TINY = {"width": 0.25, "max_epochs": 1, "random_state": 0}


class Model:
    """A classifier with constant probabilities, which keeps the images that it gets."""

    classes_ = ("a", "b")

    def __init__(self, **attributes):
        vars(self).update(attributes)

    def predict_proba(self, X):
        self.asked = X
        return [[0.25, 0.75]] * len(X)


@pytest.fixture
def seen(post):
    """Return a function that sends an image, and returns the image that the model gets."""

    def send(server, body):
        status, answer = post(server, "/image", body)
        assert status == 200, answer
        return np.array(answer["picture"], dtype=np.uint8)

    return send


def encode(image, **options):
    content = io.BytesIO()
    image.save(content, **{"format": "PNG", **options})
    return content.getvalue()


def scan():
    """Return a drawing in dark ink on light paper, larger than the images of the model."""
    levels = 235 - 0.8 * rasterize(HOUSE, side=240, line_width=6)
    return Image.fromarray(levels.astype(np.uint8))


def photo():
    """Return an image of many colours that is wider than high."""
    levels = np.random.default_rng(0).integers(256, size=(4, 6, 3), dtype=np.uint8)
    return Image.fromarray(levels).resize((90, 60))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "TGA"])
def test_a_scan_becomes_the_drawing_that_a_model_of_drawings_knows(start, format, seen):
    model = Model()
    server = start(model)
    picture = seen(server, encode(scan(), format=format))
    assert np.abs(picture.astype(float) - rasterize(HOUSE)).mean() < 12  # SketchNormalizer's own
    np.testing.assert_array_equal(model.asked, picture.reshape(1, -1))


def test_a_scan_is_read_as_the_command_predict_reads_it(start, tmp_path, seen):
    (tmp_path / "scan.png").write_bytes(encode(scan()))
    reading = Reading("drawings", (28, 28))
    expected, _ = read_images([str(tmp_path / "scan.png")], reading, skip_broken=False)
    np.testing.assert_array_equal(seen(start(Model()), encode(scan())), expected[0])


def test_a_photo_of_any_shape_and_light_is_no_more_than_its_drawing(start, seen):
    """A photo must not be padded to a square, because the light differs from side to side."""
    server = start(Model())
    paper = np.full((240, 360), 235.0)
    paper[:, 60:300] -= 0.8 * rasterize(HOUSE, side=240, line_width=6)
    for light in (np.linspace(1, 0.6, 360)[None], np.linspace(1, 0.6, 240)[:, None]):
        for levels in (light * paper, (light * paper).T[::-1]):
            picture = seen(server, encode(Image.fromarray(levels.astype(np.uint8))))
            upright = picture if len(levels) == 240 else np.rot90(picture, -1)
            assert np.abs(upright.astype(float) - rasterize(HOUSE)).mean() < 12


@pytest.mark.parametrize("size", [(5000, 1), (1, 5000), (801, 100)])
def test_a_strip_is_no_image_of_a_drawing(start, post, size):
    status, answer = post(start(Model()), "/image", encode(Image.new("L", size)))
    told = f"may be at most 8 times as long as wide; this one has {size[0]} x {size[1]} pixels"
    assert status == 400 and told in answer["error"]


@pytest.mark.parametrize("size", [(1, 1), (3, 8), (800, 100), (100, 800)])
def test_an_image_of_an_odd_shape_is_answered(start, post, size):
    levels = np.random.default_rng(0).integers(256, size=size[::-1], dtype=np.uint8)
    status, answer = post(start(Model()), "/image", encode(Image.fromarray(levels)))
    assert status == 200 or "no ink was found" in answer["error"]


def test_a_model_of_dark_ink_gets_an_image_as_it_is(start, tmp_path, seen):
    (tmp_path / "photo.png").write_bytes(encode(photo()))
    model = Model(image_shape_=(1, 20, 20), n_features_in_=400, background_=[250.0])
    expected = load_images(tmp_path / "photo.png", image_shape=(20, 20), mode="L").data[0]
    np.testing.assert_array_equal(seen(start(model), encode(photo())), expected)
    np.testing.assert_array_equal(model.asked, expected.reshape(1, -1))


def test_a_model_of_colours_gets_colours(start, tmp_path, seen):
    (tmp_path / "photo.png").write_bytes(encode(photo()))
    model = Model(image_shape_=(3, 20, 20), n_features_in_=1200)
    expected = load_images(tmp_path / "photo.png", image_shape=(20, 20), mode="RGB").data[0]
    picture = seen(start(model), encode(photo()))
    np.testing.assert_array_equal(picture, expected.transpose(1, 2, 0))
    np.testing.assert_array_equal(model.asked, expected.reshape(1, -1))


def test_grey_is_three_equal_channels_to_a_model_of_colours(start, seen):
    model = Model(image_shape_=(3, 20, 20), n_features_in_=1200)
    picture = seen(start(model), encode(scan()))
    assert picture.shape == (20, 20, 3) and (picture == picture[..., :1]).all()


@pytest.mark.parametrize("source", ["images", "drawings"])
def test_a_model_of_the_command_train_says_how_images_are_read(start, tmp_path, source, post, seen):
    """White ink on transparent paper is visible on the black background of this model only."""
    ink = np.zeros((100, 100, 4), dtype=np.uint8)
    ink[..., :3], ink[..., 3] = 255, rasterize(HOUSE, side=100)
    file = tmp_path / "ink.png"
    file.write_bytes(encode(Image.fromarray(ink)))
    kept = {"source": source, "image_shape": (28, 28), "mode": "L", "background": 0}
    reading = Reading(source, (28, 28), "L", 0)
    expected, _ = read_images([str(file)], reading, skip_broken=False)
    picture = seen(start(Model(training_set_=kept)), file.read_bytes())
    np.testing.assert_array_equal(picture, expected[0])
    status, answer = post(start(Model()), "/image", file.read_bytes())
    assert status == 400 and "its ink has the same grey. Save it as PNG" in answer["error"]


def test_a_model_whose_reading_was_changed_is_refused():
    with pytest.raises(DataFileError, match="must say how its images were read"):
        make_server(Model(training_set_={"background": 900}))


@pytest.mark.parametrize("margin", [0, 60])
def test_a_photo_is_turned_upright(start, seen, margin):
    turned = Image.Exif()
    turned[0x0112] = 6  # orientation: rotated by a quarter to the right, it is upright
    wide = Image.new("L", (240 + 2 * margin, 240), 235)
    wide.paste(scan(), (margin, 0))
    quarter = wide.transpose(Image.Transpose.ROTATE_90)
    content = encode(quarter, format="JPEG", quality=95, exif=turned)
    upright = seen(start(Model()), encode(wide, format="JPEG", quality=95)).astype(float)
    assert np.abs(seen(start(Model()), content) - upright).mean() < 3


def test_a_network_that_learned_channels_last_is_asked_in_an_order_that_it_knows(start, post):
    X, y = make_sketches(60, 3, image_shape=(12, 12), random_state=0)
    colours = np.stack([X, X // 2, 0 * X], axis=-1).reshape(-1, 12, 12, 3)
    model = CNNClassifier(**TINY).fit(colours, y)
    status, answer = post(start(model), "/image", encode(Image.fromarray(colours[0])))
    assert status == 200
    expected = model.predict_proba(colours[:1])[0]
    assert answer["top"][0]["probability"] == pytest.approx(expected.max(), rel=1e-5)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "must be an image in a format that Pillow reads"),
        (b"no image", "must be an image in a format that Pillow reads"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "must be an image in a format"),
        (encode(scan())[:600], "must be a whole image, but cannot be read.* Save it as PNG"),
        (encode(Image.new("L", (50, 50), 200)), "no ink was found on it"),
        (encode(Image.new("F", (9, 9)), format="TIFF"), "must have 8 or 16 bits per channel"),
        (encode(scan(), format="EPS"), "must be an image in a format that Pillow reads"),
    ],
    ids=["empty", "text", "svg", "cut off", "blank", "floats", "eps"],
)
def test_what_cannot_be_read_is_told(start, body, reason, post):
    status, answer = post(start(Model()), "/image", body)
    assert status == 400
    assert re.search(reason, answer["error"])
    assert "/tmp" not in answer["error"] and "load_images" not in answer["error"]


def test_what_nobody_thought_of_is_told_too(start, post, monkeypatch, capsys):
    monkeypatch.setattr(SketchNormalizer, "fit_transform", lambda *args: 1 / 0)
    status, answer = post(start(Model()), "/image", encode(scan()))
    assert status == 500 and "could not be read: division by zero" in answer["error"]
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("size", [(6000, 8667), (52_000_001, 1), (20_000, 20_000)])
def test_pixels_are_counted_before_they_are_decoded(start, monkeypatch, size, post):
    header = encode(Image.new("1", (1, 1)), format="BMP")
    width, height = (side.to_bytes(4, "little") for side in size)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    body = header[:18] + width + height + header[26:]
    status, answer = post(start(Model()), "/image", body)
    assert status == 400 and "may have at most 52 million pixels" in answer["error"]


def test_bytes_are_counted_before_they_are_read(start, post):
    length = {"Content-Length": str(20 * 1024 * 1024 + 1)}
    status, answer = post(start(Model()), "/image", b"", **length)
    assert status == 413 and "Make the image smaller" in answer["error"]


@pytest.mark.parametrize("kind", ["image/png", "multipart/form-data", "text/plain"])
def test_a_type_that_other_pages_can_send_is_refused(start, kind, post):
    status, answer = post(start(Model()), "/image", encode(scan()), **{"Content-Type": kind})
    assert status == 415 and "must be of the type application/octet-stream" in answer["error"]


@pytest.mark.parametrize("path", ["/image", "/save-image?label=0", "/save"])
@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_other_pages_can_send_none(start, tmp_path, path, headers, post):
    server = start(Model(), save_to=tmp_path / "saved")
    assert post(server, path, encode(scan()), **headers)[0] == 403
    assert list((tmp_path / "saved").iterdir()) == []


def test_without_pillow_the_extra_is_named(start, monkeypatch, post):
    server = start(Model())
    body = encode(scan())
    monkeypatch.setitem(sys.modules, "PIL", None)
    status, answer = post(server, "/image", body)
    assert status == 501 and "pip install 'skquickdraw[data]'" in answer["error"]


def test_the_normalizer_takes_a_scan_at_five_times_the_size(start, seen):
    """A smaller size would average thin lines away before they are found."""
    large = np.asarray(scan().resize((140, 140), Image.Resampling.BOX))
    expected = SketchNormalizer((28, 28)).fit_transform(large[None]).reshape(28, 28)
    assert np.abs(seen(start(Model()), encode(scan())).astype(int) - expected).max() <= 1
