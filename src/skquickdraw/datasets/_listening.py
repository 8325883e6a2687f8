"""Tell a listener, such as the command line, how many images were read, or changed after that."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import TypeAlias

Listener: TypeAlias = Callable[[int, int, str], None]
READ = "read"

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call ``listener`` after each file that ``load_images`` or ``load_image_folder`` reads inside.

    Its arguments are the number of files that the call has read, the number of all its files, and
    'read', or the other word that was given to :func:`count_files`.
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def count_files(n_files: int, done: str = READ) -> Callable[[], None]:
    """Return a function to call after each of the files; ``done`` says what was done to them."""
    listener, n_done = _listener.get(), count(1)
    return lambda: None if listener is None else listener(next(n_done), n_files, done)
