"""Take screenshots of the app for the user guide: a sketch, a photo, and a phone; light and dark.

::

    python docs/make_app_screenshot.py      # a minute, most of it to train the model

Chromium and the extra ``test`` are needed. The model is trained on generated sketches, and the sun
is drawn with the mouse, in a slightly unsteady hand. The photo is generated: the same sun, on paper
that is lit from one side.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser, Page, sync_playwright

from skquickdraw import CNNClassifier
from skquickdraw.app import make_server
from skquickdraw.datasets import make_sketches

FOLDER = Path(__file__).parent / "images"
VIEW = {"width": 1100, "height": 800}
PHONE = {"viewport": {"width": 844, "height": 390}, "has_touch": True, "is_mobile": True}
N_COLOURS = 64  # few enough for a small file, and more than the page has


def train() -> CNNClassifier:
    X, y, names = make_sketches(2500, n_classes=10, random_state=0, return_names=True)
    clf = CNNClassifier(width=0.5, max_epochs=8, augmentation="sketch", random_state=0)
    return clf.fit(X, names[y])


def sun() -> list[NDArray[np.float64]]:
    """Return strokes of shape (n, 2), in parts of the paper: a circle and its rays."""
    rng = np.random.default_rng(0)
    angle = np.linspace(-1.5, 2 * np.pi - 1.42, 60)
    radius = 0.18 + 0.008 * np.sin(2 * angle + 1) + 0.004 * np.sin(5 * angle)
    strokes = [on_circle(radius, angle)]
    for direction in np.linspace(0, 2 * np.pi, 10, endpoint=False) + 0.05 * rng.normal(size=10):
        reach = np.linspace(0.24, 0.36 + 0.015 * rng.normal(), 12)
        strokes.append(on_circle(reach, direction + 0.04 * rng.normal() * np.linspace(0, 1, 12)))
    return strokes


def on_circle(radius: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.5 + radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])


def draw(page: Page, strokes: list[NDArray[np.float64]]) -> None:
    box = page.locator("#paper").bounding_box()
    assert box is not None
    for stroke in strokes:
        places = [box["x"], box["y"]] + stroke * box["width"]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()
    page.wait_for_timeout(1500)  # until the last answer has come, and the bars stand still


def photo() -> bytes:
    """Return a photo of the sun, drawn with a thin blue pen on paper in uneven light, as JPEG."""
    size = (1200, 900)
    ink = Image.new("L", size)
    for stroke in sun():
        ImageDraw.Draw(ink).line([*map(tuple, stroke * 800 + [180, 60])], fill=255, width=9)
    cover = np.asarray(ink.filter(ImageFilter.GaussianBlur(1.5)))[..., None] / 255
    light = np.linspace(0.95, 0.7, size[0])[None, :, None]
    paper, pen = np.array([236, 228, 214]), np.array([40, 60, 140])
    levels = light * (paper + cover * (pen - paper))
    content = io.BytesIO()
    Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(content, "JPEG")
    return content.getvalue()


def drop_photo(page: Page) -> None:
    file = {"name": "sun on paper.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    page.set_input_files("#file", file)
    page.locator("#headline strong").wait_for()
    page.wait_for_timeout(1500)


def take(browser: Browser, url: str, name: str, **settings: Any) -> None:
    page = browser.new_page(**{"viewport": VIEW, **settings})
    page.goto(url)
    if name.startswith("photo"):
        drop_photo(page)
    else:
        draw(page, sun())
    shot = page.screenshot(full_page="has_touch" not in settings)
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    file = FOLDER / f"app_{name}.png"
    picture.quantize(N_COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(file, f"{file.stat().st_size / 1000:.0f} kB")
    page.close()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        TemporaryDirectory() as saved,
        make_server(train(), save_to=saved) as server,
        sync_playwright() as playwright,
    ):
        Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for scheme in ("light", "dark"):
            take(browser, server.url, scheme, color_scheme=scheme)
            take(browser, server.url, f"photo_{scheme}", color_scheme=scheme)
            take(browser, server.url, f"phone_{scheme}", color_scheme=scheme, **PHONE)
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
