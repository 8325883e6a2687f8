"""Take the pictures of the drawing page for the user guide, in light and in dark.

::

    python docs/make_app_screenshot.py      # a minute, most of it to train the model

Chromium and the extra ``test`` are needed. The model is trained on generated sketches, and the sun
is drawn with the mouse, in a slightly unsteady hand.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from threading import Thread

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from skquickdraw import CNNClassifier
from skquickdraw.app import make_server
from skquickdraw.datasets import make_sketches

FOLDER = Path(__file__).parent / "images"
VIEW = {"width": 1100, "height": 800}
N_COLOURS = 128  # few enough for a small file, and more than the page has


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
    page.wait_for_timeout(1500)  # the last answer, and bars that glide there


def take(browser: Browser, url: str, scheme: str) -> None:
    page = browser.new_page(viewport=VIEW, color_scheme=scheme)
    page.goto(url)
    draw(page, sun())
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    file = FOLDER / f"app_{scheme}.png"
    picture.quantize(N_COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(file, f"{file.stat().st_size / 1000:.0f} kB")
    page.close()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with make_server(train()) as server, sync_playwright() as playwright:
        Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for scheme in ("light", "dark"):
            take(browser, server.url, scheme)
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
