"""RelationNetworkClassifier: a classifier with a network that was trained to compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy, deepcopy
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from .._checks import ParametersMixin, check_random_state
from .._compat import HasMethods, Interval, StrOptions
from .._device import (
    PRECISIONS,
    plain_torch,
    resolve_device,
    resolve_precision,
    usable_device,
)
from .._fitting import unchanged_by_failure
from .._images import check_images, check_images_and_labels
from .._mapped_files import refuse_files
from .._out_of_memory import out_of_memory_as
from .._pixel_range import check_scores
from .._random import draw_seed
from .._scoring import ClassifierMixin
from ..augmentation import (
    OBJECT_OF_AUGMENTATION,
    Augmentation,
    bind_augmentation,
    resolve_augmentation,
)
from ..exceptions import FitInterrupted, InvalidParameterError
from ._comparison import mean_maps, relation_scores
from ._episodes import EpisodeSampler, choose_examples
from ._training import EpisodePlan, train_by_episodes

MOST_IMAGES = 2**31  # in a step
AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")


class RelationNetworkClassifier(ClassifierMixin, ParametersMixin, BaseEstimator):
    """Learn to compare images, and classify them by comparison with examples of each class.

    The network is trained on small classification tasks, called episodes. Each episode has a few
    classes, with a few examples per class. So the network learns to compare images, instead of
    learning a fixed list of classes. After training, :meth:`adapt` replaces the classes by new
    ones, from one or more examples per class.

    Parameters
    ----------
    n_way : int, default=20
        Number of classes in an episode, at least 2. If there are fewer classes, all are used. With
        more classes, the episodes are harder, and the network becomes more accurate.
    n_shot : int, default=3
        Number of examples per class in an episode, at least 1. Use more than one even if the
        classes later have only one example.
    n_query : int, default=3
        Number of images per class to classify in an episode, at least 1.
    n_episodes : int, default=1000
        Number of episodes in the training, at least 1; rounded up to a multiple of
        ``batch_size``.
    batch_size : int, default=1
        Number of episodes per training step, at least 1. Their images go through the network
        together.
    width : float, default=0.5
        Multiplies the number of channels of every layer; above 0.
    augmentation : {'auto', 'sketch'}, Augmentation or None, default=None
        Random changes of the images of an episode, as for
        :class:`~skquickdraw.neural_network.ResNetClassifier`.
    lr : float, default=0.003
        Learning rate, above 0. It rises to about this value during the first tenth of all steps,
        and then falls to nearly 0.
    weight_decay : float, default=0.05
        Decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101), at least 0. Biases
        and batch-norm parameters do not decay.
    n_support : int or None, default=None
        Number of examples that represent each class in predictions, at least 1. They are chosen at
        random. If a class has fewer examples, or with None, all of its examples represent it.
    image_shape : tuple, default=None
        Shape of the images, (H, W) or (C, H, W), if X has flat rows. With None, flat rows are read
        as square images if possible, else as images that are one pixel high.
    device : str or torch.device, default='auto'
        'auto' is the first CUDA GPU, or the CPU if there is no GPU.
    precision : {'auto', 'float32', 'bfloat16'}, default='auto'
        Precision of the activations in training. 'auto' is bfloat16 if the hardware can multiply
        bfloat16 numbers, else float32. Weights and predictions are always float32.
    random_state : int, RandomState instance or None, default=None
        Seeds weights, episodes, augmentation and the choice of examples. None draws a seed from
        NumPy's global generator.
    verbose : int, default=0
        Above 0, show a progress bar.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    augmentation_ : Augmentation or None
        The augmentation of the images, in which every 'auto' is replaced by the decision.
    network_ : RelationNetwork
        The trained network, shared with the estimators that :meth:`adapt` returns.
    class_maps_ : ndarray of shape (n_classes, c, h, w), float32
        The mean of the feature maps of each class's examples. Images are compared with it.
    loss_curve_ : list of float
        The loss of each training step.
    diverged_ : bool
        Whether the training diverged. In this case it was stopped, and the weights are the last
        ones that were found finite; this is checked after every 50 steps.
    image_shape_ : (int, int, int)
        Channels, height, width.
    pixel_range_ : (low, high) or None
        Lowest and highest pixel value in ``fit``. Predictions refuse images on another scale. None
        if X holds grids of features instead of images.
    data_format_ : 'channels_last'
        Only defined if X had the shape (n, H, W, 3) in ``fit``. Predictions then refuse flat rows.
    n_features_in_ : int
        Pixels per image, over all channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X. Only defined if all of them are strings.

    Raises
    ------
    InvalidImagesError, InvalidTargetsError, InvalidParameterError
        In ``fit`` and ``adapt``, before any training; the message shows the invalid value.
    OutOfMemoryError
        In ``fit``, ``adapt`` and predictions, if memory runs out. The message says what to lower.
    FitInterrupted
        In ``fit``, if the user interrupts it after the first step. What was learned is kept.

    See Also
    --------
    PrototypeClassifier : Needs no training of its own, only another network's features.
    skquickdraw.networks.RelationNetwork : The network.

    Notes
    -----
    There are some differences from the paper. The network compares maps by their squared
    differences, and its embedding is residual (see :class:`~skquickdraw.networks.RelationNetwork`).
    In the paper, scores are sigmoids, trained with squared errors on the targets 0 and 1. Here the
    scores are trained with softmax cross entropy, because predictions use the softmax of the
    scores. No difference between the two losses could be measured. A class is represented by the
    mean of the maps of its examples, and not by their sum as in the paper. So a class may have more
    or fewer examples than ``n_shot``.

    In an episode, no image appears twice, unless its class has fewer than ``n_shot + n_query``
    images. In that case the images of the class are repeated, and an image to classify may be the
    same as an example, with another augmentation. All classes are drawn equally often, even if they
    have different numbers of images.

    Probabilities are the softmax of scores over all classes. Prediction compares every image
    with every class, in blocks of bounded size.

    References
    ----------
    Sung et al., 2018, Learning to Compare: Relation Network for Few-Shot Learning. arXiv:1711.06025

    Examples
    --------
    >>> from skquickdraw.datasets import make_sketches
    >>> from skquickdraw.few_shot import RelationNetworkClassifier
    >>> X, y = make_sketches(60, 6, image_shape=(12, 12), random_state=0)
    >>> clf = RelationNetworkClassifier(width=0.25, n_episodes=20, random_state=0)
    >>> new = y >= 4
    >>> clf.fit(X[~new], y[~new]).classes_
    array([0, 1, 2, 3])
    >>> clf.adapt(X[new][:8], y[new][:8]).predict_proba(X[new]).shape
    (20, 2)
    """

    _parameter_constraints: ClassVar[dict[str, Sequence[object]]] = {
        "n_way": [Interval(Integral, 2, None, closed="left")],
        "n_shot": [AT_LEAST_ONE],
        "n_query": [AT_LEAST_ONE],
        "n_episodes": [AT_LEAST_ONE],
        "batch_size": [AT_LEAST_ONE],
        "width": [Interval(Real, 0, None, closed="neither")],
        "augmentation": [StrOptions({"auto", "sketch"}), HasMethods(["draw", "apply"]), None],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "n_support": [AT_LEAST_ONE, None],
        "image_shape": [tuple, list, None],
        "device": [str, torch.device],
        "precision": [StrOptions(set(PRECISIONS))],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        n_way: int = 20,
        n_shot: int = 3,
        n_query: int = 3,
        n_episodes: int = 1000,
        batch_size: int = 1,
        width: float = 0.5,
        augmentation: str | Augmentation | None = None,
        lr: float = 0.003,
        weight_decay: float = 0.05,
        n_support: int | None = None,
        image_shape: tuple[int, ...] | None = None,
        device: str | torch.device = "auto",
        precision: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_way = n_way
        self.n_shot = n_shot
        self.n_query = n_query
        self.n_episodes = n_episodes
        self.batch_size = batch_size
        self.width = width
        self.augmentation = augmentation
        self.lr = lr
        self.weight_decay = weight_decay
        self.n_support = n_support
        self.image_shape = image_shape
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    def __getstate__(self) -> dict[str, object]:
        """Return the state for a pickle: the network on the CPU, to load without a GPU."""
        state = {**super().__getstate__()}
        if "network_" in state:
            weight = next(state["network_"].parameters())
            state["network_"] = deepcopy(state["network_"]).cpu()
            state["device_of_network"] = str(weight.device)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        device = state.get("device_of_network", "cpu")
        super().__setstate__({k: v for k, v in state.items() if k != "device_of_network"})
        if device != "cpu":
            self.network_.to(usable_device(device))

    def __copy__(self) -> RelationNetworkClassifier:
        """Share the network, as shallow copies do; the state for a pickle would copy it."""
        shallow = type(self).__new__(type(self))
        shallow.__dict__.update(vars(self))
        return shallow

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _named_objects(self) -> Mapping[str, Mapping[str, Callable[[], object]]]:
        return {"augmentation": OBJECT_OF_AUGMENTATION}

    def fit(self, X: ArrayLike, y: ArrayLike) -> RelationNetworkClassifier:
        """Train the network, then compute the mean maps of each class.

        Parameters
        ----------
        X : array-like of shape (n, H * W), (n, H, W), (n, C, H, W) or (n, H, W, C)
            Pixels from 0 to 255. If a side is below 8 pixels, for example in flat rows whose length
            is not a square, X holds grids of features, whose values may be any float32.
        y : array-like of shape (n,)
            Labels of any type, of at least two classes.

        Returns
        -------
        self : object
        """
        self._validate_params()
        device = resolve_device(self.device)
        refuse_files(type(self).__name__, X)
        with unchanged_by_failure(self), plain_torch():
            images, classes, codes = check_images_and_labels(
                self, X, y, reset=True, image_shape=self.image_shape
            )
            rng = check_random_state(self.random_state)
            plan = self._plan(images, codes, device, draw_seed(rng))
            sampler = EpisodeSampler(
                codes, n_way=self.n_way, n_rows=self.n_shot + self.n_query, rng=rng
            )
            trained = train_by_episodes(plan, sampler)
            self.network_, self.loss_curve_ = trained.network, trained.losses
            self.diverged_ = trained.has_diverged
            self.augmentation_ = plan.augmentation.augmentation
            self.image_shape_ = images.shape[1:]
            self._keep_examples(images, codes, classes, rng)
        if trained.is_interrupted:
            raise FitInterrupted(
                f"{plan.name}: fit was interrupted after {len(self.loss_curve_)} of "
                f"{plan.n_steps} steps. It can predict as it is."
            )
        return self

    def _validate_params(self) -> None:
        super()._validate_params()
        resolve_augmentation(self.augmentation)
        resolve_device(self.device)
        n_images = self.batch_size * self.n_way * (self.n_shot + self.n_query)
        if n_images > MOST_IMAGES:
            raise InvalidParameterError(
                f"{type(self).__name__}: a step shows batch_size * n_way * (n_shot + n_query) "
                f"images, at most {MOST_IMAGES:,}, got {n_images:,}. Lower one of the four."
            )

    def _plan(
        self, images: NDArray[np.number], codes: NDArray[np.int64], device: torch.device, seed: int
    ) -> EpisodePlan:
        """Decide the values of the parameters for these images."""
        policy = resolve_augmentation(self.augmentation, image_shape=images.shape[1:])
        return EpisodePlan(
            name=type(self).__name__,
            images=images,
            n_shot=self.n_shot,
            n_steps=-(-self.n_episodes // self.batch_size),
            batch_size=self.batch_size,
            width=self.width,
            augmentation=bind_augmentation(policy, codes, lambda rows: images[rows]),
            lr=self.lr,
            weight_decay=self.weight_decay,
            device=device,
            precision=resolve_precision(self.precision, device),
            seed=seed,
            verbose=self.verbose,
        )

    @plain_torch()
    def adapt(self, X: ArrayLike, y: ArrayLike) -> RelationNetworkClassifier:
        """Return a copy with other classes, without training.

        The copy shares the trained network; this estimator does not change.

        Parameters
        ----------
        X : array-like of images, as in :meth:`fit`
            Examples of the classes, at least one of each, of the same size as in ``fit``.
        y : array-like of shape (n,)
            Labels of at least two classes, old or new.

        Returns
        -------
        adapted : RelationNetworkClassifier
        """
        check_is_fitted(self)
        self._validate_params()
        refuse_files(type(self).__name__, X)
        images, classes, codes = check_images_and_labels(
            self, X, y, reset=False, image_shape=self.image_shape_
        )
        rng = check_random_state(self.random_state)
        return copy(self)._keep_examples(images, codes, classes, rng)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities, of shape (n, n_classes); columns follow ``classes_``."""
        return softmax(self._scores(X).astype(np.float64), axis=1)

    def predict(self, X: ArrayLike) -> NDArray[np.generic]:
        """Return the label of the most similar class of each image, of shape (n,)."""
        scores = self._scores(X)
        return self.classes_[scores.argmax(axis=1)]

    def _keep_examples(
        self,
        images: NDArray[np.number],
        codes: NDArray[np.int64],
        classes: NDArray[np.generic],
        rng: np.random.RandomState,
    ) -> RelationNetworkClassifier:
        rows = choose_examples(codes, self.n_support, rng)
        with out_of_memory_as(lambda: self._describe_examples(len(rows))):
            self.class_maps_ = mean_maps(self.network_, images[rows], codes[rows])
        self.classes_ = classes
        return self

    def _describe_examples(self, n_rows: int) -> str:
        return (
            f"{type(self).__name__}: memory ran out in embedding {n_rows} examples of the classes. "
            "Lower n_support or width."
        )

    @plain_torch()
    def _scores(self, X: ArrayLike) -> NDArray[np.float32]:
        check_is_fitted(self)
        refuse_files(type(self).__name__, X)
        images = check_images(self, X, reset=False, image_shape=self.image_shape_)
        with out_of_memory_as(self._describe_prediction):
            scores = relation_scores(self.network_, images, self.class_maps_)
        return check_scores(type(self).__name__, scores)

    def _describe_prediction(self) -> str:
        return (
            f"{type(self).__name__}: memory ran out in comparing images with "
            f"{len(self.class_maps_)} classes. Predict fewer images at a time, or fit again with a "
            "lower width; batch_size matters in training only."
        )
