"""The page apart from drawing: images, colours, corrections, downloads, and sizes of screens."""

import base64
import io
import json
import re

import numpy as np
import pytest

from skquickdraw.datasets import load_image_folder, load_quickdraw, rasterize

from .test_page import CONTRASTS, SLANT, bars, button, draw, expect, paper, press, settle

Image = pytest.importorskip("PIL.Image", reason="pillow is not installed")
HOUSE = [[[0, 0, 200, 200], [255, 100, 100, 255]], [[0, 100, 200], [100, 0, 100]]]


class Painter:
    """A classifier of colours on paper."""

    classes_ = ("red", "blue")
    image_shape_ = (3, 28, 28)
    n_features_in_ = 3 * 28 * 28
    background_ = (250.0,) * 3

    def predict_proba(self, X):
        return [[0.75, 0.25]] * len(X)


def scan(format="PNG"):
    levels = 235 - 0.8 * rasterize(HOUSE, side=240, line_width=6)
    content = io.BytesIO()
    Image.fromarray(levels.astype(np.uint8)).save(content, format)
    return content.getvalue()


def choose(page, content, name="scan.png"):
    page.set_input_files("#file", {"name": name, "mimeType": "", "buffer": content})


def hand_over(page, kind, *contents, text=None):
    """Drop files or text on the page, or paste them."""
    page.evaluate(
        """([kind, contents, text]) => {
            const dataTransfer = new DataTransfer();
            const bytes = (content) => Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
            contents.forEach((content, i) =>
                dataTransfer.items.add(new File([bytes(content)], `file ${i}.png`)));
            if (text) dataTransfer.setData("text/plain", text);
            const settings = { bubbles: true, cancelable: true };
            document.body.dispatchEvent(kind === "drop"
                ? new DragEvent("drop", { ...settings, dataTransfer })
                : new ClipboardEvent("paste", { ...settings, clipboardData: dataTransfer }));
        }""",
        [kind, [base64.b64encode(content).decode() for content in contents], text],
    )


def seen(page, what="image"):
    """Return the image that the model gets, of shape (28, 28, 3)."""
    settle(page)
    expect(page.get_by_role("img", name=f"The {what} as the model sees it")).to_be_visible()
    levels = page.evaluate(
        """() => {
            const canvas = document.getElementById("picture");
            return [...canvas.getContext("2d").getImageData(0, 0, 28, 28).data];
        }"""
    )
    return np.array(levels).reshape(28, 28, 4)[..., :3]


def notice(page):
    return page.get_by_role("alert")


def is_shown(page, locator):
    """Return whether a whole element is on the screen, without scrolling."""
    box, size = locator.bounding_box(), page.viewport_size
    is_wide = box["x"] >= 0 and box["x"] + box["width"] <= size["width"] + 0.5
    return is_wide and box["y"] >= 0 and box["y"] + box["height"] <= size["height"] + 0.5


@pytest.mark.parametrize("way", ["choose", "drop", "paste"])
def test_an_image_is_shown_with_what_the_model_sees_and_guesses(visit, post, start, neighbors, way):
    server = start(neighbors)
    page = visit(url=server.url)
    if way == "choose":
        choose(page, scan())
    else:
        hand_over(page, way, scan())
    expect(bars(page)).to_have_count(5)
    _, answer = post(server, "/image", scan())
    np.testing.assert_array_equal(seen(page)[..., 0], answer["picture"])
    expect(page.locator("#headline strong")).to_have_text(answer["top"][0]["name"])
    name = re.compile(r"The image (scan|file 0)\.png")
    expect(page.get_by_role("img", name=name)).to_be_visible()
    caption = re.compile("28 . 28 pixels, white on black, found on the image")
    expect(page.locator("#caption")).to_have_text(caption)


def test_a_format_that_the_browser_does_not_know_is_shown_by_its_name(visit):
    page = visit()
    choose(page, scan("TIFF"), "scan.tif")
    expect(bars(page)).to_have_count(5)
    expect(page.locator("#photo figcaption")).to_have_text("scan.tif")
    expect(page.locator("#photo canvas")).to_be_hidden()


def test_a_sketch_waits_below_an_image(visit):
    page = visit()
    draw(page, SLANT)
    drawn = seen(page, "sketch")
    choose(page, scan())
    assert not np.array_equal(seen(page), drawn)
    expect(button(page, "Undo")).to_be_disabled()
    press(page, "Control+z")
    draw(page, SLANT)  # on the image, which takes no ink
    button(page, "Remove image").click()
    np.testing.assert_array_equal(seen(page, "sketch"), drawn)
    button(page, "Undo").click()
    expect(bars(page)).to_have_count(0)
    expect(button(page, "Clear")).to_be_disabled()


def test_what_cannot_be_read_is_told_and_the_sketch_is_back(visit):
    page = visit()
    draw(page, SLANT)
    drawn = seen(page, "sketch")
    choose(page, b"no image", "notes.txt")
    expect(notice(page)).to_contain_text("must be an image in a format that Pillow reads")
    np.testing.assert_array_equal(seen(page, "sketch"), drawn)
    expect(page.locator("#photo")).to_be_hidden()
    button(page, "Close").click()
    expect(notice(page)).to_have_count(0)


def test_an_image_of_too_many_bytes_is_not_sent(visit):
    page = visit()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(
        """() => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([new Uint8Array(20 * 1024 * 1024 + 1)], "large.png"));
            document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer }));
        }"""
    )
    expect(notice(page)).to_contain_text("An image may have at most 20.0 MiB")
    assert asked == []


def test_one_image_is_taken_at_a_time_and_nothing_else(visit):
    page = visit()
    hand_over(page, "drop", scan(), scan())
    expect(notice(page)).to_contain_text("One image at a time, please: there are 2.")
    hand_over(page, "drop", text="https://example.org/cat.png")
    expect(notice(page)).to_contain_text("Drop the file of an image")
    draw(page, SLANT)
    expect(notice(page)).to_have_count(0)
    hand_over(page, "paste", text="a text")
    expect(notice(page)).to_have_count(0)


def test_late_answers_about_an_image_that_is_gone_are_dropped(visit):
    page = visit()
    held = []
    page.route("**/image", lambda route: held.append(route))
    choose(page, scan())
    page.wait_for_timeout(300)
    button(page, "Remove image").click()
    (late,) = held
    late.continue_()
    settle(page)
    expect(bars(page)).to_have_count(0)


def test_a_phone_offers_its_camera(visit):
    page = visit(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    with page.expect_file_chooser() as opened:
        button(page, "Take photo").tap()
    assert opened.value.element.get_attribute("capture") == "environment"
    opened.value.set_files({"name": "photo.png", "mimeType": "image/png", "buffer": scan()})
    expect(bars(page)).to_have_count(5)
    expect(button(visit(), "Take photo")).to_be_hidden()


def test_colours_are_chosen_by_name_and_seen_by_the_model(visit):
    page = visit(Painter(), color_scheme="dark")
    group = page.get_by_role("group", name="Colour of the pen")
    expect(group.get_by_role("radio", name="Black")).to_be_checked()
    draw(page, [(0.2, 0.3), (0.8, 0.3)])
    group.get_by_role("radio", name="Black").focus()
    press(page, "ArrowRight")
    expect(group.get_by_role("radio", name="Red")).to_be_checked()
    draw(page, [(0.2, 0.7), (0.8, 0.7)])
    picture = seen(page, "sketch")
    assert picture[:14].min() < 100 and np.ptp(picture[:14], axis=2).max() == 0  # black on white
    red, green, blue = picture[14:].min(axis=(0, 1))
    assert red > blue + 80 and abs(green - blue) <= 1
    expect(page.locator("#paper")).to_have_css("background-color", "rgb(255, 255, 255)")


def test_a_model_of_grey_has_no_colours(visit):
    expect(visit().get_by_role("radio")).to_have_count(0)


def test_a_wrong_guess_is_put_right_by_keys_alone(visit, tmp_path):
    page = visit(save_to=tmp_path)
    expect(button(page, "This is wrong")).to_be_disabled()
    draw(page, SLANT)
    settle(page)
    button(page, "This is wrong").focus()
    press(page, "Enter")
    dialog = page.get_by_role("dialog", name="What is it?")
    expect(dialog.get_by_role("searchbox", name="Search the classes")).to_be_focused()
    labels = dialog.get_by_role("listbox", name="The right label")
    page.keyboard.type("MUSH")
    expect(labels.get_by_role("option")).to_have_text(["mushroom"])
    press(page, "Enter")
    expect(dialog).to_be_hidden()
    told = "Saved as mushroom, in drawings/full_simplified_mushroom.ndjson."
    expect(page.locator("#saved")).to_have_text(told)
    expect(page.get_by_role("status")).to_have_text(told)
    expect(button(page, "This is wrong")).to_be_focused()
    expect(button(page, "This is wrong")).to_be_disabled()
    found = load_quickdraw(tmp_path / "drawings", as_strokes=True)
    assert found.target_names.tolist() == ["mushroom"]
    ((stroke,),) = found.data
    assert [axis[0] for axis in stroke] == [0, 0] and [axis[-1] for axis in stroke] == [255, 255]


def test_the_list_of_labels_is_searched_and_left(visit, tmp_path):
    page = visit(save_to=tmp_path)
    draw(page, SLANT)
    settle(page)
    button(page, "This is wrong").click()
    dialog = page.get_by_role("dialog")
    options = dialog.get_by_role("option")
    expect(options).to_have_count(10)
    page.keyboard.type("zebra")
    expect(dialog.get_by_role("status")).to_have_text("No class has such a name.")
    expect(button(page, "Save")).to_be_disabled()
    press(page, "Enter", "Escape", "Escape")  # the first one empties the search
    expect(dialog).to_be_hidden()
    assert list(tmp_path.iterdir()) == []
    button(page, "This is wrong").click()
    expect(options).to_have_count(10)
    press(page, "ArrowDown", "ArrowDown", "Enter")  # from the first to the third
    names = page.locator("#names li").all_inner_texts()
    expect(page.locator("#saved")).to_contain_text(f"Saved as {names[2]}")


def test_names_that_begin_with_what_is_searched_come_first(visit, start, neighbors, tmp_path):
    names = ["black cat", "Cat", "café", "dog", "e", "f", "g", "h", "scatter", "<b>cat</b>"]
    page = visit(url=start(neighbors, names=names, save_to=tmp_path).url)
    draw(page, SLANT)
    settle(page)
    button(page, "This is wrong").click()
    options = page.get_by_role("option")
    page.keyboard.type("cat")
    expect(options).to_have_text(["Cat", "black cat", "scatter", "<b>cat</b>"])
    page.get_by_role("searchbox").fill("cafe")
    expect(options).to_have_text(["café"])


def test_an_image_is_saved_with_its_label(visit, tmp_path):
    page = visit(save_to=tmp_path)
    choose(page, scan())
    expect(bars(page)).to_have_count(5)
    button(page, "This is wrong").click()
    page.get_by_role("option", name="tree").dblclick()
    expect(page.locator("#saved")).to_have_text("Saved as tree, in images/tree/00001.png.")
    found = load_image_folder(tmp_path / "images", image_shape=(240, 240))
    assert found.target_names.tolist() == ["tree"]
    np.testing.assert_array_equal(found.data[0], np.asarray(Image.open(io.BytesIO(scan()))))


def test_what_cannot_be_saved_is_told(visit, tmp_path):
    page = visit(save_to=tmp_path / "saved")
    (tmp_path / "saved").rmdir()
    (tmp_path / "saved").write_bytes(b"")
    draw(page, SLANT)
    settle(page)
    button(page, "This is wrong").click()
    button(page, "Save").click()
    expect(notice(page)).to_contain_text("It was not saved. It cannot be saved: ")
    expect(button(page, "This is wrong")).to_be_enabled()


def test_nothing_is_saved_without_a_folder(visit):
    page = visit()
    draw(page, SLANT)
    settle(page)
    expect(button(page, "This is wrong")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_sketch_is_downloaded_as_dark_ink_on_white(visit, scheme):
    page = visit(color_scheme=scheme)
    expect(button(page, "Download PNG")).to_be_disabled()
    draw(page, [(0.5, 0.25), (0.5, 0.75)])
    with page.expect_download() as download:
        button(page, "Download PNG").click()
    assert download.value.suggested_filename == "sketch.png"
    image = Image.open(download.value.path())
    assert image.format == "PNG" and image.size == (800, 800)
    levels = np.asarray(image.convert("L")).astype(int)
    rows, columns = np.nonzero(levels < 128)
    assert levels[0, 0] == 255 and levels[400, 400] == 0
    assert (rows.min(), rows.max()) == pytest.approx((200 - 9, 600 + 9), abs=4)
    assert np.ptp(columns) == pytest.approx(18, abs=3)


@pytest.mark.parametrize(
    ("width", "height", "is_phone"),
    [(844, 390, True), (667, 375, True), (390, 844, True), (1280, 800, False), (1100, 700, False)],
)
def test_paper_tools_and_guess_fit_the_screen(visit, width, height, is_phone, tmp_path):
    page = visit(
        viewport={"width": width, "height": height},
        has_touch=is_phone,
        is_mobile=is_phone,
        save_to=tmp_path,
    )
    draw(page, SLANT)
    expect(bars(page)).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    names = ["Undo", "Clear", "Open image", "Download PNG"] + ["Take photo"] * is_phone
    parts = {name: button(page, name) for name in names}
    parts |= {"paper": paper(page), "headline": page.locator("#headline")}
    parts |= {f"bar {i}": bar for i, bar in enumerate(bars(page).all())}
    if width > height:
        parts |= {"wrong": button(page, "This is wrong"), "picture": page.locator("#picture")}
    assert [name for name, part in parts.items() if not is_shown(page, part)] == []
    box = paper(page).bounding_box()
    assert box["width"] == pytest.approx(box["height"], abs=1) and box["width"] > 280
    button(page, "This is wrong").click()
    dialog = page.get_by_role("dialog")
    for part in (dialog, button(page, "Save"), dialog.get_by_role("listbox")):
        assert is_shown(page, part)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_text_of_new_parts_stands_out(visit, scheme, tmp_path):
    page = visit(color_scheme=scheme, save_to=tmp_path)
    choose(page, b"no image")
    expect(notice(page)).to_contain_text("must be an image")
    draw(page, SLANT)
    settle(page)
    choose(page, scan())
    expect(bars(page)).to_have_count(5)
    hand_over(page, "drop", text="no image")
    button(page, "This is wrong").click()
    page.get_by_role("searchbox").fill("zebra")
    contrasts = page.evaluate(CONTRASTS)["texts"]
    shown = json.dumps(contrasts)
    for text in ("Remove image", "scan.png", "Drop the file", "What is it?", "No class has such"):
        assert text in shown
    assert [text for text, ratio in contrasts if ratio < 4.5] == []


def test_the_new_controls_come_in_the_order_of_the_page(visit, tmp_path):
    page = visit(save_to=tmp_path)
    draw(page, SLANT)
    settle(page)
    paper(page).focus()
    for name in ("Undo", "Clear", "Open image", "Download PNG", "This is wrong"):
        press(page, "Tab")
        expect(button(page, name)).to_be_focused()
