"""Packing and unpacking of strokes, compared with packing by hand, and what is refused."""

import numpy as np
import pytest

from skquickdraw.datasets import pack_strokes, rasterize, unpack_strokes
from skquickdraw.exceptions import InvalidParameterError

CROSS = [[[0, 255], [0, 255]], [[0, 255], [255, 0]]]
DOT = [[[7], [9]]]
WAVE = [[list(range(0, 250, 5)), [i % 2 * 40 for i in range(50)]], [[0, 255], [200, 255]]]


def test_a_row_by_hand():
    packed = pack_strokes([CROSS, DOT, []], n_points=5)
    assert packed.dtype == np.uint8
    assert packed[0].tolist() == [[0, 255, 0, 255, 0], [0, 255, 255, 0, 0], [1, 2, 1, 2, 0]]
    assert packed[1].tolist() == [[7, 0, 0, 0, 0], [9, 0, 0, 0, 0], [2, 0, 0, 0, 0]]
    assert not packed[2].any()


@pytest.mark.parametrize("n_points", [None, 52, 200])
def test_there_and_back(n_points):
    drawings = [CROSS, DOT, [], WAVE]
    packed = pack_strokes(drawings, n_points)
    assert packed.shape == (4, 3, n_points or 52)
    assert unpack_strokes(packed) == drawings
    assert unpack_strokes(packed.reshape(4, -1)) == drawings


def test_no_drawings():
    assert pack_strokes([]).shape == (0, 3, 1)
    assert pack_strokes([[], []]).shape == (2, 3, 1)
    assert unpack_strokes(pack_strokes([], 4)) == []


def test_coordinates_are_rounded_into_bytes():
    assert unpack_strokes(pack_strokes([[[[0.4, 256], [0.6, 9.0]]]])) == [[[[0, 255], [1, 9]]]]


def test_arrays_and_tuples_will_do():
    arrays = [tuple(np.array(stroke) for stroke in CROSS)]
    np.testing.assert_array_equal(pack_strokes(arrays), pack_strokes([CROSS]))


def test_points_that_matter_least_are_left_out():
    corner = [[[0, 50, 100, 100, 100], [0, 0, 1, 50, 100]]]  # two points on straight lines
    assert unpack_strokes(pack_strokes([corner], 3)) == [[[[0, 100, 100], [0, 1, 100]]]]


def test_thinning_one_drawing_leaves_the_others_alone():
    others = [DOT, [], CROSS]
    for place in range(4):
        drawings = [*others[:place], WAVE, *others[place:]]
        thinned = unpack_strokes(pack_strokes(drawings, 10))
        assert thinned.pop(place) == unpack_strokes(pack_strokes([WAVE], 10))[0]
        assert thinned == others


def test_a_thinned_drawing_keeps_its_strokes_and_its_looks():
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = [[127 + 127 * np.cos(angle), 127 + 127 * np.sin(angle)], CROSS[0]]
    packed = pack_strokes([circle, CROSS], 30)
    (thin, other) = unpack_strokes(packed)
    assert other == CROSS and thin[1] == CROSS[0]
    assert sum(len(stroke[0]) for stroke in thin) == 30
    assert thin[0][0][0] == thin[0][0][-1] == 254
    error = np.abs(rasterize(thin).astype(float) - rasterize(circle)).mean()
    assert error < 3


def test_more_strokes_than_room_are_refused():
    with pytest.raises(
        InvalidParameterError, match="drawing 1 have 4 end points, more than n_points=3"
    ):
        pack_strokes([DOT, CROSS], 3)


@pytest.mark.parametrize("n_points", [0, -1, 2.0, "all"])
def test_a_number_of_points_that_is_none_is_refused(n_points):
    with pytest.raises(InvalidParameterError, match="n_points must be an int of at least 1, or N"):
        pack_strokes([CROSS], n_points)


def test_a_single_drawing_is_refused():
    with pytest.raises(InvalidParameterError, match=r"single one. Pass \[drawing\]"):
        pack_strokes(CROSS)


def test_strokes_are_held_to_the_same_rules_as_in_rasterize():
    with pytest.raises(InvalidParameterError, match="pack_strokes: a stroke must be a pair"):
        pack_strokes([[[[0, 1], [0]]]])
    with pytest.raises(InvalidParameterError, match=r"pack_strokes: coordinates must lie in 0\.\."):
        pack_strokes([[[[0, 999], [0, 1]]]])


@pytest.mark.parametrize("shape", [(3,), (4, 4), (2, 4, 6), (2, 1, 3, 6)], ids=str)
def test_other_shapes_are_not_unpacked(shape):
    with pytest.raises(InvalidParameterError, match="packed must have shape"):
        unpack_strokes(np.zeros(shape))


def test_another_pen_is_not_unpacked():
    with pytest.raises(InvalidParameterError, match=r"the pen, must hold 0, 1 and 2 only, got \[7"):
        unpack_strokes(np.full((1, 3, 4), 7))
