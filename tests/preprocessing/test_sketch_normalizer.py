"""SketchNormalizer, compared with the bitmaps of the same strokes."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import ndimage
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skquickdraw import CNNClassifier, SketchNormalizer
from skquickdraw.app import make_server
from skquickdraw.datasets import make_sketches, rasterize
from skquickdraw.exceptions import InvalidImagesError, InvalidParameterError
from skquickdraw.persistence import load_model, save_model

T = np.linspace(0, 2 * np.pi, 60)
DRAWINGS = {
    "circle": [[127.5 + 127.5 * np.cos(T), 127.5 + 127.5 * np.sin(T)]],
    "house": [[[0, 128, 255], [128, 0, 128]], [[40, 40, 215, 215], [128, 255, 255, 128]]],
    "low": [[[0, 100, 180, 255], [0, 40, 10, 50]]],
    "tall": [[[0, 60, 20, 70], [0, 90, 170, 255]]],
    "face": [
        [127.5 + 127.5 * np.cos(T), 127.5 + 127.5 * np.sin(T)],
        [[80], [90]],
        [[170], [90]],
        [[80, 127, 175], [180, 205, 180]],
    ],
}
SIDE = 300


def scan(strokes, line_width=16.0, margin=16.0):
    """Return dark ink on white paper."""
    return 255 - rasterize(strokes, side=SIDE, line_width=line_width, margin=margin)


def photo(strokes, seed=0, slope=0.6, shadow=0.3, noise=8.0, **pen):
    """Return a drawing as a phone sees it: light from one side, a shadow, blur and noise."""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    along = np.cos(angle) * x + np.sin(angle) * y
    light = 1 - slope * (0.5 + along / 2.9)
    light *= 1 - shadow / (1 + np.exp(-(x - y) / 0.3))
    paper = 60 + 170 * (scan(strokes, **pen) / 255.0)
    picture = ndimage.gaussian_filter(paper * light, 1) + rng.normal(0, noise, (SIDE, SIDE))
    return picture.clip(0, 255).astype(np.uint8)


def likeness(bitmaps, strokes):
    """Return the correlation with the bitmap of the drawing."""
    return np.corrcoef(bitmaps.ravel(), rasterize(strokes).ravel())[0, 1]


@pytest.fixture(params=DRAWINGS.values(), ids=DRAWINGS)
def strokes(request):
    return request.param


VARIANTS = {
    "scan": scan,
    "light on dark": lambda strokes: 255 - scan(strokes),
    "units": lambda strokes: scan(strokes) / 255,
    "sixteen bits": lambda strokes: scan(strokes).astype(np.uint16) * 257,
    "thin pen": lambda strokes: scan(strokes, line_width=4),
    "thick pen": lambda strokes: scan(strokes, line_width=18),
    "small in the middle": lambda strokes: scan(strokes, margin=128),
    "in a corner": lambda s: np.pad(scan(s), ((200, 5), (10, 380)), constant_values=255),
    "photo": photo,
    "photo of a thin pen": lambda strokes: photo(strokes, line_width=5, noise=4),
    "chalk": lambda strokes: 255 - photo(strokes),
    "bitmap": rasterize,
    "bitmap turned over": lambda strokes: 255 - rasterize(strokes),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_it_is_the_bitmap_of_the_strokes(strokes, variant):
    bitmap = SketchNormalizer().fit_transform(variant(strokes)[None])
    assert bitmap.shape == (1, 784) and bitmap.dtype == np.uint8
    assert likeness(bitmap, strokes) > 0.95


@pytest.mark.parametrize("image_shape", [(14, 14), (64, 64), (20, 30)])
def test_any_shape_is_laid_out_as_sketches_are(image_shape):
    X, _ = make_sketches(12, 4, image_shape=(SIDE, SIDE), random_state=0)
    expected, _ = make_sketches(12, 4, image_shape=image_shape, random_state=0)
    images = SketchNormalizer(image_shape).fit_transform(255 - X.reshape(-1, SIDE, SIDE))
    for image, wanted in zip(images, expected, strict=True):
        assert np.corrcoef(image, wanted)[0, 1] > 0.97


def test_large_pictures_are_reduced():
    large = np.kron(scan(DRAWINGS["face"]), np.ones((4, 4), np.uint8))
    assert likeness(SketchNormalizer().fit_transform(large[None]), DRAWINGS["face"]) > 0.99


def test_polarity_can_be_set():
    framed = scan(DRAWINGS["house"])
    framed[:12], framed[-12:], framed[:, :12], framed[:, -12:] = 0, 0, 0, 0
    dark, light = (
        SketchNormalizer(polarity=p).fit_transform(framed[None]) for p in ("dark", "light")
    )
    assert dark.any() and (dark != light).any()
    same = scan(DRAWINGS["house"])[None]
    auto = SketchNormalizer().fit_transform(same)
    assert_array_equal(SketchNormalizer(polarity="dark").fit_transform(same), auto)


@pytest.mark.parametrize("level", [0, 90, 255])
def test_empty_paper_is_black(level):
    rng = np.random.default_rng(0)
    shade = level * np.linspace(0.6, 1, SIDE)[:, None]
    paper = [
        np.full((SIDE, SIDE), level),
        np.broadcast_to(shade, (SIDE, SIDE)),
        (shade + rng.normal(0, 3, (SIDE, SIDE))).clip(0, 255),
        np.full((28, 28), level),
    ]
    for picture in paper[: 4 if level else 2]:
        assert not SketchNormalizer().fit_transform(picture[None]).any()


def test_dust_is_left_out():
    dusty = scan(DRAWINGS["circle"], margin=60)
    dusty[[5, 290, 150], [7, 280, 3]] = 0
    clean = SketchNormalizer().fit_transform(scan(DRAWINGS["circle"], margin=60)[None])
    assert_array_equal(SketchNormalizer().fit_transform(dusty[None]), clean)


def test_every_form_of_x_is_read():
    pictures = np.stack([scan(strokes) for strokes in DRAWINGS.values()])
    expected = SketchNormalizer().fit_transform(pictures)
    coloured = np.stack([pictures] * 3, axis=-1)
    objects = np.empty(5, dtype=object)
    objects[:] = list(pictures)
    forms = [
        pictures.reshape(5, -1),
        coloured,
        coloured.transpose(0, 3, 1, 2),
        list(pictures),
        objects,
        [pictures[0], coloured[1], coloured[2].transpose(2, 0, 1), pictures[3], pictures[4]],
    ]
    for X in forms:
        found = SketchNormalizer().fit_transform(X)
        assert np.abs(found.astype(int) - expected).max() <= 1
    wide = pictures[:, :200].reshape(5, -1)
    found = SketchNormalizer(input_shape=(200, 300)).fit_transform(wide)
    assert_array_equal(found, SketchNormalizer().fit_transform(pictures[:, :200]))


def test_pictures_of_unequal_size():
    sizes = [np.pad(scan(s), 7 * i, constant_values=255) for i, s in enumerate(DRAWINGS.values())]
    found = SketchNormalizer().fit(sizes).transform(sizes)
    for bitmap, strokes in zip(found, DRAWINGS.values(), strict=True):
        assert likeness(bitmap, strokes) > 0.99
    one = SketchNormalizer().transform([sizes[2]])
    assert_array_equal(one[0], found[2])  # the other images do not matter


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([np.zeros((9, 9)), np.zeros((4, 9, 9))], "image 1: X must .* A fourth channel, transp"),
        ([np.zeros((9, 9)), np.zeros((0, 9))], r"got \(0, 9\) at position 1. Leave it out"),
        (np.zeros((2, 9, 9, 4)), r"A fourth channel, transparency, is not read"),
    ],
)
def test_other_pictures_are_refused(X, message):
    with pytest.raises(InvalidImagesError, match=message):
        SketchNormalizer().fit(X)


@pytest.mark.parametrize("shape", [(2, 399), (2, 1, 40), (2, 4, 400), (2, 400, 5)])
def test_thin_images_are_read_without_a_warning(shape):
    X = np.full(shape, 255)
    X[..., 2] = 0
    assert SketchNormalizer().fit_transform(X).shape == (2, 784)


@pytest.mark.parametrize(
    ("shape", "input_shape", "message"),
    [
        ((2, 784), (20, 20), r"input_shape=\(1, 20, 20\) needs 400 pixels"),
        ((2, 784), (28, "28"), "input_shape must be a tuple of ints"),
        ((2, 3, 20, 3), None, "Pass input_shape="),
    ],
)
def test_an_error_of_the_size_of_X_names_its_parameter(shape, input_shape, message):
    with pytest.raises(InvalidImagesError, match=message):
        SketchNormalizer(input_shape=input_shape).fit(np.ones(shape))


def test_missing_pixels_are_refused():
    with pytest.raises(ValueError, match=r"Input X\[1\] contains NaN"):
        SketchNormalizer().transform([np.zeros((9, 9)), np.full((8, 9), np.nan)])
    with pytest.raises(ValueError, match="Input X contains NaN"):
        SketchNormalizer().transform(np.full((2, 9, 9), np.nan))


def test_images_may_be_larger_than_what_large_scans_are_reduced_to():
    scan = np.full((1, 40, 40), 200, dtype=np.uint8)
    scan[0, 5:35, 18:22] = 0
    image = SketchNormalizer((8, 500)).fit_transform(scan).reshape(8, 500)
    np.testing.assert_array_equal(
        image[:, 246:254], SketchNormalizer((8, 8)).fit_transform(scan).reshape(8, 8)
    )
    assert not image[:, :246].any() and not image[:, 254:].any()


@pytest.mark.parametrize("image_shape", [(28,), (28, 0), (28.0, 28), (1, 28, 28), (28, 65_536)])
def test_parameters_are_checked(image_shape):
    with pytest.raises(InvalidParameterError, match="image_shape must be .height, width."):
        SketchNormalizer(image_shape).fit([[0, 1, 2, 3]])


def test_columns_of_a_frame():
    normalizer = SketchNormalizer((8, 8)).set_output(transform="pandas")
    frame = normalizer.fit_transform(pd.DataFrame(scan(DRAWINGS["face"]).reshape(1, -1)))
    assert frame.columns[1] == "sketchnormalizer1" and frame.shape == (1, 64)
    assert list(normalizer.get_feature_names_out()) == list(frame.columns)


@pytest.fixture(scope="module")
def network():
    """Return a small network that learned from bitmaps of four classes."""
    X, y = make_sketches(600, 4, random_state=0)
    return CNNClassifier(width=0.25, max_epochs=10, random_state=0).fit(X, y)


def test_large_pictures_score_as_their_bitmaps_do(network):
    """The user guide says that scores differ by at most three points."""
    bitmaps, y = make_sketches(100, 4, random_state=1)
    large, _ = make_sketches(100, 4, image_shape=(SIDE, SIDE), random_state=1)
    dark = 255 - large.reshape(-1, SIDE, SIDE)
    score = network.score(bitmaps, y)
    assert score > 0.8
    assert network.score(SketchNormalizer().transform(dark), y) > score - 0.03
    assert network.score(dark[:, ::10, ::10][:, 1:-1, 1:-1], y) < score - 0.2  # not normalized


def test_it_stands_in_front_of_a_classifier(network, tmp_path):
    X, y = make_sketches(60, 3, image_shape=(56, 56), random_state=0)
    X = 255 - X.reshape(-1, 56, 56)
    model = make_pipeline(SketchNormalizer(), clone(network).set_params(max_epochs=1)).fit(X, y)
    proba = model.predict_proba(X)
    save_model(model, tmp_path / "model.safetensors")
    loaded = load_model(tmp_path / "model.safetensors")
    assert_array_equal(loaded.predict_proba(X), proba)
    with make_server(loaded) as server:
        assert server.guesser.side == 28
