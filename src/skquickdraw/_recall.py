"""Finished fits on disk, so that an interrupted run continues where it stopped."""

from __future__ import annotations

import pickle
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from hashlib import sha256
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from joblib import Memory
from joblib.hashing import NumpyHasher
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_memory

from ._checks import raised_as
from ._fit_tasks import Task
from ._fitting import Learner, fit_targets
from .exceptions import InvalidParameterError

if TYPE_CHECKING:
    from torch import Tensor

# Classes of these packages are identified by name. All others are a user's, and may change between
# two runs.
KNOWN_PACKAGES = sys.stdlib_module_names | {
    "imblearn",
    "joblib",
    "lightgbm",
    "numpy",
    "pandas",
    "scipy",
    "skorch",
    "sklearn",
    "skquickdraw",
    "torch",
    "xgboost",
}
PLAIN = {bool, bytes, complex, float, int, str, type(None)}
CONTAINERS = {dict, frozenset, list, set, tuple}
ARRAYS = (np.ndarray, np.generic)
N_DATA = 5  # number of arguments that fit_targets takes
NO_CODE = {"__doc__", "__firstlineno__", "__module__", "__static_attributes__"}


def fit_or_recall(
    memory: str | Memory | None, estimator: Learner, *data: Any, task: Task | None = None
) -> Learner:
    """Return ``fit_targets(estimator, *data)``, from ``memory`` if that fit was done before.

    ``memory`` is None, a folder or a :class:`joblib.Memory`. A fit is identified by its content:
    the parameters of the estimator, including seeds; the code of a user's own functions and
    classes; the weights of trained networks inside; and the data. A user's code includes the
    functions, classes and values that it names from its own module: numbers, text, arrays, tensors,
    and lists, tuples, dicts and sets of these. What it uses in other ways, as ``module.Block``, is
    identified by name only, and so are classes of this package and of its dependencies: take
    another folder after their code has changed.

    A value that a fit itself changes counts too, so that such a fit is never recalled.

    Entries carry a checksum. One that is damaged is dropped with a warning, and fitted again.

    ``task`` tells callbacks of the fit. They are not part of its content.
    """
    given: tuple[Any, ...] = (estimator, *data, *[None] * (N_DATA - len(data)), task)
    if isinstance(estimator, FrozenEstimator):  # has nothing to fit
        fitted = fit_targets(estimator, *data)
    elif memory is None:
        fitted = fit_targets(*given)
    else:
        fitted = _recall(_check_memory(memory), *given)
    if task is not None:
        task.has(fitted)
    return fitted


def _check_memory(memory: str | Memory) -> Memory:
    """Return the joblib.Memory of a folder, which is made if it is not there."""
    if memory == "":
        raise InvalidParameterError(
            "memory must be a folder, got ''. Pass '.' for the current folder, or None to store "
            "nothing."
        )
    try:
        with raised_as(InvalidParameterError):
            return check_memory(memory)
    except OSError as error:
        raise InvalidParameterError(
            f"memory must be a folder to which files can be written, got {memory!r}: "
            f"{error.strerror}. Pass another folder, or None to store nothing."
        ) from error


def _recall(memory: Memory, estimator: Learner, *arguments: Any) -> Learner:
    """Return the fit from a joblib.Memory, or else fit, and keep it there."""
    key = content_hash((estimator, *arguments[:-1]))  # without the task of callbacks
    fresh: list[Learner] = []
    cached = memory.cache(_fit_to_bytes, ignore=["task", "fresh"])
    for _ in range(2):
        try:
            entry = cached.call_and_shelve(key, (estimator, *arguments), fresh)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            if not fresh:  # the fit itself failed
                raise
            _warn(estimator, memory, f"a fit cannot be kept, because it has no pickle: {error}.")
        if fresh:
            return fresh[0]
        try:
            return _read_entry(key, *entry.get())
        except Exception as error:  # whatever joblib and pickle raise on damaged bytes
            entry.clear()
            _warn(
                estimator,
                memory,
                f"an entry is damaged, or was not written by this package ({error}). It is removed "
                "and fitted again. If this comes back, check the disk, or take another folder.",
            )
    return fit_targets(estimator, *arguments)  # the entry cannot be removed


def _warn(estimator: object, memory: Memory, text: str) -> None:
    place = f"memory {str(memory.location)!r}"
    warnings.warn(f"{type(estimator).__name__}: in {place} {text}", UserWarning, stacklevel=4)


# joblib drops all stored fits if the source of this function changes.
def _fit_to_bytes(key: str, task: tuple[Any, ...], fresh: list[Learner]) -> tuple[str, bytes]:
    """Fit, and return a checksum and the pickle; ``fresh`` gets the fitted estimator."""
    fresh.append(fit_targets(*task))
    content = pickle.dumps(fresh[0], protocol=pickle.HIGHEST_PROTOCOL)
    return _checksum(key, content), content


def _checksum(key: str, content: bytes) -> str:
    return sha256(key.encode() + content).hexdigest()


def _read_entry(key: str, checksum: str, content: bytes) -> Any:
    if checksum != _checksum(key, content):
        raise ValueError("its checksum is another")
    return pickle.loads(content)


def content_hash(value: object) -> str:
    """Return a digest of the content, the same after pickling and in other processes."""
    return _ContentHasher("md5", coerce_mmap=True).hash(value)  # joblib's workers get memory maps


class _ContentHasher(NumpyHasher):
    """joblib's hasher, except that copies of a tensor or of a trained net have equal hashes."""

    def save(self, obj: Any) -> None:
        if isinstance(obj, FunctionType):
            self._save_code(obj, _describe_function)
            return
        if isinstance(obj, type) and _is_users(obj):
            self._save_code(obj, _describe_class)
            return
        if isinstance(obj, frozenset):  # for which joblib has no order
            obj = ("frozenset", set(obj))
        elif isinstance(obj, ModuleType):
            obj = ("module", obj.__name__)
        elif "_skl_callbacks" in getattr(obj, "__dict__", {}):  # callbacks do not change fits
            obj = copy(obj)
            del obj._skl_callbacks
        elif hasattr(type(obj), "_skquickdraw_fingerprint"):  # a name that no user's class has
            obj = (type(obj), obj._skquickdraw_fingerprint())
        elif _is_tensor(obj):
            obj = ("tensor", str(obj.dtype), _as_array(obj))
        super().save(obj)

    def _save_code(self, code: Any, describe: Callable[[Any], object]) -> None:
        """Save what a function or class does, independent of its place and name."""
        name = (type(code).__name__, code.__module__, code.__qualname__)
        open_ones: set[int] = self.__dict__.setdefault("_open_code", set())
        if id(code) in open_ones:
            super().save(name)
            return
        open_ones.add(id(code))
        self.save((name, describe(code)))
        open_ones.remove(id(code))


def _describe_function(function: FunctionType) -> object:
    closed_over = []
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # the cell is still empty
            closed_over.append(cell.cell_contents)
    defaults = function.__defaults__, function.__kwdefaults__
    code = function.__code__
    return _instructions(code), defaults, closed_over, _named_values(function)


def _instructions(code: CodeType) -> object:
    inner = [_instructions(c) if isinstance(c, CodeType) else c for c in code.co_consts]
    return code.co_code, code.co_names, inner


def _named_values(function: FunctionType) -> list[tuple[str, object]]:
    """Return the user's code and plain values that a function names from its module."""
    if not _is_users(function):
        return []
    named = sorted(_names(function.__code__) & function.__globals__.keys())
    values = [(name, function.__globals__[name]) for name in named]
    return [(name, _describe_value(value)) for name, value in values if _counts(value)]


def _describe_value(value: Any, *inside: object) -> object:
    """Return a value as it is hashed: of unknown objects, also in containers, the type counts."""
    if type(value) not in CONTAINERS:
        return value if _counts(value) else _name_of(value)
    if any(value is outer for outer in inside):
        return "itself"
    parts = value.items() if isinstance(value, dict) else value
    described: Sequence[object] = [_describe_value(part, *inside, value) for part in parts]
    if isinstance(value, set | frozenset):  # which have no order
        described = sorted(map(content_hash, described))
    return type(value).__name__, described


def _name_of(value: object) -> str:
    known = value if isinstance(value, FunctionType | type) else type(value)
    return f"{known.__module__}.{known.__qualname__}"


def _is_tensor(value: object) -> bool:
    return type(value).__module__.split(".")[0] == "torch" and hasattr(value, "detach")


def _as_array(tensor: Tensor) -> NDArray[np.generic]:
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":  # which NumPy does not have
        tensor = tensor.float()
    return np.ascontiguousarray(tensor.numpy())


def _names(code: CodeType) -> set[str]:
    inner = (_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*inner)


def _counts(value: object) -> bool:
    if isinstance(value, FunctionType | type):
        return _is_users(value)
    return type(value) in PLAIN | CONTAINERS or isinstance(value, ARRAYS) or _is_tensor(value)


def _describe_class(cls: type) -> tuple[object, ...]:
    """Return the code of a class, its plain attributes, and its base classes."""
    members = [(name, vars(cls)[name]) for name in sorted(vars(cls).keys() - NO_CODE)]
    parts = [(name, part) for name, value in members for part in _unwrap(value)]
    counted = [(name, _describe_value(part)) for name, part in parts if _counts(part)]
    return cls.__bases__, counted


def _unwrap(member: object) -> tuple[object, ...]:
    """Return the functions inside a method or property, or else the member."""
    if isinstance(member, classmethod | staticmethod):
        return (member.__func__,)
    if isinstance(member, property):
        return member.fget, member.fset, member.fdel
    return (member,)


def _is_users(code: object) -> bool:
    """Return whether code is neither of this package nor of its dependencies."""
    return str(code.__module__).split(".")[0] not in KNOWN_PACKAGES
