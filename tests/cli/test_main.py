"""The command itself: help, version, warnings, and which modules it imports."""

import errno
import subprocess
import sys
import warnings

import pytest

import skquickdraw
from skquickdraw.cli import _main, main
from skquickdraw.cli._messages import as_line, plain_warnings

from .conftest import run_command

COMMANDS = ["train", "predict", "evaluate", "app", "export", "demo"]


def test_help_names_the_commands_and_the_exit_codes():
    done = run_command("--help")
    assert done.returncode == 0
    assert all(f"    {name} " in done.stdout for name in COMMANDS)
    assert "130 interrupted" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    assert f"usage: skquickdraw {name}" in capsys.readouterr().out


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom skquickdraw.cli import main\n"
        "try: main(['train', '--help'])\nexcept SystemExit: pass\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"torch", "numpy", "sklearn", "scipy", "rich", "PIL"}


def test_the_version_is_the_packages(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.strip() == skquickdraw.__version__


@pytest.mark.parametrize("arguments", [[], ["paint"], ["train"], ["train", "folder"], ["predict"]])
def test_wrong_arguments_are_usage(arguments):
    done = run_command(*arguments)
    assert done.returncode == 2
    assert done.stdout == "" and done.stderr.startswith("usage: skquickdraw")


@pytest.mark.parametrize("name", COMMANDS)
def test_arguments_that_a_command_does_not_know_show_its_own_usage(name, capsys):
    words = {"demo": [], "export": ["model", "-o", "a.onnx"], "train": ["data", "-o", "model"]}
    with pytest.raises(SystemExit, match="2"):
        main([name, *words.get(name, ["model", "images"][: 1 + (name != "app")]), "--bogus"])
    told = capsys.readouterr().err
    assert told.startswith(f"usage: skquickdraw {name} ")
    assert told.endswith(f"skquickdraw {name}: error: unrecognized arguments: --bogus\n")


def test_a_warning_is_a_line(capsys):
    with plain_warnings("train"):
        warnings.simplefilter("always")
        warnings.warn("load_images: one\n  and two", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "skquickdraw train: warning: one and two\n"


@pytest.mark.parametrize(
    ("platform", "file", "is_closed"),
    [("win32", None, True), ("win32", "model", False), ("linux", None, False)],
)
def test_windows_calls_a_closed_pipe_a_wrong_argument(monkeypatch, platform, file, is_closed):
    monkeypatch.setattr(_main.sys, "platform", platform)
    error = OSError(errno.EINVAL, "Invalid argument", file)
    assert _main._is_closed_pipe(error) == is_closed
    assert _main._is_closed_pipe(BrokenPipeError())


@pytest.mark.parametrize(
    ("python", "here"),
    [
        ("a.png (on_error='warn' leaves it out)", "a.png (--skip-broken leaves it out)"),
        ("Use device='cpu'.", "Use --device 'cpu'."),
        (
            "Clf: memory ran out on device='cuda' in training",
            "Clf: memory ran out on the device 'cuda' in training",
        ),
        ("load_model: path is a folder", "path is a folder"),
        (
            "Choose one format with file_format, or move the other files away.",
            "Move the other files away.",
        ),
        ("must be 48 x 48, as side=48 asks for", "must be 48 x 48, as size 48 asks for"),
        (
            "If you trust them, import them and pass trusted={'Mine': Mine}.",
            "If you trust them, load the model in Python, with load_model and trusted={'Mine': "
            "Mine}.",
        ),
    ],
)
def test_ways_out_in_python_are_told_as_options(python, here):
    assert as_line(python) == here


def test_the_demo_needs_three_classes(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["demo", "--classes", "2"])
    assert "must be at least 3" in capsys.readouterr().err
