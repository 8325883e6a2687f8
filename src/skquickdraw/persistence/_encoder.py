"""Turn a fitted estimator into JSON and named arrays; refuse what could not be read back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import Bunch

from ..exceptions import InvalidParameterError
from ..few_shot import RelationNetworkClassifier
from ..networks import RelationNetwork
from ..neural_network import (
    ImageNeuralNet,
    UserNetwork,
    check_module_state,
    module_state,
    net_state,
)
from ._classes import (
    NAME_OF,
    NETWORK_OF,
    NOT_AN_ATTRIBUTE,
    is_fitted_attribute,
    is_folder,
    parameter_names,
)
from ._leaves import (
    JSON_TYPES,
    NUMBER_TYPES,
    pack_device,
    pack_float,
    pack_random_state,
    pack_scalar,
    pack_strings,
)
from ._refusals import refusal
from ._training import describe_episodes, describe_epochs
from ._users import NETWORK, OBJECTS, UserNames, check_parameters, pack_network, slot_of

Path = tuple[str, ...]
Node = object  # what JSON can hold


class Encoder:
    """Takes an estimator apart.

    Parameters
    ----------
    root : estimator
    keep_optimizer : bool
        Whether to include the state of the networks' optimizers.

    Attributes
    ----------
    model : dict
        The description of the estimator, for JSON.
    arrays : dict of str to ndarray
        Contiguous; named by the attributes that lead to them.
    training : dict of str to dict
        A summary of each network's training, with the same names.
    """

    def __init__(self, root: object, *, keep_optimizer: bool) -> None:
        self.arrays: dict[str, NDArray[np.generic]] = {}
        self.training: dict[str, dict[str, object]] = {}
        self.keep_optimizer = keep_optimizer
        self._root = type(root).__name__
        self._numbers: dict[int, int] = {}  # of objects that may occur twice, by id
        self._open: set[int] = set()
        self._alive: list[object] = []  # else an id could be reused
        self._users = UserNames()
        self._pack: dict[type, Callable[[Any, Path], Node]] = {
            float: lambda value, path: pack_float(value),
            list: self._list,
            tuple: lambda value, path: {"type": "tuple", "items": self._list(value, path)},
            dict: self._dict,
            OrderedDict: self._dict,
            Bunch: lambda value, path: {**self._dict(value, path), "type": "bunch"},
            np.ndarray: self._array,
            np.memmap: self._array,
            torch.device: lambda value, path: pack_device(value),
            ImageNeuralNet: lambda value, path: self._once(value, path, self._net),
        }
        try:
            self.model = self._encode(root, ())
        except RecursionError as error:
            raise InvalidParameterError(
                f"save_model: {self._root} must not be nested without end, but it is nested too "
                "deep, or in a circle. Look for a list or dict that holds itself."
            ) from error

    def _encode(self, value: object, path: Path) -> Node:
        if type(value) in JSON_TYPES:
            return value
        if type(value) in self._pack:
            return self._pack[type(value)](value, path)
        if type(value) in NAME_OF:
            return self._once(value, path, self._object)
        if slot_of(path) == NETWORK and callable(value):
            return self._network(value, path)
        if slot_of(path) in OBJECTS and not callable(getattr(value, "fit", None)):
            return self._users_object(value, path)
        node = self._odd_leaf(value)
        if node is None:
            raise InvalidParameterError(refusal(self._where(path), value))
        return node

    def _odd_leaf(self, value: object) -> dict[str, object] | None:
        if isinstance(value, np.generic):
            return pack_scalar(value)
        return pack_random_state(value) if type(value) is np.random.RandomState else None

    def _network(self, network: Any, path: Path) -> dict[str, object]:
        def name(part: Any) -> str:
            is_own = part in NETWORK_OF.values()
            return part.__name__ if is_own else self._users.name(self._where(path), part)

        return pack_network(network, path, self._encode, name)

    def _users_object(self, value: object, path: Path) -> Node:
        if not any(hasattr(value, method) for method in ("bind", "draw")):
            raise InvalidParameterError(refusal(self._where(path), value))
        return self._once(value, path, self._object)

    def _class_name(self, value: object, path: Path) -> str:
        if type(value) in NAME_OF:
            return NAME_OF[type(value)]
        check_parameters(self._where(path), value)
        return self._users.name(self._where(path), type(value))

    def _where(self, path: Path) -> str:
        return ".".join((self._root, *path))

    def _list(self, values: Iterable[object], path: Path) -> list[Node]:
        return [self._encode(value, (*path, str(i))) for i, value in enumerate(values)]

    def _dict(self, values: dict[Any, object], path: Path) -> dict[str, Node]:
        pairs = [
            [
                self._encode(key, (*path, "key")),
                None if is_folder(key, value) else self._encode(value, (*path, str(key))),
            ]
            for key, value in values.items()
        ]
        return {"type": "dict", "items": pairs}

    def _array(self, array: NDArray[Any], path: Path) -> Node:
        if array.dtype.kind == "U":
            return pack_strings(array)
        if array.dtype == object:
            items = self._list(array.ravel().tolist(), path)
            return {"type": "objects", "shape": list(array.shape), "items": items}
        if array.dtype.name not in NUMBER_TYPES:
            raise InvalidParameterError(refusal(self._where(path), array))
        name = ".".join(path)
        while name in self.arrays:  # a dict's key may hold a full stop
            name += "_"
        is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        self.arrays[name] = np.array(native, order="C", ndmin=array.ndim)
        # With another memory layout, libraries sum in another order.
        return {"type": "array", "name": name, **({"order": "F"} if is_fortran else {})}

    def _once(
        self, value: object, path: Path, pack: Callable[[Any, Path], dict[str, Node]]
    ) -> Node:
        """Encode an object that several others may hold, such as a teacher, at its first place."""
        if id(value) in self._open:
            raise RecursionError
        if id(value) in self._numbers:
            return {"type": "same", "id": self._numbers[id(value)]}
        self._numbers[id(value)] = number = len(self._numbers)
        self._alive.append(value)
        self._open.add(id(value))
        node = {"id": number, **pack(value, path)}
        self._open.remove(id(value))
        return node

    def _object(self, value: object, path: Path) -> dict[str, Node]:
        cls = type(value)
        name_of_class = self._class_name(value, path)
        names = parameter_names(cls)
        params = {name: None if name == "memory" else getattr(value, name) for name in names}
        fitted = {
            name: attribute
            for name, attribute in vars(value).items()
            if name not in names and name not in NOT_AN_ATTRIBUTE
        }
        return {
            "type": "object",
            "class": name_of_class,
            "params": {
                name: self._encode(param, (*path, name)) for name, param in sorted(params.items())
            },
            "fitted": {
                name: self._attribute(value, name, attribute, (*path, name))
                for name, attribute in fitted.items()
            },
            "requests": _requests(value),
        }

    def _attribute(self, owner: Any, name: str, value: object, path: Path) -> Node:
        if not is_fitted_attribute(type(owner), name):
            raise InvalidParameterError(
                f"save_model: {self._where(path)} must not hide what the class has under this "
                f"name; it is {type(value).__name__}. Delete the attribute from the object."
            )
        if type(value) is RelationNetwork:
            return self._once(value, path, lambda *_: self._relation_network(owner, value, path))
        return self._encode(value, path)

    def _net(self, net: ImageNeuralNet, path: Path) -> dict[str, Node]:
        self.training[".".join(path)] = describe_epochs(net.epochs())
        state = net_state(net, with_optimizer=self.keep_optimizer)
        node = self._encode(state, path)
        builder: Any = net.module
        is_users = isinstance(builder, UserNetwork)
        network = self._network(builder.network, path) if is_users else builder.__name__
        return {"type": "net", "network": network, "state": node}

    def _relation_network(
        self, owner: RelationNetworkClassifier, network: RelationNetwork, path: Path
    ) -> dict[str, Node]:
        options = {"image_shape": tuple(owner.image_shape_), "width": owner.width}
        weights = module_state(network)
        try:
            check_module_state(RelationNetwork, options, weights)
        except ValueError as error:
            raise InvalidParameterError(
                f"save_model: width={owner.width} of {type(owner).__name__} must be the one it was "
                f"fitted with, but {error}. Set it back."
            ) from error
        self.training[".".join(path)] = describe_episodes(owner.loss_curve_)
        state = {"options": options, "weights": weights}
        return {"type": "module", "network": "RelationNetwork", "state": self._encode(state, path)}


def _requests(estimator: object) -> dict[str, dict[str, bool | str]]:
    """Return the metadata that the methods request, in scikit-learn's metadata routing."""
    routing = vars(estimator).get("_metadata_request")
    methods = {} if routing is None else vars(routing)
    asked = {
        method: {key: alias for key, alias in requests.requests.items() if alias is not None}
        for method, requests in methods.items()
        if hasattr(requests, "requests")
    }
    return {method: requests for method, requests in asked.items() if requests}
