"""A saved Keras network as a graph of named layers, read with h5py and json alone.

Nothing in the file is ever executed: its layers are names, settings and arrays.
"""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt

from paraisite.errors import WeightsError

HDF5_SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
_OPEN: Final = """
import contextlib, sys, h5py
with contextlib.suppress(ImportError):
    import resource  # its limit holds where nobody waits any more, too
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
with h5py.File(sys.argv[1]) as file:
    file.attrs.get("model_config"), sorted({*file.attrs, *file})
    file["model_weights"].visititems(lambda _, each: each[()] if isinstance(each, h5py.Dataset) else None)
"""
_OPEN_SECONDS: Final = 60.0
"""The ten seconds of a processor that it may take, where the machine is busy; one is usual."""

_OUT_OF_TIME: Final = tuple(-getattr(signal, name) for name in ("SIGXCPU", "SIGKILL") if hasattr(signal, name))


@dataclass(frozen=True)
class Tensor:
    """One output of a layer.

    Attributes:
        layer: Name of the layer.
        output: Which of the layer's outputs.
    """

    layer: str
    output: int


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of a saved network.

    Attributes:
        name: Name, unique in the file.
        kind: Keras class name.
        config: The layer's own settings.
        inputs: The tensors that it is called with, in order.
        weights: Arrays by their last name, without ":0".
    """

    name: str
    kind: str
    config: dict[str, Any]
    inputs: tuple[Tensor, ...]
    weights: dict[str, npt.NDArray[np.float32]]

    def activation(self, key: str = "activation") -> str:
        """Return the name of an activation; Keras versions write it in two ways."""
        value = self.config.get(key)
        if isinstance(value, dict):
            value = value.get("config")
        return value if isinstance(value, str) else "linear"


@dataclass(frozen=True)
class LayerGraph:
    """A saved network.

    Attributes:
        layers: Layers by name.
        inputs: The network's inputs, in order.
        output: The network's only output.
    """

    layers: dict[str, Layer]
    inputs: tuple[Tensor, ...]
    output: Tensor

    def at(self, tensor: Tensor) -> Layer:
        """Return the layer that a tensor comes from."""
        return self.layers[tensor.layer]


def read_layer_graph(path: Path) -> LayerGraph:
    """Read the layers of a Keras HDF5 file.

    Raises:
        WeightsError: The file is not HDF5, is damaged, or holds no Keras network.
    """
    _check_signature(path)
    _check_end(path)
    try:
        with h5py.File(path, "r") as file:
            raw_config = file.attrs.get("model_config")
            if raw_config is None or "model_weights" not in file:
                raise WeightsError(
                    f"{path}: no network description inside; expected a whole model as Keras saves it, "
                    f"found the entries {', '.join(sorted({*file.attrs, *file})) or 'none'}"
                )
            arrays = {name: _arrays(group) for name, group in file["model_weights"].items()}
        return _parse(json.loads(raw_config), arrays)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise WeightsError(f"{path}: damaged or not a saved Keras network ({error})") from error


def _check_signature(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(48)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
    if not start.startswith(HDF5_SIGNATURE):
        raise WeightsError(f"{path}: not an HDF5 file: it begins with {start!r} (a web page or a pointer to the file?)")


def _check_end(path: Path) -> None:
    """Open the file in another process first: on some damage HDF5's library goes round for ever, or crashes."""
    command = [sys.executable, "-c", _OPEN, str(path)]
    try:
        code = subprocess.run(command, timeout=_OPEN_SECONDS, capture_output=True, check=False).returncode
    except subprocess.TimeoutExpired:
        code = None
    if code is None or code in _OUT_OF_TIME:
        raise WeightsError(f"{path}: damaged: HDF5's library comes to no end with it")
    if code < 0:
        raise WeightsError(f"{path}: damaged: HDF5's library crashes with it")


def _arrays(group: h5py.Group) -> dict[str, npt.NDArray[np.float32]]:
    """Return every array below a layer's group; how deep they lie differs between Keras versions."""
    found: dict[str, npt.NDArray[np.float32]] = {}

    def visit(name: str, entry: h5py.Group | h5py.Dataset) -> None:
        if isinstance(entry, h5py.Dataset):
            key = name.rsplit("/", 1)[-1].split(":")[0]
            if key in found:
                raise ValueError(f"layer {group.name} holds {key} twice")
            found[key] = np.asarray(entry[()], dtype=np.float32)

    group.visititems(visit)
    return found


def _parse(description: dict[str, Any], arrays: dict[str, dict[str, npt.NDArray[np.float32]]]) -> LayerGraph:
    if description["class_name"] not in ("Model", "Functional"):
        raise ValueError(f"it is a {description['class_name']} network, expected Model or Functional")
    config = description["config"]
    layers = {}
    for entry in config["layers"]:
        name = str(entry["name"])
        calls = entry["inbound_nodes"]
        if len(calls) > 1:
            raise ValueError(f"layer {name} is called {len(calls)} times")
        layers[name] = Layer(
            name=name,
            kind=str(entry["class_name"]),
            config=dict(entry["config"]),
            inputs=tuple(_tensors(calls)),
            weights=arrays.get(name, {}),
        )
    outputs = _tensors(config["output_layers"])
    if len(outputs) != 1:
        raise ValueError(f"it has {len(outputs)} outputs, expected one")
    graph = LayerGraph(layers=layers, inputs=tuple(_tensors(config["input_layers"])), output=outputs[0])
    for tensor in (*graph.inputs, *outputs, *(tensor for layer in layers.values() for tensor in layer.inputs)):
        graph.at(tensor)  # a dangling name is a KeyError here, not later
    return graph


def _tensors(node: Any) -> list[Tensor]:
    """Collect ``[layer, call, output, ...]`` entries; how deep Keras nests them differs between versions."""
    if not isinstance(node, list):
        return []
    if len(node) >= 3 and isinstance(node[0], str) and isinstance(node[2], int):
        if len(node) > 3 and isinstance(node[3], dict) and node[3].get("training"):
            raise ValueError(f"{node[0]} feeds a layer that stays in training mode (dropout at prediction)")
        return [Tensor(layer=node[0], output=node[2])]
    return [tensor for entry in node for tensor in _tensors(entry)]
