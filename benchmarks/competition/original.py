"""The recipe of the competition's winner, built from the estimators of this library.

Before training, each class is filled up once, to 1,500 images, with rotated, shifted and mirrored
copies. A MobileNetV2 of 0.3 million weights keeps the full 28 x 28 pixels in its first stages, and
drops activations inside every block. Adam trains it at a constant rate, with label smoothing. Then
students learn from the labels and from confident pseudo-labels, with classes filled up to 4,000
images. Six students vote.
"""

from common import PLAIN
from imblearn.pipeline import make_pipeline
from torch import nn
from torch.optim import Adam

from skquickdraw import AugmentingOverSampler, ImageClassifier, NoisyStudentClassifier
from skquickdraw.augmentation import AugmentationPolicy

FILLED = {"teacher": 1500, "student": 4000}  # samples a class
CONFIDENCE = 0.4
N_MEMBERS = 6
N_PASSES = 180  # over the filled-up set, as the winner trained
DROPOUT = 0.2
STEM_CHANNELS, LAST_CHANNELS = 32, 640
# expansion, channels, blocks, stride of the first block
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 3, 2))
COPIES = AugmentationPolicy(rotation=30, shift=0.2, horizontal_flip=0.5, scale=0, shear=0)


def conv_bn(c_in, c_out, kernel, **params):
    conv = nn.Conv2d(c_in, c_out, kernel, padding=kernel // 2, bias=False, **params)
    return [conv, nn.BatchNorm2d(c_out)]


class Block(nn.Module):
    """An inverted residual block that drops activations after both of its nonlinearities."""

    def __init__(self, c_in, c_out, expansion, stride):
        super().__init__()
        hidden = c_in * expansion  # the first block has both, though it does not widen
        self.layers = nn.Sequential(
            *conv_bn(c_in, hidden, 1),
            nn.ReLU6(),
            nn.Dropout(DROPOUT),
            *conv_bn(hidden, hidden, 3, stride=stride, groups=hidden),
            nn.ReLU6(),
            nn.Dropout(DROPOUT),
            *conv_bn(hidden, c_out, 1),
        )
        self.is_residual = c_in == c_out and stride == 1

    def forward(self, x):
        branch = self.layers(x)
        return x + branch if self.is_residual else branch


class OriginalMobileNetV2(nn.Sequential):
    """The winner's network."""

    def __init__(self, image_shape, n_classes):
        layers = [*conv_bn(image_shape[0], STEM_CHANNELS, 3), nn.ReLU6()]
        c = STEM_CHANNELS
        for expansion, channels, n_blocks, stride in STAGES:
            for i in range(n_blocks):
                layers.append(Block(c, channels, expansion, stride if i == 0 else 1))
                c = channels
        layers += [*conv_bn(c, LAST_CHANNELS, 1), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        super().__init__(*layers, nn.Linear(LAST_CHANNELS, n_classes))

    def forward(self, x):
        # The winner scaled pixels to 0 to 1, so that black is 0, as the padding is. Subtracting the
        # minimum does the same: every drawing has black pixels, and batch normalisation removes
        # the scale.
        return super().forward(x - x.amin((1, 2, 3), keepdim=True))  # (B, n_classes)


# Unlike AdamW, Adam adds weight decay to the gradient (L2).
ADAM = {"optimizer": Adam, "lr": 0.001, "lr_schedule": None, "weight_decay": 4e-5}


def filled(role, n_passes, seed=None):
    """Return an over-sampler and a network that makes ``n_passes`` over the filled-up set."""
    shared = {"augmentation": COPIES, "unlabeled_label": -1, "random_state": seed}
    given = PLAIN | ADAM | {"stem_stride": "auto", "batch_size": 128, "max_epochs": n_passes}
    network = ImageClassifier(OriginalMobileNetV2, **given, random_state=seed)
    return make_pipeline(AugmentingOverSampler(FILLED[role], **shared), network)


def noisy_student(n_passes, memory=None):
    """Return a noisy student whose teacher is trained for ``n_passes``.

    It is not known how long the winner trained his students. Here a student sees about as many
    images as its teacher, in whole passes.
    """
    student = filled("student", max(1, round(n_passes * FILLED["teacher"] / FILLED["student"])))
    labels = {"pseudo_labels": "hard", "threshold": CONFIDENCE, "unlabeled_label": -1}
    given = {"student": student, "n_iterations": 1, "memory": memory, **labels}
    return NoisyStudentClassifier(filled("teacher", n_passes), **given)
