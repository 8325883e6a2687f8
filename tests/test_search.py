"""The words of docs/_extensions/search_words.py lead to their pages.

The search of the built pages is run by Node.js; ``make docs`` builds them.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORDS_FILE = ROOT / "docs" / "_extensions" / "search_words.py"
BUILT = ROOT / "docs" / "_build" / "html"
INDEX = BUILT / "searchindex.js"
NODE = shutil.which("node")

# The scripts of search.html, with the little of a browser that they use.
SEARCH = """
const fs = require("fs"), vm = require("vm");
const words = JSON.parse(fs.readFileSync(0, "utf8"));
const document = { getElementById: () => null };
const page = vm.createContext({ words, document, _: (text) => text, _ready: () => {} });
vm.runInContext("var window = globalThis, SPHINX_HIGHLIGHT_ENABLED = false", page);
for (const file of ["_static/language_data.js", "_static/searchtools.js", "searchindex.js"])
  vm.runInContext(fs.readFileSync(file, "utf8"), page);
const search = "(word) => Search._performSearch(...Search._parseQuery(word)).pop()";
console.log(vm.runInContext(`JSON.stringify(words.map(${search}))`, page));
"""


@pytest.fixture
def words() -> dict[str, tuple[str, ...]]:
    """Return the words of each page; their file cannot be imported, because it needs Sphinx."""
    for node in ast.parse(WORDS_FILE.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "WORDS":
            return ast.literal_eval(node.value)
    raise AssertionError(f"{WORDS_FILE} has no WORDS")


def test_each_word_leads_to_one_page_that_is_there(words):
    assert all(source(page).is_file() for page in words)
    counts = Counter(word.lower() for of_page in words.values() for word in of_page)
    assert max(counts.values()) == 1


def source(page: str) -> Path:
    if page.startswith("auto_examples/"):
        return ROOT / "examples" / f"{Path(page).name}.py"
    return ROOT / "docs" / f"{page}.md"


@pytest.mark.skipif(NODE is None, reason="needs Node.js")
@pytest.mark.skipif(
    not INDEX.exists() or INDEX.stat().st_mtime < WORDS_FILE.stat().st_mtime,
    reason="no pages built since the list of words has changed: run make docs",
)
def test_each_word_finds_its_page_first(words):
    expected = {
        typed: page
        for page, of_page in words.items()
        for word in of_page
        for typed in (word, word.upper(), word.removesuffix("s"))
    }
    run = subprocess.run(
        [NODE, "-e", SEARCH],
        cwd=BUILT,
        input=json.dumps(list(expected)),
        capture_output=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stderr
    found = dict(zip(expected, json.loads(run.stdout), strict=True))
    wrong = {word: found[word] for word in expected if (found[word] or [""])[0] != expected[word]}
    assert wrong == {}
