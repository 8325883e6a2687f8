"""Finished fits on disk, so that an interrupted run continues where it stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from joblib import Memory
from joblib.hashing import NumpyHasher
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_memory

from ._fit_tasks import Task
from ._fitting import fit_targets

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
N_DATA = 5  # number of arguments that fit_targets takes
NO_CODE = {"__doc__", "__firstlineno__", "__module__", "__static_attributes__"}


def fit_or_recall(
    memory: str | Memory | None, estimator: Any, *data: Any, task: Task | None = None
) -> Any:
    """Return ``fit_targets(estimator, *data)``, from ``memory`` if that fit was done before.

    ``memory`` is None, a folder or a :class:`joblib.Memory`. A fit is identified by its content:
    the parameters of the estimator, including seeds; the code of a user's own functions and
    classes; the weights of trained networks inside; and the data. A user's code includes the
    functions, classes and plain values that it names from its own module. What it uses in other
    ways, as ``module.Block``, is identified by name only, and so are classes of this package and of
    its dependencies: take another folder after their code has changed.

    ``task`` tells callbacks of the fit. They are not part of its content.
    """
    padded = (*data, *[None] * (N_DATA - len(data)))
    if isinstance(estimator, FrozenEstimator):  # has nothing to fit
        fitted = fit_targets(estimator, *data)
    elif memory is None:
        fitted = _fit_known_task("", (estimator, *padded, task))
    else:
        recall = check_memory(memory).cache(_fit_known_task, ignore=["task"])
        fitted = recall(content_hash((estimator, *data)), (estimator, *padded, task))
    if task is not None:
        task.has(fitted)
    return fitted


def _fit_known_task(content: str, task: tuple[Any, ...]) -> Any:
    return fit_targets(*task)


def content_hash(value: Any) -> str:
    """Return a digest of the content, the same after pickling and in other processes."""
    return _ContentHasher("md5", coerce_mmap=True).hash(value)  # joblib's workers get memory maps


class _ContentHasher(NumpyHasher):
    """joblib's hasher, for which copies of a tensor or of a trained net would differ."""

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
        elif "_skl_callbacks" in getattr(obj, "__dict__", {}):  # do not change the fit
            obj = copy(obj)
            del obj._skl_callbacks
        elif hasattr(type(obj), "fingerprint"):
            obj = (type(obj), obj.fingerprint())
        elif type(obj).__module__.split(".")[0] == "torch" and hasattr(obj, "detach"):
            obj = ("tensor", np.ascontiguousarray(obj.detach().cpu().float().numpy()))
        super().save(obj)

    def _save_code(self, code: Any, describe: Callable[[Any], Any]) -> None:
        """Save what a function or class does, independent of its place and name."""
        name = (type(code).__name__, code.__module__, code.__qualname__)
        open_ones: set[int] = self.__dict__.setdefault("_open_code", set())
        if id(code) in open_ones:
            super().save(name)
            return
        open_ones.add(id(code))
        self.save((name, describe(code)))
        open_ones.remove(id(code))


def _describe_function(function: FunctionType) -> Any:
    closed_over = []
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # the cell is still empty
            closed_over.append(cell.cell_contents)
    defaults = function.__defaults__, function.__kwdefaults__
    code = function.__code__
    return _instructions(code), defaults, closed_over, _named_values(function)


def _instructions(code: CodeType) -> Any:
    inner = [_instructions(c) if isinstance(c, CodeType) else c for c in code.co_consts]
    return code.co_code, code.co_names, inner


def _named_values(function: FunctionType) -> list[tuple[str, Any]]:
    """Return the user's code and plain values that a function names from its module."""
    if not _is_users(function):
        return []
    named = sorted(_names(function.__code__) & function.__globals__.keys())
    values = [(name, function.__globals__[name]) for name in named]
    return [(name, value) for name, value in values if _counts(value)]


def _names(code: CodeType) -> set[str]:
    inner = (_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*inner)


def _counts(value: Any) -> bool:
    if isinstance(value, FunctionType | type):
        return _is_users(value)
    if type(value) is tuple:
        return all(map(_counts, value))
    return type(value) in PLAIN


def _describe_class(cls: type) -> Any:
    """Return the code of a class, its plain attributes, and its base classes."""
    members = [(name, vars(cls)[name]) for name in sorted(vars(cls).keys() - NO_CODE)]
    parts = [(name, part) for name, value in members for part in _unwrap(value)]
    return cls.__bases__, [(name, part) for name, part in parts if _counts(part)]


def _unwrap(member: Any) -> tuple[Any, ...]:
    """Return the functions inside a method or property, or else the member."""
    if isinstance(member, classmethod | staticmethod):
        return (member.__func__,)
    if isinstance(member, property):
        return member.fget, member.fset, member.fdel
    return (member,)


def _is_users(code: Any) -> bool:
    """Return whether code is neither of this package nor of its dependencies."""
    return str(code.__module__).split(".")[0] not in KNOWN_PACKAGES
