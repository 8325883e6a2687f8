"""Short runs of ``make fuzz``, ``make soak`` and ``make mutants``: they notice failures."""

import json
import subprocess
import sys
from importlib import import_module

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of the operating system")

N_FILES = 15  # for each reader; make fuzz tries more


def test_damaged_files_are_read_or_refused():
    for package in ("PIL", "onnxscript", "onnxruntime"):
        pytest.importorskip(package)
    fuzz = import_module("robustness.fuzz")
    readers = import_module("robustness.readers").READERS
    found = fuzz.tally(fuzz.run(list(readers), 0, N_FILES - 1))
    assert {name: own["tried"] for name, own in found.items()} == dict.fromkeys(readers, N_FILES)
    assert {name: own["cases"] for name, own in found.items() if own["failed"]} == {}
    assert all(own["refused"] for own in found.values())


def test_what_fails_on_purpose_is_noticed():
    import_module("robustness.fuzz").check_harness()


def test_a_seed_gives_the_same_file_again():
    worker, readers = import_module("robustness.worker"), import_module("robustness.readers")
    reader, valid = readers.READERS["bin"], bytes(range(200))
    files = [worker.damaged("bin", reader, valid, seed) for seed in (*range(20), *range(20))]
    assert files[:20] == files[20:] and len(set(files)) > 15


def test_what_breaks_in_a_soak_is_counted_with_its_seed(tmp_path, monkeypatch, capsys):
    soak = import_module("robustness.soak")

    def breaks_at_one(seed, folder, expected):
        if seed == 1:
            raise RuntimeError("on purpose")

    monkeypatch.setattr(soak, "TRIALS", {"kills": breaks_at_one})
    monkeypatch.setattr(soak, "run_undisturbed", lambda folder: None)
    arguments = ["--minutes", "0", "--kinds", "kills", "--output", str(tmp_path / "soak.json")]
    assert [soak.main(arguments) for _ in range(3)] == [0, 1, 1]  # each goes on with the next seed
    found = import_module("common").load(tmp_path / "soak.json")["kills"]
    assert (found["tried"], found["held"]) == (3, 2)
    assert found["cases"] == [{"seed": 1, "outcome": "RuntimeError: on purpose"}]


def test_disturbances_hold(tmp_path):
    pytest.importorskip("pooch")
    kinds = ["full disks", "hostile servers"]
    code = (
        "from pathlib import Path; from robustness.soak import run_undisturbed, attempt;"
        f"folder = Path({str(tmp_path)!r}); found = run_undisturbed(folder);"
        f"print([attempt(kind, 0, folder, found) for kind in {kinds}])"
    )
    benchmarks = import_module("robustness.fuzz").BENCHMARKS
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=benchmarks, capture_output=True, text=True, timeout=300
    )
    assert done.stdout == "[None, None]\n", done.stderr


def test_mutants_are_killed_or_survive_and_the_source_comes_back(tmp_path):
    (tmp_path / "own.py").write_text("LIMIT = 3\n")
    (tmp_path / "test_own.py").write_text(
        "from own import LIMIT\n\ndef test_limit():\n    while LIMIT == 4: pass\n"
        "    assert LIMIT > 2\n"
    )
    codes = ["LIMIT = 5", "LIMIT = 2", "LIMIT = 4", "LIMIT = oops", "LIMIT = 3"]
    lines = [json.dumps(["own.py", code, ["test_own.py"], 20]) for code in codes]
    lines[2] = lines[2].replace("20]", "3]")
    lines.append(json.dumps(["own.py", "", ["test_missing.py"], 20]))
    run = "from robustness import mutant_worker as worker; worker.HEAVY = (); worker.main()"
    done = subprocess.run(
        [sys.executable, "-B", "-c", run, str(tmp_path)],
        cwd=import_module("robustness.fuzz").BENCHMARKS,
        input="\n".join(lines),
        capture_output=True,
        text=True,
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert outcomes == ["survived", "killed", "too slow", "killed", "survived", "pytest: 4"]
    assert (tmp_path / "own.py").read_text() == "LIMIT = 3\n"


def test_every_file_of_a_subject_has_tests():
    root = import_module("common").ROOT
    subjects = import_module("robustness.mutant_subjects").SUBJECTS
    files = {file: tests for own in subjects.values() for file, tests in own.items()}
    for folder in ("augmentation", "losses", "persistence", "semi_supervised"):
        found = (root / "src" / "skquickdraw" / folder).glob("_[a-z]*.py")
        assert {f"{folder}/{file.name}" for file in found} <= set(files)
    named = {test.removeprefix("--deselect=") for tests in files.values() for test in tests}
    for file, _, name in (test.partition("::") for test in named):
        assert (root / file).exists(), file
        name = name.partition("::")[0]
        assert not name or f" {name}" in (root / file).read_text(), name


def test_mutants_are_drawn_by_a_seed_and_change_what_runs(monkeypatch):
    pytest.importorskip("cosmic_ray")
    mutants = import_module("robustness.mutants")
    monkeypatch.setitem(mutants.SUBJECTS, "losses", {"losses/_weights.py": []})  # quick
    drawn, n_places = mutants.draw("losses", 0, 5)
    assert len(drawn) == 5 < n_places and drawn == mutants.draw("losses", 0, 5)[0]
    assert drawn != mutants.draw("losses", 1, 5)[0]
    for mutant in drawn:
        code = (mutants.ROOT / mutants.SOURCE / mutant.file).read_text()
        assert mutants.behaviour(code) != mutants.behaviour(mutant.code)
        assert code.splitlines()[mutant.line - 1].strip() == mutant.before
    assert mutants.behaviour("x: int | None = 1") == mutants.behaviour("x: int - None = 1")


def test_equivalent_mutants_are_of_lines_that_are_there():
    root = import_module("common").ROOT
    cases = json.loads((root / "benchmarks" / "robustness" / "equivalent.json").read_text())
    for case in cases:
        lines = (root / "src" / "skquickdraw" / case["file"]).read_text().splitlines()
        assert case["before"] in map(str.strip, lines) and case["why"]
