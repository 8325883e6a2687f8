"""Test an installed skquickdraw: every public name, the command, and a fit on sketches.

``make dist`` runs this in an environment with the built wheel, in a folder without a checkout. It
needs only the wheel and its dependencies.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points, requires, version
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

PACKAGE = "skquickdraw"


def main() -> None:
    """Run all checks; the first failure ends the program."""
    where = check_place()
    n_names = import_every_name()
    check_files()
    check_command()
    score = fit_save_and_load()
    n_needed = sum("extra ==" not in line for line in requires(PACKAGE) or [])
    print(
        f"{PACKAGE} {version(PACKAGE)} in {where}\n"
        f"{n_names} public names, {n_needed} dependencies, accuracy {score:.2f} on sketches"
    )


def check_place() -> Path:
    """Return the folder of the package, and check that it is in this environment."""
    place = Path(import_module(PACKAGE).__file__).parent
    assert place.is_relative_to(sys.prefix), f"{place} is outside of {sys.prefix}"
    assert import_module(PACKAGE).__version__ == version(PACKAGE)
    return place


def import_every_name() -> int:
    """Import all public names of the package and its subpackages, and return how many there are."""
    package = import_module(PACKAGE)
    found = {name: getattr(package, name) for name in package.__all__}
    inner = [
        getattr(module, name)
        for module in found.values()
        for name in getattr(module, "__all__", ())
    ]
    return len(found) + len(inner)


def check_files() -> None:
    """Check that the wheel has the files that are not Python: the page of the app, py.typed."""
    package = files(PACKAGE)
    for name in ("py.typed", "app/page/index.html", "app/page/app.js", "app/page/app.css"):
        assert package.joinpath(name).is_file(), f"{name} is missing"


def check_command() -> None:
    """Check that the command is installed and answers."""
    (entry,) = entry_points(group="console_scripts", name=PACKAGE)
    assert entry.value == f"{PACKAGE}.cli:main"
    command = Path(sys.executable).with_name(PACKAGE)
    assert ask(command, "--version").split()[-1] == version(PACKAGE)
    assert "train" in ask(command, "--help")


def ask(*command: str | Path) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, f"{command} failed:\n{done.stderr}"
    return done.stdout.strip()


def fit_save_and_load() -> float:
    """Fit, save and load a small network, and return its accuracy."""
    from skquickdraw import CNNClassifier
    from skquickdraw.datasets import make_sketches
    from skquickdraw.persistence import load_model, save_model

    X, y = make_sketches(200, n_classes=2, image_shape=(14, 14), random_state=0)
    X_test, y_test = make_sketches(100, n_classes=2, image_shape=(14, 14), random_state=1)
    clf = CNNClassifier(width=0.25, max_epochs=5, random_state=0).fit(X, y)
    with TemporaryDirectory() as folder:
        file = Path(folder, "model.safetensors")
        save_model(clf, file)
        loaded = load_model(file)
    assert (loaded.predict_proba(X_test) == clf.predict_proba(X_test)).all()
    score = float(loaded.score(X_test, y_test))
    assert score > 0.6, f"accuracy {score} of two classes"  # 2 standard errors above chance, 0.5
    return score


if __name__ == "__main__":
    main()
