"""The documentation of the parameters that all classifiers share."""

from __future__ import annotations

import re
from textwrap import indent

ENTRY = re.compile(r"^\S.*\n(?: .*\n|\n)*", re.MULTILINE)  # a parameter and its description

PARAMETERS = """\
width : float, default=1.0
    Factor for the number of channels of every layer, above 0 and at most 10,000. The training time
    and the number of weights grow with its square. A MobileNet always has at least 512 pooled
    features.
stem_stride : {1, 2} or 'auto', default='auto'
    Stride of the first convolution. With 1, the first layers work at full resolution, and training
    takes about four times as long as with 2. 'auto' is 1 if a side of the images has fewer than 16
    pixels, else 2.
dropout : float in [0, 1), default=0.0
    Rate of dropout on the pooled features, before the last layer (Srivastava et al. 2014). It takes
    almost no time.
spatial_dropout : float in [0, 1), default=0.0
    Probability that a whole channel of the output of a block, before its shortcut is added, is set
    to 0 during training (Tompson et al. 2015, arXiv:1411.4280).
stochastic_depth : float in [0, 1), default=0.0
    Probability that the last residual branch is left out for an image during training. The branches
    before it have smaller probabilities, which grow linearly with the depth (Huang et al. 2016,
    arXiv:1603.09382). For networks without residual branches, a value above 0 raises an error.
weight_decay : float or 'auto', default='auto'
    Decoupled weight decay, at least 0 (Loshchilov and Hutter 2019, arXiv:1711.05101): each step
    reduces the weights by the share ``lr * weight_decay`` (your own optimizer may differ). Biases
    and batch-norm parameters do not decay. 'auto' is 0.15 for 'muon', 0.01 for 'sgd' and 0.05 for
    all other optimizers.
label_smoothing : float in [0, 1), default=0.0
    Share of each target that is spread over all classes (Szegedy et al. 2016, arXiv:1512.00567).
loss : {'auto', 'cross_entropy', 'balanced_softmax', 'focal', 'ldam'} or object, default='auto'
    Loss function. 'auto' is the balanced softmax, or cross entropy if ``class_weight`` is set. With
    the balanced softmax, the classifier does not neglect rare classes: it predicts as if all
    classes were equally frequent, also in ``predict_proba``. Set 'cross_entropy' to get
    probabilities for the class frequencies of y. If all classes are equally frequent in y, both
    losses are the same. An object from :mod:`skquickdraw.losses` has parameters that a search can
    set, such as ``loss__tau``. You can also pass a loss of your own
    (:class:`~skquickdraw.losses.Loss`).
class_weight : {'balanced', 'effective'}, dict or None, default=None
    Weights of the classes, by which the loss of each row is multiplied. 'balanced' is defined as in
    scikit-learn. 'effective' computes weights from the effective number of examples (Cui et al.
    2019, arXiv:1901.05555). A dict maps labels to weights of at least 0; labels that it leaves out
    have weight 1. A label that y lacks, such as a misspelt one, is an error. Only a dict that names
    every class of y may also name others; such a dict fits all folds of a cross-validation.
sampling : {'balanced'}, float in [0, 1] or None, default=None
    How strongly each epoch balances the classes. A class with ``n_c`` rows is shown in proportion
    to ``n_c ** (1 - sampling)``. None is the same as 0: every row is shown equally often.
    'balanced' is the same as 1: all classes are shown equally often. An epoch always shows as many
    rows as the training set has, or ``epoch_size`` rows. Rows that ``sample_weight`` repeats count
    repeatedly.
augmentation : {'auto', 'sketch'}, Augmentation or None, default='auto'
    Random changes of the training images, different in every epoch. 'auto' moves, turns and resizes
    the images. Depending on the images, 'auto' also shears, bends, thickens, thins or partly erases
    them. It mirrors them if mirrored training images keep their class. ``augmentation_`` shows the
    decision. 'auto' does not change grids of features (with a side below 8 pixels). 'sketch' is
    ``AugmentationPolicy()``. Pixels that become empty are filled with the background colour of the
    training images. To set each change yourself, pass an
    :class:`~skquickdraw.augmentation.AugmentationPolicy`, or an augmentation of your own
    (:class:`~skquickdraw.augmentation.Augmentation`). With a
    :class:`~skquickdraw.augmentation.StrokeAugmentation`, X holds packed strokes instead of images,
    in ``fit`` and in predictions. Its shape is then (n, 3, P), or (n, 3 * P) with ``image_shape=(3,
    P)``.
mixing : {'mixup', 'cutmix'}, object or None, default=None
    How to mix pairs of training images and their targets. To set the parameter ``alpha``, pass a
    :class:`~skquickdraw.augmentation.MixUp` or :class:`~skquickdraw.augmentation.CutMix`. You can
    also pass a mixing of your own (:class:`~skquickdraw.augmentation.Mixing`).
optimizer : {'adamw', 'muon', 'sgd'} or callable, default='muon'
    'muon' (Jordan et al. 2024) updates each dense convolution of several input channels with an
    orthogonal matrix, computed from the momentum of its gradients, and trains all other weights
    with AdamW. It learns more from the same number of images than AdamW alone. 'sgd' is SGD with
    Nesterov momentum of 0.9. A callable is called with parameter groups, ``lr`` and
    ``weight_decay``, like the classes of :mod:`torch.optim`.
lr : float or 'auto', default='auto'
    Learning rate, above 0. If there is a schedule, this is its highest learning rate. 'auto' is
    0.02 for 'muon', 0.05 for 'sgd' and 0.003 for all other optimizers. If the rate is constant, as
    in ``partial_fit``, 'auto' is 0.3 times these values.
lr_schedule : {'onecycle', 'cosine', 'plateau'} or None, default='onecycle'
    How the learning rate changes during training. With 'onecycle', it rises during the first fifth
    of all steps and then falls to nearly 0 (Smith and Topin 2018, arXiv:1708.07120). With 'cosine',
    it only falls. With 'plateau', it is multiplied by 0.3 when the validation loss has not improved
    for 4 epochs; without validation rows, the training loss is used. With None, it is constant.
batch_size : int or 'auto', default='auto'
    Number of images per step, at least 2. 'auto' is n // 16, where n is the number of training
    rows, but at least 16 and at most 256.
max_epochs : float, 'auto' or 'long', default='auto'
    Number of epochs, above 0. An epoch is a pass over the training set, or ``epoch_size`` rows if
    that is set. If the number is not whole, the last epoch is only a part. 'auto' trains for 1,000
    or ``11 * sqrt(n)`` steps, whichever is more, where n is the number of training rows. For grids
    of features, 'auto' is 20 passes. 'long' is three times as many steps as 'auto'; use it on a GPU
    or for a network with much dropout.
epoch_size : int or None, default=None
    Number of rows per epoch, at least 2. None is the size of the training set. Set it if a pass
    over many millions of rows takes too long. ``max_epochs``, ``n_iter_no_change``, ``n_epochs_``
    and ``history_`` then count these shorter epochs. Each epoch continues where the last one ended,
    so a row is shown again only after all other rows (with ``sampling``, after all other rows of
    its class). ``partial_fit`` ignores this parameter: its epoch is a pass over its own rows.
ema_decay : float in [0, 1) or None, default=0.999
    Decay of the moving average of the weights and of the batch-norm statistics. The average is used
    for predictions. Good values are 0.99 to 0.999. In the first steps, a smaller decay is used, so
    that the average also suits short trainings. None uses the last weights.
early_stopping : bool, default=False
    Whether to hold out validation rows, to stop when their score no longer improves, and to restore
    the weights with the best score.
validation_fraction : float in (0, 1), default=0.1
    Share of the rows of each class that early stopping holds out. Every class keeps at least one
    row for training. Of classes that are too small for this, no row is held out.
n_iter_no_change : int, default=10
    Training stops after this number of epochs, at least 1, without a better validation score.
n_tta : int in [1, 10] or 'auto', default='auto'
    Number of views of each image whose logits are averaged in predictions. The views are the image
    itself, and the image shifted by one pixel in four directions. If the augmentation mirrors
    images, the mirror image of each view comes after it (10 views in all). 'auto' is 2 with mirror
    images and 1 without.
image_shape : (H, W) or (C, H, W), default=None
    Shape of the images if X has flat rows; C is 1 or 3. With None, flat rows are read as square
    images of one channel if possible, else as images that are one pixel high.
device : str or torch.device, default='auto'
    Device on which the network is trained. 'auto' is the first CUDA GPU, or the CPU if there is no
    GPU. 'accelerate' trains one network on several devices, in a script that ``torchrun`` or
    ``accelerate launch`` starts once per device.
precision : {'auto', 'float32', 'bfloat16'}, default='auto'
    Precision of the activations in training. 'auto' is bfloat16 if the hardware can multiply
    bfloat16 numbers, else float32. Weights are always stored, and predictions computed, in float32.
warm_start : bool, default=False
    Whether to continue from the weights of the previous ``fit``.
random_state : int, RandomState instance or None, default=None
    Seed for everything random in ``fit``, such as initial weights. With the same int, the same
    number of threads and the same machine, two fits give the same network. With None, NumPy's
    global generator gives the seed. In this case, if threads wait for cores that other programs
    use, the training warns and continues with one thread.
verbose : int, default=0
    If above 0, show a progress bar in a terminal or notebook. Elsewhere, print one line per epoch.
"""

ATTRIBUTES = """\
classes_ : ndarray of shape (n_classes,)
    The sorted labels.
n_features_in_ : int
    Number of pixels per image, over all channels.
feature_names_in_ : ndarray of shape (n_features,)
    Names of the columns of X. Only defined if X has column names that are all strings.
image_shape_ : (int, int, int)
    Channels, height and width of the images; (1, 3, P) for packed strokes.
pixel_range_ : (low, high) or None
    Lowest and highest pixel value in ``fit``. If the training was continued, these are the values
    of the first call. Predictions refuse images on another scale. For
    :class:`~skquickdraw.datasets.MappedFiles`, the values come from a sample of 65,536 rows. None
    if X holds features or strokes.
data_format_ : 'channels_last'
    Only defined if X had the shape (n, H, W, 3) in ``fit``. Predictions then refuse flat rows.
n_epochs_ : int
    Total number of epochs trained. The last epoch counts even if it was only a part of an epoch.
diverged_ : bool
    Whether the training diverged. In this case it was stopped, and the weights are those before the
    epoch in which it diverged.
auto_params_ : dict
    The parameters ``stem_stride``, ``lr``, ``weight_decay``, ``batch_size`` and ``max_epochs``, in
    which 'auto' and 'long' are replaced by the decision. ``stem_stride`` is left out for a network
    of your own, unless you set it.
augmentation_ : Augmentation or None
    The augmentation of the training images, in which every 'auto' is replaced by the decision.
augmentation_source_ : str
    The parameter ``augmentation`` from which ``augmentation_`` was made, as text. If the parameter
    has changed when the training is continued by ``warm_start`` or ``partial_fit``,
    ``augmentation_`` is made again.
background_ : ndarray of shape (n_channels,)
    The background colour of the training images. For each channel, it is the most common value of
    the border pixels if at least half of them have it, else their mean; 0 if X holds features or
    strokes.
history_ : list of dict
    One dict per epoch, with the keys ``epoch``, ``train_loss``, ``lr`` (learning rate at the start
    of the epoch), ``n_images`` (number of images shown), ``dur`` (seconds) and ``cpu`` (processor
    time of the training in seconds, over all threads of the process). With validation rows, also
    ``valid_loss`` (cross entropy) and ``valid_score`` (balanced accuracy). Held-out rows are
    weighted by ``sample_weight``, rows of ``X_val`` equally.
net_ : skorch.NeuralNet
    The skorch net that is used internally. ``net_.module_`` is the trained PyTorch network.
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
