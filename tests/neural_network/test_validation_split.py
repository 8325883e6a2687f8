"""Early stopping holds out original rows: neither they nor copies of them are trained on."""

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline

from skquickdraw.exceptions import InvalidTargetsError
from skquickdraw.neural_network._batches import ImageSet
from skquickdraw.neural_network._loop import TrainingLoop


@pytest.fixture
def seen(monkeypatch):
    """Return two sets, which collect the images that a fit trains on and validates on, as bytes."""
    trained, validated = set(), set()
    gather, run = ImageSet.gather, TrainingLoop.run

    def spy_on_gather(self, positions, images):
        batch = gather(self, positions, images)
        trained.update(identify(batch[0].cpu().numpy()))  # before they are augmented
        return batch

    def spy_on_run(self):
        if self.validation is not None:
            images = self.validation.images[self.validation.rows]
            validated.update(identify(images.cpu().numpy()))
        return run(self)

    monkeypatch.setattr(ImageSet, "gather", spy_on_gather)
    monkeypatch.setattr(TrainingLoop, "run", spy_on_run)
    return trained, validated


def identify(images):
    return [image.astype(np.uint8).tobytes() for image in images.reshape(len(images), -1)]


BALANCING = [
    {"sampling": "balanced", "augmentation": "sketch"},
    {"sampling": 0.5, "mixing": "cutmix"},
    {"sampling": None},
]


@pytest.mark.parametrize("params", BALANCING, ids=str)
def test_no_validation_row_is_trained_on(sketches, quick, seen, params):
    X, y = sketches
    every = identify(X)
    assert len(set(every)) == 90  # all images differ, so each identifies its row
    trained, validated = seen
    quick(early_stopping=True, validation_fraction=0.2, max_epochs=3, **params).fit(X, y)
    assert not trained & validated
    assert trained | validated <= set(every)
    held_out = y[[row in validated for row in every]]
    assert np.bincount(held_out).tolist() == [11, 5, 2]
    assert len(trained) + len(validated) == 90 or params["sampling"] is not None


def test_repeated_rows_are_not_split_apart(sketches, quick, seen):
    X, y = sketches
    trained, validated = seen
    weights = np.random.default_rng(0).integers(1, 5, 90)
    quick(early_stopping=True, validation_fraction=0.2).fit(X, y, sample_weight=weights)
    assert validated and not trained & validated


def test_over_sampling_in_front_of_the_split_leaks(sketches, quick, seen):
    # This is why sampling is a parameter of the classifier: here, rows are copied before the split.
    X, y = sketches
    trained, validated = seen
    net = quick(early_stopping=True, validation_fraction=0.2)
    make_pipeline(RandomOverSampler(random_state=0), net).fit(X, y)
    rare = {row for row, label in zip(identify(X), y, strict=True) if label == 2}
    assert validated & rare
    assert validated & rare <= trained


def test_given_validation_data_leave_all_rows_for_training(sketches, quick, seen):
    X, y = sketches
    trained, validated = seen
    quick(early_stopping=True).fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    assert trained == set(identify(X[:60]))
    assert validated == set(identify(X[60:]))


def test_without_early_stopping_all_rows_are_trained_on(sketches, quick, seen):
    trained, validated = seen
    quick().fit(*sketches)
    assert len(trained) == 90 and not validated


def test_the_statistics_are_the_training_rows(sketches, quick, seen):
    trained, _ = seen
    clf = quick(early_stopping=True, validation_fraction=0.5).fit(*sketches)
    pixels = np.frombuffer(b"".join(trained), np.uint8).astype(float)
    layer = clf.net_.module_.standardize
    assert layer.mean.item() == pytest.approx(pixels.mean(), rel=1e-5)
    assert 1 / layer.inverse_std.item() == pytest.approx(pixels.std(), rel=1e-4)


def test_nothing_to_validate_on_is_an_error(sketches, quick):
    clf = quick(early_stopping=True, validation_fraction=0.01)
    with pytest.raises(InvalidTargetsError, match="validation_fraction=0.01 of 20 rows leaves no"):
        clf.fit(sketches[0][:20], sketches[1][:20])
    assert not hasattr(clf, "net_")


def test_rows_of_weight_zero_are_not_held_out(sketches, quick, seen):
    X, y = sketches
    kept = [*np.flatnonzero(y == 0)[:20], *np.flatnonzero(y == 1)[:10]]
    weights = np.isin(np.arange(90), kept) * 1.0
    _, validated = seen
    quick(early_stopping=True, validation_fraction=0.2).fit(X, y, sample_weight=weights)
    held_out = y[[row in validated for row in identify(X)]]
    assert np.bincount(held_out).tolist() == [4, 2]


def test_nothing_of_weight_to_validate_on_is_an_error(sketches, quick):
    X, y = sketches
    weights = np.zeros(90)
    weights[[np.flatnonzero(y == 0)[0], np.flatnonzero(y == 1)[0]]] = 1
    with pytest.raises(InvalidTargetsError, match="leaves no class with a row to validate on"):
        quick(early_stopping=True).fit(X, y, sample_weight=weights)
