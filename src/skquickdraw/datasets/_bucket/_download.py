"""Read the first bytes of a file on a web server, despite network errors."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from ...exceptions import DataFileError, DownloadError
from ._head import Head

if TYPE_CHECKING:
    import requests

TIMEOUT = 30  # seconds without data from the server, and before it counts as too slow
SLOWEST = 1000  # bytes a second, on average
LARGEST = 2**32  # bytes of a file; published ones have less than 2**30
CHUNK = 1 << 16  # bytes; less than one is lost if a connection breaks
PASSING = {408, 416, 425, 429}  # errors that may pass, like 5xx
WAYS_OUT = (
    "Without a network, fetch on another machine and copy its cache folder here, pass the address "
    "of a mirror as base_url or SKQUICKDRAW_BASE_URL, or read files that you have with "
    "load_quickdraw."
)

Rows = TypeVar("Rows")
# int() raises for thousands of digits, and for superscripts, for which str.isdigit() is True.
NUMBER = re.compile("[0-9]{1,18}")
RANGE = re.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")


class RemoteFile:
    """A file at a URL, read from its start; what was read survives a dropped connection.

    Parameters
    ----------
    session : requests.Session
    url : str
    known : Head
        The result of an earlier download; continued if the file is still the same.
    report : callable
        Called with the number of bytes read so far, after each chunk.
    """

    def __init__(
        self, session: requests.Session, url: str, known: Head, report: Callable[[int], object]
    ):
        self.session = session
        self.url = url
        self.report = report
        self._remember(known)

    @property
    def head(self) -> Head:
        return Head(bytes(self.content), self.size, self.etag)

    def forget(self) -> None:
        """Start over at the next read."""
        self._remember(Head())

    def _remember(self, head: Head) -> None:
        self.content, self.size, self.etag = bytearray(head.content), head.size, head.etag

    def read(self, stop_at: Callable[[bytes], int | None]) -> None:
        """Read until `stop_at` of the content needs no more, or to the end if it is None."""
        while len(self.content) != self.size:
            stop = stop_at(bytes(self.content))
            if stop is not None and stop <= len(self.content):
                return
            self._read_to(stop)

    def _read_to(self, stop: int | None) -> None:
        """Make one request, and keep what arrives."""
        start = len(self.content)
        # A range counts the bytes of the file itself, so it must not be compressed on the way.
        headers = {"Accept-Encoding": "identity"}
        headers["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
        if start and self.etag and not self.etag.startswith("W/"):
            headers["If-Range"] = self.etag
        with self.session.get(self.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == 416:  # the file is shorter than the known part
                self.forget()
            _check_status(response)
            end = self._begin(response, start)
            enough = LARGEST if stop is None else stop  # even if the server sends more
            for chunk in _chunks_of(response):
                self.content += chunk
                self.report(len(self.content))
                if len(self.content) >= enough:
                    break
            if len(self.content) >= LARGEST:
                self.forget()
                raise _interrupted(f"the file goes on beyond byte {LARGEST}")
            if stop is not None and len(self.content) >= stop:
                return
            if end is None:  # the answer had no length: this is the length
                self.size = len(self.content)
            elif len(self.content) < end:
                raise _interrupted(f"the answer broke off at byte {len(self.content)} of {end}")

    def _begin(self, response: requests.Response, start: int) -> int | None:
        """Read the headers of an answer; return the byte at which it will end."""
        etag = response.headers.get("ETag")
        if response.status_code != 206:  # the whole file: no ranges here, or it has changed
            is_plain = "Content-Encoding" not in response.headers
            length = response.headers.get("Content-Length", "") if is_plain else ""
            self._remember(Head(b"", int(length) if NUMBER.fullmatch(length) else None, etag))
            return self.size
        text = response.headers.get("Content-Range", "")
        found = RANGE.fullmatch(text)
        # A range that ends before it starts would be requested forever.
        if found is None or not start == int(found[1]) <= int(found[2]):
            self.forget()
            raise _interrupted(f"asked for bytes from {start}, the server sent {text[:80]!r}")
        size = int(found[3])
        if start and (self.etag, self.size) != (etag, size):
            self.forget()
            raise _interrupted("the file on the server has changed meanwhile")
        self.size, self.etag = size, etag
        return int(found[2]) + 1


def _chunks_of(response: requests.Response) -> Iterator[bytes]:
    """Yield what a server sends as it arrives; raise where it sends too slowly."""
    import requests
    import urllib3

    raw = response.raw
    read = getattr(raw, "read1", raw.read)  # before urllib3 2, a chunk comes when it is full
    started = time.monotonic()
    n_read = 0
    try:
        while chunk := read(CHUNK, decode_content=True):
            yield chunk
            n_read += len(chunk)
            seconds = time.monotonic() - started
            if seconds > TIMEOUT and n_read < SLOWEST * seconds:
                raise _interrupted(f"{n_read} bytes came in {seconds:.0f} seconds")
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(str(error)) from error


def read_with_retries(
    remote: RemoteFile,
    stop_at: Callable[[bytes], int | None],
    verify: Callable[[Head], Rows],
    *,
    n_retries: int,
    delay: float,
) -> Rows:
    """Read a file until it holds what is wanted and passes its checks.

    Raises
    ------
    DownloadError
        At once if the server's refusal is final, else after `n_retries` retries, with a pause of
        `delay` seconds that doubles each time.
    """
    import requests

    for attempt in range(n_retries + 1):
        if attempt:
            time.sleep(delay * 2 ** (attempt - 1))
        try:
            remote.read(stop_at)
            return verify(remote.head)
        except DataFileError as error:
            failure: Exception = error
            remote.forget()
        # Some malformed addresses and numbers in headers raise a bare ValueError.
        except (requests.RequestException, ValueError) as error:
            failure = error
    tries = "1 try" if n_retries == 0 else f"{n_retries + 1} tries"
    raise DownloadError(
        f"fetch_quickdraw: {without_login(remote.url)} could not be fetched in {tries}; the last "
        f"one ended with {type(failure).__name__}: {failure}. {WAYS_OUT}"
    ) from failure


def without_login(url: str) -> str:
    """Return an address without a name and password, to be shown."""
    return re.sub("//[^/]*@", "//", url)


def _check_status(response: requests.Response) -> None:
    """Raise if there is no content: an error to retry, or a final one."""
    import requests

    status = response.status_code
    if status in (200, 206):
        return
    answer = f"the server answered {status} {response.reason}"
    if status in PASSING or status >= 500:
        raise requests.HTTPError(answer)
    raise DownloadError(
        f"fetch_quickdraw: {without_login(response.url)} could not be fetched: {answer}, which "
        "another try would not change. Check that the base URL leads to a copy of Google's folder. "
        f"{WAYS_OUT}"
    )


def _interrupted(why: str) -> requests.RequestException:
    import requests

    return requests.ConnectionError(why)
