"""The web page of the guide uses the names, the dtype and the shape that an exported file has."""

import json
import re
from pathlib import Path

import pytest

from skquickdraw import CNNClassifier
from skquickdraw.datasets import make_sketches
from skquickdraw.persistence import to_onnx

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

GUIDE = Path(__file__).parents[2] / "docs" / "user_guide" / "onnx.md"


@pytest.fixture(scope="module")
def page():
    (found,) = re.findall(r"^```html\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.S | re.M)
    return found


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    X, y = make_sketches(30, n_classes=3, random_state=0)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    to_onnx(CNNClassifier(width=0.25, max_epochs=1, random_state=0).fit(X, y), path)
    return onnxruntime.InferenceSession(path)


def test_the_page_passes_what_the_graph_takes(page, session):
    (taken,) = session.get_inputs()
    name, dtype, shape = re.search(
        r"const (\w+) = new ort.Tensor\(\"(\w+)\", \w+, (.*)\)", page
    ).groups()
    assert (name, f"tensor({dtype})") == (taken.name, taken.type)
    assert json.loads(shape) == [1, *taken.shape[1:]]
    assert f".run({{ {name} }})" in page


def test_the_canvas_has_the_size_of_the_images(page, session):
    *_, height, width = session.get_inputs()[0].shape
    assert f'<canvas width="{width}" height="{height}">' in page
    assert page.count(f"0, 0, {width}, {height})") == 3  # filled, drawn on, and read


def test_the_page_reads_what_the_graph_returns(page, session):
    (returned,) = session.get_outputs()
    assert f"const {{ {returned.name} }} = await" in page
    uses = set(re.findall(r"(\w+)\.data\b", page)) - {"pixels"}
    assert returned.name in uses


def test_the_guide_writes_the_files_that_the_page_loads(page):
    files = re.findall(r"(?:create|fetch)\(\"(.*?)\"\)", page)
    assert len(files) == 2
    guide = GUIDE.read_text(encoding="utf-8")
    assert all(f'Path(folder.name, "{file}")' in guide for file in files)
