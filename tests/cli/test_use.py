"""skquickdraw predict, evaluate and export, with a saved model."""

import csv
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from skquickdraw import CNNClassifier, DeepFeatureExtractor
from skquickdraw.cli import _output, main
from skquickdraw.cli._data import Reading, read_images, read_test_set, read_unlabeled
from skquickdraw.datasets import load_image_folder, load_images, make_sketches, rasterize
from skquickdraw.persistence import load_model, save_model

from .conftest import CLASSES, COUNTS, draw, run_command, write_drawings, write_folder

Image = pytest.importorskip("PIL.Image")


def command(name, *arguments):
    return main([name, *map(str, arguments)])


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text)))


def save(tmp_path, X, y):
    """Save a small network with save_model; the file does not say how images are read."""
    model = CNNClassifier(width=0.25, max_epochs=1, random_state=0).fit(X, y)
    save_model(model, tmp_path / "model")
    return model


def test_a_prediction_is_a_line_of_csv(model, images):
    done = run_command("predict", model, images)
    assert done.returncode == 0 and done.stderr == ""
    rows = read_csv(done.stdout)
    data = load_image_folder(images, mode="L")
    assert [row["path"] for row in rows] == data.filenames.tolist()
    assert [row["label"] for row in rows] == load_model(model).predict(data.data).tolist()


def test_probabilities_are_columns_named_by_the_classes(model, images, capsys):
    one = images / "cat" / "bild 1 ß.png"
    assert command("predict", model, one, images / "rare", "--proba") == 0
    rows = read_csv(capsys.readouterr().out)
    assert len(rows) == 1 + COUNTS[2] and list(rows[0]) == ["path", "label", *CLASSES]
    X = load_images([one, images / "rare"], mode="L").data
    proba = np.array([[float(row[name]) for name in CLASSES] for row in rows])
    np.testing.assert_allclose(proba, load_model(model).predict_proba(X), atol=1e-5)
    assert [row["label"] for row in rows] == [CLASSES[best] for best in proba.argmax(axis=1)]


def test_a_file_takes_the_csv_in_place_of_stdout(tmp_path, model, images, capsys):
    assert command("predict", model, images, "--proba") == 0
    printed = capsys.readouterr().out
    file = tmp_path / "labels ü.csv"
    assert command("predict", model, images, "--proba", "-o", file) == 0
    out, told = capsys.readouterr()
    assert out == "" and told == f"skquickdraw predict: wrote {file}\n"
    assert file.read_bytes() == printed.encode() and "kühl 2" in printed
    file.write_text("private")
    assert command("predict", model, images, "--output", file) == 1
    assert "is there already. Choose another name, or replace it with --force" in (
        capsys.readouterr().err
    )
    assert file.read_text() == "private"
    assert command("predict", model, images, "--output", file, "--force") == 0
    with file.open(newline="", encoding="utf-8") as text:
        assert len(list(csv.DictReader(text))) == sum(COUNTS)


def test_names_of_files_are_kept_in_a_file_whatever_they_are(tmp_path, model):
    folder = tmp_path / "images"
    folder.mkdir()
    names = {'a,"b".png', "c\nd.png", "e\r\nf.png", "g\udcff.png"}
    for name in names:
        try:
            draw(0, 0).save(folder / name, format="PNG")
        except OSError:
            pytest.skip("this file system does not take such names")
    assert command("predict", model, folder, "-o", tmp_path / "labels.csv") == 0
    options = {"newline": "", "encoding": "utf-8", "errors": "surrogateescape"}
    with (tmp_path / "labels.csv").open(**options) as text:
        assert {row["path"] for row in csv.DictReader(text)} == {str(folder / n) for n in names}


def test_a_file_is_written_completely_or_not_at_all(tmp_path, model, images, monkeypatch, capsys):
    class Disk:
        def __init__(self, file, **options):
            file.write(b"path,la")

        def write(self, text):
            raise OSError("no space left")

    monkeypatch.setattr(_output, "TextIOWrapper", Disk)
    assert command("predict", model, images, "-o", tmp_path / "labels.csv") == 1
    assert "no space left" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["model", "images/cat/a.png", "images/link.png"])
def test_no_input_is_replaced_even_if_forced(tmp_path, model, monkeypatch, capsys, make_link, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images" / "cat").mkdir(parents=True)
    (tmp_path / "model").write_bytes(model.read_bytes())
    draw(0, 0).save(tmp_path / "images" / "cat" / "a.png")
    if name == "images/link.png":
        make_link(tmp_path / name, tmp_path / "images" / "cat" / "a.png")
    before = (tmp_path / name).read_bytes()
    words = ["predict", tmp_path / "model", "images", "-o", name, "--force"]
    assert command(*words) == 1
    assert "must not replace a file that the command reads; got" in capsys.readouterr().err
    assert (tmp_path / name).read_bytes() == before


def test_no_input_of_the_other_commands_is_replaced(tmp_path, model, images, capsys):
    for words in (
        ["export", model, "-o", model],
        ["train", images, "-o", images / "cat" / "bild 1 ß.png"],
        ["train", images, "--unlabeled", model, "-o", model],
    ):
        assert command(*words, "--force") == 1
        assert "must not replace a file that the command reads" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "rule"),
    [
        (".", "--output must name a file; got"),
        ("nowhere/labels.csv", "--output must lie in a folder that exists"),
        pytest.param(
            "/dev/null",
            "--output must name a regular file",
            marks=pytest.mark.skipif(os.name != "posix", reason="has other devices"),
        ),
    ],
)
def test_files_that_cannot_be_written_are_told_before_any_work(tmp_path, capsys, output, rule):
    place = tmp_path / output
    words = ["predict", tmp_path / "no model", "no image", "-o", place, "--force"]
    assert command(*words) == 1
    assert rule in capsys.readouterr().err


def test_colour_images_are_grey_for_a_model_of_grey_ones(tmp_path, model, capsys):
    image = draw(0, 0).convert("RGB")
    image.putpixel((0, 0), (255, 0, 0))
    image.save(tmp_path / "a.png")
    assert command("predict", model, tmp_path) == 0
    assert len(read_csv(capsys.readouterr().out)) == 1


def test_a_pipe_may_close_early(tmp_path, model):
    images = write_folder(tmp_path / ("n" * 200))  # 23 lines of 250 characters
    process = subprocess.Popen(
        [sys.executable, "-m", "skquickdraw", "predict", str(model), *[str(images)] * 20],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout.readline() == "path,label\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=120) == 141
    process.stderr.close()


@pytest.mark.filterwarnings("default:load_image")  # shown, as in a process
def test_broken_and_missing_files_are_told(tmp_path, model, capsys):
    (tmp_path / "broken.png").write_bytes(b"no image")
    draw(0, 0).save(tmp_path / "whole.png")
    assert command("predict", model, tmp_path) == 1
    out, told = capsys.readouterr()
    assert out == "" and "broken.png" in told and "--skip-broken" in told
    assert command("predict", model, tmp_path, "--skip-broken") == 0
    out, told = capsys.readouterr()
    assert [row["path"] for row in read_csv(out)] == [str(tmp_path / "whole.png")]
    assert told.startswith("skquickdraw predict: warning: 1 file was left out")
    assert command("predict", model, tmp_path / "none.png") == 1
    assert "which does not exist" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"no model"])
def test_a_file_that_is_no_model_is_told(tmp_path, images, capsys, content):
    if content is not None:
        (tmp_path / "model").write_bytes(content)
    assert command("predict", tmp_path / "model", images) == 1
    told = capsys.readouterr().err
    assert told.startswith("skquickdraw predict: ") and told.count("\n") == 1


def test_the_place_of_an_error_is_shown_where_it_is_asked_for(tmp_path, images):
    done = run_command("predict", tmp_path / "none", images, "--traceback")
    assert done.returncode == 1
    assert "Traceback" in done.stderr and "DataFileError" in done.stderr


def test_an_evaluation_counts_what_is_right(model, images, capsys):
    assert command("evaluate", model, images, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    data = load_image_folder(images, mode="L")
    guesses = load_model(model).predict(data.data)
    y = data.target_names[data.target]
    assert report["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(y, guesses))
    table = confusion_matrix(y, guesses, labels=CLASSES)
    assert [entry["scored"] for entry in report["classes"]] == table.sum(axis=1).tolist()
    np.testing.assert_allclose(
        [entry["recall"] for entry in report["classes"]], np.diag(table) / table.sum(axis=1)
    )
    for pair in report["confused"]:
        true, predicted = CLASSES.index(pair["true"]), CLASSES.index(pair["predicted"])
        assert pair["count"] == table[true, predicted] and pair["of"] == table[true].sum()
    assert [report[name] for name in ("head", "medium", "tail")] == [
        entry["recall"] for entry in report["classes"]
    ]


def test_an_evaluation_draws_what_is_wrong(model, images, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    folder = tmp_path / "new" / "figures"
    assert command("evaluate", model, images, "--figures", folder) == 0
    drawn = sorted(path.name for path in folder.iterdir())
    assert {"confusions.png", "recall.png"} <= set(drawn)
    for name in drawn:
        with Image.open(folder / name) as image:
            assert image.size[0] > 300
    assert str(folder / "confusions.png") in capsys.readouterr().out
    assert command("evaluate", model, images, "--figures", folder) == 1
    assert "must name a folder without figures" in capsys.readouterr().err
    assert command("evaluate", model, images, "--figures", folder, "--force", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["figures"]) == len(drawn)


def test_figures_that_cannot_be_drawn_are_told_before_any_work(
    model, images, tmp_path, capsys, monkeypatch
):
    file = tmp_path / "file"
    file.touch()
    pytest.importorskip("matplotlib")
    assert command("evaluate", model, images, "--figures", file) == 1
    assert "must name a folder; got" in capsys.readouterr().err
    assert command("evaluate", model, images, "--figures", file / "figures" / "1") == 1
    assert "must name a folder that can be made; got" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert command("evaluate", model, images, "--figures", tmp_path / "figures") == 1
    assert "--figures needs Matplotlib" in capsys.readouterr().err


def test_an_evaluation_is_a_table(model, images, capsys):
    assert command("evaluate", model, images) == 0
    out = capsys.readouterr().out
    assert "23 scored" in out and "balanced accuracy" in out and "tail" in out


def test_classes_that_are_missing_are_named(tmp_path, model, capsys):
    folder = write_folder(tmp_path / "data", classes=CLASSES[:2], counts=[2, 2])
    assert command("evaluate", model, folder) == 0
    assert "not scored          rare: no image to score on" in capsys.readouterr().out


def test_classes_that_the_model_does_not_know_are_named(tmp_path, model, capsys):
    folder = write_folder(tmp_path / "data", classes=["cat", "dog", "emu"], counts=[1, 1, 1])
    assert command("evaluate", model, folder) == 1
    assert "got 'dog', 'emu', and it knows 'cat', 'kühl 2', 'rare'" in capsys.readouterr().err


def test_a_model_of_drawings_takes_files_and_scans_of_such(tmp_path, capsys, quick):
    data = write_drawings(tmp_path / "drawings")
    model = tmp_path / "model"
    assert command("train", data, "-o", model, "--recipe", "fast") == 0
    assert command("evaluate", model, write_drawings(tmp_path / "more", seed=1)) == 0
    assert "60 scored" in capsys.readouterr().out
    X, y, names = make_sketches(6, 3, image_shape=(90, 120), random_state=2, return_names=True)
    scans = tmp_path / "scans"
    for i, (row, label) in enumerate(zip(X, y, strict=True)):
        (scans / names[label]).mkdir(parents=True, exist_ok=True)
        image = np.pad(255 - row.reshape(90, 120), 20, constant_values=255)
        Image.fromarray(image).save(scans / names[label] / f"{i}.png")
    assert command("evaluate", model, scans) == 0
    out, told = capsys.readouterr()
    assert "6 scored" in out and "image files are turned into such drawings" in told
    assert command("predict", model, scans) == 0
    assert len(read_csv(capsys.readouterr().out)) == 6


def photograph(folder, light):
    """Write a wide photo of a house drawn on paper, under this light; return its bitmap."""
    folder.mkdir(parents=True)
    house = [[[0, 128, 255], [128, 0, 128]], [[40, 40, 215, 215], [128, 255, 255, 128]]]
    paper = np.full((240, 360), 235.0)
    paper[:, 60:300] -= 0.8 * rasterize(house, side=240, line_width=6)
    Image.fromarray((light * paper).astype(np.uint8)).save(folder / "photo.png")
    return rasterize(house)


@pytest.mark.parametrize(
    "light", [np.linspace(1, 0.6, 360)[None], np.linspace(1, 0.6, 240)[:, None]]
)
def test_of_a_wide_photo_no_more_than_the_drawing_is_seen(tmp_path, light):
    """A photo must not be padded to a square, because the light differs from side to side."""
    expected = photograph(tmp_path / "photos" / "house", light).astype(float)
    reading = Reading("drawings", (28, 28))
    seen, files = read_images([str(tmp_path / "photos")], reading, skip_broken=False)
    assert np.abs(seen[0] - expected).mean() < 12 and files[0].endswith("photo.png")
    scored = read_test_set(str(tmp_path / "photos"), reading, skip_broken=False)
    np.testing.assert_array_equal(scored.X, seen)
    pool = read_unlabeled(str(tmp_path / "photos"), reading, skip_broken=False)
    np.testing.assert_array_equal(pool, seen)


def test_images_without_ink_are_named(tmp_path):
    photograph(tmp_path / "photos", 1.0)
    Image.new("L", (200, 100), 230).save(tmp_path / "photos" / "empty.jpg")
    with pytest.warns(UserWarning, match="no ink was found on 1 of 2 images.*empty.jpg. Take"):
        read_images([str(tmp_path / "photos")], Reading("drawings", (28, 28)), skip_broken=False)


def test_a_model_of_images_takes_no_drawings(tmp_path, model, capsys):
    assert command("evaluate", model, write_drawings(tmp_path / "drawings")) == 1
    assert "because the model learned from images" in capsys.readouterr().err


@pytest.mark.parametrize(("shape", "told"), [((16, 16), "in grey"), ((3, 16, 16), "in colour")])
def test_a_model_that_was_saved_in_python_says_how_it_is_used(tmp_path, capsys, shape, told):
    X = np.random.RandomState(0).randint(0, 256, (8, *shape)).astype(np.uint8)
    save(tmp_path, X, np.arange(8) % 2)
    (tmp_path / "images" / "1").mkdir(parents=True)
    draw(0, 0).save(tmp_path / "images" / "1" / "a.png")
    assert command("predict", tmp_path / "model", tmp_path / "images") == 0
    out, err = capsys.readouterr()
    assert f"only resized, to 16 x 16 pixels, and read {told};" in err
    assert read_csv(out)[0]["label"] in "01"
    assert command("evaluate", tmp_path / "model", tmp_path / "images") == 0
    assert "head" not in capsys.readouterr().out  # the file lacks the training counts


def test_a_model_of_other_images_is_told(tmp_path, images, capsys):
    X = np.random.RandomState(0).randint(0, 256, (8, 12, 20)).astype(np.uint8)
    save(tmp_path, X, np.arange(8) % 2)
    assert command("predict", tmp_path / "model", images) == 1
    assert "MODEL must take square images" in capsys.readouterr().err


def test_a_model_of_flat_rows_is_told_before_any_image_is_read(tmp_path, capsys):
    X = np.random.RandomState(0).rand(8, 256)
    save_model(LinearSVC().fit(X, np.arange(8) % 2), tmp_path / "model")
    assert command("predict", tmp_path / "model", tmp_path / "missing") == 1
    err = capsys.readouterr().err
    assert "MODEL must take images, as arrays of shape (1, 16, 16); LinearSVC does not" in err


def test_figures_need_no_probabilities(tmp_path, images):
    pytest.importorskip("matplotlib")
    X, y = make_sketches(30, n_classes=len(CLASSES), image_shape=(16, 16), random_state=0)
    features = DeepFeatureExtractor(CNNClassifier(width=0.25, max_epochs=1, random_state=0))
    save_model(
        make_pipeline(features, LinearSVC()).fit(X, np.array(CLASSES)[y]), tmp_path / "model"
    )
    figures = tmp_path / "figures"
    assert command("evaluate", tmp_path / "model", images, "--figures", figures) == 0
    assert {path.name for path in figures.iterdir()} >= {"confusions.png", "errors.png"}


def test_a_model_that_contradicts_itself_is_told(tmp_path, model, images, capsys):
    changed = load_model(model)
    changed.training_set_ = {**changed.training_set_, "image_shape": (4000, 4000)}
    save_model(changed, tmp_path / "model")
    assert command("predict", tmp_path / "model", images) == 1
    assert "MODEL contradicts itself about how its training images were read" in (
        capsys.readouterr().err
    )


def test_an_export_is_the_model(tmp_path, model, capsys):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    pytest.importorskip("onnx", reason="onnx is not installed")
    graph = tmp_path / "model.onnx"
    assert command("export", model, "-o", graph) == 0
    X = np.random.RandomState(0).randint(0, 256, (3, 28, 28)).astype(np.uint8)
    session = runtime.InferenceSession(graph.read_bytes())
    (proba,) = session.run(None, {"images": X[:, None]})
    np.testing.assert_allclose(proba, load_model(model).predict_proba(X), atol=1e-5)
    assert command("export", model, "-o", graph) == 1
    assert "--force" in capsys.readouterr().err
