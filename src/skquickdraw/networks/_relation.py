"""A network that learns to compare (Sung et al. 2018, arXiv:1711.06025)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d, relu

from ._layers import check_parameters, conv_bn, scale_channels
from ._resnet import ResNet

RELATION_CHANNELS = 128


class RelationNetwork(nn.Module):
    """Score how similar images are to classes that are given by examples.

    :meth:`embed` computes feature maps of each image, and :meth:`relate` compares the maps of an
    image with the mean maps of a class. The network has no fixed list of classes, so it can also
    compare images with classes on which it was not trained.

    Parameters
    ----------
    image_shape : (channels, height, width)
        Each at least 1.
    width : float, default=1.0
        Factor for the number of channels of every layer, above 0 and at most 10,000.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of range.

    Notes
    -----
    Images are embedded by the stages of :class:`ResNet`, instead of four plain convolutions as in
    the paper (Sung et al. 2018, arXiv:1711.06025). The relation module of the paper concatenates
    the maps of a class and of an image, and begins with a convolution of both. Here the same
    convolution is applied to the maps of the class and to those of the image, and the module
    continues with the squared differences. So the comparison is symmetric, and equal maps have the
    difference 0. The convolution is computed once per class and once per image, not once per pair.

    Scores are logits, without the paper's final sigmoid.

    Examples
    --------
    >>> import torch
    >>> from skquickdraw.networks import RelationNetwork
    >>> network = RelationNetwork((1, 28, 28), width=0.5).eval()
    >>> classes = network.embed(torch.zeros(3, 1, 28, 28))
    >>> images = network.embed(torch.zeros(2, 1, 28, 28))
    >>> network.relate(classes[None], images[None]).shape
    torch.Size([1, 2, 3])
    """

    def __init__(self, image_shape: tuple[int, int, int], *, width: float = 1.0) -> None:
        super().__init__()
        check_parameters("RelationNetwork", image_shape, 1, width, 1)
        trunk = ResNet(image_shape, n_classes=1, width=width)
        self.standardize = trunk.standardize
        self.stages = nn.Sequential(trunk.stem, trunk.blocks)
        c_maps = trunk.head.classify.in_features
        c = scale_channels(RELATION_CHANNELS, width)
        self.project = nn.Conv2d(c_maps, c, 3, padding=1, bias=False)
        self.normalize = nn.BatchNorm2d(c)
        self.compare = nn.Sequential(*conv_bn(c, c, 3), nn.ReLU())
        self.score = nn.Sequential(nn.Linear(c, c), nn.ReLU(), nn.Linear(c, 1))

    def embed(self, images: Tensor) -> Tensor:
        """Return the maps (B, c, h, w) of images (B, C, H, W)."""
        return self.stages(self.standardize(images))  # (B, 192, 4, 4)

    def relate(self, classes: Tensor, images: Tensor) -> Tensor:
        """Score each image of an episode against each of its classes.

        Parameters
        ----------
        classes : tensor of shape (E, N, c, h, w)
            Mean maps of the examples of N classes, in each of E episodes.
        images : tensor of shape (E, Q, c, h, w)

        Returns
        -------
        scores : tensor of shape (E, Q, N)
            The higher, the more similar.
        """
        n_episodes, n_classes = classes.shape[:2]
        n_images = images.shape[1]
        a = self.project(classes.flatten(0, 1))  # (E * N, 128, 4, 4)
        b = self.project(images.flatten(0, 1))  # (E * Q, 128, 4, 4)
        a = a.view(n_episodes, 1, n_classes, *a.shape[1:])
        b = b.view(n_episodes, n_images, 1, *b.shape[1:])
        pairs = (a - b).square().flatten(0, 2)  # (E * Q * N, 128, 4, 4)
        pairs = relu(self.normalize(pairs))
        pairs = max_pool2d(pairs, [min(2, side) for side in pairs.shape[2:]])  # (E*Q*N, 128, 2, 2)
        pairs = self.compare(pairs)  # (E * Q * N, 128, 2, 2)
        pooled = avg_pool2d(pairs, pairs.shape[2:]).flatten(1)  # (E * Q * N, 128)
        return self.score(pooled).view(n_episodes, n_images, n_classes)  # (E, Q, N)

    def forward(self, support: Tensor, queries: Tensor) -> Tensor:
        """Score the queries of whole episodes, embedding all images in one pass.

        Parameters
        ----------
        support : tensor of shape (E, N, S, C, H, W)
            S examples of each of N classes.
        queries : tensor of shape (E, Q, C, H, W)

        Returns
        -------
        scores : tensor of shape (E, Q, N)
        """
        examples = support.flatten(0, 2)  # (E * N * S, C, H, W)
        maps = self.embed(torch.cat([examples, queries.flatten(0, 1)]))  # (E * (N*S + Q), c, h, w)
        of_examples, of_queries = maps.split([len(examples), len(maps) - len(examples)])
        classes = of_examples.view(*support.shape[:3], *maps.shape[1:]).mean(2)  # (E, N, c, h, w)
        return self.relate(classes, of_queries.view(*queries.shape[:2], *maps.shape[1:]))
