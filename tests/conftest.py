"""Real images for the tests that use them."""

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


@pytest.fixture(scope="session")
def data_folder(find_data):
    """Return the same function, but it skips the test if the folder is missing."""

    def find_or_skip(name):
        folder = find_data(name)
        if folder is None:
            pytest.skip(f"SKQUICKDRAW_DATA names no folder that holds {name}/")
        return folder

    return find_or_skip
