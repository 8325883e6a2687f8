"""load_quickdraw on strokes: .ndjson, plain and compressed, and the binary format."""

import gzip
import json
import re
import struct

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skquickdraw.datasets import load_quickdraw, rasterize
from skquickdraw.datasets._formats import _class_rows
from skquickdraw.exceptions import DataFileError

BAR = [[[0, 255], [128, 128]]]
CROSS = [[[0, 255], [0, 255]], [[0, 255], [255, 0]]]
DOT = [[[7], [9]]]
DRAWINGS = [BAR, CROSS, DOT]
RECOGNIZED = [True, False, True]


def as_ndjson(drawings=DRAWINGS, recognized=RECOGNIZED):
    entries = zip(drawings, recognized, strict=True)
    lines = [json.dumps({"word": "x", "recognized": r, "drawing": d}) for d, r in entries]
    return ("\n".join(lines) + "\n").encode()


def as_binary(drawings=DRAWINGS, recognized=RECOGNIZED):
    """Return the binary format, written field by field as Google describes it."""
    content = b""
    for key, (drawing, seen) in enumerate(zip(drawings, recognized, strict=True)):
        content += struct.pack("<Q", key) + b"US" + struct.pack("<b", seen)
        content += struct.pack("<I", 1_490_000_000) + struct.pack("<H", len(drawing))
        for x, y in drawing:
            content += struct.pack("<H", len(x)) + bytes(x) + bytes(y)
    return content


ENCODERS = {
    "x.ndjson": as_ndjson,
    "x.ndjson.gz": lambda *args: gzip.compress(as_ndjson(*args)),
    "full_binary_x.bin": as_binary,
}
every_format = pytest.mark.parametrize(("filename", "encode"), ENCODERS.items())


@every_format
def test_reads_and_draws(tmp_path, filename, encode):
    (tmp_path / filename).write_bytes(encode())
    drawings = load_quickdraw(tmp_path, side=16)
    assert_array_equal(drawings.data, rasterize(DRAWINGS, side=16).reshape(3, 256))
    assert drawings.image_shape == (16, 16)
    assert_array_equal(drawings.target_names, ["x"])


@every_format
def test_returns_the_strokes(tmp_path, filename, encode):
    (tmp_path / filename).write_bytes(encode())
    drawings = load_quickdraw(tmp_path / filename, as_strokes=True)
    assert drawings.data == DRAWINGS
    assert drawings.image_shape is None
    assert_array_equal(drawings.target, [0, 0, 0])
    assert "as strokes" in drawings.DESCR


@every_format
def test_takes_the_first_that_were_recognized(tmp_path, filename, encode):
    (tmp_path / filename).write_bytes(encode())

    def load(**parameters):
        return load_quickdraw(tmp_path, as_strokes=True, **parameters).data

    assert load(n_per_class=2) == [BAR, CROSS]
    assert load(recognized_only=True) == [BAR, DOT]
    assert load(recognized_only=True, n_per_class=2) == [BAR, DOT]
    assert load(recognized_only=True, n_per_class=1) == [BAR]


@every_format
def test_refuses_a_file_without_drawings(tmp_path, filename, encode):
    (tmp_path / filename).write_bytes(encode([], []))
    with pytest.raises(DataFileError, match="at least one drawing; got none"):
        load_quickdraw(tmp_path)
    (tmp_path / filename).write_bytes(encode([BAR], [False]))
    with pytest.raises(DataFileError, match="at least one drawing that the game recognised"):
        load_quickdraw(tmp_path, recognized_only=True)


def test_the_published_drawings_survive_every_format(tmp_path, data_folder):
    pairs = data_folder("quickdraw_formats")
    for file in pairs.glob("*.ndjson"):
        entries = [json.loads(line) for line in file.read_text().splitlines()]
        drawings = [entry["drawing"] for entry in entries]
        content = as_binary(drawings, [entry["recognized"] for entry in entries])
        (tmp_path / f"{file.stem}.bin").write_bytes(content)
        (tmp_path / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
    for options in ({}, {"recognized_only": True}):
        plain = load_quickdraw(pairs, file_format="ndjson", as_strokes=True, **options)
        assert len(plain.data) == 125 if not options else 90 < len(plain.data) < 125
        for kind in ("bin", "ndjson"):
            other = load_quickdraw(tmp_path, file_format=kind, as_strokes=True, **options)
            assert other.data == plain.data
            assert_array_equal(other.target, plain.target)


def test_no_line_is_read_beyond_the_last_that_is_needed(tmp_path):
    (tmp_path / "x.ndjson").write_bytes(as_ndjson() + b"{ broken")
    assert len(load_quickdraw(tmp_path, n_per_class=3).data) == 3
    with pytest.raises(DataFileError, match="x.ndjson, line 4: must be one JSON object"):
        load_quickdraw(tmp_path)


def test_a_mark_of_byte_order_and_windows_line_ends_are_no_damage(tmp_path):
    content = b"\xef\xbb\xbf" + as_ndjson().replace(b"\n", b"\r\n")
    (tmp_path / "x.ndjson").write_bytes(content)
    assert load_quickdraw(tmp_path, as_strokes=True).data == DRAWINGS


def test_blank_lines_are_passed_over_but_counted(tmp_path):
    (tmp_path / "x.ndjson").write_bytes(b"\n" + as_ndjson() + b"\r\n[]\n")
    with pytest.raises(DataFileError, match="x.ndjson, line 6: must be one JSON object"):
        load_quickdraw(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"word": "apple", "dra', "must be one JSON object; got .*cut off"),
        ("[" * 100_000, "must be one JSON object; got"),
        ("\xff", "must be one JSON object; got"),
        ("[1, 2]", "must be one JSON object with the key 'drawing'; got"),
        ('{"word": "apple"}', "'drawing' must be a list of strokes .*got nothing"),
        ('{"drawing": "apple"}', "'drawing' must be a list of strokes .*got 'apple'"),
        ('{"drawing": [[[0, 1], [0, 1], [0, 9]]]}', "a stroke must be a pair.*raw format"),
        ('{"drawing": [[[0, 1], [0]]]}', "a stroke must be a pair"),
        ('{"drawing": [[[], []]]}', "a stroke must be a pair"),
        ('{"drawing": [7]}', "a stroke must be a pair"),
        ('{"drawing": [["ab", "cd"]]}', "a stroke must be a pair"),
        ('{"drawing": [[["1"], ["2"]]]}', "a stroke must be a pair"),
        ('{"drawing": [[[true], [false]]]}', "a stroke must be a pair"),
        ('{"drawing": [[[0, 300], [0, 1]]]}', r"coordinates must lie in 0\.\.256"),
        ('{"drawing": [[[0, NaN], [0, 1]]]}', r"coordinates must lie in 0\.\.256"),
        ('{"drawing": [[[0, 1e999], [0, 1]]]}', r"coordinates must lie in 0\.\.256"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, line, message):
    (tmp_path / "x.ndjson").write_bytes(as_ndjson() + line.encode("latin1"))
    with pytest.raises(DataFileError, match=f"load_quickdraw: x.ndjson, line 4: {message}"):
        load_quickdraw(tmp_path)


def test_recognized_only_needs_the_key(tmp_path):
    (tmp_path / "x.ndjson").write_text(json.dumps({"drawing": BAR}))
    assert len(load_quickdraw(tmp_path).data) == 1
    with pytest.raises(DataFileError, match="line 1: recognized_only=True needs the key"):
        load_quickdraw(tmp_path, recognized_only=True)


def test_a_truncated_gz_is_named_with_the_line(tmp_path):
    rng = np.random.RandomState(0)
    drawings = [[rng.randint(0, 256, (2, 100)).tolist()] for _ in range(200)]
    content = gzip.compress(as_ndjson(drawings, [True] * 200))
    (tmp_path / "x.ndjson.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataFileError, match="x.ndjson.gz, line .*damaged or cut off") as caught:
        load_quickdraw(tmp_path)
    (line,) = re.findall(r"line (\d+)", str(caught.value))
    assert 80 < int(line) < 120
    assert load_quickdraw(tmp_path, n_per_class=50, as_strokes=True).data == drawings[:50]


def test_a_gz_that_is_none_is_named(tmp_path):
    (tmp_path / "x.ndjson.gz").write_bytes(as_ndjson())
    with pytest.raises(DataFileError, match="x.ndjson.gz, line 1: the compressed file is damaged"):
        load_quickdraw(tmp_path)


def test_a_truncated_bin_is_named_with_the_byte(tmp_path):
    content = as_binary()
    starts = [len(as_binary(DRAWINGS[:n], RECOGNIZED[:n])) for n in range(4)]
    for size in range(1, len(content)):
        (tmp_path / "x.bin").write_bytes(content[:size])
        if size in starts:
            assert len(load_quickdraw(tmp_path).data) == starts.index(size)
            continue
        number = sum(start < size for start in starts) - 1
        where = f"x.bin, drawing {number} at byte {starts[number]}: "
        with pytest.raises(DataFileError, match=f"{where}must go on.*ends at byte {size}"):
            load_quickdraw(tmp_path)


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (10, 7, "'recognized', at byte 10, must be 0 or 1; got 7"),
        (10, 255, "'recognized', at byte 10, must be 0 or 1; got -1"),
        (17, 0, "a stroke must have at least one point; got none, at byte 17"),
        (18, 255, "must go on to byte .*damaged before that"),
        (16, 255, "must|a stroke must|'recognized'"),
    ],
)
def test_a_malformed_bin_is_named_with_the_byte(tmp_path, position, value, message):
    content = bytearray(as_binary())
    content[position] = value
    (tmp_path / "x.bin").write_bytes(content)
    with pytest.raises(DataFileError, match=f"x.bin, drawing 0 at byte 0: ({message})"):
        load_quickdraw(tmp_path)


@every_format
def test_damage_is_found_or_harmless(tmp_path, filename, encode):
    """Whichever byte is changed, the file is read, or an error names it."""
    content = encode()
    rng = np.random.RandomState(0)
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << rng.randint(8)
        (tmp_path / filename).write_bytes(damaged)
        try:
            load_quickdraw(tmp_path / filename, recognized_only=True, as_strokes=True)
        except DataFileError as error:
            assert filename in str(error)


def test_a_line_without_end_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(_class_rows, "LONGEST_LINE", 1000)
    (tmp_path / "cat.ndjson").write_text('{"drawing": [[[' + "1, " * 1000 + "1], [1]]]}")
    with pytest.raises(DataFileError, match="cat.ndjson, line 1: must be one JSON object"):
        load_quickdraw(tmp_path)
