"""Warnings are errors in tests, but must not end the threads of other libraries."""

import threading
import warnings


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
