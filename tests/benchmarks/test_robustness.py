"""A small piece of ``make fuzz`` and ``make soak``, and that they notice what breaks."""

import sys
from importlib import import_module

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of the operating system")

N_FILES = 15  # of each reader; more where nothing else waits: make fuzz


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
    assert [soak.main(arguments) for _ in range(3)] == [0, 1, 1]  # each goes on where one stopped
    found = import_module("common").load(tmp_path / "soak.json")["kills"]
    assert (found["tried"], found["held"]) == (3, 2)
    assert found["cases"] == [{"seed": 1, "outcome": "RuntimeError: on purpose"}]


@pytest.mark.parametrize("kind", ["full disks", "hostile servers"])
def test_a_disturbance_holds(kind, tmp_path):
    pytest.importorskip("pooch")
    code = (
        "from pathlib import Path; from robustness.soak import run_undisturbed, attempt;"
        f"folder = Path({str(tmp_path)!r}); found = run_undisturbed(folder);"
        f"print(attempt({kind!r}, 0, folder, found))"
    )
    import subprocess

    benchmarks = import_module("robustness.fuzz").BENCHMARKS
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=benchmarks, capture_output=True, text=True, timeout=300
    )
    assert done.stdout == "None\n", done.stderr
