"""Words that users and contributors should not have to look up: each has a plainer one."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Patterns, and what to write instead.
PLAINER = {
    r"pictures?": "image",
    r"rooms?": "subpackage, or space",
    r"(un)?labelled": "labeled, unlabeled",
    r"by heart": "memorise",
    r"dear(er|est|ly)?": "expensive",
    r"bear(s|ing|able)?|bore|borne": "tolerate, support",
    r"so as": "so that, or to",
    r"whose \w+ is to be": "that has to be",
    r"in order to|utili[sz]e[sd]?|plethora": "to, use, many",
    r"one an? (class|drawing|epoch|file|folder|image|line|member|round|row)": "one per ...",
    r"(which|that) (is|are) (?-i:none)": "that is not ...",
    r"(?<!there )(is|are|was|were) no (\w+ )?(image|number|class|int|dict|list)s?": "is not a ...",
    r", for (it|its|they|there|we|these|those)": "because",
    r"comes? of|came of": "the result of",
    r"the way back": "the inverse",
    r"afresh|anew upon|thereof|wherein|whilst|hitherto": "again, of it, in which, while, so far",
    r"(do|does|did|makes?|made) (?:\w+ )?for nothing": "needlessly",
}
# Places where a word is correct: the file, the text around it, and the reason.
ALLOWED = [
    ("_class_names.py", "bear, beard", "names of classes of Quick, Draw!"),
    ("_class_names.py", "teddy-bear", "a class"),
    ("_class_names.py", "picture frame", "a class"),
    ("README.md", "picture>", "a tag of HTML"),
    ("_server.py", '"picture"', "a key that the app's page reads"),
    ("app.md", "`picture`", "the same key"),
    ("app.md", '["picture"]', "the same key"),
    ("app.md", "['picture', 'top']", "the same key"),
    ("app.js", "{ picture, top }", "the same key"),
    ("app.js", "(picture)", "its value"),
    ("app.js", 'find("picture")', "an element of the app's page"),
    ("index.html", 'id="picture"', "the same element"),
    ("app.css", "#picture", "the same element"),
    ("ARCHITECTURE.md", "`PICTURES`", "a name in a test"),
    ("CONTRIBUTING.md", "*picture*", "named as a word that is not used"),
]
BAD = re.compile("|".join(rf"\b(?:{pattern})\b" for pattern in PLAINER), re.IGNORECASE)


def texts() -> Iterator[tuple[Path, int, str]]:
    """Yield what people read: pages, the app, and strings and comments of package and examples."""
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "benchmarks" / "README.md"]
    app = (ROOT / "src" / "skquickdraw" / "app" / "page").iterdir()
    for path in sorted(page for page in (*pages, *app) if "_build" not in page.parts):
        yield path, 1, re.sub(r"\]\([^)\n]*\)", "]()", path.read_text(encoding="utf-8"))
    for path in sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "examples").glob("*.py")]):
        code = path.read_text(encoding="utf-8")
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type in (tokenize.STRING, tokenize.COMMENT):
                yield path, token.start[0], re.sub(r"\{[^{}\n]*\}", "{}", token.string)


def complaints(path: Path, line: int, text: str) -> Iterator[str]:
    for found in BAD.finditer(text):
        around = text[max(0, found.start() - 30) : found.end() + 30]
        if not any(path.name == name and known in around for name, known, _ in ALLOWED):
            where = line + text.count("\n", 0, found.start())
            yield f"{path.relative_to(ROOT).as_posix()}:{where}: {found[0]!r} ({plainer(found[0])})"


def plainer(word: str) -> str:
    (found, *_) = [
        text for pattern, text in PLAINER.items() if re.fullmatch(pattern, word, re.IGNORECASE)
    ]
    return found


def test_texts_use_plain_words():
    assert [line for text in texts() for line in complaints(*text)] == []


@pytest.mark.parametrize("text", ["a Picture of it", "by heart", "one a class", "unlabelled"])
def test_other_words_are_noticed(text):
    (complaint,) = complaints(ROOT / "docs" / "index.md", 3, f"First line.\nSee {text}.")
    assert complaint.startswith("docs/index.md:4: ")


def test_longer_words_are_left_alone():
    assert not list(complaints(ROOT / "README.md", 1, "mushroom, unbearable, depicture, is none"))


def test_every_exception_is_needed():
    found = [(path.name, text) for path, _, text in texts()]
    for name, known, _ in ALLOWED:
        assert any(name == file and known in text for file, text in found), (name, known)
