"""The documentation of the parameters that all classifiers share."""

from __future__ import annotations

import re
from textwrap import indent

ENTRY = re.compile(r"^\S.*\n(?: .*\n|\n)*", re.MULTILINE)  # a parameter and its description

PARAMETERS = """\
width : float, default=1.0
    Multiplies the number of channels of every layer; above 0. Cost and size grow with its square. A
    MobileNet's 512 pooled features grow with it, and do not shrink.
stem_stride : {1, 2} or 'auto', default='auto'
    Step of the first convolution. 1 keeps full resolution for longer, at about four times the cost.
    'auto' is 1 for images with a side below 16 pixels, else 2.
dropout : float in [0, 1), default=0.0
    Rate of dropout on the pooled features before the last layer, where it costs almost nothing
    (Srivastava et al. 2014).
spatial_dropout : float in [0, 1), default=0.0
    Rate at which whole channels of a block's output are dropped (Tompson et al. 2015,
    arXiv:1411.4280).
stochastic_depth : float in [0, 1), default=0.0
    Rate at which the last residual branch is dropped; the rate grows linearly up to there (Huang et
    al. 2016, arXiv:1603.09382). Networks without residual branches refuse it.
weight_decay : float or 'auto', default='auto'
    Decoupled from the gradient (Loshchilov and Hutter 2019, arXiv:1711.05101): each step shrinks
    weights by ``lr * weight_decay``. Biases and batch-norm parameters do not decay. 'auto' is 0.15
    for 'muon', 0.01 for 'sgd' and 0.05 for all others.
label_smoothing : float in [0, 1), default=0.0
    Share of each target that is spread over all classes (Szegedy et al. 2016, arXiv:1512.00567).
loss : {'auto', 'cross_entropy', 'balanced_softmax', 'focal', 'ldam'} or object, default='auto'
    'auto' is the balanced softmax: the classifier predicts as if all classes were equally frequent,
    so rare ones are found, and ``predict_proba`` gives probabilities for balanced classes. Take
    'cross_entropy' for probabilities under the class shares of y; on balanced data both are the
    same. With ``class_weight``, 'auto' is cross entropy, and the weights decide. An object from
    :mod:`skquickdraw.losses` has parameters that a search can set, as ``loss__tau``, and so may one
    of your own (:class:`~skquickdraw.losses.Loss`).
class_weight : {'balanced', 'effective'}, dict or None, default=None
    Weights of the losses: scikit-learn's 'balanced'; 'effective' by the effective number of
    examples (Cui et al. 2019, arXiv:1901.05555); or a dict from labels to weights.
sampling : {'balanced'}, float in [0, 1] or None, default=None
    How much each epoch balances the classes: class c is shown in proportion to ``n_c ** (1 -
    sampling)``. None is 0, every row once; 'balanced' is 1, all classes equally often. An epoch
    shows as many rows as the training set has, or ``epoch_size``. Whole-number sample weights count
    as rows here; others multiply losses.
augmentation : {'auto', 'sketch'}, Augmentation or None, default='auto'
    Random changes of the training images, drawn anew in every epoch, on the device. 'auto' turns,
    moves, resizes and shears them, and mirrors them if the training rows show that mirrored images
    keep their class; ``augmentation_`` shows the decision. Features in a grid with a side below 8
    pixels are not changed. What a change uncovers is filled with the colour that surrounds most
    images. An :class:`~skquickdraw.augmentation.AugmentationPolicy` has parameters for each change;
    for one of your own see :class:`~skquickdraw.augmentation.Augmentation`. With a
    :class:`~skquickdraw.augmentation.StrokeAugmentation`, X holds packed strokes instead of images,
    in ``fit`` and in predictions: (n, 3, P), or flat with ``image_shape=(3, P)``.
mixing : {'mixup', 'cutmix'}, object or None, default=None
    Mix pairs of images and their targets; :class:`~skquickdraw.augmentation.MixUp` and
    :class:`~skquickdraw.augmentation.CutMix` have a parameter ``alpha``; for one of your own see
    :class:`~skquickdraw.augmentation.Mixing`.
optimizer : {'adamw', 'muon', 'sgd'} or callable, default='muon'
    'muon' (Jordan et al. 2024) makes the momentum of each dense convolution an orthogonal matrix,
    and uses AdamW for all other weights: it learns more from the same number of images. 'sgd' is
    Nesterov's with momentum 0.9. A callable gets parameter groups, ``lr`` and ``weight_decay``, as
    the classes of :mod:`torch.optim` do.
lr : float or 'auto', default='auto'
    Learning rate; the highest one under a schedule. Above 0. 'auto' is 0.02 for 'muon', 0.05 for
    'sgd' and 0.003 for all others; three tenths of these if the rate is constant, as in
    ``partial_fit``.
lr_schedule : {'onecycle', 'cosine', 'plateau'} or None, default='onecycle'
    'onecycle' rises for a fifth of all steps and falls to nearly 0 (Smith and Topin 2018,
    arXiv:1708.07120); 'cosine' only falls; 'plateau' multiplies the rate by 0.3 when the validation
    loss (without validation, the training loss) has stalled for 3 epochs; None is constant.
batch_size : int or 'auto', default='auto'
    At least 2. 'auto' makes about 16 steps per epoch, with 16 to 256 images each.
max_epochs : float, 'auto' or 'long', default='auto'
    Number of epochs, above 0. An epoch is a pass over the training set unless ``epoch_size`` says
    otherwise; the last one may be a part. 'auto' makes 1,000 steps, or ``11 * sqrt(n)`` for n rows
    if these are more; for features in a grid it is 20 passes. 'long' is three times as many, for a
    GPU or for a network with much dropout. ``n_epochs_`` is the number of epochs trained.
epoch_size : int or None, default=None
    Rows per epoch, at least 2; None is the training set. Use it for many millions of rows, for
    which a pass takes too long: ``max_epochs``, ``n_iter_no_change``, ``n_epochs_`` and
    ``history_`` count such epochs. Each continues where the last one ended, so a row comes again
    only after all others (with ``sampling``, after all others of its class). ``partial_fit``
    ignores it and shows all its rows once.
ema_decay : float in [0, 1) or None, default=0.999
    Decay of the moving average of weights (and batch-norm statistics) that is used for predictions;
    good values are 0.99 to 0.999. The average warms up, so that short trainings do not suffer.
early_stopping : bool, default=False
    Whether to hold out rows, stop when their score stalls, and restore the best weights.
validation_fraction : float in (0, 1), default=0.1
    Share of each class that early stopping holds out. Every class keeps at least one row for
    training; classes too small for this are not validated.
n_iter_no_change : int, default=10
    Epochs without a better validation score after which training stops.
n_tta : int in [1, 10] or 'auto', default='auto'
    Number of views of an image whose logits are averaged at prediction: the plain image, its mirror
    image (if the augmentation flips), and both shifted by one pixel in four directions. At most 5
    without flips. 'auto' is 2 with flips and 1 without.
image_shape : tuple, default=None
    (H, W) or (C, H, W) of flat rows. None reads them as square if possible, else as one row of
    pixels.
device : str or torch.device, default='auto'
    'auto' is the first CUDA GPU, else the CPU. 'accelerate' trains one network on several devices,
    in a script that ``torchrun`` or ``accelerate launch`` starts once per device.
precision : {'auto', 'float32', 'bfloat16'}, default='auto'
    Precision of activations in training. 'auto' takes bfloat16 if the hardware multiplies in it,
    else float32. Weights and predictions are always float32.
warm_start : bool, default=False
    Whether to continue from the weights of the previous ``fit``.
random_state : int, RandomState instance or None, default=None
    Seeds weights, order, augmentation and dropout. With the same seed, number of threads and
    machine, networks are equal. Global generators are not used. With None, a training whose
    threads wait for cores of a busy machine goes on with one thread, and says so.
verbose : int, default=0
    Above 0, report each epoch: with a bar in a terminal, else with a line.
"""

ATTRIBUTES = """\
classes_ : ndarray of shape (n_classes,)
    The sorted labels.
n_features_in_ : int
    Pixels per image, over all channels.
feature_names_in_ : ndarray of shape (n_features,)
    Only if X had string column names.
image_shape_ : (int, int, int)
    Channels, height, width.
pixel_range_ : (low, high) or None
    Lowest and highest pixel in ``fit``, in its first call if training was continued; images on
    another scale are refused later. For MappedFiles, a sample of 65,536 rows decides. None if X
    holds features in a grid instead of images.
data_format_ : 'channels_last'
    Only if X had shape (n, H, W, 3); flat rows are then refused.
n_epochs_ : int
    Epochs trained in all; the last one counts even if it was a part.
diverged_ : bool
    Whether training diverged. It then stopped, and the weights are those before that epoch.
auto_params_ : dict
    The numbers used for ``stem_stride``, ``lr``, ``weight_decay``, ``batch_size`` and
    ``max_epochs``.
augmentation_ : AugmentationPolicy, StrokeAugmentation or None
    The augmentation of the training images, with everything decided that was 'auto'.
augmentation_source_ : str
    The parameter ``augmentation`` for which this was decided, as text. If it has changed when
    training continues, by ``warm_start`` or ``partial_fit``, it is decided again.
background_ : ndarray of shape (n_channels,)
    The colour that surrounds most images: that of half of the border pixels, if they agree, else
    their mean.
history_ : list of dict
    For each epoch: ``epoch``, ``train_loss``, ``lr`` (at its start), ``n_images`` (shown), ``dur``
    (seconds), ``cpu`` (seconds of processor time in training, by all threads of the process), and
    with validation ``valid_loss`` (cross entropy) and ``valid_score`` (balanced accuracy).
net_ : skorch.NeuralNet
    The private net; ``net_.module_`` is the trained network.
"""


def share_parameters(cls: type) -> type:
    """Fill in ``{parameters}`` and ``{attributes}`` in a class's docstring.

    Parameters that the docstring describes itself are left out.
    """
    if cls.__doc__ is not None:  # python -OO has none
        own = re.findall(r"^    (\w[\w, ]*) :", cls.__doc__, re.MULTILINE)
        described = {name for names in own for name in names.split(", ")}
        shared = [
            entry for entry in ENTRY.findall(PARAMETERS) if entry.split(" :")[0] not in described
        ]
        for field, text in (("parameters", "".join(shared)), ("attributes", ATTRIBUTES)):
            cls.__doc__ = cls.__doc__.replace(f"    {{{field}}}\n", indent(text, "    "))
    return cls
