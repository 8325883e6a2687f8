"""Mixing of images in training batches."""

import numpy as np
import torch

from skquickdraw.augmentation import BoundAugmentation, MixUp
from skquickdraw.neural_network._batches import ImageSet, TrainingBatches
from skquickdraw.neural_network._samplers import EpochSampler


def test_a_row_of_next_to_no_weight_teaches_next_to_nothing_when_mixed():
    codes = np.array([0, 1] * 8)
    dataset = ImageSet(
        images=torch.zeros(16, 1, 8, 8),
        rows=torch.arange(16),
        codes=torch.as_tensor(codes),
        image_keys=np.arange(16, dtype=np.uint64),
        n_classes=2,
        weights=torch.tensor([2.0, 1e-6] * 8),
    )
    generator = torch.Generator().manual_seed(0)
    batches = TrainingBatches(
        dataset,
        batch_size=16,
        sampler=EpochSampler(codes, 0.0, generator),
        augmentation=BoundAugmentation(None, np.zeros(1, np.float32)),
        mixing=MixUp(1.0),
        generator=generator,
    )
    ((_, (targets, weights)),) = batches
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(16))
    taught = (targets * weights[:, None]).sum(dim=0)
    assert taught[0] > 10 and taught[1] < 1e-4


def test_a_weight_below_single_precision_does_no_harm(sketches, quick):
    X, y = sketches
    weights = np.where(np.arange(len(y)) % 3, 1.0, 1e-50)
    clf = quick(mixing="mixup").fit(X, y, sample_weight=weights)
    assert np.isfinite(clf.predict_proba(X)).all()
