"""The steps of the ladder, from the original recipe's training to the one that the package ships.

Each step changes one thing, or a few that belong together, of the step that it names, and is
measured beside it with the same seeds and splits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from _settings import LIGHT, PLAIN, STRONGER
from imblearn.pipeline import make_pipeline

from skquickdraw import AugmentingOverSampler, MobileNetClassifier, ResNetClassifier
from skquickdraw.augmentation import AugmentationPolicy
from skquickdraw.losses import BalancedSoftmax

from .original import COPIES, FILLED, adam

PASSES = 4  # over the labelled drawings
STATIC_PASSES = 1  # over the filled-up set, which is three times as large

ERASING = AugmentationPolicy(
    rotation=15, horizontal_flip=0.5, shift=0.08, scale=0.15, shear=8, erasing=0.25
)

START = PLAIN | {
    "width": 0.35,
    "batch_size": 256,
    "label_smoothing": 0.1,
    "optimizer": adam,
    "lr": 0.001,
    "lr_schedule": None,
    "weight_decay": 4e-5,
}


@dataclass(frozen=True)
class Step:
    """One change of parameters, and the name of the step that it changes.

    ``pace`` is how many pictures the network sees in the time in which that of the ladder sees one:
    it gets as many passes fewer, so that all steps take about equal time. ``passes`` are those of
    the ladder, or of the step that it changes, where None.
    """

    name: str
    of: str | None
    change: str
    params: dict[str, Any] = field(default_factory=dict)
    network: type = ResNetClassifier
    pace: float = 1.0
    passes: int | None = None

    @property
    def is_look(self) -> bool:
        """Whether the step only predicts otherwise, with the network of the step below it."""
        return set(self.params) == {"n_tta"}


STEPS = [
    Step("static", None, "over-sampled once to 1,500 copies a class; Adam at a constant rate"),
    Step(
        "live",
        "static",
        "turned and shifted anew each time, classes balanced by sampling",
        {"augmentation": COPIES, "sampling": "balanced"},
    ),
    Step(
        "light",
        "live",
        "15 degrees, 8 % shift, 15 % scale, 8 degrees shear",
        {"augmentation": LIGHT},
    ),
    Step(
        "one-cycle",
        "light",
        "AdamW (decay 0.05) at a rate that rises to 0.006 and falls",
        {"lr_schedule": "onecycle", "optimizer": "adamw", "lr": 0.006, "weight_decay": 0.05},
    ),
    Step(
        "averaged",
        "one-cycle",
        "weights averaged, over about the last tenth of so few steps",
        {"ema_decay": 0.999},
    ),
    Step(
        "balanced-softmax",
        "averaged",
        "balanced softmax in place of balanced sampling",
        {"loss": "balanced_softmax", "sampling": None},
    ),
    Step(
        "softer",
        "balanced-softmax",
        "three quarters of the shift that balanced softmax makes",
        {"loss": BalancedSoftmax(tau=0.75)},
    ),
    Step("adamw-0.02", "balanced-softmax", "three times the rate", {"lr": 0.02}),
    Step("muon", "balanced-softmax", "Muon (0.02)", {"optimizer": "muon", "lr": 0.02}),
    Step("decay-0.15", "muon", "three times the weight decay", {"weight_decay": 0.15}),
    Step("mirrored", "muon", "predictions averaged with those of the mirror image", {"n_tta": 2}),
    Step("views", "mirrored", "and with shifts by a pixel, ten views in all", {"n_tta": 10}),
    Step("no-smoothing", "mirrored", "no label smoothing", {"label_smoothing": 0.0}),
    Step(
        "stronger",
        "mirrored",
        "stronger augmentation, bent, thick and thin",
        {"augmentation": STRONGER},
    ),
    Step(
        "erasing",
        "mirrored",
        "a box blanked in a quarter of the images",
        {"augmentation": ERASING},
    ),
    Step("mixup", "mirrored", "MixUp", {"mixing": "mixup"}),
    Step("cutmix", "mirrored", "CutMix", {"mixing": "cutmix"}),
    Step("dropout", "mirrored", "dropout 0.3 of the last features", {"dropout": 0.3}),
    Step("depth", "mirrored", "stochastic depth 0.1", {"stochastic_depth": 0.1}),
    Step("wider", "mirrored", "0.5 wide, in about equal time", {"width": 0.5}, pace=0.5),
    Step(
        "full-size",
        "mirrored",
        "28 x 28 in the first stage, in about equal time",
        {"stem_stride": 1},
        pace=0.25,
    ),
    Step(
        "mobilenet",
        "mirrored",
        "MobileNetV2 of width 0.5, in about equal time",
        {"width": 0.5},
        MobileNetClassifier,
        0.4,
    ),
    Step(
        "longer",
        "mirrored",
        "twelve passes",
        passes=12,
    ),
    Step(
        "longer-no-smoothing",
        "longer",
        "no label smoothing",
        {"label_smoothing": 0.0},
    ),
    Step(
        "longer-decay",
        "longer-no-smoothing",
        "three times the weight decay",
        {"weight_decay": 0.15},
    ),
]
BY_NAME = {step.name: step for step in STEPS}


def make_estimator(name: str, seed: int, passes: int | None = None) -> Any:
    """Return the estimator of a step, with all that it has from the steps below it."""
    step = BY_NAME[name]
    passes = passes or passes_of(step)
    params = START | _merged(step)
    network = step.network(
        **params, max_epochs=max(1, round(passes * step.pace)), random_state=seed
    )
    if step.of is not None:
        return network
    network.set_params(max_epochs=max(1, round(passes * STATIC_PASSES / PASSES)))
    copies = AugmentingOverSampler(
        FILLED["teacher"], augmentation=COPIES, unlabeled_label=-1, random_state=seed
    )
    return make_pipeline(copies, network)


def passes_of(step: Step) -> int:
    if step.passes is not None or step.of is None:
        return step.passes or PASSES
    return passes_of(BY_NAME[step.of])


def looks_of(name: str) -> list[Step]:
    """Return a step, and after it those that share its trained network."""
    found = [BY_NAME[name]]
    for step in STEPS:
        if step.is_look and step.of in [other.name for other in found]:
            found.append(step)
    return found


def _merged(step: Step) -> dict[str, Any]:
    below = {} if step.of is None else _merged(BY_NAME[step.of])
    return below | step.params
