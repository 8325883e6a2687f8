"""The command, in this process and in a new one."""

import os
import signal
import subprocess
import sys
import webbrowser
from urllib.request import urlopen

import pytest

import skquickdraw
from skquickdraw.app import serve
from skquickdraw.cli import main
from skquickdraw.persistence import save_model

# If a shell runs the tests in the background, they ignore interrupts, and their children would too.
CODE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from skquickdraw.cli import main
sys.exit(main())
"""
COMMAND = [sys.executable, "-c", CODE]


@pytest.mark.skipif(os.name != "posix", reason="sends the signal of Ctrl-C to one process")
def test_serves_a_file_until_interrupted(tmp_path, trained):
    save_model(trained, tmp_path / "model.safetensors")
    names = tmp_path / "names.txt"
    names.write_text("\n".join(f"Ding {i}" for i in range(10)) + "\n", encoding="utf-8")
    options = ["app", str(tmp_path / "model.safetensors"), "--no-browser", "--names", str(names)]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().split()[2]
        assert b"Ding 9" in urlopen(f"{url}model", timeout=20).read()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        assert process.stdout.read() == "Stopped.\n"
    assert process.returncode == 0


def test_opens_the_browser_unless_told_otherwise(neighbors, monkeypatch, capsys):
    opened = []

    def interrupt(url):
        opened.append(url)
        raise KeyboardInterrupt

    monkeypatch.setattr(webbrowser, "open", interrupt)
    serve(neighbors)
    assert capsys.readouterr().out == f"Draw at {opened[0]} and stop with Ctrl-C.\nStopped.\n"


def test_a_failure_is_one_line_and_a_status(tmp_path, capsys):
    assert main(["app", str(tmp_path / "nothing.safetensors")]) == 1
    told = capsys.readouterr().err
    assert told.startswith("skquickdraw app: ") and "there is no file" in told
    assert main(["app", "model", "--names", str(tmp_path / "nothing.txt")]) == 1
    assert "nothing.txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("caf\u00e9".encode("latin-1"), "must be a text file in UTF-8"),
        (b"", "each of the model's 10 classes, in the order of classes_; got 0"),
    ],
)
def test_a_file_of_names_that_cannot_be_is_told(tmp_path, capsys, trained, content, told):
    save_model(trained, tmp_path / "model.safetensors")
    (tmp_path / "names.txt").write_bytes(content)
    options = ["--no-browser", "--names", str(tmp_path / "names.txt")]
    assert main(["app", str(tmp_path / "model.safetensors"), *options]) == 1
    assert told in capsys.readouterr().err


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path, monkeypatch):
    (tmp_path / "names.txt").write_text("cat\nsun\n", encoding="utf-8-sig")
    given = {}
    monkeypatch.setattr(
        "skquickdraw.cli._app.serve", lambda model, **options: given.update(options)
    )
    assert main(["app", "model", "--names", str(tmp_path / "names.txt")]) == 0
    assert given["names"] == ["cat", "sun"]


def test_the_folder_to_save_to_is_handed_on(tmp_path, monkeypatch):
    given = {}
    monkeypatch.setattr(
        "skquickdraw.cli._app.serve", lambda model, **options: given.update(options)
    )
    assert main(["app", "model", "--save", str(tmp_path)]) == 0
    assert given["save_to"] == str(tmp_path)
    assert main(["app", "model"]) == 0
    assert given["save_to"] is None


@pytest.mark.parametrize("arguments", [[], ["draw"], ["app"], ["app", "model", "--port", "x"]])
def test_wrong_arguments_are_told(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: skquickdraw" in capsys.readouterr().err


def test_tells_its_version_and_how_it_is_used(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.strip() == skquickdraw.__version__
    with pytest.raises(SystemExit, match="0"):
        main(["app", "--help"])
    assert "--no-browser" in capsys.readouterr().out
