"""Augmentation of strokes, compared with the rasteriser of the data sets and with plain Python."""

import json
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from skquickdraw import _rasterizer
from skquickdraw.augmentation import AugmentationPolicy, StrokeAugmentation, resolve_augmentation
from skquickdraw.datasets import pack_strokes, rasterize, unpack_strokes
from skquickdraw.exceptions import InvalidImagesError, InvalidParameterError

THEN = AugmentationPolicy(horizontal_flip=0.5)
OFF = {"drop_stroke": 0, "drop_tail": 0, "jitter": 0, "width": 0, "then": None}
HOUSE = [  # the longest stroke first
    [[0, 255, 255, 0, 0], [100, 100, 255, 255, 100]],
    [[0, 128, 255], [100, 0, 100]],
    [[100, 100, 150, 150], [255, 180, 180, 255]],
    [[200], [140]],
]
BAR = [[[0, 255], [128, 128]]]
DRAWINGS = [HOUSE, BAR, HOUSE[1:], []]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def packed(drawings, n_points=20):
    return torch.from_numpy(pack_strokes(drawings, n_points)).float().unsqueeze(1)


def unpacked(strokes):
    """Return drawings with coordinates that are not rounded."""
    drawings = []
    for x, y, pen in strokes[:, 0].tolist():
        drawing, stroke = [], [[], []]
        for i, state in enumerate(pen):
            if state:
                stroke[0].append(x[i])
                stroke[1].append(y[i])
            if state == 2:
                drawing.append(stroke)
                stroke = [[], []]
        drawings.append(drawing)
    return drawings


def difference(images, other):
    """Return the mean absolute difference of each image, in grey levels."""
    return np.abs(images[:, 0].numpy() - np.asarray(other, dtype=float)).mean(axis=(1, 2))


def real_drawings(folder):
    files = sorted(folder.glob("*.ndjson"))
    return [json.loads(line)["drawing"] for file in files for line in file.read_text().splitlines()]


# ---- the pen ----------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [16, 28, 64])
def test_without_changes_it_is_the_plain_raster(side):
    images = StrokeAugmentation(**OFF, side=side)(packed(DRAWINGS))
    assert images.shape == (4, 1, side, side) and images.dtype == torch.float32
    assert images.min() >= 0 and images.max() <= 255
    np.testing.assert_array_equal(images[:, 0], rasterize(DRAWINGS, side=side))


@pytest.mark.parametrize(
    "paper", [{"line_width": 30}, {"line_width": 6}, {"margin": 0}, {"margin": 60}], ids=str
)
def test_the_paper_is_that_of_rasterize(paper):
    images = StrokeAugmentation(**OFF, **paper)(packed(DRAWINGS))
    np.testing.assert_array_equal(images[:, 0], rasterize(DRAWINGS, **paper))


def test_real_drawings_look_as_rasterized(data_folder):
    drawings = real_drawings(data_folder("quickdraw_formats"))
    images = StrokeAugmentation().ink(packed(drawings, 300))
    np.testing.assert_array_equal(images[:, 0], rasterize(drawings))


def test_a_drawing_without_strokes_is_black():
    changed = StrokeAugmentation(then=None)(packed([[], []]), seeded())
    assert changed.shape == (2, 1, 28, 28) and changed.abs().max() == 0


def test_a_picture_does_not_depend_on_its_batch():
    ink = StrokeAugmentation().ink
    strokes = packed(DRAWINGS * 70)  # more than one chunk
    together = ink(strokes)
    assert torch.equal(together[:4], ink(strokes[:4]))
    assert torch.equal(together[-4:], together[:4])
    assert ink(strokes[:0]).shape == (0, 1, 28, 28)


def test_many_short_pieces_are_drawn_chunk_by_chunk():
    zigzag = [[[0, 255] * 250, [i // 2 for i in range(500)]]]
    strokes = packed([zigzag] * 3, 500)
    images = StrokeAugmentation().ink(strokes)
    np.testing.assert_array_equal(images[:, 0], rasterize([zigzag] * 3))


def test_a_gpu_holds_more_at_a_time_and_draws_the_same_images(monkeypatch):
    times = {name: _rasterizer._held(1, torch.device(name)) for name in ("cpu", "cuda")}
    assert times["cpu"] == 1 < times["cuda"]
    strokes = packed(DRAWINGS * 70)
    images = StrokeAugmentation().ink(strokes)
    for name in ("GRID_CHUNK", "WINDOW_CHUNK"):
        monkeypatch.setattr(_rasterizer, name, times["cuda"] * getattr(_rasterizer, name))
    assert torch.equal(StrokeAugmentation().ink(strokes), images)


# ---- the changes ------------------------------------------------------------------------------


def test_a_dropped_stroke_leaves_the_drawing_without_it():
    policy, strokes = StrokeAugmentation(**OFF | {"drop_stroke": 0.5}), packed([HOUSE] * 200)
    draw = policy.draw(200, (1, 3, 20), seeded())
    changed = policy.change(strokes, draw)
    expected = [
        [stroke for k, stroke in enumerate(HOUSE) if k == 0 or not lost[k]]
        for lost in draw.is_lost.tolist()
    ]
    assert unpacked(changed) == expected
    lost = 1 - np.mean([len(drawing) - 1 for drawing in expected]) / 3
    assert lost == pytest.approx(0.5, abs=0.06)
    np.testing.assert_array_equal(policy.apply(strokes, draw)[:, 0], rasterize(expected))


def test_the_longest_stroke_stays_wherever_it_lies():
    policy = StrokeAugmentation(**OFF | {"drop_stroke": 1})
    strokes = packed([HOUSE, HOUSE[::-1], BAR, []])
    changed = policy.change(strokes, policy.draw(4, (1, 3, 20), seeded()))
    assert unpacked(changed) == [HOUSE[:1], HOUSE[:1], BAR, []]


def shorten(stroke, share):
    """Cut a share off the end of a stroke, point by point."""
    points = np.array(stroke, dtype=float).T
    lengths = np.hypot(*np.diff(points, axis=0).T)
    left, kept = lengths.sum() * (1 - share), [points[0]]
    for a, b, length in zip(points[:-1], points[1:], lengths, strict=True):
        if left <= 0:
            break
        kept.append(a + min(1, left / length) * (b - a))
        left -= length
    return np.array(kept).T.tolist()


def test_a_dropped_tail_is_a_share_of_the_length():
    policy, strokes = StrokeAugmentation(**OFF | {"drop_tail": 0.8}), packed([HOUSE] * 50)
    draw = policy.draw(50, (1, 3, 20), seeded())
    changed = unpacked(policy.change(strokes, draw))
    for drawing, shares in zip(changed, draw.tail.tolist(), strict=True):
        assert len(drawing) == len(HOUSE)
        for k, stroke in enumerate(drawing):
            np.testing.assert_allclose(stroke, shorten(HOUSE[k], shares[k]), atol=1e-3)
    assert 0 <= draw.tail.min() < 0.01 and 0.79 < draw.tail.max() <= 0.8


def test_a_tail_can_be_the_whole_stroke_but_its_first_point():
    policy, strokes = StrokeAugmentation(then=THEN), packed([HOUSE])
    draw = policy.draw(1, (1, 3, 20))._replace(is_lost=None, offset=None, tail=torch.ones(1, 20))
    for stroke, original in zip(unpacked(policy.change(strokes, draw))[0], HOUSE, strict=True):
        np.testing.assert_allclose(stroke, np.array(original)[:, :1].repeat(len(stroke[0]), 1))
        assert len(stroke[0]) <= 2


def test_jitter_moves_points_and_keeps_them_in_the_box():
    policy, strokes = StrokeAugmentation(**OFF | {"jitter": 4}), packed([HOUSE] * 500)
    draw = policy.draw(500, (1, 3, 20), seeded())
    changed = policy.change(strokes, draw)
    assert torch.equal(changed[:, :, 2], strokes[:, :, 2])
    points = changed[:, 0, :2]
    assert points.min() == 0 and points.max() == 255
    moved = (points - strokes[:, 0, :2])[strokes[:, 0, :2] == 100]  # far from the box's edge
    assert moved.std() == pytest.approx(4, rel=0.05) and abs(moved.mean()) < 0.2


def test_the_width_changes_the_line_but_not_the_scale():
    policy = StrokeAugmentation(**OFF | {"width": 1.0})
    strokes = packed([HOUSE] * 300)
    draw = policy.draw(300, (1, 3, 20), seeded())
    assert 0.5 <= draw.width.min() < 0.52 and 1.9 < draw.width.max() <= 2
    assert draw.width.log().mean().abs() < 0.05
    images = policy.apply(strokes, draw)
    for i in range(5):
        line = 16 * float(draw.width[i])
        expected = rasterize(HOUSE, line_width=line, margin=16 + (16 - line) / 2)
        assert difference(images[i : i + 1], [expected]) < 2


def test_pictures_are_changed_afterwards():
    flip = AugmentationPolicy(0, horizontal_flip=1, shift=0, scale=0, shear=0)
    strokes = packed(DRAWINGS)
    plain = StrokeAugmentation(**OFF)(strokes)
    flipped = StrokeAugmentation(**OFF | {"then": flip})(strokes, seeded())
    torch.testing.assert_close(flipped, plain.flip(3), atol=0.01, rtol=0)


def test_then_draws_as_the_policy_itself_does_by_default():
    draw = StrokeAugmentation(then=THEN).draw(6, (1, 3, 20), seeded())
    assert draw.then.affine.angle.rad2deg().abs().max() <= 15
    assert StrokeAugmentation(then=None).draw(6, (1, 3, 20), seeded()).then is None


@pytest.mark.parametrize("name", ["drop_stroke", "drop_tail", "jitter", "width"])
def test_any_one_change_is_no_identity(name):
    strokes = packed([HOUSE] * 4)
    plain, changed = StrokeAugmentation(**OFF), StrokeAugmentation(**OFF | {name: 0.9})
    assert not torch.equal(changed(strokes, seeded()), plain(strokes))


# ---- draws ------------------------------------------------------------------------------------


def test_draws_follow_the_generator_and_nothing_global():
    state = torch.get_rng_state()
    policy, strokes = StrokeAugmentation(then=THEN), packed(DRAWINGS)
    before = strokes.clone()
    first, again = policy(strokes, seeded()), policy(strokes, seeded())
    draw = policy.draw(4, (1, 3, 20), seeded())
    assert torch.equal(first, again) and torch.equal(first, policy.apply(strokes, draw))
    assert not torch.equal(first, policy(strokes, seeded(1)))
    assert torch.equal(strokes, before)
    assert torch.equal(state, torch.get_rng_state())


def test_one_parameter_leaves_the_draws_of_the_others():
    draw = StrokeAugmentation(then=THEN).draw(9, (1, 3, 20), seeded())
    other = StrokeAugmentation(0, drop_tail=0, width=0, then=THEN).draw(9, (1, 3, 20), seeded())
    assert other.is_lost is other.tail is other.width is None
    assert torch.equal(draw.offset, other.offset)
    assert torch.equal(draw.then.affine.angle, other.then.affine.angle)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_shows_the_same_pictures():
    policy, strokes = StrokeAugmentation(then=THEN), packed(DRAWINGS * 40)
    draw = policy.draw(160, (1, 3, 20), seeded())
    on_gpu = policy.apply(strokes.cuda(), draw).cpu()
    torch.testing.assert_close(on_gpu, policy.apply(strokes, draw), atol=0.05, rtol=0)


# ---- parameters and refusals -------------------------------------------------------------------


def test_parameters_are_scikit_learns():
    policy = StrokeAugmentation(0.3, then=AugmentationPolicy(), side=32)
    copy = clone(policy).set_params(then__rotation=40, width=0.5)
    assert (copy.drop_stroke, copy.then.rotation, copy.width, copy.side) == (0.3, 40, 0.5, 32)
    assert policy.then.rotation == 15
    assert repr(pickle.loads(pickle.dumps(copy))) == repr(copy)
    assert repr(StrokeAugmentation()) == "StrokeAugmentation()"
    assert StrokeAugmentation().horizontal_flip == "auto"
    assert StrokeAugmentation(then=THEN).horizontal_flip == 0.5
    assert StrokeAugmentation(then=None).horizontal_flip == 0


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("drop_stroke", 1.1, "a probability, from 0 to 1, got 1.1. Use drop_stroke=0"),
        ("drop_tail", -0.1, "a share of a stroke's length, from 0 to 1, got -0.1"),
        ("jitter", float("inf"), "a distance in units of the 256 box, finite and at least 0"),
        ("width", None, "a relative change of width, finite and at least 0, got None"),
        ("width", True, "a relative change of width, finite and at least 0, got True"),
        ("side", 7, "an int of at least 8, in pixels, got 7. Leave it out"),
        ("side", 28.0, "an int of at least 8, in pixels, got 28.0"),
        ("line_width", 0, "a finite number above 0, got 0"),
        ("margin", -1, "a finite number of at least 0, got -1"),
        ("margin", float("nan"), "a finite number of at least 0, got nan"),
        ("then", "sketchy", "an AugmentationPolicy, 'sketch' or None, got 'sketchy'"),
        ("then", StrokeAugmentation(), "an AugmentationPolicy, 'sketch' or None, got Stroke"),
    ],
)
def test_a_parameter_out_of_range_is_refused_at_use(name, value, rule):
    policy = StrokeAugmentation().set_params(**{name: value})
    match = f"StrokeAugmentation: {name} must be {rule}"
    with pytest.raises(InvalidParameterError, match=match):
        policy.draw(1, (1, 3, 20))
    with pytest.raises(InvalidParameterError, match=match):
        resolve_augmentation(policy, with_strokes=True)


def test_the_ranges_of_what_comes_then_are_checked_too():
    with pytest.raises(InvalidParameterError, match="AugmentationPolicy: rotation must be"):
        StrokeAugmentation(then=AugmentationPolicy(999)).validate()


@pytest.mark.parametrize("shape", [(4, 3, 20), (4, 1, 28, 28), (4, 3, 3, 20)], ids=str)
def test_other_shapes_are_refused(shape):
    with pytest.raises(InvalidImagesError, match=r"packed strokes, .* image_shape=\(3, n_points"):
        StrokeAugmentation()(torch.zeros(shape))


@pytest.mark.parametrize("name", ["drop_stroke", "drop_tail", "jitter", "width"])
def test_a_draw_of_another_number_of_drawings_is_refused(name):
    augmentation = StrokeAugmentation(**OFF | {name: 0.5})
    strokes = packed(DRAWINGS)
    draw = augmentation.draw(len(strokes), tuple(strokes.shape[1:]), seeded())
    with pytest.raises(InvalidImagesError, match="got one for 4, and a batch of 3"):
        augmentation.apply(strokes[1:], draw)


@pytest.mark.parametrize("value", [-1, 300, float("nan")])
def test_coordinates_outside_the_box_are_refused(value):
    strokes = packed(DRAWINGS)
    strokes[0, 0, 0, 1] = value
    with pytest.raises(InvalidImagesError, match=r"coordinates must lie in 0\.\.256.*got values"):
        StrokeAugmentation().ink(strokes)


@pytest.mark.parametrize("pen", [[3, 2], [1.5, 2], [1, 0], [2, 1], [float("nan"), 2]], ids=str)
@pytest.mark.parametrize("kind", [torch.tensor, np.array], ids=["tensor", "array"])
def test_a_pen_that_is_none_is_refused(pen, kind):
    strokes = kind([[[[0.0, 9], [0, 9], pen]]])
    with pytest.raises(InvalidImagesError, match="third row, the pen, must be 1 where"):
        StrokeAugmentation().check(strokes)


def test_only_who_draws_strokes_takes_the_policy():
    policy = StrokeAugmentation()
    assert resolve_augmentation(policy, with_strokes=True) is policy
    with pytest.raises(InvalidParameterError, match=r"draws strokes. Only .* Rasterize"):
        resolve_augmentation(policy)


def test_unpacking_tells_the_pen_alike():
    """The two subpackages share the format of packed strokes, and no code."""
    strokes = packed(DRAWINGS)
    assert unpacked(strokes) == unpack_strokes(strokes[:, 0].numpy())


def test_tensors_of_bytes_are_taken_as_arrays_are():
    strokes = torch.from_numpy(pack_strokes(DRAWINGS))[:, None]
    assert StrokeAugmentation(then=THEN)(strokes).shape == (4, 1, 28, 28)
