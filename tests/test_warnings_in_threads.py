"""Warnings are errors in tests, but must not end threads of other libraries."""

import gc
import sys
import threading
import warnings

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from skquickdraw import CNNClassifier
from skquickdraw.datasets import load_quickdraw, make_sketches
from skquickdraw.model_selection import LabeledStratifiedKFold, compare
from skquickdraw.neural_network._mapped_images import as_tensor


def test_a_worker_that_joblib_restarts_ends_no_thread():
    done = []

    def manage():
        warnings.warn(
            "A worker stopped while some jobs were given to the executor. This can be caused by a "
            "too short worker timeout or by a memory leak.",
            UserWarning,
            stacklevel=1,
        )
        done.append(True)

    thread = threading.Thread(target=manage)
    with warnings.catch_warnings(record=True):
        thread.start()
        thread.join()
    assert done == [True]


def test_no_prediction_no_reader_and_no_splitter_changes_the_filters(tmp_path, monkeypatch):
    """Threads share the filters: if two change and restore them at once, they may stay changed."""
    X, y = make_sketches(20, 2, image_shape=(8, 8), random_state=0)
    X.flags.writeable = False
    np.save(tmp_path / "a.npy", X)
    clf = CNNClassifier(width=0.1, max_epochs=1, random_state=0)

    users, enter = set(), warnings.catch_warnings.__enter__

    def note(self):
        users.add(sys._getframe(1).f_globals["__name__"].partition(".")[0])
        return enter(self)

    with monkeypatch.context() as patch:
        patch.setattr(warnings.catch_warnings, "__enter__", note)
        data = load_quickdraw(tmp_path, mmap=True).data
        clf.fit(X, y).predict(data)
        list(LabeledStratifiedKFold(3).split(y, y))
        compare({"tree": DecisionTreeClassifier()}, X.reshape(20, 64), y, scoring="f1_macro")
    assert "skquickdraw" not in users


def test_a_read_only_array_becomes_a_tensor_without_a_copy_that_keeps_it_alive():
    images = np.arange(12, dtype=np.uint8).reshape(1, 1, 3, 4)
    images.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tensor = as_tensor(images)
    assert tensor.data_ptr() == images.ctypes.data
    expected = images.copy()
    del images
    gc.collect()
    np.testing.assert_array_equal(tensor.numpy(), expected)
