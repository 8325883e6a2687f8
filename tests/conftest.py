"""Real images, and links, for the tests that use them."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def find_data():
    """Return a function that finds a folder of real images by its name; None if it is missing."""

    def find(name):
        folder = Path(os.environ.get("SKQUICKDRAW_DATA", ""), name)
        return folder if "SKQUICKDRAW_DATA" in os.environ and folder.is_dir() else None

    return find


@pytest.fixture
def make_link():
    """Return a function that makes a link to a target; without the right to do so, skip the test.

    On Windows, only administrators and developers have that right.
    """

    def link_or_skip(link, target):
        try:
            link.symlink_to(target, target_is_directory=target.is_dir())
        except OSError as error:
            if os.name == "posix":
                raise
            pytest.skip(f"no link can be made here: {error}")

    return link_or_skip


@pytest.fixture(scope="session")
def data_folder(find_data):
    """Return the same function, but it skips the test if the folder is missing."""

    def find_or_skip(name):
        folder = find_data(name)
        if folder is None:
            pytest.skip(f"SKQUICKDRAW_DATA names no folder that holds {name}/")
        return folder

    return find_or_skip
