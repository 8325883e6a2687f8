"""Allowed forms of X, y, seeds and devices: the checks that all subpackages share."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator

from skquickdraw._checks import N_JOBS, as_array, check_arguments
from skquickdraw._device import repeatable_cudnn, resolve_device, resolve_precision
from skquickdraw._image_shape import resolve_image_shape
from skquickdraw._images import check_images, check_images_and_labels
from skquickdraw._random import draw_seed, make_generator
from skquickdraw._targets import check_soft_targets
from skquickdraw._turns import lent_generator
from skquickdraw.exceptions import (
    InvalidImagesError,
    InvalidParameterError,
    InvalidTargetsError,
)

FLAT = np.random.default_rng(0).integers(0, 256, (6, 144), dtype=np.uint8)


class Reader(BaseEstimator):
    """Represents any estimator that reads images."""


def read(X, **options):
    return check_images(Reader(), X, **{"reset": True, **options})


@pytest.mark.filterwarnings("ignore:.*rows are read as images one pixel high")
@pytest.mark.parametrize(
    ("shape", "image_shape", "expected"),
    [
        ((6, 144), None, (1, 12, 12)),
        ((6, 144), (12, 12), (1, 12, 12)),
        ((6, 144), (9, 16), (1, 9, 16)),
        ((6, 144), [1, 16, 9], (1, 16, 9)),
        ((6, 12, 12), None, (1, 12, 12)),
        ((6, 9, 16), (9, 16), (1, 9, 16)),
        ((6, 1, 9, 16), None, (1, 9, 16)),
        ((2, 3, 12, 12), None, (3, 12, 12)),
        ((2, 432), (3, 12, 12), (3, 12, 12)),
        ((8, 108), None, (1, 1, 108)),
    ],
    ids=str,
)
def test_every_layout_is_read_as_channels_height_width(shape, image_shape, expected):
    X = FLAT.reshape(shape)
    images = read(X, image_shape=image_shape)
    assert images.shape == (len(X), *expected)
    np.testing.assert_array_equal(images.ravel(), FLAT.ravel())


@pytest.mark.parametrize("shape", [(6, 144), (6, 12, 12), (2, 3, 12, 12)], ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, np.float16])
def test_pixels_are_not_copied_and_keep_their_dtype(shape, dtype):
    X = FLAT.astype(dtype).reshape(shape)
    images = read(X)
    assert images.dtype == dtype
    assert np.shares_memory(images, X)


@pytest.mark.parametrize("dtype", [np.int64, np.int16, np.uint16])
def test_integers_are_narrowed_to_bytes(dtype):
    images = read(FLAT.astype(dtype))
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images.reshape(6, -1), FLAT)


def test_features_of_one_byte_are_not_copied_and_others_become_floats():
    rows = FLAT.reshape(6, 3, 48)
    assert np.shares_memory(read(rows), rows)
    assert read(rows.astype(np.int16) - 300).dtype == np.float32


def test_booleans_are_ink_of_one():
    images = read(FLAT > 127)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images.reshape(6, -1), (FLAT > 127).astype(int))


def test_a_list_and_a_frame_are_read_too():
    np.testing.assert_array_equal(read(FLAT.tolist()), read(FLAT))
    np.testing.assert_array_equal(read(pd.DataFrame(FLAT)), read(FLAT))


def test_features_are_counted_and_named():
    reader, names = Reader(), [f"pixel{i}" for i in range(144)]
    check_images(reader, pd.DataFrame(FLAT, columns=names), reset=True)
    assert reader.n_features_in_ == 144
    assert reader.feature_names_in_.tolist() == names
    with pytest.raises(ValueError, match="feature names should match"):
        check_images(reader, pd.DataFrame(FLAT, columns=names[::-1]), reset=False)


def test_pixels_are_the_features_of_a_stack():
    reader = Reader()
    check_images(reader, FLAT.reshape(2, 3, 12, 12), reset=True)
    assert reader.n_features_in_ == 432
    with pytest.raises(ValueError, match="144 features, but Reader is expecting 432"):
        check_images(reader, FLAT, reset=False)


def test_labels_come_back_with_the_images():
    images, classes, codes = check_images_and_labels(Reader(), FLAT, list("aabbcc"), reset=True)
    assert images.shape == (6, 1, 12, 12) and classes[codes].tolist() == list("aabbcc")
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        check_images_and_labels(Reader(), FLAT, list("ab"), reset=True)


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (FLAT.reshape(6, 4, 6, 6), {}, r"got \(6, 4, 6, 6\).* opaque, X\[:, :3\], or draw them on"),
        (FLAT.reshape(6, 6, 6, 4), {}, r"got \(6, 6, 6, 4\).* opaque, X\[..., :3\], or draw"),
        (FLAT.reshape(8, 3, 12, 3), {}, r"\(8, 3, 12, 3\) could have its channels first or last"),
        (FLAT.reshape(8, 3, 12, 3), {"image_shape": (3, 9, 4)}, "could have its channels first or"),
        (
            FLAT.reshape(2, 3, 3, 4, 12),
            {},
            r"Reader: X must have shape .* got \(2, 3, 3, 4, 12\).$",
        ),
        (
            FLAT,
            {"image_shape": (12, 13)},
            r"image_shape=\(1, 12, 13\) needs 156 pixels a row, .* 144",
        ),
        (
            FLAT.reshape(6, 9, 16),
            {"image_shape": (12, 12)},
            r"of shape \(1, 12, 12\).* \(1, 9, 16\)",
        ),
        (
            FLAT,
            {"image_shape": (144,)},
            r"image_shape must be \(height, width\) or .* got \(144,\)",
        ),
        (FLAT, {"image_shape": (2, 6, 12)}, r"1 or 3 channels, .* got \(2, 6, 12\)"),
        (FLAT, {"image_shape": (0, 12)}, r"image_shape must be .* got \(0, 12\)"),
        (FLAT - 1.0, {}, "Negative values in data passed to Reader.* a minimum of -1"),
        (FLAT.astype(int) - 1, {}, "Negative values in data passed to Reader.* a minimum of -1"),
        (FLAT * 1.5, {}, "pixels must lie between 0 and 255, got a maximum of 382.5"),
        (FLAT.astype(int) + 1, {}, "got a maximum of 256. Divide all images"),
    ],
)
def test_what_is_no_batch_of_images_is_refused(X, options, message):
    with pytest.raises(InvalidImagesError, match=message):
        read(X, **options)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("shape", [(6, 144), (6, 12, 12)])
def test_missing_and_infinite_pixels_are_refused(bad, shape):
    X = FLAT.astype(float)
    X[3, 5] = bad
    with pytest.raises(ValueError, match="contains (NaN|infinity)"):
        read(X.reshape(shape))


@pytest.mark.parametrize("shape", [(10,), (2, 5), (7, 7), (1, 10, 7)], ids=str)
def test_what_is_too_small_for_a_picture_may_have_any_values(shape):
    X = np.random.default_rng(0).normal(size=(6, *shape)) * 1000
    np.testing.assert_array_equal(read(X).ravel(), X.ravel())
    integers = read(X.astype(int))
    assert integers.dtype.kind == "f"
    np.testing.assert_array_equal(integers.ravel(), X.astype(int).ravel())


def test_rows_of_no_square_length_are_one_row_high():
    assert resolve_image_shape("Reader", 10) == (1, 1, 10)
    assert resolve_image_shape("Reader", 784) == (1, 28, 28)
    assert resolve_image_shape("Reader", 588, (3, 14, 14)) == (3, 14, 14)


def test_soft_targets_are_rows_that_sum_to_one():
    soft = np.array([[0.5, 0.4996], [1.0, 0.0]])
    checked = check_soft_targets("Reader", soft, 2, 2)
    assert checked.dtype == np.float32
    np.testing.assert_allclose(checked.sum(axis=1), 1, atol=1e-7)
    np.testing.assert_allclose(checked, soft, atol=1e-3)


@pytest.mark.parametrize(
    ("soft", "message"),
    [
        ([[1.0, 0.0, 0.0]] * 2, r"must have shape .* = \(2, 2\), got \(2, 3\)"),
        ([[1.0, 0.0]], r"= \(2, 2\), got \(1, 2\)"),
        ([[1.0, 0.0], [1.2, -0.2]], "must not be negative, got -0.2"),
        ([[1.0, 0.0], [0.5, 0.4]], "must sum to 1, but row 1 sums to 0.9. Divide by the sums"),
    ],
)
def test_other_soft_targets_are_refused(soft, message):
    with pytest.raises(InvalidTargetsError, match=message):
        check_soft_targets("Reader", soft, 2, 2)


def test_soft_targets_may_not_miss():
    with pytest.raises(ValueError, match="soft_targets contains NaN"):
        check_soft_targets("Reader", [[np.nan, 1.0]], 1, 2)


def test_seeds_come_from_the_random_state():
    assert draw_seed(5) == draw_seed(5) == draw_seed(np.random.RandomState(5))
    assert draw_seed(5) != draw_seed(6)
    rng = np.random.RandomState(5)
    assert draw_seed(rng) != draw_seed(rng)


def test_a_lent_generator_goes_on_as_another_and_leaves_no_trace():
    before = torch.random.get_rng_state()
    drawn = []
    for seed in (1, 1, 2):
        with lent_generator(make_generator(seed)):
            drawn.append(torch.rand(4))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])
    own = make_generator(1)
    for _ in range(2):
        with lent_generator(own):
            torch.rand(2)
    assert torch.equal(torch.rand(4, generator=own), torch.rand(8, generator=make_generator(1))[4:])


def test_a_lent_generator_leaves_no_trace_after_an_error():
    before = torch.random.get_rng_state()
    with pytest.raises(ZeroDivisionError), lent_generator(make_generator(0)):
        torch.rand(3)
        _ = 1 / 0
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_generator_is_independent_of_the_global_one():
    before, numpy_before = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    drawn = torch.rand(4, generator=make_generator(draw_seed(3)))
    assert torch.equal(drawn, torch.rand(4, generator=make_generator(draw_seed(3))))
    assert torch.equal(torch.random.get_rng_state(), before)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_before)


def test_devices_are_resolved():
    assert resolve_device("cpu") == resolve_device(torch.device("cpu")) == torch.device("cpu")
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("device", ["cuda:99", "gpu", "toaster"])
def test_a_device_that_is_not_there_is_refused(device):
    message = f"device='{device}' cannot be used here.*Use device='auto' or device='cpu'"
    with pytest.raises(InvalidParameterError, match=message):
        resolve_device(device)


def test_precisions_are_resolved():
    cpu = torch.device("cpu")
    assert resolve_precision("float32", cpu) is torch.float32
    assert resolve_precision("bfloat16", cpu) is torch.bfloat16
    assert resolve_precision("auto", cpu) in (torch.float32, torch.bfloat16)
    with pytest.raises(InvalidParameterError, match="precision must be one of .* got 'float16'"):
        resolve_precision("float16", cpu)


def test_flags_of_cudnn_stay_on_the_cpu():
    before = torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic
    with repeatable_cudnn(torch.device("cpu")):
        assert (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic) == before


@pytest.mark.parametrize("n_jobs", [1, 4, -1, -2, None])
def test_jobs_are_counted_as_joblib_counts_them(n_jobs):
    check_arguments("f", {"n_jobs": N_JOBS}, {"n_jobs": n_jobs})


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        ([[1], [2, 3]], None, r"f: x must be an array, got \[\[1\], \[2, 3\]\]: "),
        (["a", "b"], np.float64, r"f: x must be an array of numbers, got \['a', 'b'\]: "),
    ],
)
def test_what_is_no_array_is_named(value, dtype, message):
    with pytest.raises(InvalidParameterError, match=message):
        as_array("f", "x", value, dtype)
