"""A user's classes and functions: a file only names them, and ``load_model`` gets the objects.

A name in a file is looked up in what :func:`load_model` was given as ``trusted``, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from inspect import signature
from typing import Any

from ..exceptions import InvalidParameterError

PREFIX = "user:"
NETWORK = "network"
# Parameters and attributes that may hold an object of a user's class.
OBJECTS = {"augmentation", "augmentation_", "loss", "mixing", "then"}


Trusted = Callable[..., object]  # a class or function


def slot_of(path: tuple[str, ...]) -> str:
    """Return the name of the parameter at the end of a path, also of a nested one."""
    return path[-1].split("__")[-1] if path else ""


class UserNames:
    """Gives a name to each class and function that a model refers to."""

    def __init__(self) -> None:
        self._known: dict[str, object] = {}

    def name(self, where: str, user: object) -> str:
        """Return 'user:Name'; ``where`` is the subject of errors.

        Raises
        ------
        InvalidParameterError
            If it has no name, or another one has the same.
        """
        name = getattr(user, "__name__", "")
        if not name.isidentifier():
            raise InvalidParameterError(
                f"save_model: {where} must have a name, under which load_model can find it, got "
                f"{user!r}. Write it as a class, or with def."
            )
        if self._known.setdefault(name, user) is not user:
            raise InvalidParameterError(
                f"save_model: {where} must have a unique name, but the model holds another "
                f"{name!r}. Rename one of them."
            )
        return PREFIX + name


def check_parameters(where: str, value: object) -> None:
    """Raise if an object of a user's class does not store what its constructor takes.

    Raises
    ------
    InvalidParameterError
        If a parameter has no attribute of its name to read it from.
    """
    lost = [name for name in signature(type(value)).parameters if not hasattr(value, name)]
    if lost:
        raise InvalidParameterError(
            f"save_model: {where} must keep each parameter of its constructor in an attribute of "
            f"the same name, but {type(value).__name__} has none for {lost[0]!r}. Set self."
            f"{lost[0]} in the constructor, as scikit-learn's estimators do."
        )


def check_trusted(
    path: str, trusted: Mapping[str, Trusted] | None, model: object
) -> dict[str, Trusted]:
    """Return what is trusted, by name; raise if the model names something else.

    Raises
    ------
    InvalidParameterError
        If ``trusted`` is not a dict from names to classes or functions, or lacks one.
    """
    given = {} if trusted is None else trusted
    if not isinstance(given, Mapping) or not all(
        isinstance(name, str) and callable(user) for name, user in given.items()
    ):
        raise InvalidParameterError(
            "load_model: trusted must be a dict from names to classes or functions, such as "
            f"{{'MyNetwork': MyNetwork}}, got {trusted!r}."
        )
    missing = sorted(set(named_users(model)) - set(given))
    if missing:
        pairs = ", ".join(f"{name!r}: {name}" for name in missing)
        raise InvalidParameterError(
            f"load_model: {path!r} needs classes or functions whose code is not in the file. If "
            f"you trust them, import them and pass trusted={{{pairs}}}."
        )
    return dict(given)


def named_users(model: object) -> Iterator[str]:
    """Yield the names that a description gives to a user's classes and functions."""
    waiting: list[object] = [model]
    while waiting:  # a hostile file may nest deeper than Python's stack
        node = waiting.pop()
        if isinstance(node, dict):
            key = {"user": "name", "object": "class"}.get(str(node.get("type")))
            name = node.get(key) if key else None
            if isinstance(name, str) and name.startswith(PREFIX):
                yield name.removeprefix(PREFIX)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def pack_network(
    network: object,
    path: tuple[str, ...],
    encode: Callable[[object, tuple[str, ...]], object],
    name: Callable[[object], str],
) -> dict[str, object]:
    """Return the description of a network that is a class or function, or a partial of one."""
    if isinstance(network, partial):
        return {
            "type": "partial",
            "function": pack_network(network.func, path, encode, name),
            "args": encode(list(network.args), (*path, "args")),
            "keywords": encode(network.keywords, (*path, "keywords")),
        }
    reference = name(network)
    kind = "user" if reference.startswith(PREFIX) else "network"
    return {"type": kind, "name": reference}


def unpack_partial(node: dict[str, Any], decode: Callable[[Any], Any]) -> partial[Any]:
    """Return the partial of a network, or of what is trusted, that a description stands for."""
    if node["function"]["type"] not in ("user", "network", "partial"):
        raise ValueError("it holds a function with arguments that is not for a network")
    return partial(decode(node["function"]), *decode(node["args"]), **decode(node["keywords"]))
