"""The relation network: it scores pairs of an image and a class, for images of any size."""

import pytest
import torch

from skquickdraw.networks import RelationNetwork


def build(image_shape=(1, 12, 12), **options):
    torch.manual_seed(0)
    return RelationNetwork(image_shape, **{"width": 0.25, **options})


def random_maps(network, n_episodes, n, image_shape=(1, 12, 12)):
    maps = network.embed(torch.rand(n_episodes * n, *image_shape) * 255)
    return maps.view(n_episodes, n, *maps.shape[1:])


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (32, 48), (1, 10), (2, 2), (1, 1)], ids=str)
@pytest.mark.parametrize("channels", [1, 3])
def test_scores_have_a_row_a_query_and_a_column_a_class(size, channels):
    network = build((channels, *size))
    support = torch.rand(2, 3, 4, channels, *size) * 255
    scores = network(support, torch.rand(2, 5, channels, *size) * 255)
    assert scores.shape == (2, 5, 3)
    assert scores.isfinite().all()


def test_scores_are_symmetric_and_alike_is_alike():
    network = build().eval()
    one, other = random_maps(network, 1, 3), random_maps(network, 1, 3)
    back = network.relate(other, one).transpose(1, 2)
    torch.testing.assert_close(network.relate(one, other), back, rtol=1e-4, atol=1e-5)
    same = network.relate(one, one)[0].diagonal()
    torch.testing.assert_close(same, same[:1].expand(3), rtol=1e-4, atol=1e-5)


def test_a_class_is_the_mean_of_its_examples():
    network = build().eval()
    support, queries = torch.rand(2, 3, 4, 1, 12, 12), torch.rand(2, 5, 1, 12, 12)
    for e in range(2):
        classes = torch.stack([network.embed(examples).mean(0) for examples in support[e]])
        expected = network.relate(classes[None], network.embed(queries[e])[None])
        actual = network(support, queries)[e : e + 1]
        torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)


def test_a_score_depends_on_its_own_pair_only():
    network = build().eval()
    classes, pictures = random_maps(network, 2, 3), random_maps(network, 2, 4)
    scores = network.relate(classes, pictures)
    alone = network.relate(classes[1:, 2:], pictures[1:, 3:])
    torch.testing.assert_close(alone[0, 0, 0], scores[1, 3, 2], rtol=1e-4, atol=1e-5)
    assert scores.std() > 0


def test_integer_pixels_are_read_as_they_are():
    network = build().eval()
    images = torch.randint(0, 256, (3, 1, 12, 12), dtype=torch.uint8)
    torch.testing.assert_close(network.embed(images), network.embed(images.float()))


def test_width_multiplies_the_channels_and_squares_the_weights():
    narrow, wide = (
        sum(weight.numel() for weight in build(width=width).parameters()) for width in (0.5, 1.0)
    )
    assert 3.5 < wide / narrow < 4.5


def test_every_weight_is_trained():
    network = build((1, 28, 28))
    network(torch.rand(1, 3, 2, 1, 28, 28), torch.rand(1, 4, 1, 28, 28)).square().sum().backward()
    idle = [name for name, w in network.named_parameters() if w.grad is None or not w.grad.any()]
    assert idle == []
