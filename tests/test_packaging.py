"""Other files that name versions and dependencies agree with pyproject.toml."""

from __future__ import annotations

import re
import runpy
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.version import Version

import skquickdraw

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]


def read_yaml(file: str) -> Any:
    return yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))


RECIPE = read_yaml("packaging/conda/recipe.yaml")
CITATION = read_yaml("CITATION.cff")
MATRIX = runpy.run_path(str(ROOT / "packaging/matrix.py"))
EXTRAS = runpy.run_path(str(ROOT / "packaging/try_extras.py"))
ON_CONDA = {"torch": "pytorch", "matplotlib": "matplotlib-base"}


def as_on_conda(lines: list[str]) -> set[str]:
    found = [Requirement(line) for line in lines]
    return {f"{ON_CONDA.get(each.name, each.name)} {each.specifier}" for each in found}


def test_the_version_is_written_once():
    assert "version" not in PROJECT and "version" not in CITATION
    assert skquickdraw.__version__ == version("skquickdraw")


def test_the_recipe_builds_this_release():
    context = RECIPE["context"]
    assert context["version"] == Version(skquickdraw.__version__).base_version
    assert f">={context['python_min']}" == PROJECT["requires-python"]


def test_the_recipe_needs_what_the_package_needs():
    python, *needed = RECIPE["requirements"]["run"]
    assert python == "python >=${{ python_min }}"
    assert set(needed) == as_on_conda(PROJECT["dependencies"])


def test_the_recipe_bounds_what_the_extras_bring():
    extras = PROJECT["optional-dependencies"]
    users = [*extras["plot"], *extras["data"], *extras["onnx"]]
    assert set(RECIPE["requirements"]["run_constraints"]) == as_on_conda(users)


def test_the_oldest_releases_are_the_floors():
    lines = (ROOT / "constraints-oldest.txt").read_text(encoding="utf-8").splitlines()
    oldest = lowest([line for line in lines if not line.startswith("#")], "==")
    extras = PROJECT["optional-dependencies"]
    needed = [line for name in MATRIX["TESTS"] if name for line in extras[name]]
    floors = lowest([line for line in PROJECT["dependencies"] + needed if "[" not in line], ">=")
    assert {name: oldest.get(name) for name in floors} == floors


def lowest(lines: list[str], operator: str) -> dict[str, Version]:
    found = [Requirement(line) for line in lines]
    return {each.name: Version(str(each.specifier).removeprefix(operator)) for each in found}


def test_the_matrix_tries_every_extra_of_users():
    extras = PROJECT["optional-dependencies"].keys() - MATRIX["NEEDS_NO_TEST"]
    assert MATRIX["TESTS"].keys() == {"", *extras}
    assert all((ROOT / file).exists() for files in MATRIX["TESTS"].values() for file in files)
    assert {extra for extra, _ in EXTRAS["USES"]} | {"app"} == extras  # app is the same as onnx


def test_the_workflows_run_what_there_is():
    """Targets of the Makefile, extras and files exist; the Pythons are those of the classifiers."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)", makefile, flags=re.MULTILINE)
    jobs = [
        job
        for name in ("ci", "release")
        for job in read_yaml(f".github/workflows/{name}.yml")["jobs"].values()
    ]
    lines = "\n".join(step.get("run", "") for job in jobs for step in job["steps"])
    lines += "\n".join(read_yaml(".readthedocs.yaml")["build"]["jobs"]["install"])
    lines += (ROOT / ".ci/run").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([\w-]+)", lines))
    assert targets == {"lint", "docs", "dist", "test", "test-oldest"} <= set(phony.split())
    assert set(re.findall(r'"\.\[(\w+)\]"', lines)) <= PROJECT["optional-dependencies"].keys()
    assert all((ROOT / file).exists() for file in re.findall(r"--constraint (\S+)", lines))
    (pythons,) = (job["strategy"]["matrix"]["python"] for job in jobs if "strategy" in job)
    named = [f"Programming Language :: Python :: {python}" for python in pythons]
    assert named == [text for text in PROJECT["classifiers"] if ":: Python :: 3." in text]


def test_a_commit_runs_what_make_lint_runs():
    (repository,) = read_yaml(".pre-commit-config.yaml")["repos"]
    entries = "\n".join(hook["entry"] for hook in repository["hooks"])
    assert set(re.findall(r"-m (\w+)", entries)) == set(re.findall(r"-m (\w+)", lint_recipe()))


def test_the_sdist_holds_what_make_lint_reads():
    include = PYPROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    needed = [".pre-commit-config.yaml", *re.findall(r"--config (\S+)", lint_recipe())]
    assert len(needed) > 1 and {f"/{file}" for file in needed} <= set(include)
    assert all(any(ROOT.glob(pattern.lstrip("/"))) for pattern in include)


def lint_recipe() -> str:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^lint:.*\n((?:\t.*\n)+)", makefile, flags=re.MULTILINE)
    return recipe


def test_licence_and_addresses_agree():
    urls = PROJECT["urls"]
    about = RECIPE["about"]
    assert PROJECT["license"] == about["license"] == CITATION["license"]
    assert PROJECT["description"] == about["summary"]
    assert CITATION["title"] == f"{PROJECT['name']}: {PROJECT['description']}"
    assert urls["Source"] == about["repository"] == CITATION["repository-code"]
    assert urls["Documentation"] == about["documentation"] == CITATION["url"]


def test_classifiers_begin_with_the_oldest_python():
    prefix = "Programming Language :: Python :: 3."
    minors = [int(text.removeprefix(prefix)) for text in PROJECT["classifiers"] if prefix in text]
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert f">=3.{minors[0]}" == PROJECT["requires-python"]
