"""From JSON and named arrays to the estimator; builds listed classes only, and runs nothing else.

The checksum detects damage, but a file may also have been made to do harm. So names are looked up
only in the tables of ``_classes.py``, and whatever does not fit raises one of ``MISFITS``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.utils import Bunch

from ..neural_network import UserNetwork, restore_module, restore_net
from ._classes import CLASS_OF, METHODS, NETWORK_OF, is_fitted_attribute, is_folder, parameter_names
from ._leaves import UNPACK_LEAF, check_shape, unpack_strings
from ._limits import Limits, check_image_shape, within_cores
from ._users import PREFIX, unpack_partial

# What Python, NumPy, torch and the constructors raise on values that they cannot use.
MISFITS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RuntimeError,  # with RecursionError
    ArithmeticError,
    MemoryError,
)


class Decoder:
    """Puts an estimator together.

    Parameters
    ----------
    arrays : dict of str to ndarray
    device : torch.device
        Where the networks go.
    trusted : dict of str to class or function
        What the file may name in addition to the classes of the tables.

    Attributes
    ----------
    foreign : set of str
        Classes that are not of this package, and carry fitted attributes.
    """

    def __init__(
        self, arrays: dict[str, NDArray[np.generic]], device: torch.device, trusted: dict[str, Any]
    ) -> None:
        self.arrays = arrays
        self.device = device
        self.trusted = trusted
        self.foreign: set[str] = set()
        self._known: dict[int, tuple[object, int]] = {}  # and how many values it is made of
        self._limits = Limits()
        self._n_values = 0
        self._build: dict[str, Callable[[dict[str, Any]], object]] = {
            **UNPACK_LEAF,
            "array": self._array,
            "bunch": lambda node: Bunch(**self._dict(node)),
            "dict": self._dict,
            "module": lambda node: self._network(node, restore_module),
            "net": lambda node: self._network(node, restore_net),
            "network": lambda node: NETWORK_OF[node["name"]],
            "object": self._object,
            "objects": self._objects,
            "partial": lambda node: unpack_partial(node, self.decode),
            "same": self._same,
            "strings": lambda node: unpack_strings(node, self._limits.count_text),
            "tuple": lambda node: tuple(self.decode(item) for item in node["items"]),
            "user": lambda node: self._user(node["name"]),
        }

    def decode(self, node: Any) -> Any:
        """Return the value that the node stands for."""
        self._n_values += 1
        if isinstance(node, list):
            return [self.decode(item) for item in node]
        if not isinstance(node, dict):
            return node
        if node["type"] not in self._build:
            raise ValueError(f"it holds a value of the unknown type {node['type']!r}")
        n_before = self._n_values
        value = self._build[node["type"]](node)
        if "id" in node:
            self._known[node["id"]] = value, self._n_values - n_before + 1
        return value

    def _same(self, node: dict[str, Any]) -> object:
        value, n_values = self._known[node["id"]]
        self._limits.count_repeated(n_values)
        self._n_values += n_values  # also counts for its owner, which may be repeated too
        return value

    def _dict(self, node: dict[str, Any]) -> dict[Any, Any]:
        pairs = [(self.decode(key), self.decode(value)) for key, value in node["items"]]
        if any(is_folder(key, value) for key, value in pairs):
            raise ValueError("it sets a parameter memory, a folder that would be unpickled from")
        return dict(pairs)

    def _array(self, node: dict[str, Any]) -> NDArray[np.generic]:
        # Each array can be used once: otherwise a few bytes could ask for any number of copies. It
        # is copied so that it is writeable.
        array = self.arrays.pop(node["name"])
        return np.array(array, order="F" if "order" in node else "C")

    def _objects(self, node: dict[str, Any]) -> NDArray[np.generic]:
        array = np.empty(len(node["items"]), dtype=object)
        for i, item in enumerate(node["items"]):
            array[i] = self.decode(item)
        return array.reshape(check_shape(node["shape"], len(array)))

    def _network(self, node: dict[str, Any], restore: Callable[..., Any]) -> Any:
        named = node["network"]
        is_users = isinstance(named, dict)
        network: Any = UserNetwork(self.decode(named)) if is_users else NETWORK_OF[named]
        return restore(network, self.decode(node["state"]), self.device)

    def _user(self, name: str) -> Any:
        return self.trusted[name.removeprefix(PREFIX)]

    def _object(self, node: dict[str, Any]) -> Any:
        name = node["class"]
        is_users = isinstance(name, str) and name.startswith(PREFIX)
        if not is_users and name not in CLASS_OF:
            raise ValueError(f"it names the class {name!r}, which load_model does not build")
        cls = self._user(name) if is_users else CLASS_OF[name]
        params = self._params(cls, node["params"])
        estimator = cls(**params) if is_users else _construct(cls, params)
        check_image_shape(params.get("image_shape"))
        for attribute, value in node["fitted"].items():
            if not is_fitted_attribute(cls, attribute):
                raise ValueError(f"{name} can have no fitted attribute {attribute!r}")
            setattr(estimator, attribute, self.decode(value))
        if node["fitted"] and not name.startswith(("skquickdraw.", PREFIX)):
            self.foreign.add(name)
        with config_context(enable_metadata_routing=True):
            for method, requests in node["requests"].items():
                _request(estimator, method, requests)
        _check_net(estimator)
        return estimator

    def _params(self, cls: type, nodes: dict[str, object]) -> dict[str, object]:
        unknown = sorted(set(nodes) - parameter_names(cls))
        if unknown:
            raise ValueError(f"{cls.__name__} has no parameter {unknown[0]!r} in this version")
        if nodes.get("memory") is not None:
            raise ValueError("it sets a parameter memory, a folder that would be unpickled from")
        params = {name: self.decode(value) for name, value in nodes.items()}
        if "n_jobs" in params:
            params["n_jobs"] = within_cores(params["n_jobs"])
        return params


def _construct(cls: type, params: dict[str, object]) -> object:
    if hasattr(cls, "get_params"):
        return cls(**params)
    splitter = cls()  # its constructor refuses the random_state that StackingClassifier gives it
    vars(splitter).update(params)
    return splitter


def _request(estimator: object, method: str, requests: dict[str, object]) -> None:
    if method not in METHODS:
        raise ValueError(f"it asks for metadata of the unknown method {method!r}")
    getattr(estimator, f"set_{method}_request")(**requests)


def _check_net(estimator: Any) -> None:
    """Raise if a network has other classes, or takes other images, than its classifier says."""
    net = vars(estimator).get("net_")
    if net is None:
        return
    shape, n_classes = tuple(net.module__image_shape), net.module__n_classes
    if net.ink is not None:
        check_image_shape(net.ink.image_shape)
    takes_others = net.ink is None and shape != tuple(estimator.image_shape_)
    if takes_others or n_classes != len(estimator.classes_):
        raise ValueError(
            f"{type(estimator).__name__} has a network for {n_classes} classes and images of "
            f"shape {shape}, but classes_ of shape {np.shape(estimator.classes_)} and image_shape_="
            f"{estimator.image_shape_!r}"
        )
