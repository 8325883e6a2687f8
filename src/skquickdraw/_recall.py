"""Finished fits, kept on disk, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

from contextlib import suppress
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from joblib.hashing import NumpyHasher
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_memory

from ._fitting import fit_targets


def fit_or_recall(memory: Any, estimator: Any, *data: Any) -> Any:
    """Return ``fit_targets(estimator, *data)``, from ``memory`` where that fit was done before.

    ``memory`` is None, a folder or a :class:`joblib.Memory`. A fit is known again by its content:
    the parameters of the estimator, its seeds among them, the code of functions, the weights of
    networks inside that are trained already, and the data. Classes, and what functions call, are
    known by their names alone: after their code was changed, take another folder.
    """
    if memory is None or isinstance(estimator, FrozenEstimator):  # which has nothing to fit
        return fit_targets(estimator, *data)
    task = (estimator, *data)
    recall = check_memory(memory).cache(_fit_known_task, ignore=["task"])
    return recall(content_hash(task), task)


def _fit_known_task(content: str, task: tuple[Any, ...]) -> Any:
    return fit_targets(*task)


def content_hash(value: Any) -> str:
    """Return a digest that equal content has too after pickling, and in another process."""
    return _ContentHasher("md5", coerce_mmap=True).hash(value)  # joblib's workers get memory maps


class _ContentHasher(NumpyHasher):
    """joblib's hasher, for which every copy of a tensor or of a trained net is another one."""

    def save(self, obj: Any) -> None:
        if isinstance(obj, FunctionType):
            self._save_function(obj)
            return
        if isinstance(obj, frozenset):  # of which joblib knows no order
            obj = ("frozenset", set(obj))
        elif isinstance(obj, ModuleType):
            obj = ("module", obj.__name__)
        elif hasattr(type(obj), "fingerprint"):
            obj = (type(obj), obj.fingerprint())
        elif type(obj).__module__.split(".")[0] == "torch" and hasattr(obj, "detach"):
            obj = ("tensor", np.ascontiguousarray(obj.detach().cpu().float().numpy()))
        super().save(obj)

    def _save_function(self, function: FunctionType) -> None:
        """Save what a function does, wherever it stands in its file, but for calls of itself."""
        name = ("function", function.__module__, function.__qualname__)
        open_ones: set[int] = self.__dict__.setdefault("_open_functions", set())
        if id(function) in open_ones:
            super().save(name)
            return
        closed_over = []
        for cell in function.__closure__ or ():
            with suppress(ValueError):  # a cell that is still empty
                closed_over.append(cell.cell_contents)
        defaults = function.__defaults__, function.__kwdefaults__
        open_ones.add(id(function))
        self.save((name, _instructions(function.__code__), *defaults, closed_over))
        open_ones.remove(id(function))


def _instructions(code: CodeType) -> Any:
    inner = [_instructions(c) if isinstance(c, CodeType) else c for c in code.co_consts]
    return code.co_code, code.co_names, inner
