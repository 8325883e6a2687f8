"""A copy of Google's bucket on a server, read through a cache on disk."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from sklearn.datasets import get_data_home

from ..._checks import check_path
from ...exceptions import DataFileError, InvalidParameterError, MissingDependencyError
from ._cache import load_head, store_head
from ._download import RemoteFile, read_with_retries
from ._head import ANSWER, Head, PublishedFile

BASE_URL = "https://storage.googleapis.com/quickdraw_dataset/full"
BASE_URL_VARIABLE = "SKQUICKDRAW_BASE_URL"


def resolve_base_url(base_url: str | None) -> str:
    """Return the base URL in effect, without a slash at its end, or raise."""
    own = None if isinstance(base_url, str) and not base_url else base_url
    url = own if own is not None else os.environ.get(BASE_URL_VARIABLE) or BASE_URL
    if not isinstance(url, str) or not _is_base(url):
        raise InvalidParameterError(
            f"fetch_quickdraw: base_url (or {BASE_URL_VARIABLE}) must be a web address, such as "
            f"https://example.org/full, without ? and #; got {url!r}. If the files are on disk, "
            "use load_quickdraw."
        )
    return url.rstrip("/")


def _is_base(url: str) -> bool:
    """Return whether this is a web address to which a path can be appended."""
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0  # raises if the port is not a number
    except ValueError:
        return False
    return has_host and parts.scheme in ("http", "https") and not set("?#") & set(url)


class Bucket:
    """The files of one format on one server, one per class.

    Parameters
    ----------
    base_url : str
    file : PublishedFile
        Their format.
    data_home : str, path-like or None
        The cache is inside, separate for each server, because a mirror may hold anything.
    """

    def __init__(self, base_url: str, file: PublishedFile, data_home: str | PathLike[str] | None):
        host, path = urlsplit(base_url)[1:3]
        server = quote(host.rpartition("@")[2] + path, safe="")  # no password in the path
        self.file = file
        self.url = f"{base_url}/{file.folder}"
        if data_home is not None:
            check_path("fetch_quickdraw", data_home, "data_home")
        self.folder = Path(get_data_home(data_home), "quickdraw", server, file.folder)

    def cached(self, name: str, n_rows: int | None) -> Any:
        """Return the first drawings of a class, or None if the cache lacks some of them."""
        head = load_head(self._path(name))
        if not head.content:
            return None
        rows = self.file.read(head, n_rows)
        return rows if head.is_whole or len(rows) == n_rows else None

    def download(
        self, names: list[str], n_rows: int | None, *, n_retries: int, delay: float, progress: bool
    ) -> dict[str, Any]:
        """Download what the cache lacks of each class; return its first drawings."""
        session, tqdm = _import_extra()
        bar = tqdm(total=len(names), desc="Quick, Draw!", unit="class", disable=not progress)
        stop_at = partial(self._stop_at, n_rows)
        found = {}
        with session, bar:
            for name in names:
                path = self._path(name)
                url = f"{self.url}/{quote(path.name)}"
                remote = RemoteFile(session, url, load_head(path), partial(_show, bar, name))
                head, rows = read_with_retries(
                    remote, stop_at, self._verify, n_retries=n_retries, delay=delay
                )
                _keep(path, replace(head, content=self.file.cut(head)))
                found[name] = rows[:n_rows]
                bar.update()
        return found

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{self.file.suffix}"

    def _stop_at(self, n_rows: int | None, content: bytes) -> int | None:
        return None if n_rows is None else self.file.bytes_for(content, n_rows)

    def _verify(self, head: Head) -> tuple[Head, Any]:
        """Return a head with all its drawings, or raise."""
        rows = self.file.read(head)
        if len(rows) == 0:
            raise DataFileError(f"{ANSWER}: must hold a drawing; got none.")
        return head, rows


def _keep(path: Path, head: Head) -> None:
    """Store a head in the cache. If this fails, only warn: the download itself succeeded."""
    try:
        store_head(path, head)
    except OSError as error:
        warnings.warn(
            f"fetch_quickdraw: {path.name} was fetched, but cannot be kept in {path.parent}: "
            f"{error}. It will be fetched again next time; name another folder by data_home.",
            UserWarning,
            stacklevel=4,
        )


def _show(bar: Any, name: str, n_bytes: int) -> None:
    bar.set_postfix_str(f"{name}, {n_bytes / 1e6:.1f} MB")


def _import_extra() -> tuple[Any, Any]:
    """Return a session of requests, a dependency of pooch, and tqdm."""
    try:
        import pooch  # noqa: F401
        import requests
        from tqdm.auto import tqdm
    except ImportError as error:
        raise MissingDependencyError(
            "fetch_quickdraw needs pooch and tqdm to download, and one of them is missing. Install "
            "them: pip install 'skquickdraw[data]'."
        ) from error
    return requests.Session(), tqdm
