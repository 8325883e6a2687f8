"""load_quickdraw on sketch-rnn archives: it reads pickled arrays without executing pickles."""

import copyreg
import io
import json
import os
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skquickdraw.datasets import load_quickdraw, rasterize
from skquickdraw.datasets._formats import _npz
from skquickdraw.exceptions import DataFileError, InvalidParameterError

BAR = [[[0, 255], [128, 128]]]
CROSS = [[[0, 255], [0, 255]], [[0, 255], [255, 0]]]
WAVE = [[[0, 100, 255], [20, 0, 40]], [[3], [9]]]


def as_steps(drawing, dtype="<i2"):
    """Return rows (dx, dy, is the pen lifted afterwards); the pen starts at the origin."""
    points = np.concatenate([np.transpose(stroke) for stroke in drawing])
    lifted = np.concatenate([np.arange(len(x))[::-1] == 0 for x, _ in drawing])
    return np.column_stack([np.diff(points, axis=0, prepend=[[0, 0]]), lifted]).astype(dtype)


def array_of(drawings, dtype="<i2"):
    entries = np.empty(len(drawings), dtype=object)
    entries[:] = [as_steps(drawing, dtype) for drawing in drawings]
    return entries


def write(file, n=1, **pickles):
    """Write an archive of object arrays with these pickles."""
    header = io.BytesIO()
    about = {"descr": "|O", "fortran_order": False, "shape": (n,)}
    np.lib.format.write_array_header_1_0(header, about)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in pickles.items():
            archive.writestr(f"{name}.npy", header.getvalue() + content)
    return file


def in_python_2(arrays):
    """Return by hand the pickle that NumPy wrote in Python 2, as in the published archives."""

    def text(value):
        return b"T" + struct.pack("<i", len(value)) + value

    def dtype(kind, order, state):
        made = b"cnumpy\ndtype\n(" + text(kind) + b"K\x00K\x01tR"
        return made + b"(K\x03" + text(order) + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff" + state

    def array(shape, kind, data):
        made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + text(b"b")
        sizes = b"(" + b"".join(b"J" + struct.pack("<i", n) for n in shape) + b"t"
        return made + b"tR(K\x01" + sizes + kind + b"\x89" + data + b"tb"

    numbers = dtype(b"i2", b"<", b"K\x00tb")
    objects = dtype(b"O8", b"|", b"K?tb")
    parts = [array(a.shape, numbers, text(a.astype("<i2").tobytes())) for a in arrays]
    whole = array((len(arrays),), objects, b"(" + b"".join(parts) + b"l")
    return b"\x80\x02" + whole + b"."


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_reads_what_numpy_saves(tmp_path, save):
    parts = {"valid": [CROSS], "test": [WAVE], "train": [BAR, WAVE]}
    save(tmp_path / "x.full.npz", **{name: array_of(part) for name, part in parts.items()})
    drawings = load_quickdraw(tmp_path, as_strokes=True)
    expected = [BAR, WAVE, CROSS, WAVE]
    assert drawings.data == expected
    assert_array_equal(drawings.target_names, ["x"])
    few = load_quickdraw(tmp_path, as_strokes=True, n_per_class=3)
    assert few.data == expected[:3]
    assert_array_equal(load_quickdraw(tmp_path).data, rasterize(expected).reshape(4, 784))


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_reads_what_any_numpy_pickled(tmp_path, protocol, module):
    content = pickle.dumps(array_of([BAR, WAVE]), protocol=protocol)
    for other in ("numpy.core.multiarray", "numpy._core.multiarray"):
        content = content.replace(other.encode(), module.encode())
    if protocol == 4:  # it also stores the lengths of names, and of the whole pickle
        content = pickle.dumps(array_of([BAR, WAVE]), protocol=protocol)
    write(tmp_path / "x.npz", train=content)
    assert load_quickdraw(tmp_path, as_strokes=True).data == [BAR, WAVE]


def test_reads_what_python_2_pickled(tmp_path):
    arrays = [as_steps(BAR), as_steps(WAVE)]
    content = in_python_2(arrays)
    write(tmp_path / "x.npz", train=content)
    assert load_quickdraw(tmp_path, as_strokes=True).data == [BAR, WAVE]


@pytest.mark.filterwarnings("ignore:dtype")  # newer NumPy warns of the spelling of Python 2
def test_the_pickle_of_python_2_is_one_to_numpy():
    arrays = [as_steps(BAR), as_steps(WAVE)]
    restored = pickle.loads(in_python_2(arrays), encoding="latin1")
    for array, expected in zip(restored, arrays, strict=True):
        assert array.dtype == expected.dtype
        assert_array_equal(array, expected)


@pytest.mark.parametrize("dtype", ["<i2", ">i2", "i4", "i8", "f4", ">f8"])
def test_reads_numbers_of_any_kind_and_order_of_axes(tmp_path, dtype):
    entries = array_of([WAVE], dtype)
    np.savez(tmp_path / "c.npz", train=entries)
    entries[0] = np.asfortranarray(entries[0])
    np.savez(tmp_path / "f.npz", train=entries)
    assert load_quickdraw(tmp_path, as_strokes=True).data == [WAVE] * 2


@pytest.mark.parametrize(
    ("factor", "start"), [(1, (-4, 9)), (0.1, (0, 0)), (0.1, (-50, 3)), (40, (7, 7))], ids=str
)
def test_other_scales_and_starts_are_brought_to_the_box(tmp_path, factor, start):
    entries = array_of([WAVE, [[[5], [7]]]], "f8")
    for steps in entries:
        steps[:, :2] *= factor
        steps[0, :2] += start
    np.savez(tmp_path / "x.npz", train=entries)
    drawings = load_quickdraw(tmp_path, as_strokes=True).data
    assert drawings[0] == WAVE
    assert factor == 1 or drawings[1] == [[[0], [0]]]


def test_the_published_drawings_survive_the_format(tmp_path, data_folder):
    pairs = data_folder("quickdraw_formats")
    for file in pairs.glob("*.ndjson"):
        drawings = [json.loads(line)["drawing"] for line in file.read_text().splitlines()]
        np.savez_compressed(tmp_path / f"{file.stem}.npz", train=array_of(drawings))
    ours = load_quickdraw(tmp_path, as_strokes=True)
    plain = load_quickdraw(pairs, file_format="ndjson", as_strokes=True)
    assert ours.data == plain.data
    assert_array_equal(ours.target, plain.target)


class Calls:
    """An object whose pickle is a call of a function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def hostile(target):
    """Return pickles that would create the file ``target``, or use forbidden names."""
    path = target.as_posix()  # a backslash has a meaning in pickles
    touch = Calls(Path.touch, target)
    system = b"cposix\nsystem\n(V" + f"touch {path}".encode() + b"\ntR."
    code = f"__import__('pathlib').Path({path!r}).touch()"
    inside = array_of([BAR])
    inside[0] = touch
    return {
        "a call": pickle.dumps(touch),
        "eval": pickle.dumps(Calls(eval, code)),
        "exec of Python 2": b"c__builtin__\neval\n(V" + code.encode() + b"\ntR.",
        "posix.system": system,
        "inst": b"(Vtouch " + path.encode() + b"\nicos\nsystem\n.",
        "inst of posix": b"(Vtouch " + path.encode() + b"\niposix\nsystem\n.",
        "obj": b"(cposix\nsystem\nVtouch " + path.encode() + b"\no.",
        "a call inside an array": pickle.dumps(inside),
        "numpy.load": pickle.dumps(Calls(np.load, path, None, True)),
        "numpy's own eval": b"cnumpy\ncore.multiarray.os.system\n(Vtouch "
        + path.encode()
        + b"\ntR.",
        "dotted name": b"\x80\x04\x8c\x05numpy\x8c\x17ndarray.__class__.__mro__\x93(tR.",
        "attributes of a name": b"\x80\x02cnumpy\nndarray\nN}X\x04\x00\x00\x00nameK\x01s\x86b.",
        "newobj": b"\x80\x02cnumpy\nndarray\n(K\x03t\x81.",
        "a persistent id": b"Pabc\n.",
        "an extension": b"\x80\x02\x82\x01.",
        "an array alone": pickle.dumps(np.arange(3)),
        "a list": pickle.dumps([as_steps(BAR)]),
        "no call": b"cnumpy\nndarray\n.",
        "nothing": b"N.",
        "no end": pickle.dumps(array_of([BAR]))[:-1],
        "rubbish": b"rubbish",
        "empty": b"",
    }


@pytest.mark.parametrize("name", hostile(Path("x")))
def test_no_pickle_is_run(tmp_path, name):
    target = tmp_path / "run"
    file = write(tmp_path / "x.npz", train=hostile(target)[name])
    with pytest.raises(DataFileError, match="x.npz, array 'train'.*Nothing in it was run"):
        load_quickdraw(file)
    assert not target.exists()


def test_an_extension_that_a_program_has_used_stays_out(tmp_path):
    call = b"\x80\x02\x82\xf0(V" + (tmp_path / "run").as_posix().encode() + b"\ntR."
    copyreg.add_extension("os", "mkdir", 0xF0)
    try:
        pickle.loads(call)
        (tmp_path / "run").rmdir()
        write(tmp_path / "x.npz", train=call)
        with pytest.raises(DataFileError, match="it holds the opcode.*Nothing in it was run"):
            load_quickdraw(tmp_path)
    finally:
        copyreg.remove_extension("os", "mkdir", 0xF0)
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(os.name == "nt", reason="they call posix")
def test_the_hostile_pickles_are_hostile(tmp_path):
    """Loaded by pickle itself, they do what the tests above have to prevent."""
    armed = 0
    for name, content in hostile(tmp_path / "run").items():
        if name in {"a call", "eval", "exec of Python 2", "posix.system", "inst of posix", "obj"}:
            (tmp_path / "run").unlink(missing_ok=True)
            pickle.loads(content)
            armed += (tmp_path / "run").exists()
    assert armed == 6


def in_few_bytes():
    """Return short pickles that would take gigabytes or hours, and the error of each."""
    nested = b"".join(b"q%c0h%ch%c\x86" % (n, n, n) for n in range(100))
    one = pickle.dumps(array_of([BAR])[0], protocol=2)
    array, array_put = one[2:-1], b"r\xff\xff\x00\x00"
    return {
        "a large index of the memo": (b"\x80\x02Nr\xff\xff\xff\x7f.", "Nothing in it was run"),
        "a set of nested tuples": (b"\x80\x04\x8f(N" + nested + b"\x90.", "the opcode b'.x8f'"),
        "one array many times": (
            in_python_2([]).replace(
                b"(l", b"(" + array + array_put + b"j\xff\xff\x00\x00" * 50_000 + b"l"
            ).replace(b"J\x00\x00\x00\x00", b"JQ\xc3\x00\x00"),
            "some are there more than once",
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", in_few_bytes())
def test_few_bytes_ask_for_little(tmp_path, name):
    content, message = in_few_bytes()[name]
    file = write(tmp_path / "x.npz", train=content)
    tracemalloc.start()
    try:
        with pytest.raises(DataFileError, match=f"x.npz, array 'train'.*{message}"):
            load_quickdraw(file)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


def test_an_archive_that_expands_without_measure_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_npz, "SMALL", 10_000)
    np.savez_compressed(tmp_path / "blank.npz", np.zeros((100, 28, 28), np.uint8))
    with pytest.raises(DataFileError, match="200 times .* 78,528 bytes in memory.*np.savez"):
        load_quickdraw(tmp_path)
    np.savez(tmp_path / "blank.npz", np.zeros((100, 28, 28), np.uint8))
    assert load_quickdraw(tmp_path).data.shape == (100, 784)


def foreign_entries():
    """Return entries of an object array that are not numeric arrays."""
    structured = np.zeros(2, dtype=[("a", "i2"), ("b", "i2")])
    return {
        "None": None,
        "text": "abc",
        "objects": np.array([None, 1], dtype=object),
        "structured": structured,
        "strings": np.array(["ab"]),
        "complex": np.zeros((2, 3), complex),
        "dates": np.zeros((2, 3), "M8[s]"),
    }


@pytest.mark.parametrize("name", foreign_entries())
def test_refuses_entries_that_are_no_numeric_arrays(tmp_path, name):
    entries = np.empty(2, dtype=object)
    entries[0], entries[1] = as_steps(BAR), foreign_entries()[name]
    np.savez(tmp_path / "x.npz", valid=entries)
    is_deep = name == "structured"  # its pickle has a dict of fields
    rule = ": an array of objects must hold numeric" if is_deep else ", drawing 1: must be an array"
    with pytest.raises(DataFileError, match=f"array 'valid'{rule}"):
        load_quickdraw(tmp_path)


def test_lies_about_a_dtype_reach_no_memory(tmp_path):
    """NumPy itself would take these bytes for the address of an object."""
    content = in_python_2([np.zeros((2, 3))]).replace(
        b"T\x02\x00\x00\x00i2", b"T\x02\x00\x00\x00O8"
    )
    write(tmp_path / "x.npz", train=content)
    with pytest.raises(DataFileError, match="drawing 0: must be an array of.*dtype is O8"):
        load_quickdraw(tmp_path)


def test_lies_about_a_shape_are_found(tmp_path):
    content = in_python_2([np.zeros((2, 3))])
    sizes = b"J\x02\x00\x00\x00J\x03\x00\x00\x00"
    assert sizes in content
    write(tmp_path / "x.npz", train=content.replace(sizes, sizes.replace(b"\x02", b"\x7f")))
    with pytest.raises(DataFileError, match="drawing 0: must be an array of.*reshape"):
        load_quickdraw(tmp_path)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (np.zeros((4, 2), int), r"rows of finite \(dx, dy, pen lifted\); got shape \(4, 2\)"),
        (np.zeros((0, 3), int), "rows of finite"),
        (np.full((1, 3), np.nan), "rows of finite"),
        (np.full((1, 3), 2), "the third column must be 0, or 1 .*got 2"),
    ],
)
def test_refuses_steps_that_are_none(tmp_path, steps, message):
    entries = array_of([BAR, BAR])
    entries[1] = steps
    np.savez(tmp_path / "x.npz", train=entries)
    with pytest.raises(DataFileError, match=f"x.npz, array 'train', drawing 1: .*{message}"):
        load_quickdraw(tmp_path)


def test_refuses_plain_arrays(tmp_path):
    np.savez(tmp_path / "x.npz", train=np.zeros((3, 5, 3)))
    with pytest.raises(DataFileError, match=r"1-D array of drawings.*got float64 of shape \(3, 5"):
        load_quickdraw(tmp_path)


def test_knows_nothing_of_recognition(tmp_path):
    np.savez(tmp_path / "x.npz", train=array_of([BAR]))
    with pytest.raises(InvalidParameterError, match="recognized_only=True needs"):
        load_quickdraw(tmp_path, recognized_only=True)


def test_damage_is_found_or_harmless(tmp_path):
    """Whichever byte is changed, the file is read, or an error names it."""
    content = pickle.dumps(array_of([BAR, CROSS]), protocol=4)
    rng = np.random.RandomState(0)
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << rng.randint(8)
        file = write(tmp_path / "x.npz", train=bytes(damaged))
        try:
            load_quickdraw(file, as_strokes=True)
        except DataFileError as error:
            assert "x.npz, array 'train'" in str(error)
