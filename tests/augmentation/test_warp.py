"""The warp, compared with scipy.ndimage."""

import numpy as np
import pytest
import torch
from scipy.ndimage import affine_transform, map_coordinates

from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.augmentation._affine import AffineDraw
from skquickdraw.augmentation._elastic import elastic_basis
from skquickdraw.augmentation._warp import warp

SIZES = [(28, 28), (20, 31), (2, 2), (1, 10)]


def one(angle=0.0, shear=(0.0, 0.0), zoom=1.0, flip=False, shift=(0.0, 0.0)):
    """Return the draw of a single image."""
    columns = [[value] for value in shear], [[value] for value in shift]
    return AffineDraw(
        angle=torch.tensor([angle]),
        shear=torch.tensor(columns[0]),
        zoom=torch.tensor([zoom]),
        flip=torch.tensor([flip]),
        shift=torch.tensor(columns[1]),
    )


def move(draw, points):
    """Move points (2, n) of x and y, relative to the centre: an independent forward map."""
    x, y = np.asarray(points, dtype=float)
    x, y = x * float(draw.zoom[0]), y * float(draw.zoom[0])
    x = -x if draw.flip[0] else x
    slant_x, slant_y = np.tan(draw.shear[:, 0].numpy())
    x, y = x + slant_x * y, y + slant_y * x
    cos, sin = np.cos(float(draw.angle[0])), np.sin(float(draw.angle[0]))
    x, y = cos * x - sin * y, sin * x + cos * y
    return np.stack([x + float(draw.shift[0, 0]), y + float(draw.shift[1, 0])])


def by_scipy(picture, draw):
    """Warp one image (H, W) with scipy; three moved points give the forward map."""
    origin, along_x, along_y = move(draw, [[0, 1, 0], [0, 0, 1]]).T
    forward = np.stack([along_x - origin, along_y - origin], axis=1)
    inverse = np.linalg.inv(forward)[::-1, ::-1]  # scipy counts rows first
    centre = (np.array(picture.shape) - 1) / 2
    offset = centre - inverse @ (centre + origin[::-1])
    # Padded with background, because scipy does not interpolate beyond the last pixel.
    padded = np.pad(picture, 2)
    offset = offset + 2 - inverse @ np.array([2, 2])
    return affine_transform(padded, inverse, offset, order=1, mode="constant")[2:-2, 2:-2]


DRAWS = [
    one(),
    one(angle=0.4),
    one(shear=(0.2, 0.0)),
    one(shear=(0.0, -0.3)),
    one(zoom=1.3),
    one(flip=True),
    one(shift=(2.5, -1.25)),
    one(angle=-2.0, shear=(0.1, 0.15), zoom=0.8, flip=True, shift=(-1.5, 3.0)),
]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("draw", DRAWS)
def test_warp_is_scipys(draw, size):
    picture = torch.rand((1, 1, *size), generator=torch.Generator().manual_seed(0))
    warped = warp(picture, draw, None)[0, 0].numpy()
    np.testing.assert_allclose(warped, by_scipy(picture[0, 0].numpy(), draw), atol=2e-5)


def test_a_rotation_of_a_picture_that_is_not_square_does_not_shear():
    picture = torch.zeros(1, 1, 21, 41)
    picture[0, 0, 10, 13:28] = 1  # a stroke of 15 pixels through the centre
    turned = warp(picture, one(angle=torch.pi / 2), None)[0, 0]
    expected = torch.zeros(21, 41)
    expected[3:18, 20] = 1
    torch.testing.assert_close(turned, expected, atol=1e-4, rtol=0)


def test_an_elastic_field_moves_pixels_as_scipy_does():
    policy = AugmentationPolicy(0, horizontal_flip=0, shift=0, scale=0, shear=0, elastic=1.5)
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand((3, 2, 20, 30), generator=generator)
    draw = policy.draw(3, (2, 20, 30), generator)
    field = (draw.elastic @ elastic_basis(20, 30, torch.device("cpu"))).view(3, 2, 20, 30)
    warped = policy.apply(pictures, draw)
    rows, columns = np.mgrid[:20, :30]
    for picture, result, (x, y) in zip(pictures, warped, field.numpy(), strict=True):
        where = [rows + y + 9, columns + x + 9]
        for channel in range(2):
            expected = map_coordinates(np.pad(picture[channel], 9), where, order=1)
            np.testing.assert_allclose(result[channel], expected, atol=1e-5)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_elastic_displacement_is_as_long_as_asked(size):
    policy = AugmentationPolicy(horizontal_flip=0.5, elastic=2.0)
    draw = policy.draw(4000, (1, *size), torch.Generator().manual_seed(0))
    field = draw.elastic @ elastic_basis(*size, torch.device("cpu"))  # (n, 2, H * W)
    lengths = field.square().sum(1).mean(0).sqrt()
    torch.testing.assert_close(lengths, torch.full_like(lengths, 2.0), atol=0.1, rtol=0)


def test_elastic_fields_are_smooth():
    policy = AugmentationPolicy(horizontal_flip=0.5, elastic=1.0)
    draw = policy.draw(500, (1, 28, 28), torch.Generator().manual_seed(0))
    field = (draw.elastic @ elastic_basis(28, 28, torch.device("cpu"))).view(-1, 28, 28)
    assert field.diff(dim=1).square().mean().sqrt() < 0.2  # pixels a pixel
    assert field.diff(dim=2).square().mean().sqrt() < 0.2


def test_half_precision_keeps_its_dtype_and_its_place():
    picture = torch.zeros(1, 1, 28, 28)
    picture[0, 0, 25, 25] = 1
    moved = warp(picture.bfloat16(), one(shift=(1.0, 1.0)), None)
    assert moved.dtype == torch.bfloat16
    assert moved[0, 0, 26, 26] > 0.99


def test_autocast_does_not_change_the_coordinates():
    picture = torch.rand(1, 1, 28, 28)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = warp(picture, one(angle=0.3), None)
    assert torch.equal(inside, warp(picture, one(angle=0.3), None))


def test_the_default_dtype_of_one_call_is_not_that_of_the_next():
    policy = AugmentationPolicy(horizontal_flip=0.5, rotation=10, elastic=1.0)
    images = torch.rand(2, 1, 13, 17, generator=torch.Generator().manual_seed(0))
    try:
        torch.set_default_dtype(torch.float64)
        policy(images, torch.Generator().manual_seed(0))
    finally:
        torch.set_default_dtype(torch.float32)
    assert policy(images, torch.Generator().manual_seed(0)).dtype == torch.float32
