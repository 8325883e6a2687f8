"""skquickdraw train: from a folder to a model and a table."""

import json
import os
import signal

import numpy as np
import pytest

from skquickdraw.cli import _train, main
from skquickdraw.cli._parser import make_parser
from skquickdraw.datasets import load_quickdraw
from skquickdraw.neural_network._loop import TrainingLoop
from skquickdraw.persistence import load_model

from .conftest import (
    CLASSES,
    COUNTS,
    draw,
    run_command,
    start_command,
    write_drawings,
    write_folder,
)

HELD_OUT = [4, 2, 1]  # 0.3 of the images of each class, to the nearest


def train(*arguments):
    return main(["train", *map(str, arguments)])


def test_a_folder_becomes_a_model_and_a_table(training):
    model, done = training
    lines = done.stdout.splitlines()
    assert lines[0].endswith("16 to train on, 7 held out for the score")
    assert lines[1].endswith("3, of 2 to 8 training images")
    (score,) = (line for line in lines if line.startswith("balanced accuracy"))
    assert 0 <= float(score.split()[2]) <= 100
    assert lines[-1].endswith(
        "mein modell.safetensors: trained on 16 images, not on those held out"
    )
    assert load_model(model).classes_.tolist() == CLASSES


def test_what_happens_is_told_in_lines_on_stderr(training):
    told = training[1].stderr.splitlines()
    assert all(line.startswith("skquickdraw train: ") for line in told)
    assert any("23 images of 3 classes, 28 x 28 pixels, grey" in line for line in told)
    assert any("training for 0:01" in line for line in told)


def test_no_sound_model_is_replaced(training, images):
    model, _ = training
    before = model.read_bytes()
    done = run_command("train", images, "-o", model)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "is there already. Choose another name, or replace it with --force" in done.stderr
    assert model.read_bytes() == before


def test_json_says_what_the_table_says(tmp_path, images, capsys, quick):
    model = tmp_path / "model"
    assert train(images, "-o", model, "--recipe", "fast", "--json", "--holdout", 0.3) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["model"] == str(model) and report["trained_on"] == "training part"
    assert report["images"] == {
        "training": 16,
        "held_out": 7,
        "unlabeled": 0,
        "unlabeled_used": 0,
    }
    table = {entry["name"]: entry for entry in report["classes"]}
    assert [table[name]["scored"] for name in CLASSES] == HELD_OUT
    assert [table[name]["training"] for name in CLASSES] == np.subtract(COUNTS, HELD_OUT).tolist()
    recalls = [table[name]["recall"] for name in CLASSES]
    assert report["balanced_accuracy"] == pytest.approx(np.mean(recalls))
    assert [report[name] for name in ("head", "medium", "tail")] == recalls  # one class in each
    wrong = sum(pair["count"] for pair in report["confused"])
    assert report["accuracy"] == pytest.approx(1 - wrong / 7)


def test_all_images_are_trained_on_where_none_is_held_out(tmp_path, images, capsys, quick):
    assert train(images, "-o", tmp_path / "model", "--recipe", "fast", "--holdout", 0) == 0
    out = capsys.readouterr().out
    assert "trained on all 23 images, and not scored" in out
    assert "accuracy" not in out


def test_a_replaced_file_is_asked_for(tmp_path, images, quick):
    (tmp_path / "model").write_text("something else")
    assert train(images, "-o", tmp_path / "model", "--recipe", "fast", "--force") == 0
    assert load_model(tmp_path / "model").classes_.tolist() == CLASSES


def test_one_seed_is_one_model(tmp_path, images, quick):
    options = ["--recipe", "fast", "--seed"]
    for name, seed in [("a", 3), ("b", 3), ("c", 4)]:
        assert train(images, "-o", tmp_path / name, *options, seed) == 0
    X = np.random.RandomState(0).randint(0, 256, (4, 28, 28)).astype(np.uint8)
    a, b, c = (load_model(tmp_path / name).predict_proba(X) for name in "abc")
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_images_without_labels_teach(tmp_path, images, capsys, quick):
    pool = tmp_path / "pool"
    (pool / "deeper").mkdir(parents=True)
    for i in range(4):
        draw(i % 3, i).save(pool / ("" if i % 2 else "deeper") / f"{i}.png")
    options = ["--recipe", "ensemble", "--unlabeled", pool, "--json"]
    assert train(images, "-o", tmp_path / "model", *options) == 0
    counts = json.loads(capsys.readouterr().out)["images"]
    assert counts["unlabeled"] == counts["unlabeled_used"] == 4


@pytest.mark.parametrize(("earlier", "name"), [("single", "accurate"), ("winner", "ensemble")])
def test_earlier_names_of_recipes_are_taken(images, capsys, earlier, name):
    options = ["train", str(images), "-o", "model", "--recipe", earlier]
    assert make_parser().parse_args(options).recipe == name
    with pytest.raises(SystemExit):
        make_parser().parse_args([*options[:-1], "unknown"])
    message = capsys.readouterr().err
    assert name in message and earlier not in message


def test_a_recipe_that_cannot_learn_from_them_is_refused(tmp_path, images, capsys):
    options = ["--recipe", "fast", "--unlabeled", images]
    assert train(images, "-o", tmp_path / "model", *options) == 1
    assert "got --recipe fast. Take ensemble or distilled" in capsys.readouterr().err


def test_a_folder_of_unlabeled_images_among_the_others_is_told(tmp_path, capsys, quick):
    for label, name in enumerate(["bar", "post", "unlabeled"]):
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(4):
            draw(label, i).save(tmp_path / "data" / name / f"{i}.png")
    model = tmp_path / "model"
    assert train(tmp_path / "data", "-o", model, "--recipe", "fast") == 0
    assert "without a label     4, not used" in capsys.readouterr().out
    assert load_model(model).classes_.tolist() == ["bar", "post"]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_published_drawings_are_learned_from(tmp_path, capsys, quick, kind):
    data = write_drawings(tmp_path / "drawings")
    if kind == "file":
        found = load_quickdraw(data)
        data = tmp_path / "all.npz"
        np.savez(data, X=found.data, y=found.target, classes=found.target_names)
    model = tmp_path / "model"
    assert train(data, "-o", model, "--recipe", "fast", "--json") == 0
    names = [entry["name"] for entry in json.loads(capsys.readouterr().out)["classes"]]
    assert names == load_model(model).classes_.tolist() == ["circle", "clock", "cookie"]


def test_colours_and_sizes_are_those_of_the_folder(tmp_path, capsys, quick):
    for name, colour in [("blue", (0, 0, 250)), ("red", (250, 0, 0))]:
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(4):
            blot = draw(0, i).convert("RGB")
            blot.paste(colour, (2, 2, 9, 9))
            blot.save(tmp_path / "data" / name / f"{i}.png")
    model = tmp_path / "model"
    options = ["--recipe", "fast", "--size", "16"]
    assert train(tmp_path / "data", "-o", model, *options) == 0
    assert "8 images of 2 classes, 16 x 16 pixels, in colour" in capsys.readouterr().err
    assert load_model(model).image_shape_ == (3, 16, 16)


@pytest.mark.filterwarnings("default:load_image")  # shown, as in a process
def test_a_broken_file_is_named_and_can_be_left_out(tmp_path, capsys, quick):
    for label, name in enumerate(["bar", "post"]):
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(4):
            draw(label, i).save(tmp_path / "data" / name / f"{i}.png")
    (tmp_path / "data" / "post" / "broken.png").write_bytes(b"no image")
    options = [tmp_path / "data", "-o", tmp_path / "model", "--recipe", "fast"]
    assert train(*options) == 1
    told = capsys.readouterr().err.splitlines()
    assert "post/broken.png" in told[-1] and "--skip-broken leaves such files out" in told[-1]
    assert train(*options, "--skip-broken") == 0
    lines = capsys.readouterr().err.splitlines()
    (warning,) = (line for line in lines if "warning: " in line)
    assert warning.startswith("skquickdraw train: warning: 1 file was left out: post/broken.png")


def test_nothing_to_tell_apart_is_told(tmp_path, capsys):
    (tmp_path / "data" / "bar").mkdir(parents=True)
    draw(0, 0).save(tmp_path / "data" / "bar" / "a.png")
    assert train(tmp_path / "data", "-o", tmp_path / "model") == 1
    assert "must hold at least two classes; got one, 'bar'" in capsys.readouterr().err


def test_a_single_image_a_class_leaves_none_to_score_on(tmp_path, capsys):
    for label, name in enumerate(["bar", "post"]):
        (tmp_path / "data" / name).mkdir(parents=True)
        draw(label, 0).save(tmp_path / "data" / name / "a.png")
    assert train(tmp_path / "data", "-o", tmp_path / "model") == 1
    assert "or train on all of them with --holdout 0" in capsys.readouterr().err


def test_two_kinds_of_files_are_told(tmp_path, capsys):
    data = write_drawings(tmp_path / "data")
    (data / "cat").mkdir()
    assert train(data, "-o", tmp_path / "model") == 1
    assert "got both, 'full_numpy_bitmap_circle.npy' and 'cat'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "rule"),
    [
        ("nowhere/model", "--output must lie in a folder that exists"),
        (".", "--output must name a file"),
        ("model.onnx", "convert it with skquickdraw export"),
    ],
)
def test_what_cannot_be_written_is_told_before_training(
    tmp_path, images, capsys, monkeypatch, output, rule
):
    monkeypatch.chdir(tmp_path)
    assert train(images, "-o", output) == 1
    assert rule in capsys.readouterr().err


def test_a_missing_folder_and_device_are_told(tmp_path, images, capsys):
    assert train(tmp_path / "none", "-o", tmp_path / "model") == 1
    assert "must exist; got" in capsys.readouterr().err
    assert train(images, "-o", tmp_path / "model", "--device", "abacus") == 1
    assert "--device 'abacus' cannot be used here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (["--holdout", "1"], "must be at least 0 and below 1, got '1'"),
        (["--minutes", "0"], "must be a number above 0, got '0'"),
        (["--minutes", "nan"], "must be a number above 0, got 'nan'"),
        (["--seed", "-1"], "must be a whole number from 0 to 4294967295, got '-1'"),
        (["--background", "256"], "must be a whole number from 0 to 255"),
        (["--size", "2.5"], "must be a whole number of at least 1"),
        (["--recipe", "secret"], "invalid choice: 'secret'"),
        (["--minutes", "1", "--recipe", "fast"], "not allowed with argument"),
    ],
)
def test_wrong_options_are_told(images, capsys, options, rule):
    with pytest.raises(SystemExit, match="2"):
        train(images, "-o", "model", *options)
    assert rule in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="sends the signal of Ctrl-C to one process")
def test_an_interrupt_before_there_is_a_model_says_so(tmp_path, images):
    with start_command("train", images, "-o", tmp_path / "model") as process:
        for line in process.stderr:
            if "training for" in line:
                process.send_signal(signal.SIGINT)
                break
        told = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert told.splitlines()[-1] == ("skquickdraw train: interrupted: no model was saved.")
    assert not (tmp_path / "model").exists()


def test_an_interrupt_of_the_training_saves_what_there_is(
    tmp_path, images, capsys, monkeypatch, quick
):
    interrupt_epoch(monkeypatch, 2)
    assert train(images, "-o", tmp_path / "model", "--recipe", "fast") == 130
    shown, table = capsys.readouterr(), load_model(tmp_path / "model")
    told = shown.err
    assert "Classifier epoch 1/2: loss " in told and "epoch" not in shown.out
    assert "1 of 2" in told and "epochs are kept" in told
    assert table.n_epochs_ == 1 and table.classes_.tolist() == CLASSES


def interrupt_epoch(monkeypatch, number):
    """Interrupt training in the epoch with this number."""
    run = TrainingLoop.run_steps

    def run_or_interrupt(self, batches):
        if len(self.net.history) == number:
            raise KeyboardInterrupt
        run(self, batches)

    monkeypatch.setattr(TrainingLoop, "run_steps", run_or_interrupt)


def test_an_interrupt_of_the_scoring_leaves_the_model(tmp_path, images, capsys, monkeypatch, quick):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(_train, "score", interrupt)
    assert train(images, "-o", tmp_path / "model", "--recipe", "fast") == 130
    assert "model is saved, but not scored" in capsys.readouterr().err
    assert load_model(tmp_path / "model").classes_.tolist() == CLASSES


def test_a_class_may_have_the_name_of_a_mark(tmp_path, quick):
    write_folder(tmp_path / "data", ["-1", "1", "nan"], [8, 8, 8])
    output = tmp_path / "model.safetensors"
    assert train(tmp_path / "data", "-o", output, "--minutes", 0.05) == 0
    assert load_model(output).classes_.tolist() == ["-1", "1", "nan"]
