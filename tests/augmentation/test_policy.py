"""The policy: its draws, its parameters, and the names of policies."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from skquickdraw.augmentation import AugmentationPolicy, resolve_augmentation
from skquickdraw.augmentation._policy import RANGES, AugmentationDraw
from skquickdraw.exceptions import InvalidImagesError, InvalidParameterError

SHAPE = (1, 28, 28)
OFF = dict.fromkeys(RANGES, 0)
ALL = AugmentationPolicy(horizontal_flip=0.5, elastic=1.0, thickness=0.5, erasing=0.5)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def tensors(draw):
    parts = [*draw.affine, *draw[1:]]
    return [part for part in parts if part is not None]


def test_every_change_is_tested():
    assert OFF.keys() == AugmentationPolicy().get_params().keys() - {"erasing_area"}
    missing = [name for name in OFF if not getattr(ALL, name)]
    assert not missing, f"switch {missing} on in ALL, above"
    assert None not in tensors(ALL.draw(2, SHAPE, seeded())), "each field of the draw is drawn"


def test_draws_follow_the_generator_and_nothing_global():
    state = torch.get_rng_state()
    first, second = ALL.draw(20, SHAPE, seeded()), ALL.draw(20, SHAPE, seeded())
    other = ALL.draw(20, SHAPE, seeded(1))
    pairs = zip(tensors(first), tensors(second), tensors(other), strict=True)
    for own, again, different in pairs:
        assert torch.equal(own, again)
        assert not torch.equal(own, different)
    assert torch.equal(state, torch.get_rng_state())


def test_applying_a_draw_is_pure():
    images = torch.rand(20, *SHAPE)
    before = images.clone()
    draw = ALL.draw(20, SHAPE, seeded())
    assert torch.equal(ALL.apply(images, draw), ALL.apply(images, draw))
    assert torch.equal(ALL(images, seeded()), ALL.apply(images, draw))
    assert torch.equal(images, before)


def test_draws_stay_in_their_ranges_and_reach_them():
    policy = AugmentationPolicy(20, horizontal_flip=0.3, shift=0.1, scale=0.25, shear=10)
    draw = policy.draw(10_000, (1, 20, 40), seeded()).affine
    reach = {
        "angle": (np.deg2rad(20), draw.angle),
        "shear along x": (np.deg2rad(10), draw.shear[0]),
        "shear along y": (np.deg2rad(10), draw.shear[1]),
        "zoom": (np.log(1.25), draw.zoom.log()),
        "shift along x": (4.0, draw.shift[0]),
        "shift along y": (2.0, draw.shift[1]),
    }
    for name, (limit, values) in reach.items():
        assert -1.0001 * limit <= values.min() < -0.99 * limit, name
        assert 0.99 * limit < values.max() <= 1.0001 * limit, name
        assert abs(values.mean()) < 0.03 * limit, name
    assert abs(draw.flip.float().mean() - 0.3) < 0.02


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_flips_can_be_excluded_or_certain(probability):
    draw = AugmentationPolicy(horizontal_flip=probability).draw(10_000, SHAPE, seeded())
    assert (draw.affine.flip == bool(probability)).all()


def test_a_certain_flip_alone_mirrors_exactly():
    images = torch.rand(5, 3, 12, 17)
    flipped = AugmentationPolicy(**OFF | {"horizontal_flip": 1})(images, seeded())
    torch.testing.assert_close(flipped, images.flip(3), atol=1e-5, rtol=0)


def test_one_parameter_leaves_the_draws_of_the_others():
    policy = AugmentationPolicy(horizontal_flip=0.5)
    draw = policy.draw(50, SHAPE, seeded())
    policy.set_params(shift=0, erasing=1.0, elastic=1.0)
    other = policy.draw(50, SHAPE, seeded())
    assert torch.equal(draw.affine.angle, other.affine.angle)
    assert torch.equal(draw.affine.zoom, other.affine.zoom)


@pytest.mark.parametrize("name", [name for name in OFF if name != "rotation"])
def test_a_change_that_is_switched_on_leaves_the_angles(name):
    policy = AugmentationPolicy(**OFF | {"rotation": 15})
    before = policy.draw(50, SHAPE, seeded()).affine.angle
    after = policy.set_params(**{name: 1}).draw(50, SHAPE, seeded()).affine.angle
    assert torch.equal(before, after), f"{name} has to draw after all other random numbers"


def test_the_identity_returns_the_images_themselves():
    policy = AugmentationPolicy(**OFF)
    images = torch.rand(4, *SHAPE)
    assert policy.is_identity
    assert policy(images, seeded()) is images
    assert policy.draw(4, SHAPE, seeded()) == (None,) * len(AugmentationDraw._fields)


@pytest.mark.parametrize("name", OFF)
def test_any_one_change_is_no_identity(name):
    policy = AugmentationPolicy(**OFF | {name: 1})
    images = torch.rand(4, *SHAPE)
    assert not policy.is_identity
    assert not torch.equal(policy(images, seeded()), images)


@pytest.mark.parametrize("name", OFF)
def test_a_draw_of_another_number_of_images_is_refused(name):
    policy = AugmentationPolicy(**OFF | {name: 1})
    draw = policy.draw(4, SHAPE, seeded())
    with pytest.raises(InvalidImagesError, match="got one for 4, and a batch of 5"):
        policy.apply(torch.rand(5, *SHAPE), draw)


@pytest.mark.parametrize("shape", [(1, 1, 10), (3, 2, 2), (1, 1, 1), (1, 5, 40)], ids=str)
@pytest.mark.parametrize("n_samples", [0, 1, 3])
def test_any_size_will_do(shape, n_samples):
    images = torch.rand(n_samples, *shape)
    changed = ALL(images, seeded())
    assert changed.shape == images.shape and changed.dtype == images.dtype
    within = n_samples == 0 or 0 <= changed.min() <= changed.max() <= 1.0001
    assert within, "changed values must stay between the background, 0, and the image's own"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_shows_the_same_pictures():
    images = torch.rand(32, 3, 28, 28)
    draw = ALL.draw(32, (3, 28, 28), seeded())
    torch.testing.assert_close(
        ALL.apply(images.cuda(), draw).cpu(), ALL.apply(images, draw), atol=1e-4, rtol=0
    )


def test_parameters_are_scikit_learns():
    policy = AugmentationPolicy(30, erasing_area=(0.1, 0.3))
    assert policy.get_params()["rotation"] == 30
    copy = clone(policy).set_params(shear=1.0)
    assert copy.get_params() == policy.get_params() | {"shear": 1.0}
    assert pickle.loads(pickle.dumps(copy)).get_params() == copy.get_params()


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("rotation", -1, "an angle in degrees, from 0 to 180, got -1"),
        ("rotation", 181, "from 0 to 180, got 181"),
        ("rotation", "15", "an angle in degrees, from 0 to 180, got '15'"),
        ("rotation", float("nan"), "from 0 to 180, got nan"),
        ("horizontal_flip", 1.1, "a probability, from 0 to 1, got 1.1"),
        ("horizontal_flip", True, "a probability, from 0 to 1, got True"),
        ("shift", -0.1, "a fraction of the side, from 0 to 1"),
        ("scale", float("inf"), "a relative change of size, finite and at least 0, got inf"),
        ("shear", 45, "an angle in degrees, from 0 to 44"),
        ("elastic", -1, "a displacement in pixels, finite and at least 0, got -1"),
        ("thickness", 2, "a change of radius in pixels, from 0 to 1, got 2"),
        ("erasing", None, "a probability, from 0 to 1, got None"),
    ],
)
def test_a_parameter_out_of_range_is_refused_at_use(name, value, rule):
    policy = AugmentationPolicy().set_params(**{name: value})
    match = rf"AugmentationPolicy: {name} must be .*{rule}.* Use {name}=0 to switch it off"
    with pytest.raises(InvalidParameterError, match=match):
        policy.draw(1, SHAPE, seeded())
    with pytest.raises(InvalidParameterError, match=match):
        resolve_augmentation(policy)


@pytest.mark.parametrize("area", [(0.0, 0.2), (0.3, 0.2), (0.5, 1.1), 0.2, (0.1,), ("a", "b")])
def test_an_erasing_area_that_is_no_range_is_refused(area):
    with pytest.raises(InvalidParameterError, match="erasing_area must be .* Use erasing=0"):
        AugmentationPolicy(erasing_area=area).validate()


def test_images_of_other_axes_or_integers_are_refused():
    policy = AugmentationPolicy()
    with pytest.raises(InvalidImagesError, match=r"\(n, C, H, W\), got \(4, 28, 28\)"):
        policy(torch.rand(4, 28, 28))
    with pytest.raises(InvalidImagesError, match=r"floating point.*torch.uint8.*images.float\(\)"):
        policy(torch.zeros(4, 1, 28, 28, dtype=torch.uint8))


def test_names_of_policies():
    assert resolve_augmentation(None) is None
    assert resolve_augmentation("sketch").get_params() == AugmentationPolicy().get_params()
    policy = AugmentationPolicy(5)
    assert resolve_augmentation(policy) is policy


@pytest.mark.parametrize("wrong", ["sketchy", "none", 3, AugmentationPolicy])
def test_other_names_are_refused(wrong):
    with pytest.raises(InvalidParameterError, match=r"one of \['auto', 'sketch'\] or an Augm"):
        resolve_augmentation(wrong)
