"""Rules for the source of the package: what may import what, and how long things may be.

Each law is a function that returns the violations in a module. The tests check that the package has
none, and that a small bad example of each law has some.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = "skquickdraw"
SOURCE = Path(__file__).parents[1] / "src" / PACKAGE

CONTRACTS = {
    "_checks",
    "_compat",
    "_device",
    "_divergence",
    "_draws",
    "_fit_tasks",
    "_fitting",
    "_image_errors",
    "_image_shape",
    "_images",
    "_label_column",
    "_mapped",
    "_mapped_files",
    "_marks",
    "_out_of_memory",
    "_pairs",
    "_partly_labeled",
    "_pixel_range",
    "_progress",
    "_random",
    "_rasterizer",
    "_recall",
    "_scoring",
    "_targets",
    "_threads",
    "_turns",
    "_typing",
    "exceptions",
}

# The layers, lowest first. A subpackage may import the contracts and subpackages of lower layers.
FLOORS = [
    {
        "augmentation",
        "datasets",
        "losses",
        "metrics",
        "model_selection",
        "networks",
        "preprocessing",
    },
    {"neural_network", "over_sampling"},
    {"distillation", "ensemble", "feature_extraction", "few_shot", "semi_supervised"},
    {"inspection", "recipes"},
    {"persistence"},
    {"app"},
    {"cli"},
    {"__main__"},  # python -m skquickdraw
]
# These work with any classifier that has classes_ and predict_proba, so they must not depend on
# those of this package.
BARRED = {subpackage: {"neural_network"} for subpackage in FLOORS[2]}

BARRED_EVERYWHERE = {"torchvision", "lightgbm"}
BARRED_IN = {"networks": {"sklearn", "skorch", "imblearn"}}
# Packages of the extras: imported only inside functions, or for type checkers.
OPTIONAL = {
    "accelerate",
    "matplotlib",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "pandas",
    "PIL",
    "pooch",
    "tqdm",
}
WITH_PRIVATE_PARTS = {"sklearn", "skorch", "imblearn"}

NOT_A_NAME = {"utils", "helpers", "misc"}
MAX_FILE_LINES = 400
MAX_BODY_LINES = 40


@dataclass(frozen=True)
class Import:
    target: str  # dotted and absolute, down to the imported name: "sklearn.utils.check_array"
    line: int
    is_lazy: bool  # inside a function, or for type checkers only


@dataclass(frozen=True)
class Module:
    path: Path  # relative to the package
    tree: ast.Module
    n_lines: int

    @property
    def subpackage(self) -> str:
        """Return the first part of the module's name in the package; '' for its ``__init__``."""
        first = self.path.parts[0].removesuffix(".py")
        return "" if first == "__init__" else first

    def imports(self) -> Iterator[Import]:
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        inside = {n for f in ast.walk(self.tree) if isinstance(f, functions) for n in ast.walk(f)}
        inside |= {n for part in self._never_run() for n in ast.walk(part)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                targets = [f"{self._origin(node)}.{alias.name}" for alias in node.names]
            else:
                continue
            for target in targets:
                yield Import(target, node.lineno, node in inside)

    def _never_run(self) -> Iterator[ast.stmt]:
        """Yield the statements under ``if TYPE_CHECKING:``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                yield from node.body

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = [PACKAGE, *self.path.parts[:-1]]
        kept = package[: len(package) - node.level + 1]
        return ".".join([*kept, node.module] if node.module else kept)


def read_modules(root: Path) -> list[Module]:
    """Parse all files in the folder of the package."""
    modules = []
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        modules.append(Module(path.relative_to(root), ast.parse(text), len(text.splitlines())))
    return modules


def imports_go_down(module: Module) -> Iterator[str]:
    if not module.subpackage:
        return  # the package's own __init__ names every subpackage
    may = _allowed(module.subpackage)
    if may is None:
        yield f"subpackage {module.subpackage!r} is on no floor: give it one in FLOORS"
        return
    for found in module.imports():
        package, _, rest = found.target.partition(".")
        if package == PACKAGE and rest.split(".")[0] not in may:
            yield f"line {found.line}: {module.subpackage} must not import {found.target}"


def _allowed(subpackage: str) -> set[str] | None:
    if subpackage in CONTRACTS:
        return CONTRACTS
    below: set[str] = set(CONTRACTS)
    for floor in FLOORS:
        if subpackage in floor:
            return (below | {subpackage}) - BARRED.get(subpackage, set())
        below |= floor
    return None


def imports_go_through_init(module: Module) -> Iterator[str]:
    for found in module.imports():
        package, subpackage, *rest = [*found.target.split("."), ""]
        is_other = package == PACKAGE and subpackage not in {module.subpackage, *CONTRACTS}
        if is_other and any(part.startswith("_") for part in rest):
            yield f"line {found.line}: {found.target} is private to its subpackage"


def barred_packages_stay_out(module: Module) -> Iterator[str]:
    barred = BARRED_EVERYWHERE | BARRED_IN.get(module.subpackage, set())
    for found in module.imports():
        if found.target.split(".")[0] in barred:
            yield f"line {found.line}: {module.subpackage} must not import {found.target}"


def extras_are_imported_late(module: Module) -> Iterator[str]:
    for found in module.imports():
        if found.target.split(".")[0] in OPTIONAL and not found.is_lazy:
            yield f"line {found.line}: {found.target} is optional; import it inside a function"


def private_names_stay_in_compat(module: Module) -> Iterator[str]:
    if module.subpackage == "_compat":
        return
    for found in module.imports():
        package, *rest = found.target.split(".")
        is_private = any(part.startswith("_") and not part.endswith("__") for part in rest)
        if package in WITH_PRIVATE_PARTS and is_private:
            yield f"line {found.line}: {found.target} is private; import it in _compat.py only"


def files_are_short(module: Module) -> Iterator[str]:
    if module.n_lines > MAX_FILE_LINES:
        yield f"{module.n_lines} lines, more than {MAX_FILE_LINES}"


def functions_are_short(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            n_lines = _body_lines(node)
            if n_lines > MAX_BODY_LINES:
                yield f"line {node.lineno}: {node.name} has {n_lines} lines, over {MAX_BODY_LINES}"


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def names_say_something(module: Module) -> Iterator[str]:
    for part in module.path.with_suffix("").parts:
        if part.strip("_") in NOT_A_NAME:
            yield f"{part!r} names no idea"


Law = Callable[[Module], Iterator[str]]

LAWS: list[Law] = [
    imports_go_down,
    imports_go_through_init,
    barred_packages_stay_out,
    extras_are_imported_late,
    private_names_stay_in_compat,
    files_are_short,
    functions_are_short,
    names_say_something,
]


def complaints(law: Law, root: Path) -> list[str]:
    return [f"{module.path}: {text}" for module in read_modules(root) for text in law(module)]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_package_keeps_the_law(law):
    assert complaints(law, SOURCE) == []


LONG_BODY = "def f():\n" + "    x = 1\n" * 41
LONG_DOCSTRING = "def f():\n" + '    """' + "Say more.\n" * 60 + '    """\n' + "    x = 1\n" * 40
IF_TYPE_CHECKING = "if TYPE_CHECKING:\n    import matplotlib\n"

BROKEN = [
    (imports_go_down, "networks/_cnn.py", "from ..losses import Focal"),
    (imports_go_down, "networks/_cnn.py", "from .. import losses"),
    (imports_go_down, "losses/__init__.py", "from ..over_sampling import X"),
    (imports_go_down, "metrics/_a.py", "def f():\n    import skquickdraw.datasets"),
    (imports_go_down, "over_sampling/_a.py", "from skquickdraw import ResNetClassifier"),
    (imports_go_down, "ensemble/_a.py", "from ..neural_network import X"),
    (imports_go_down, "_images.py", "from .datasets import make_sketches"),
    (imports_go_down, "cellar/_a.py", "import numpy"),
    (
        imports_go_through_init,
        "over_sampling/_a.py",
        "from ..augmentation._affine import f",
    ),
    (imports_go_through_init, "over_sampling/_a.py", "from ..augmentation import _affine"),
    (barred_packages_stay_out, "networks/_cnn.py", "from sklearn.base import BaseEstimator"),
    (barred_packages_stay_out, "networks/_cnn.py", "def f():\n    import skorch.net"),
    (barred_packages_stay_out, "datasets/_a.py", "from torchvision import transforms"),
    (barred_packages_stay_out, "ensemble/_a.py", "import lightgbm as lgb"),
    (extras_are_imported_late, "inspection/_a.py", "import matplotlib.pyplot as plt"),
    (extras_are_imported_late, "inspection/_a.py", IF_TYPE_CHECKING + "else:\n    import onnx"),
    (private_names_stay_in_compat, "metrics/_a.py", "from sklearn.utils import _safe_indexing"),
    (private_names_stay_in_compat, "metrics/_a.py", "import sklearn.utils._tags"),
    (private_names_stay_in_compat, "losses/_a.py", "from skorch._doctor import SkorchDoctor"),
    (files_are_short, "losses/_a.py", "x = 1\n" * 401),
    (functions_are_short, "losses/_a.py", LONG_BODY),
    (functions_are_short, "losses/_a.py", "async " + LONG_BODY),
    (names_say_something, "losses/_utils.py", ""),
    (names_say_something, "helpers/_a.py", ""),
]

KEPT = [
    (imports_go_down, "__init__.py", "from .neural_network import ResNetClassifier"),
    (imports_go_down, "_targets.py", "from .exceptions import InvalidTargetsError"),
    (imports_go_down, "networks/_cnn.py", "from ._layers import f\nimport torch"),
    (imports_go_down, "persistence/_a.py", "from ..neural_network import X"),
    (imports_go_down, "over_sampling/_a.py", "from ..augmentation import X"),
    (imports_go_through_init, "over_sampling/_a.py", "from .._images import check_images"),
    (imports_go_through_init, "networks/__init__.py", "from ._cnn import CNN"),
    (barred_packages_stay_out, "neural_network/_a.py", "from sklearn.base import BaseEstimator"),
    (extras_are_imported_late, "inspection/_a.py", "def f():\n    import matplotlib"),
    (extras_are_imported_late, "inspection/_a.py", IF_TYPE_CHECKING),
    (private_names_stay_in_compat, "_compat.py", "from sklearn.utils import _safe_indexing"),
    (private_names_stay_in_compat, "metrics/_a.py", "from sklearn import __version__"),
    (files_are_short, "losses/_a.py", "x = 1\n" * 400),
    (functions_are_short, "losses/_a.py", LONG_DOCSTRING),
    (names_say_something, "losses/_focal.py", ""),
]


def write_tree(root: Path, path: str, source: str) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, encoding="utf-8")
    return root


@pytest.mark.parametrize(("law", "path", "source"), BROKEN)
def test_a_broken_law_is_noticed(tmp_path, law, path, source):
    (complaint,) = complaints(law, write_tree(tmp_path, path, source))
    assert complaint.startswith(path)


@pytest.mark.parametrize(("law", "path", "source"), KEPT)
def test_what_is_allowed_passes(tmp_path, law, path, source):
    assert complaints(law, write_tree(tmp_path, path, source)) == []


def test_every_law_can_be_broken():
    assert {law for law, _, _ in BROKEN} == {law for law, _, _ in KEPT} == set(LAWS)


def test_the_package_is_where_the_laws_look():
    assert read_modules(SOURCE)


def modules_loaded_by(code: str) -> set[str]:
    """Run the code in a new interpreter, and return the packages that are loaded afterwards."""
    report = code + "\nimport sys\nprint(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


HEAVY = {"torch", "sklearn", "scipy", "numpy", "skorch", "imblearn", "lightgbm", "matplotlib"}


def test_importing_the_package_is_light():
    assert not modules_loaded_by("import skquickdraw; dir(skquickdraw)") & HEAVY


def test_a_heavy_import_would_be_noticed():
    assert "numpy" in modules_loaded_by("import numpy") & HEAVY
