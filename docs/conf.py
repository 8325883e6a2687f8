"""The site: guide pages in Markdown, and a reference made from docstrings. Works offline."""

from __future__ import annotations

import inspect
from typing import Any

import skquickdraw

# What links may name without this site knowing of it; the last two stand without their package in
# docstrings that are inherited from torch and imblearn.
FOREIGN = "imblearn joblib lightgbm numpy pandas scipy sklearn skorch torch Module fit_resample"

project = "skquickdraw"
author = "skquickdraw contributors"
copyright = author
version = release = skquickdraw.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "myst_parser",
    "numpydoc",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

# A link into this package that leads nowhere is an error; other packages' pages are not at hand.
nitpicky = True
nitpick_ignore_regex = [("py:.*", rf"({name})\b.*") for name in FOREIGN.split()]

html_theme = "furo"
html_title = f"skquickdraw {version}"
html_show_sphinx = False

autosummary_generate = True
autosummary_ignore_module_all = False  # a subpackage's reference is its __all__
autosummary_imported_members = True
autodoc_typehints = "none"  # numpydoc's Parameters say more
numpydoc_show_class_members = False


def skip_foreign_members(
    app: Any, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out what a class inherits from other packages: their own pages describe it."""
    member = getattr(member, "fget", member)
    origin = getattr(inspect.unwrap(member) if callable(member) else member, "__module__", None)
    return True if origin and not origin.startswith("skquickdraw") else None


def setup(app: Any) -> None:
    app.connect("autodoc-skip-member", skip_foreign_members)
