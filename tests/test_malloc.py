"""Memory that the C library keeps for the process between training steps."""

import sys

import pytest

from skquickdraw import _malloc
from skquickdraw._malloc import kept_allocations


class Recorder:
    """Takes the place of the C library."""

    def __init__(self):
        self.calls = []

    def mallopt(self, option, value):
        self.calls.append((option, value))

    def malloc_trim(self, pad):
        self.calls.append("trim")


def test_memory_is_given_back_even_after_an_error(monkeypatch):
    libc = Recorder()
    monkeypatch.setattr(_malloc, "_glibc", lambda: libc)
    with pytest.raises(KeyError), kept_allocations():
        assert libc.calls[-1] == (_malloc.M_TRIM_THRESHOLD, _malloc.NEVER)
        raise KeyError
    assert libc.calls[-2:] == [(_malloc.M_TRIM_THRESHOLD, 64 * 2**20), "trim"]


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has these settings")
@pytest.mark.parametrize("name", ["MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"])
def test_what_the_environment_sets_is_left_alone(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    assert _malloc._glibc() is None
