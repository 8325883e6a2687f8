"""Damage a file at random places, like a faulty disk, or at sensitive ones, like an attacker.

All choices come from one ``random.Random``, so the same seed gives the same damage.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from random import Random
from struct import pack, unpack
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

# Numbers that are often handled wrongly as lengths, counts or indices.
EDGES = [0, 1, 2, -1, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1]
EDGES += [2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1, -(2**31), -(2**63)]
NUMBER = re.compile(rb"\d+")
VALUES = [*EDGES, None, True, "", "a", "\0", [], {}, [[]], 0.5, -1e308, 1e308, "9" * 400, 10**400]


def flip(data: bytearray, rng: Random, other: bytes) -> None:
    for _ in range(rng.choice((1, 1, 1, 2, 8, 64))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def truncate(data: bytearray, rng: Random, other: bytes) -> None:
    del data[rng.randrange(len(data)) :]


def overwrite(data: bytearray, rng: Random, other: bytes) -> None:
    start = rng.randrange(len(data))
    span = data[start : start + rng.choice((1, 4, 64))]
    fill = rng.choice((b"\0", b"\xff", None))
    data[start : start + len(span)] = rng.randbytes(len(span)) if fill is None else fill * len(span)


def cut_out(data: bytearray, rng: Random, other: bytes) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.randrange(1, 65)]


def repeat(data: bytearray, rng: Random, other: bytes) -> None:
    start = rng.randrange(len(data))
    span = bytes(data[start : start + rng.randrange(1, 65)])
    data[start:start] = span * rng.choice((1, 1, 2, 1000))


def insert(data: bytearray, rng: Random, other: bytes) -> None:
    start = rng.randrange(len(data) + 1)
    data[start:start] = rng.randbytes(rng.randrange(1, 65))


def splice(data: bytearray, rng: Random, other: bytes) -> None:
    """Continue with the content of another file."""
    data[rng.randrange(len(data)) :] = other[rng.randrange(len(other)) :]


def edit_length(data: bytearray, rng: Random, other: bytes) -> None:
    """Write one of ``EDGES`` in binary, at a random place."""
    size = rng.choice((1, 2, 4, 8))
    number = rng.choice(EDGES) % 2 ** (8 * size)
    start = rng.randrange(max(1, min(len(data), rng.choice((32, len(data))))))
    data[start : start + size] = number.to_bytes(size, rng.choice(("little", "big")))


def edit_number(data: bytearray, rng: Random, other: bytes) -> None:
    """Replace a number that is written in digits, such as those of headers and JSON."""
    found = [match.span() for match in NUMBER.finditer(bytes(data[:10_000]))]
    if found:
        start, stop = rng.choice(found)
        data[start:stop] = str(rng.choice((*EDGES, 10**30))).encode()


MUTATIONS: list[Callable[[bytearray, Random, bytes], None]] = [
    *(flip, truncate, overwrite, cut_out, repeat, insert, splice, edit_length, edit_number)
]


def damage(data: bytes, rng: Random, other: bytes) -> bytes:
    """Return the data after one to three mutations."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if changed:
            rng.choice(MUTATIONS)(changed, rng, other)
    return bytes(changed)


def damage_json(text: bytes, rng: Random) -> bytes:
    """Replace, drop or move a value of a JSON text. The text stays valid JSON."""
    tree = json.loads(text)
    places = [(None, None), *_places(tree)]
    for _ in range(rng.choice((1, 1, 2))):
        holder, key = rng.choice(places)
        if holder is None or (isinstance(holder, list) and key >= len(holder)):
            continue
        source, name = rng.choice(places[1:])
        is_there = key in holder if isinstance(holder, dict) else True
        moved = source[name] if name in _keys(source) else None
        if rng.random() < 0.2 and is_there:
            del holder[key]
        else:
            fresh = json.loads(json.dumps(moved)) if rng.random() < 0.5 else rng.choice(VALUES)
            holder[key] = fresh
    return json.dumps(tree).encode()


def _keys(holder: Any) -> Any:
    return range(len(holder)) if isinstance(holder, list) else holder


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Return every (list or dict, key) of a tree."""
    found, todo = [], [tree]
    while todo:
        holder = todo.pop()
        for key in _keys(holder) if isinstance(holder, list | dict) else ():
            found.append((holder, key))
            todo.append(holder[key])
    return found


# A reader of a format with a checksum refuses all other damage at once. The functions below damage
# the content inside, and correct the checksum.


def inside_zip(data: bytes, rng: Random, other: bytes) -> bytes:
    with ZipFile(BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(list(entries))
    entries[name] = damage(entries[name], rng, rng.choice(list(entries.values())))
    if rng.random() < 0.1:
        entries[rng.choice(("X.npy", "y.npy", "train.npy", "a"))] = entries.pop(name)
    with ZipFile(out := BytesIO(), "w", rng.choice((ZIP_STORED, ZIP_DEFLATED))) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def inside_gzip(data: bytes, rng: Random, other: bytes) -> bytes:
    return zlib.compress(inside_lines(zlib.decompress(data, 31), rng, other), wbits=31)


def inside_lines(data: bytes, rng: Random, other: bytes) -> bytes:
    """Damage one line of a file that has a JSON text on each line."""
    lines = data.splitlines()
    number = rng.randrange(len(lines))
    lines[number] = damage_json(lines[number], rng)
    return b"\n".join(lines)


def inside_json(data: bytes, rng: Random, other: bytes) -> bytes:
    return damage_json(data, rng)


def inside_png(data: bytes, rng: Random, other: bytes) -> bytes:
    chunks, start = [], 8
    while start < len(data):
        (length,) = unpack(">I", data[start : start + 4])
        chunks.append((data[start + 4 : start + 8], data[start + 8 : start + 8 + length]))
        start += length + 12
    number = rng.randrange(len(chunks))
    kind, content = chunks[number]
    chunks[number] = kind, damage(content or b"\0", rng, other)
    parts = [
        pack(">I", len(content)) + kind + content + pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    ]
    return data[:8] + b"".join(parts)


def inside_model(data: bytes, rng: Random, other: bytes) -> bytes:
    """Damage a file of ``save_model``, and correct its checksum, as an attacker would."""
    length = int.from_bytes(data[:8], "little")
    header, tensors = json.loads(data[8 : 8 + length]), data[8 + length :]
    what = rng.choice(("description", "description", "tensors", "header"))
    if what == "description":
        changed = damage_json(header["__metadata__"]["skquickdraw"].encode(), rng)
        header["__metadata__"]["skquickdraw"] = changed.decode()
    elif what == "tensors" and tensors:
        tensors = damage(tensors, rng, other)
    text = json.dumps(header, separators=(",", ":")).encode()
    if what == "header":
        text = damage(text, rng, other)
    whole = len(text).to_bytes(8, "little") + text + tensors
    stamp = re.compile(rb'(sha256\\": \\")[0-9a-f]{64}')
    blank = stamp.sub(rb"\g<1>" + b"0" * 64, whole, count=1)
    return stamp.sub(rb"\g<1>" + sha256(blank).hexdigest().encode(), whole, count=1)
