"""The rasteriser, compared with Google's bitmaps if they are available, and with geometry."""

import json
import subprocess
import sys

import numpy as np
import pytest

from skquickdraw.datasets import pack_strokes, rasterize
from skquickdraw.exceptions import InvalidParameterError

BAR = [[[0, 255], [128, 128]]]
CROSS = [[[0, 255], [0, 255]], [[0, 255], [255, 0]]]


@pytest.mark.parametrize("word", ["apple", "boomerang", "cookie", "diamond", "moon"])
def test_agrees_with_the_published_bitmaps(word, data_folder):
    pairs = data_folder("quickdraw_formats")
    lines = (pairs / f"{word}.ndjson").read_text().splitlines()
    images = rasterize([json.loads(line)["drawing"] for line in lines])
    published = np.load(pairs / f"{word}.npy").reshape(-1, 28, 28)
    error = np.abs(images.astype(float) - published).mean(axis=(1, 2))
    assert error.mean() < 0.6
    assert error.max() < 1.0


def count_covered(drawing, side, n=32):
    """Return the image of a drawing, by counting the points of a fine grid inside its lines."""
    scale = side / 304
    largest = np.max([[max(x), max(y)] for x, y in drawing], axis=0)
    at = np.arange(0.5, side * n) / n
    grid = np.stack(np.meshgrid(at, at), axis=-1)
    clear = np.ones((side, side))
    for stroke in drawing:
        points = scale * np.transpose(stroke) + (side - scale * largest) / 2
        distances = []
        for start, step in zip(points, np.diff(points, axis=0), strict=False):
            along = np.clip((grid - start) @ step / (step @ step), 0, 1)
            distances.append(np.hypot(*np.moveaxis(grid - start - along[..., None] * step, -1, 0)))
        is_covered = np.min(distances, axis=0) < 8 * scale
        clear *= 1 - is_covered.reshape(side, n, side, n).mean(axis=(1, 3))
    return 255 * (1 - clear)


@pytest.mark.parametrize("side", [16, 28, 50])
@pytest.mark.parametrize(
    "drawing",
    [CROSS, [[[0, 200, 255], [30, 0, 170]], [[10, 90, 20], [255, 100, 60]]]],
    ids=["cross", "hooks"],
)
def test_a_pixel_is_covered_as_far_as_lines_reach(drawing, side):
    error = np.abs(rasterize(drawing, side=side) - count_covered(drawing, side))
    assert error.mean() < 0.5
    assert error.max() < 6


def test_one_drawing_equals_its_row_in_a_batch():
    batch = rasterize([BAR, CROSS, BAR])
    assert batch.shape == (3, 28, 28) and batch.dtype == np.uint8
    np.testing.assert_array_equal(batch[1], rasterize(CROSS))
    np.testing.assert_array_equal(batch[0], batch[2])


@pytest.mark.parametrize("side", [28, 57])
def test_parts_that_are_not_centered_fit_together(side):
    """The box of 256 is in the middle of the image, and each part keeps its place in the box."""
    corner = [[[0, 60], [0, 0]], [[256, 256], [200, 256]]]
    whole = rasterize(corner, side=side, centered=False)
    np.testing.assert_array_equal(whole, rasterize(corner, side=side))  # it is as large as the box
    parts = [rasterize([stroke], side=side, centered=False) for stroke in corner]
    np.testing.assert_array_equal(np.maximum(*parts), whole)
    assert not np.array_equal(rasterize(corner[:1], side=side), parts[0])


def test_lists_and_arrays_draw_alike():
    np.testing.assert_array_equal(rasterize([np.array(s) for s in CROSS]), rasterize(CROSS))


@pytest.mark.parametrize("side", [1, 9, 28, 64])
def test_ink_has_the_area_of_the_line(side):
    """The ink is a bar of length 255 and width 16 with round ends; the scale is side / 304."""
    area = rasterize(BAR, side=side).sum() / 255
    expected = (255 * 16 + np.pi * 8**2) * (side / 304) ** 2
    assert area == pytest.approx(expected, rel=0.05, abs=0.02)


def test_a_symmetric_drawing_gives_a_symmetric_image():
    image = rasterize([[[0, 256], [0, 256]], [[0, 256], [256, 0]]]).astype(int)
    for mirrored in (image[::-1], image[:, ::-1], image.T):
        assert np.abs(image - mirrored).max() <= 1


def test_one_point_is_a_dot_in_the_middle():
    image = rasterize([[[0], [0]]], side=29)
    assert image[14, 14] == image.max() > 200
    assert (image > 0).sum() <= 9


def test_points_beyond_the_first_do_not_connect_strokes():
    apart = rasterize([[[0, 0], [0, 255]], [[255, 255], [0, 255]]])
    assert apart[:, 10:18].max() == 0


def test_overlap_within_a_stroke_is_no_darker_but_between_strokes_is():
    line = [[0, 255], [100, 120]]
    once = rasterize([line])
    there_and_back = rasterize([[[0, 255, 0], [100, 120, 100]]])
    twice = rasterize([line, line])
    np.testing.assert_array_equal(once, there_and_back)
    assert twice.sum() > once.sum()
    assert (twice >= once).all()


def test_more_strokes_than_are_drawn_at_once_are_one_drawing():
    dots = [[[17 * i], [17 * j]] for i in range(15) for j in range(10)]
    pen = {"line_width": 1, "centered": False}  # no pixel is reached by two dots
    alone = rasterize([[dot] for dot in dots], **pen)
    np.testing.assert_array_equal(rasterize(dots, **pen), alone.max(axis=0))
    dot = [[128], [0]]
    first, second = CROSS
    few = rasterize([first, dot, second], centered=False)
    many = rasterize([first, *(150 * [dot]), second], centered=False)
    few[:4, 10:18] = many[:4, 10:18] = 0
    np.testing.assert_array_equal(many, few)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is in kilobytes on Linux")
def test_many_strokes_of_one_drawing_take_little_memory():
    """A drawing sent to the app may have tens of thousands of strokes of one point."""
    code = """if True:
        from resource import RUSAGE_SELF, getrusage
        from skquickdraw.datasets import rasterize
        rasterize([[[0], [0]]])
        before = getrusage(RUSAGE_SELF).ru_maxrss
        rasterize([[[i % 256], [i // 256]] for i in range(20_000)])
        print(getrusage(RUSAGE_SELF).ru_maxrss - before)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200_000  # kilobytes; all strokes at once would take 600,000


def test_wider_lines_and_wider_margins():
    assert rasterize(CROSS, line_width=32).sum() > rasterize(CROSS).sum()
    assert rasterize(CROSS, margin=60)[:4].max() == 0
    assert rasterize(CROSS, margin=0).shape == (28, 28)


def test_drawings_without_strokes_are_black():
    batch = rasterize([[], BAR, []])
    assert batch.shape == (3, 28, 28)
    assert batch[0].max() == batch[2].max() == 0 < batch[1].max()
    assert rasterize([]).shape == (0, 28, 28)


@pytest.mark.parametrize(
    "stroke", [[[0, 1], [0]], [[], []], [[0, 1], [0, 1], [0, 1]], [[0, 1]]], ids=str
)
def test_refuses_strokes_that_are_no_pairs(stroke):
    with pytest.raises(InvalidParameterError, match="a stroke must be a pair"):
        rasterize([CROSS, [stroke]])


@pytest.mark.parametrize("strokes", [[[0, 255], [0, 255]], [1, 2]], ids=str)
def test_a_stroke_is_not_a_drawing(strokes):
    with pytest.raises(InvalidParameterError, match=r"Pass \[stroke\] for a drawing of one stroke"):
        rasterize(strokes)
    with pytest.raises(
        InvalidParameterError, match=r"pack_strokes: a drawing must be a list of st"
    ):
        pack_strokes(strokes)


def test_refuses_lists_that_are_nested_too_deep():
    with pytest.raises(InvalidParameterError, match="a stroke must be a pair"):
        rasterize([[[[[1, 2], [3]]]]])


@pytest.mark.parametrize("value", [-1, 300, np.nan, np.inf])
def test_refuses_coordinates_outside_the_box(value):
    with pytest.raises(InvalidParameterError, match=r"coordinates must lie in 0\.\.256"):
        rasterize([[[0, value], [0, 10]]])


@pytest.mark.parametrize(
    "parameter",
    [{"side": 0}, {"side": 28.0}, {"line_width": 0}, {"margin": -1}, {"margin": np.nan}],
    ids=str,
)
def test_refuses_parameters_out_of_range(parameter):
    with pytest.raises(InvalidParameterError, match=f"{next(iter(parameter))} must be"):
        rasterize(CROSS, **parameter)
