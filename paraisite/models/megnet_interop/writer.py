"""A trained member as the two files from which the megnet package rebuilds and runs it.

The HDF5 file is written with h5py in the layout of Keras 2.2.4, that of the published models, which every later Keras
2 reads. Neither megnet nor Keras is needed, so it does not matter which Keras a process has loaded.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from paraisite.arrays import Singles
from paraisite.errors import WeightsError
from paraisite.models.architecture import STATE_DIM, ModelConfig, Parameters
from paraisite.models.ensemble import Ensemble
from paraisite.models.megnet_interop.keras_layout import LN_10, PARTS
from paraisite.models.megnet_interop.sidecar import sidecar_path, sidecar_text

_FORMAT: Final = {"backend": "tensorflow", "keras_version": "2.2.4"}
_INPUTS: Final = (
    "atom_int_input",
    "bond_feature_input",
    "state_default_input",
    "bond_index_1_input",
    "bond_index_2_input",
    "atom_graph_index_input",
    "bond_graph_index_input",
)


_Reference = tuple[str, int]
"""A layer's name, and which of its outputs."""


def write_megnet_model(path: Path, member: Ensemble) -> None:
    """Write one member as ``path`` and ``path``.json, to be opened by ``megnet.models.MEGNetModel.from_file``.

    The target scaler becomes two layers, exp(std ln10 x + mean ln10) and minus 1, so that megnet predicts kappa in
    W/m/K without anything of ours.

    Args:
        path: File to write, by custom ending in .hdf5; an existing one is replaced.
        member: An ensemble of one member.

    Raises:
        WeightsError: The ensemble has several members, several outputs, or one that Keras would not reproduce.
    """
    if member.n_member != 1:
        raise WeightsError(f"{path}: a MEGNet file holds one member, found {member.n_member}; choose one by member(k)")
    if member.config.n_output != 1:
        raise WeightsError(f"{path}: a MEGNet file holds one output, found {', '.join(member.targets)}")
    if member.scaler is not None and member.config.output_activation != "linear":
        raise WeightsError(f"{path}: a target scaler after a {member.config.output_activation} output, expected linear")
    parameters = {name: values[0] for name, values in member.parameters.items()}
    network = _network(member.config, parameters)
    if member.scaler is not None:
        _add_kappa_tail(network, mean=float(member.scaler.mean[0]), std=float(member.scaler.std[0]))
    path.parent.mkdir(parents=True, exist_ok=True)
    text = sidecar_text(member.config, target=member.targets[0], unit=member.units[0], metadata=member.metadata)
    temporary_text = path.with_name(path.name + ".json.part")
    temporary_text.write_text(text, encoding="utf-8")
    temporary = path.with_name(path.name + ".part")
    network.save(temporary)
    temporary_text.replace(sidecar_path(path))
    temporary.replace(path)


@dataclass
class _Network:
    """A Keras network under construction: layer descriptions and weights, in order."""

    layers: list[dict[str, Any]] = field(default_factory=list)
    weights: dict[str, dict[str, Singles]] = field(default_factory=dict)

    def add(
        self,
        kind: str,
        name: str,
        inputs: Iterable[_Reference],
        weights: Mapping[str, Singles] | None = None,
        config: Mapping[str, object] | None = None,
    ) -> _Reference:
        """Add a layer and return its first output."""
        call = [[layer, 0, output, {}] for layer, output in inputs]
        settings = {"name": name, **({} if kind == "InputLayer" else {"trainable": True}), **(config or {})}
        node = {"name": name, "class_name": kind, "config": settings, "inbound_nodes": [call] if call else []}
        self.layers.append(node)
        self.weights[name] = dict(weights or {})
        return name, 0

    def dense(self, name: str, tensor: _Reference, kernel: Singles, bias: Singles, activation: str) -> _Reference:
        """Add a dense layer."""
        config = {"units": len(bias), "activation": activation, "use_bias": True}
        return self.add("Dense", name, [tensor], {"kernel": kernel, "bias": bias}, config)

    def save(self, path: Path) -> None:
        """Write the network; its last layer is the output."""
        config = {
            "name": "megnet",
            "layers": self.layers,
            "input_layers": [[name, 0, 0] for name in _INPUTS],
            "output_layers": [[self.layers[-1]["name"], 0, 0]],
        }
        with h5py.File(path, "w") as file:
            file.attrs.update(_FORMAT)
            file.attrs["model_config"] = json.dumps({"class_name": "Model", "config": config})
            group = file.create_group("model_weights")
            group.attrs.update(_FORMAT)
            order = self._keras_order()
            group.attrs["layer_names"] = [name.encode() for name in order]
            for layer in order:
                weights = self.weights[layer]
                entry = group.create_group(layer)
                names = [f"{layer}/{key}:0" for key in weights]
                entry.attrs["weight_names"] = [name.encode() for name in names]
                for name, values in zip(names, weights.values(), strict=True):
                    entry.create_dataset(name, data=values)

    def _keras_order(self) -> list[str]:
        """Return the layers' names as Keras orders them: it fills weights by position, not by name.

        Farthest from the output first; those equally far as first met from the output, depth first.
        """
        inputs = {
            layer["name"]: [entry[0] for call in layer["inbound_nodes"] for entry in call] for layer in self.layers
        }
        distance: dict[str, int] = {layer["name"]: 0 for layer in self.layers}
        for layer in reversed(self.layers):  # a layer is added after all that feed it
            for source in inputs[layer["name"]]:
                distance[source] = max(distance[source], distance[layer["name"]] + 1)
        met: dict[str, None] = {}
        pending = [self.layers[-1]["name"]]
        while pending:
            name = pending.pop()
            if name not in met:
                met[name] = None
                pending.extend(reversed(inputs[name]))
        return sorted(met, key=lambda name: -distance[name])


def _network(config: ModelConfig, parameters: Parameters) -> _Network:
    """Describe the network layer by layer, with the names that megnet 1.3.2 gives them."""
    network = _Network()
    streams = _inputs(network, config, parameters)
    streams = [
        _dense_pair(network, f"preblock_{part}", f"preblock/{part}", tensor, parameters)
        for part, tensor in zip(PARTS, streams, strict=True)
    ]
    for block in range(config.n_block):
        streams = _block(network, config, parameters, block, streams)
    pooled = [
        _set2set(network, config, parameters, part, [tensor, (index, 0)])
        for part, tensor, index in zip(("atom", "bond"), streams[:2], _INPUTS[5:], strict=True)
    ]
    joint = network.add("Concatenate", "concatenate", [*pooled, streams[2]], config={"axis": -1})
    tensor = _dense_pair(network, "readout", "readout", joint, parameters)
    n_hidden = len(config.head_hidden)
    for n in range(n_hidden + 1):
        activation = "relu" if n < n_hidden else config.output_activation
        kernel, bias = parameters[f"head/{n}/kernel"], parameters[f"head/{n}/bias"]
        tensor = network.dense(f"readout_{n + 2}", tensor, kernel, bias, activation)
    return network


def _inputs(network: _Network, config: ModelConfig, parameters: Parameters) -> list[_Reference]:
    """Add the seven inputs and the element embedding; return what enters the first dense layers."""
    atom_input, *_ = _INPUTS
    widths: list[Sequence[int]] = [[], [len(config.gaussian_centers_angstrom)], [STATE_DIM], [], [], [], []]
    for name, width in zip(_INPUTS, widths, strict=True):
        settings = {
            "batch_input_shape": [None, None, *width],
            "dtype": "float32" if width else "int32",
            "sparse": False,
        }
        network.add("InputLayer", name, [], config=settings)
    embedding = network.add(
        "Embedding",
        "atom_embedding",
        [(atom_input, 0)],
        {"embeddings": parameters["atom_embedding"]},
        {"input_dim": config.n_element, "output_dim": config.embedding_dim},
    )
    return [embedding, (_INPUTS[1], 0), (_INPUTS[2], 0)]


def _block(
    network: _Network, config: ModelConfig, parameters: Parameters, block: int, streams: list[_Reference]
) -> list[_Reference]:
    entering = streams
    if block > 0:
        entering = [
            _dense_pair(network, f"block_{block}_{part}_ff", f"block_{block}/ff/{part}", tensor, parameters)
            for part, tensor in zip(PARTS, streams, strict=True)
        ]
    units = [config.wide, config.wide, config.narrow]
    name = f"megnet_{block}"
    network.add(
        "MEGNetLayer",
        name,
        [*entering, *((index, 0) for index in _INPUTS[3:])],
        {
            # megnet makes its weights in this order, and Keras fills them by order.
            f"phi_{letter}/{theirs}_{letter}_{n}": parameters[f"block_{block}/phi_{letter}/{n}/{ours}"]
            for letter in "veu"
            for theirs, ours in (("weight", "kernel"), ("bias", "bias"))
            for n in range(3)
        },
        {
            "activation": "softplus2",
            "use_bias": True,
            "units_v": units,
            "units_e": units,
            "units_u": units,
            "pool_method": "mean",
        },
    )
    return [
        network.add("Add", f"block_{block}_add_{part}", [tensor, (name, output)])
        for output, (part, tensor) in enumerate(zip(PARTS, streams, strict=True))
    ]


def _set2set(
    network: _Network, config: ModelConfig, parameters: Parameters, part: str, inputs: list[_Reference]
) -> _Reference:
    weights = {
        "x_to_m_weight": parameters[f"set2set/{part}/memory_kernel"],
        "x_to_m_bias": parameters[f"set2set/{part}/memory_bias"],
        "recurrent_kernel": parameters[f"set2set/{part}/recurrent_kernel"],
        "recurrent_bias": parameters[f"set2set/{part}/recurrent_bias"],
    }
    settings = {
        "T": config.n_set2set_pass,
        "n_hidden": config.n_set2set_hidden,
        "activation": "linear",
        "activation_lstm": "tanh",
        "recurrent_activation": "hard_sigmoid",
        "use_bias": True,
    }
    return network.add("Set2Set", f"set2set_{part}", inputs, weights, settings)


def _dense_pair(
    network: _Network, layer_prefix: str, parameter_prefix: str, tensor: _Reference, parameters: Parameters
) -> _Reference:
    for n in range(2):
        kernel, bias = parameters[f"{parameter_prefix}/{n}/kernel"], parameters[f"{parameter_prefix}/{n}/bias"]
        tensor = network.dense(f"{layer_prefix}_{n}", tensor, kernel, bias, "softplus2")
    return tensor


def _add_kappa_tail(network: _Network, *, mean: float, std: float) -> None:
    """Add 10**(std x + mean) - 1 as native layers."""
    output: _Reference = (network.layers[-1]["name"], 0)
    kernel, bias = np.array([[std * LN_10]], dtype=np.float32), np.array([mean * LN_10], dtype=np.float32)
    power = network.dense("one_plus_kappa", output, kernel, bias, "exponential")
    one, minus_one = np.ones((1, 1), dtype=np.float32), np.array([-1.0], dtype=np.float32)
    network.dense("kappa_w_per_m_k", power, one, minus_one, "linear")
