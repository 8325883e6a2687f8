"""The site: guide pages in Markdown, a gallery of examples, and a reference made from docstrings.

It builds without a network. With ``SKQUICKDRAW_INTERSPHINX=1``, or on Read the Docs, Sphinx
downloads lists of the names in other packages, and links these names to their own pages.
"""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path
from typing import Any

from docutils.nodes import Element, TextElement

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))
# Threads of the examples; torch reads this when it is loaded. With another number, results differ
# in their last bits, and on a busy machine a page would show a warning about it, with a path.
os.environ["OMP_NUM_THREADS"] = "1"

import skquickdraw

# Links to these names are not checked, because other sites describe them. Docstrings inherited from
# torch and imblearn name the last two without the package.
FOREIGN = "imblearn joblib lightgbm numpy pandas scipy sklearn skorch torch Module fit_resample"

project = "skquickdraw"
author = "skquickdraw contributors"
copyright = author
version = release = skquickdraw.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "myst_parser",
    "numpydoc",
    "search_words",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinxext.opengraph",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "auto_examples/*.ipynb", "auto_examples/*.py"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

# A broken link to something of this package is an error.
nitpicky = True
nitpick_ignore_regex = [("py:.*", rf"({name})\b.*") for name in FOREIGN.split()]

OTHER_SITES = {
    "imblearn": "https://imbalanced-learn.org/stable",
    "joblib": "https://joblib.readthedocs.io/en/stable",
    "matplotlib": "https://matplotlib.org/stable",
    "numpy": "https://numpy.org/doc/stable",
    "pandas": "https://pandas.pydata.org/docs",
    "python": "https://docs.python.org/3",
    "scipy": "https://docs.scipy.org/doc/scipy",
    "sklearn": "https://scikit-learn.org/stable",
    "torch": "https://docs.pytorch.org/docs/stable",
}
# Only on request: the result of a build must not depend on which servers answer at the time.
if os.environ.get("SKQUICKDRAW_INTERSPHINX") or os.environ.get("READTHEDOCS"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {name: (url + "/", None) for name, url in OTHER_SITES.items()}

html_theme = "furo"
html_title = f"skquickdraw {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
pygments_dark_style = "a11y-high-contrast-dark"  # furo's own underlines what is imported
html_show_sphinx = False

autosummary_generate = True
autosummary_ignore_module_all = False  # a subpackage's reference is its __all__
autosummary_imported_members = True
autodoc_typehints = "none"  # numpydoc's Parameters say more
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",  # others are shown, not run
    "ignore_pattern": r"demo\.py",  # a command, which the page about installation describes
    "within_subsection_order": "FileNameSortKey",
    "doc_module": ("skquickdraw",),
    "reference_url": {"skquickdraw": None},
    "backreferences_dir": "auto_examples/backreferences",
    "reset_modules": ("matplotlib", "figure_style.style_figures"),
    "abort_on_example_error": True,
    "min_reported_time": 1,
    "write_computation_times": False,
    "remove_config_comments": True,
    "show_signature": False,
    "image_scrapers": ("figure_style.scrape_figures",),
    "log_level": {"backreference_missing": "debug"},
}

# The preview that other sites show for a link to a page.
ogp_site_url = "https://skquickdraw.readthedocs.io/en/latest/"
ogp_image = "_static/scores_card.png"
ogp_social_cards = {"enable": False}

copybutton_exclude = ".linenos, .gp, .go"  # neither prompts nor what was printed


def skip_foreign_members(
    app: Any, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out what a class inherits from other packages: their own pages describe it."""
    member = getattr(member, "fget", member)
    origin = getattr(inspect.unwrap(member) if callable(member) else member, "__module__", None)
    return True if origin and not origin.startswith("skquickdraw") else None


def find_description(app: Any, env: Any, node: Element, contnode: TextElement) -> Element | None:
    """Let a link to ``skquickdraw.Name`` lead to the subpackage that describes the name."""
    module, _, name = node.get("reftarget", "").rpartition(".")
    home = getattr(getattr(skquickdraw, name, None), "__module__", None)
    if module != "skquickdraw" or home is None:
        return None
    domain, target = env.domains["py"], f"skquickdraw.{home.split('.')[1]}.{name}"
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, contnode)


def setup(app: Any) -> None:
    app.connect("autodoc-skip-member", skip_foreign_members)
    app.connect("missing-reference", find_description)
