"""Read arrays of numeric arrays from a pickle without running anything in it.

The published sketch-rnn archives hold arrays of objects, and numpy stores those as a pickle. Such a
pickle is read here into descriptions: every name in it becomes a `_Noted`, which only records the
arguments of calls. No function or class that a pickle could call is ever on the unpickler's stack,
not even numpy's own, whose dtypes can be made to read foreign memory. Valid descriptions are then
turned into arrays by `np.frombuffer`; others are refused.

A few bytes cannot take much memory or time either. Python's own unpickler keeps its memo in a dict;
the one in C reserves memory for the largest index. Opcodes that numpy does not write, such as those
of sets and dicts, are unknown. And the arrays hold no more bytes than the pickle does.
"""

import pickle
from collections.abc import Callable
from typing import IO, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from ...exceptions import DataFileError

NOTED = {
    *((f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),  # how protocol 2 writes bytes
}
OPCODES = {
    *(pickle.PROTO, pickle.FRAME, pickle.STOP, pickle.MARK, pickle.REDUCE, pickle.BUILD),
    *(pickle.GLOBAL, pickle.STACK_GLOBAL),
    *(pickle.PUT, pickle.BINPUT, pickle.LONG_BINPUT, pickle.MEMOIZE),
    *(pickle.GET, pickle.BINGET, pickle.LONG_BINGET),
    *(pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE, pickle.INT, pickle.LONG, pickle.LONG1),
    *(pickle.BININT, pickle.BININT1, pickle.BININT2),
    *(pickle.STRING, pickle.BINSTRING, pickle.SHORT_BINSTRING),
    *(pickle.UNICODE, pickle.BINUNICODE, pickle.SHORT_BINUNICODE),
    *(pickle.BINBYTES, pickle.SHORT_BINBYTES, pickle.BINBYTES8),
    *(pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3),
    *(pickle.EMPTY_LIST, pickle.LIST, pickle.APPEND, pickle.APPENDS),
}
NUMBERS = {"i1", "i2", "i4", "i8", "f4", "f8"}


class _Noted:
    """A name in a pickle, or a call of it: records its arguments, and does nothing."""

    __slots__ = ("args", "name", "state")

    def __init__(self, name: str, args: tuple[object, ...] | None = None) -> None:
        self.name, self.args = name, args
        self.state: object = None

    def __call__(self, *args: object) -> "_Noted":
        return _Noted(self.name, args)

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Known(dict[int, Callable[[pickle.Unpickler], None]]):
    """What an unpickler does at each opcode that numpy writes."""

    def __missing__(self, opcode: int) -> NoReturn:
        raise pickle.UnpicklingError(f"it holds the opcode {bytes([opcode])!r}")


class _Reader(pickle._Unpickler):
    """An unpickler without functions and classes."""

    dispatch = _Known((code[0], pickle._Unpickler.dispatch[code[0]]) for code in OPCODES)

    def find_class(self, module: str, name: str) -> _Noted:
        if (module, name) not in NOTED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _Noted(name)

    def persistent_load(self, pid: object) -> NoReturn:
        raise pickle.UnpicklingError("it asks for an object outside it")


def read_array_of_arrays(stream: IO[bytes], where: str) -> list[NDArray[np.number]]:
    """Return the numeric arrays of an array of objects, from a stream at the start of its pickle.

    Raises
    ------
    DataFileError
        If the pickle holds anything else. The message names the byte, or the entry.
    """
    start = stream.tell()
    try:
        # Strings of Python 2 are bytes; latin1 keeps each byte.
        code, _, _, entries = _array_parts(_Reader(stream, encoding="latin1").load())
        if code != "O8" or not isinstance(entries, list):
            raise ValueError("it is not an array of objects")
    except Exception as error:  # a broken pickle can raise anything
        raise DataFileError(
            f"{where}: an array of objects must hold numeric arrays and nothing else; refused at "
            f"byte {stream.tell()}, as {error}. Nothing in it was run. Download the file again, or "
            "write the drawings as simplified .ndjson."
        ) from error
    arrays = [_as_array(entry, f"{where}, drawing {i}") for i, entry in enumerate(entries)]
    if (n_bytes := sum(array.nbytes for array in arrays)) > stream.tell() - start:
        raise DataFileError(
            f"{where}: {len(arrays):,} arrays must lie in the pickle one after the other; got "
            f"{n_bytes:,} bytes out of {stream.tell() - start:,}, so that some are there more than "
            "once. Write the drawings as simplified .ndjson."
        )
    return arrays


def _as_array(entry: object, where: str) -> NDArray[np.number]:
    """Turn the description of a numeric array into the array."""
    try:
        code, shape, order, data = _array_parts(entry)
        if code[1:] not in NUMBERS or not isinstance(data, bytes):
            raise ValueError(f"its dtype is {code}")
        return np.frombuffer(data, code).reshape(shape, order=order)
    except (ValueError, TypeError) as error:
        raise DataFileError(
            f"{where}: must be an array of integers or floating-point numbers; {error}. Nothing in "
            "it was run. Leave the drawing out, or write the drawings as simplified .ndjson."
        ) from error


def _array_parts(noted: object) -> tuple[str, tuple[int, ...], Literal["F", "C"], object]:
    """Return dtype code, shape, order of axes and data of the description of an array."""
    if not isinstance(noted, _Noted) or noted.name != "_reconstruct":
        raise ValueError("it is not an array")
    _, shape, dtype, is_fortran, data = _tuple(noted.state, 5)
    if not isinstance(dtype, _Noted) or dtype.name != "dtype":
        raise ValueError("its dtype is not one of NumPy")
    kind, byte_order = _tuple(dtype.args, 3)[0], _tuple(dtype.state, 8)[1]
    if not isinstance(kind, str) or byte_order not in ("<", ">", "|", "="):
        raise ValueError("its dtype is not one of NumPy")
    if not isinstance(is_fortran, bool):
        raise ValueError("its order of axes is neither C nor Fortran order")
    code = kind if kind == "O8" else byte_order + kind
    return code, _sizes(shape), "F" if is_fortran else "C", _bytes(data)


def _tuple(value: object, length: int) -> tuple[object, ...]:
    if not isinstance(value, tuple) or len(value) != length:
        raise ValueError("it is not described as NumPy describes an array")
    return value


def _sizes(shape: object) -> tuple[int, ...]:
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("its shape is not a tuple of numbers of at least 0")
    return shape


def _bytes(data: object) -> object:
    """Return bytes, decoded if Python 2 or protocol 2 pickled them as text."""
    if isinstance(data, _Noted) and data.name == "encode":
        data, encoding = _tuple(data.args, 2)
        if encoding != "latin1":
            raise ValueError("its bytes are encoded in another way than numpy does")
    return data.encode("latin1") if isinstance(data, str) else data
