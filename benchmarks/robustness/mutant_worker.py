"""Run tests against mutants, each in a fork of a process that has imported the heavy packages.

``python -m robustness.mutant_worker FOLDER`` reads a line of JSON for each mutant,
``[file, code, tests, seconds]``. It writes the code into the file in FOLDER, runs the tests there,
restores the old code, and prints one of the outcomes below.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

HEAVY = (
    *("torch", "torch._dynamo", "skorch", "sklearn.ensemble", "imblearn", "lightgbm"),
    *("pandas", "joblib.externals.loky", "hypothesis", "doctest", "xml.etree.ElementTree"),
)
# pytest warns that it cannot rewrite the assertions of modules that are imported already.
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
SURVIVED, KILLED, TOO_SLOW = "survived", "killed", "too slow"
# INTERRUPTED: the tests cannot be collected, for example because an import fails.
OUTCOMES = {
    pytest.ExitCode.OK: SURVIVED,
    pytest.ExitCode.TESTS_FAILED: KILLED,
    pytest.ExitCode.INTERRUPTED: KILLED,
}


def main() -> None:
    os.chdir(sys.argv[1])
    for name in HEAVY:
        importlib.import_module(name)
    for line in sys.stdin:
        file, code, tests, seconds = json.loads(line)
        before = Path(file).read_text()
        Path(file).write_text(code)
        print(json.dumps(run(tests, seconds)), flush=True)
        Path(file).write_text(before)


def run(tests: Sequence[str], seconds: float) -> str:
    """Return the outcome of a mutant. The first test, which notices most mutants, runs alone."""
    outcome = run_some(tests[:1], seconds)
    return run_some(tests[1:], seconds) if outcome == SURVIVED and tests[1:] else outcome


def run_some(tests: Sequence[str], seconds: float) -> str:
    child = os.fork()
    if child == 0:
        run_in_child(tests)
    end = time.monotonic() + seconds
    found, status = os.waitpid(child, os.WNOHANG)
    while not found and time.monotonic() < end:
        time.sleep(0.02)
        found, status = os.waitpid(child, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # the workers of its tests too
    if not found:
        os.waitpid(child, 0)
        return TOO_SLOW
    code = os.waitstatus_to_exitcode(status)
    return KILLED if code < 0 else OUTCOMES.get(code, f"pytest: {code}")


def run_in_child(tests: Sequence[str]) -> None:
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    code = 3
    try:
        code = pytest.main([*OPTIONS, *tests])
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
