"""Change the source of the package, and count how many changes its tests notice.

cosmic-ray makes the mutants. For each subject, places in its files are drawn at random, and for
each place one of the mutants that cosmic-ray can make there. Two kinds of mutants are left out:
those of annotations, which change nothing at run time, and operators of another kind, such as
``<<`` for ``*``, which fail at once with floats and would only raise the share that is noticed.
``equivalent.json`` lists the survivors that behave like the original, with the reason.
``python -m robustness.mutants --subjects losses --first 3 --last 3`` repeats one mutant.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from py_compile import PycInvalidationMode
from subprocess import PIPE
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, NamedTuple

from common import ROOT, describe_moment, load, save
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from .mutant_subjects import SUBJECTS
from .mutant_worker import KILLED, SURVIVED, TOO_SLOW

RESULTS = Path(__file__).parent / "results"
EQUIVALENT = Path(__file__).parent / "equivalent.json"
SOURCE = Path("src", "skquickdraw")
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "_build", "auto_examples", "demo_output")
# An operator is only replaced by another one of its group.
GROUPS = [
    {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"},
    {"RShift", "LShift", "BitOr", "BitAnd", "BitXor"},
    {"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"},
    {"Is", "IsNot"},
    {"UAdd", "USub"},
]


class Mutant(NamedTuple):
    file: str  # below the package
    line: int
    before: str
    after: str
    code: str  # of the whole file


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", nargs="+", default=list(SUBJECTS), choices=SUBJECTS)
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--first", type=int, default=0, help="mutant of the sample")
    parser.add_argument("--last", type=int, default=29, help="mutant of the sample")
    parser.add_argument("--output", type=Path, default=RESULTS / "mutants.json")
    parser.add_argument("--again", action="store_true", help="only what survived last time")
    options = parser.parse_args(arguments)
    result = load(options.output)
    for name in options.subjects:
        mutants, n_places = draw(name, options.seed, options.last + 1)
        mutants = mutants[options.first :]
        before = result[name] if options.again else None
        found = tally(mutants, try_out(name, mutants, before))
        print(f"{name}: {json.dumps(found, indent=1)}", flush=True)
        if options.first == 0:
            at_first = found["killed"] if before is None else before["at_first"]
            result[name] = {"places": n_places, "at_first": at_first, **found}
            save(options.output, result)
    return 0


def draw(subject: str, seed: int, n_mutants: int) -> tuple[list[Mutant], int]:
    """Return ``n_mutants`` mutants at different places, and the number of all places."""
    rng = random.Random(f"{subject} {seed}")
    places = [
        (file, operators)
        for file in SUBJECTS[subject]
        for operators in find_places((ROOT / SOURCE / file).read_text()).values()
    ]
    rng.shuffle(places)
    found: list[Mutant] = []
    for file, operators in places:
        mutant = make_mutant(file, *rng.choice(operators))
        if mutant is not None and len(found) < n_mutants:
            found.append(mutant)
    return found, len(places)


def find_places(code: str) -> dict[Any, list[tuple[str, int]]]:
    """Return the mutants of each place, as pairs of an operator and one of its occurrences."""
    nodes = list(ast_nodes(get_ast(code)))
    places: dict[Any, list[tuple[str, int]]] = {}
    for name in operator_names():
        if get_operator(name).arguments() or not is_drawn(name):
            continue
        operator = get_operator(name)()
        positions = (position for node in nodes for position in operator.mutation_positions(node))
        for occurrence, position in enumerate(positions):
            places.setdefault(position, []).append((name, occurrence))
    return dict(sorted(places.items()))


def is_drawn(operator: str) -> bool:
    """Return whether to use an operator of cosmic-ray: its mistakes must not fail at once."""
    kinds = operator.rpartition("Operator_")[2].split("_")
    is_pair = len(kinds) == 2 and kinds[0] != "Delete"
    return not is_pair or any(group.issuperset(kinds) for group in GROUPS)


def make_mutant(file: str, operator: str, occurrence: int) -> Mutant | None:
    """Return a mutant, or None if it is not valid Python or changes nothing at run time."""
    before = (ROOT / SOURCE / file).read_text()
    after = mutate_code(before, get_operator(operator)(), occurrence)
    try:
        if behaviour(before) == behaviour(after):
            return None
    except SyntaxError:
        return None
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    line, (old, new) = next((i, pair) for i, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    return Mutant(file, line, old.strip(), new.strip(), after)


def behaviour(code: str) -> str:
    """Return the syntax tree without annotations: it is equal if the code does the same."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        for part in ("annotation", "returns"):
            if getattr(node, part, None) is not None:
                setattr(node, part, ast.Constant(None))
    return ast.dump(tree)


def try_out(subject: str, mutants: list[Mutant], before: Any = None) -> Iterator[str]:
    """Yield the outcome of each mutant, in a copy of the checkout.

    With the results ``before`` of an earlier run, only the mutants that survived it are tried.
    """
    left = None if before is None else [tuple(case.values())[:4] for case in before["cases"]]
    tests = SUBJECTS[subject]
    with copied() as copy, working_in(copy) as worker:
        start = monotonic()
        whole = list(dict.fromkeys(test for own in tests.values() for test in own))
        own = ask(worker, "__init__.py", (copy / SOURCE / "__init__.py").read_text(), whole, 3600)
        if own != SURVIVED:
            sys.exit(f"The tests of {subject} fail without a mutant: {own}")
        limit = 60 + 2 * (monotonic() - start)
        for mutant in mutants:
            if left is not None and mutant[:4] not in left:
                yield KILLED
                continue
            outcome = ask(worker, mutant.file, mutant.code, tests[mutant.file], limit)
            print(f"{outcome:9}{mutant[:4]}", flush=True)
            if outcome not in (SURVIVED, KILLED, TOO_SLOW):
                sys.exit(f"The harness failed at {mutant[:4]}: {outcome}")
            yield outcome


@contextmanager
def copied() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(ROOT, Path(folder, "copy"), ignore=NOT_COPIED))
        # Python must compare hashes: the file of a mutant often has the size and time of the old.
        mode = PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(copy / "src", quiet=1, invalidation_mode=mode)
        yield copy


@contextmanager
def working_in(copy: Path) -> Iterator[Any]:
    env = os.environ | {"PYTHONPATH": str(copy / "src")}
    command = [sys.executable, "-m", "robustness.mutant_worker", str(copy)]
    with subprocess.Popen(
        command, cwd=ROOT / "benchmarks", env=env, stdin=PIPE, stdout=PIPE, text=True
    ) as worker:
        yield worker
        worker.stdin.close()


def ask(worker: Any, file: str, code: str, tests: list[str], seconds: float) -> str:
    print(json.dumps([str(SOURCE / file), code, tests, seconds]), file=worker.stdin, flush=True)
    answer = worker.stdout.readline()
    return json.loads(answer) if answer else "the worker has ended"


def tally(mutants: list[Mutant], outcomes: Iterator[str]) -> dict[str, Any]:
    """Count the outcomes, and list the survivors, with a reason for those that are equivalent."""
    reasons = {
        (case["file"], case["before"], case["after"]): case["why"]
        for case in json.loads(EQUIVALENT.read_text())
    }
    found: dict[str, Any] = {"tried": 0, "killed": 0, "equivalent": 0, "cases": []}
    for mutant, outcome in zip(mutants, outcomes, strict=True):
        found["tried"] += 1
        found["killed"] += outcome != SURVIVED
        if outcome == SURVIVED:
            case = dict(zip(("file", "line", "before", "after"), mutant[:4], strict=True))
            case["why"] = reasons.get((mutant.file, mutant.before, mutant.after))
            found["equivalent"] += case["why"] is not None
            found["cases"].append(case)
    return found | describe_moment()


if __name__ == "__main__":
    sys.exit(main())
