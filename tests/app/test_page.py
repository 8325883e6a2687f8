"""The page in a real browser: drawing by mouse, keys and touch, its looks, and screen readers."""

import io
import math
import re

import numpy as np
import pytest

from skquickdraw.datasets import rasterize

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

CIRCLE = [
    (0.5 + 0.3 * math.cos(turn), 0.5 + 0.3 * math.sin(turn))
    for turn in np.linspace(0, 2 * math.pi, 25)
]
SLANT = [(0.2, 0.2), (0.5, 0.5), (0.8, 0.8)]


def draw(page, points):
    """Draw one stroke with the mouse, through points in fractions of the paper."""
    box = paper(page).bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places:
        page.mouse.move(*place)
    page.mouse.up()


def paper(page):
    return page.get_by_role("application", name="Drawing area")


def bars(page):
    return page.get_by_role("list", name="Top five classes").get_by_role("listitem")


def settle(page):
    """Wait until the last request is answered."""
    expect(page.locator("#bars")).to_have_attribute("aria-busy", "false")


def button(page, name):
    return page.get_by_role("button", name=name)


def picture(page):
    """Wait for the answer, and return the grey levels of the image that the model gets."""
    settle(page)
    expect(page.get_by_role("img", name="The sketch as the model sees it")).to_be_visible()
    levels = page.evaluate(
        """() => {
            const canvas = document.getElementById("picture");
            const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return [...all.data];
        }"""
    )
    grey = np.array(levels).reshape(28, 28, 4)
    assert (grey[..., 3] == 255).all() and (grey[..., 0] == grey[..., 1]).all()
    return grey[..., 0]


def test_a_drawn_circle_is_among_the_three_likeliest(visit, trained):
    page = visit(trained)
    draw(page, CIRCLE)
    settle(page)
    expect(bars(page)).to_have_count(5)
    names = [row.locator(".name").inner_text() for row in bars(page).all()]
    assert "circle" in names[:3]
    assert names[0] in page.locator("#headline").inner_text()


def test_shows_the_picture_as_the_model_sees_it(visit):
    page = visit()
    draw(page, CIRCLE)
    corner = np.min(CIRCLE, axis=0)
    boxed = 255 * (np.array(CIRCLE) - corner) / np.ptp(CIRCLE, axis=0).max()
    error = np.abs(picture(page).astype(int) - rasterize([boxed.T]))
    assert error.mean() < 3  # the mouse moves in whole pixels of the screen


def test_guesses_while_the_mouse_is_still_down(visit):
    page = visit()
    box = paper(page).bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 250, box["y"] + 250)
    expect(bars(page)).to_have_count(5)


def test_bars_are_as_long_as_their_text_says(visit):
    page = visit()
    draw(page, CIRCLE)
    expect(bars(page)).to_have_count(5)
    page.wait_for_timeout(600)  # until their animation ends
    for row in bars(page).all():
        text = row.locator(".share").inner_text()
        whole, part = row.locator(".bar").bounding_box(), row.locator(".bar span").bounding_box()
        if text[0] not in "<>":
            share = 100 * part["width"] / whole["width"]
            assert share == pytest.approx(max(int(text.split()[0]), 2.5), abs=1)


def test_undo_takes_the_last_stroke_and_clear_all(visit):
    page = visit()
    draw(page, SLANT)
    one = picture(page)
    draw(page, [(0.2, 0.8), (0.8, 0.2)])
    assert not np.array_equal(picture(page), one)
    button(page, "Undo").click()
    np.testing.assert_array_equal(picture(page), one)
    draw(page, CIRCLE)
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(picture(page), one)
    button(page, "Clear").click()
    expect(bars(page)).to_have_count(0)
    expect(page.get_by_role("img", name="No image yet")).to_be_visible()


def press(page, *keys, times=1):
    for key in keys * times:
        page.keyboard.press(key)


def test_draws_by_keyboard_alone(visit):
    """A square: right, down, left and up from the middle of the paper."""
    page = visit()
    press(page, "Tab")
    expect(paper(page)).to_be_focused()
    press(page, "ArrowUp", times=3)  # the pen is up: this draws nothing
    press(page, "Space")
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        press(page, key, times=10)
    press(page, "Shift+ArrowUp", times=50)  # fine steps: five make one
    press(page, "Enter", "ArrowLeft")
    square = [[[0, 255, 255, 0, 0], [0, 0, 255, 255, 0]]]
    assert np.abs(picture(page).astype(int) - rasterize(square)).max() <= 1
    press(page, "Backspace")
    expect(bars(page)).to_have_count(0)


def test_two_arrow_keys_draw_a_slant(visit):
    page = visit()
    paper(page).focus()
    press(page, "Space")
    page.keyboard.down("ArrowRight")
    page.keyboard.down("ArrowDown")
    for _ in range(5):
        page.keyboard.down("ArrowDown")  # as a held key repeats
    page.keyboard.up("ArrowRight")
    page.keyboard.up("ArrowDown")
    press(page, "Space")
    slant = [[[0, 255 / 7, 255], [0, 0, 255 * 6 / 7]]]
    assert np.abs(picture(page).astype(int) - rasterize(slant)).max() <= 1


def test_escape_clears_and_tab_leaves_the_paper(visit):
    page = visit()
    paper(page).focus()
    press(page, "Enter", "ArrowRight", "Escape")
    expect(bars(page)).to_have_count(0)
    press(page, "Tab")
    expect(button(page, "Undo")).to_be_focused()


def test_draws_by_touch_and_does_not_scroll(visit):
    page = visit(has_touch=True, is_mobile=True, viewport={"width": 375, "height": 500})
    paper(page).tap(position={"x": 100, "y": 100})  # a dot
    np.testing.assert_array_equal(picture(page), rasterize([[[0], [0]]]))
    button(page, "Clear").tap()
    box = paper(page).bounding_box()
    fingers = page.context.new_cdp_session(page)

    def touch(kind, *places):
        points = [{"x": box["x"] + x, "y": box["y"] + y, "id": i} for i, (x, y) in places]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (0, (100, 250)))
    touch("touchStart", (0, (100, 250)), (1, (30, 30)))  # a second finger draws nothing
    touch("touchMove", (0, (100, 150)), (1, (300, 30)))
    touch("touchMove", (0, (100, 50)), (1, (300, 60)))
    touch("touchEnd")
    upright = [[[0, 0], [0, 255]]]
    assert np.abs(picture(page).astype(int) - rasterize(upright)).max() <= 1
    assert page.evaluate("scrollY") == 0


def test_fits_the_width_of_the_screen(visit):
    page = visit()
    draw(page, SLANT)
    expect(bars(page)).to_have_count(5)
    for width in (320, 375, 740, 1100):
        page.set_viewport_size({"width": width, "height": 700})
        box = paper(page).bounding_box()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert box["width"] == pytest.approx(box["height"], abs=1) and box["width"] > 200


CONTRASTS = """() => {
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const luminance = (rgb) => rgb.slice(0, 3)
        .map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (element) => {
        const colour = channels(getComputedStyle(element).backgroundColor);
        return colour[3] === 0 ? ground(element.parentElement) : luminance(colour);
    };
    const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const texts = [...document.querySelectorAll("body *")].filter((element) =>
        element.checkVisibility() &&
        [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
    const found = texts.map((element) =>
        [element.textContent.trim(),
         ratio(luminance(channels(getComputedStyle(element).color)), ground(element))]);
    const parts = [...document.querySelectorAll(".bar span")].map((bar) =>
        ["bar", ratio(luminance(channels(getComputedStyle(bar).backgroundColor)),
                      ground(bar.parentElement))]);
    return { texts: found, parts };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_bars_stand_out(visit, scheme):
    """WCAG 2.1 AA asks for a contrast of 4.5 for text, and of 3 for meaningful graphics."""
    page = visit(color_scheme=scheme)
    draw(page, SLANT)
    expect(bars(page)).to_have_count(5)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts["texts"]) > 20 and len(contrasts["parts"]) == 5
    assert [text for text, ratio in contrasts["texts"] if ratio < 4.5] == []
    assert [ratio for _, ratio in contrasts["parts"] if ratio < 3] == []


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_paper_and_ink_follow_the_scheme(visit, scheme, is_dark):
    pytest.importorskip("PIL", reason="pillow is not installed")
    from PIL import Image

    page = visit(color_scheme=scheme)
    draw(page, [(0.5, 0.3), (0.5, 0.7)])
    levels = np.array(Image.open(io.BytesIO(paper(page).screenshot())).convert("L")).astype(int)
    middle = levels.shape[0] // 2
    assert (np.median(levels) < 100) == is_dark
    assert (levels[middle, middle] > 150) == is_dark


def test_the_scheme_may_change_under_a_sketch(visit):
    page = visit(color_scheme="light")
    draw(page, SLANT)
    ink = """() => {
        const canvas = document.getElementById("paper");
        const middle = Math.round(canvas.width / 2);
        return canvas.getContext("2d").getImageData(middle, middle, 1, 1).data[0];
    }"""
    assert page.evaluate(ink) < 100
    page.emulate_media(color_scheme="dark")
    for _ in range(100):  # wait_for_function needs eval, which the policy of the page forbids
        page.wait_for_timeout(50)
        if page.evaluate(ink) > 150:
            return
    raise AssertionError("the ink stayed dark")


def test_bars_glide_only_where_motion_is_welcome(visit):
    for motion, duration in [("no-preference", "0.18s"), ("reduce", "0s")]:
        page = visit(reduced_motion=motion)
        draw(page, SLANT)
        first = bars(page).first.locator(".bar span")
        expect(first).to_have_css("transition-duration", duration)


def test_screen_readers_find_all_parts_by_role_and_name(visit):
    page = visit()
    expect(page.get_by_role("heading", name="Draw something")).to_be_visible()
    expect(page.get_by_role("region", name="Sketch")).to_be_visible()
    expect(page.get_by_role("region", name="The model's guess")).to_be_visible()
    expect(paper(page)).to_have_accessible_description(re.compile("Space or Enter puts it down"))
    expect(page.get_by_role("img", name=re.compile("No image yet: 28 . 28 pixels"))).to_be_visible()
    expect(button(page, "Undo")).to_be_visible()
    expect(button(page, "Clear")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"
    draw(page, CIRCLE)
    expect(bars(page).first).to_have_text(re.compile(r"\w+ [<>]?\d+ %"))
    expect(page.get_by_role("img", name="The sketch as the model sees it")).to_be_visible()


def test_the_guess_is_spoken_once_it_has_settled(visit):
    page = visit()
    status = page.get_by_role("status")
    paper(page).focus()
    press(page, "Space")
    expect(status).to_have_text("Pen down.")
    press(page, "ArrowRight", times=5)
    press(page, "Space")
    expect(status).to_have_text("Pen up.")
    expect(status).to_have_text(re.compile(r"^(Looks like|Perhaps) \w+, [<>]?\d+ %$"))
    press(page, "Backspace")
    expect(status).to_have_text("Undone. 0 strokes left.")


def test_names_the_classes_that_it_knows(visit, neighbors):
    page = visit()
    names = page.locator("#names")
    assert names.locator("li").all_inner_texts() == neighbors.classes_.tolist()


def test_names_are_text_and_never_markup(visit, start, neighbors):
    names = [f"<img src=x onerror=alert({i})>" for i in range(10)]
    page = visit(url=start(neighbors, names=names).url)
    draw(page, CIRCLE)
    expect(bars(page).first.locator(".name")).to_have_text(re.compile("^<img src=x"))
    assert page.locator("main img").count() == 0


def test_says_when_the_server_is_gone_and_goes_on_when_it_is_back(visit, start, neighbors):
    server = start(neighbors)
    page = visit(url=server.url)
    server.shutdown()
    server.server_close()
    draw(page, SLANT)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The server does not answer. Is skquickdraw app still running?")
    start(neighbors, port=server.server_port)
    button(page, "Try again").click()
    expect(bars(page)).to_have_count(5)
    expect(alert).to_be_hidden()


def test_shows_the_reason_where_an_answer_is_refused(visit):
    page = visit()
    refusal = '{"error": "A sketch may have at most 10000 points; this one has more."}'
    page.route("**/predict", lambda route: route.fulfill(status=400, body=refusal))
    draw(page, SLANT)
    expect(page.get_by_role("alert")).to_contain_text("may have at most 10000 points")
    page.unroute("**/predict")
    button(page, "Clear").click()
    draw(page, SLANT)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_late_answers_about_a_cleared_sketch_are_dropped(visit):
    page = visit()
    held = []
    page.route("**/predict", lambda route: held.append(route))
    draw(page, SLANT)
    page.wait_for_timeout(200)
    button(page, "Clear").click()
    (late,) = held
    late.continue_()
    settle(page)
    expect(bars(page)).to_have_count(0)


def test_nothing_comes_from_elsewhere(visit):
    page = visit()
    asked = []
    page.on("response", lambda answer: asked.append((answer.url, answer.status)))
    page.reload()
    draw(page, SLANT)
    expect(bars(page)).to_have_count(5)
    assert len(asked) >= 6
    assert [pair for pair in asked if not pair[0].startswith(page.url) or pair[1] != 200] == []
