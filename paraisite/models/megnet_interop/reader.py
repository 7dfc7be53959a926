"""Published MEGNet models: HDF5 and JSON in, one member's parameters out. Neither megnet nor TensorFlow is needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from paraisite.core.files import file_sha256
from paraisite.errors import WeightsError
from paraisite.models.architecture import STATE_DIM, ModelConfig, Parameters, parameter_shapes
from paraisite.models.ensemble import Ensemble
from paraisite.models.megnet_interop.keras_layout import LN_10, KerasLayout, find_layout
from paraisite.models.megnet_interop.layer_graph import Layer, LayerGraph, Tensor, read_layer_graph
from paraisite.models.megnet_interop.sidecar import Sidecar, read_sidecar
from paraisite.models.target_scaler import TargetScaler

_SET2SET_NAMES: Final = {
    "memory_kernel": "x_to_m_weight",
    "memory_bias": "x_to_m_bias",
    "recurrent_kernel": "recurrent_kernel",
    "recurrent_bias": "recurrent_bias",
}


@dataclass(frozen=True)
class PublishedModel:
    """One model as megnet saves it.

    Attributes:
        config: Architecture, Gaussians and cutoff.
        parameters: One member's parameters, without a member axis. A standard scaler beside a published model is
            folded into the last layer, so that the output is in ``unit``.
        scaler: Turns the output into kappa in W/m/K, for files that this package wrote; float64 [1]. Else None.
        target: What is predicted, e.g. "Formation energy".
        unit: Its unit; empty for a probability or where the file has none.
        metadata: What else the file says about itself.
        sha256: Of the HDF5 file.
    """

    config: ModelConfig
    parameters: Parameters
    scaler: TargetScaler | None
    target: str
    unit: str
    metadata: dict[str, str]
    sha256: str

    def to_ensemble(self) -> Ensemble:
        """Return the model as an ensemble of one member."""
        return Ensemble(
            config=self.config,
            parameters={name: values[None] for name, values in self.parameters.items()},
            scaler=self.scaler,
            target=self.target,
            unit=self.unit,
            metadata={**self.metadata, "source_sha256": self.sha256},
        )


def read_published_model(path: Path) -> PublishedModel:
    """Read a MEGNet crystal model, ``path`` and the .json file beside it.

    Raises:
        WeightsError: The file is absent, damaged, no MEGNet, or a kind of MEGNet that this network is not.
    """
    graph = read_layer_graph(path)
    sidecar = read_sidecar(path)
    layout = find_layout(graph, path)
    try:
        _expect_functions(layout)
        config = _config(graph, layout, sidecar)
        parameters = _parameters(config, layout)
        scaler = _kappa_scaler(layout)
        if (sidecar.output_mean, sidecar.output_std) != (0.0, 1.0):
            _fold_scaler(config, parameters, sidecar, is_kappa=scaler is not None)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: a layer's settings are incomplete or damaged ({error!r})") from error
    return PublishedModel(
        config=config,
        parameters=parameters,
        scaler=scaler,
        target=sidecar.target,
        unit=sidecar.unit,
        metadata=sidecar.metadata,
        sha256=file_sha256(path),
    )


def _expect_functions(layout: KerasLayout) -> None:
    """Check activations and pooling: a network with others has the same shapes and other numbers."""
    for name, layer in layout.dense.items():
        if not name.startswith("head/"):
            _expect(layer, activation="softplus2", use_bias=True)
    for layer in layout.head[:-1]:
        _expect(layer, activation="relu", use_bias=True)
    for layer in layout.blocks:
        _expect(layer, activation="softplus2", use_bias=True, pool_method="mean")
    for layer in layout.set2set.values():
        _expect(layer, activation_lstm="tanh", recurrent_activation="hard_sigmoid", use_bias=True)


def _expect(layer: Layer, **settings: object) -> None:
    for key, expected in settings.items():
        found = layer.activation(key) if "activation" in key else layer.config.get(key)
        if found != expected:
            raise WeightsError(f"layer {layer.name} ({layer.kind}) has {key} {found!r}, expected {expected!r}")


def _config(graph: LayerGraph, layout: KerasLayout, sidecar: Sidecar) -> ModelConfig:
    embedding = layout.sources["atom"]
    if embedding.kind != "Embedding":
        raise WeightsError(
            f"an atom is described by {_width(embedding)} features ({embedding.name}), expected its element alone"
        )
    n_element, embedding_dim = _weight(embedding, "embeddings", n_axis=2).shape
    centers, width = _gaussians(graph, layout.sources["bond"], sidecar)
    state = layout.sources["state"]
    if state.kind != "InputLayer" or _width(state) != STATE_DIM:
        raise WeightsError(
            f"the state is {state.kind} {state.name} of width {_width(state)}, expected {STATE_DIM} zeros"
        )
    passes = {int(layer.config["T"]) for layer in layout.set2set.values()}
    if len(passes) > 1 or min(passes) < 1:
        raise WeightsError(f"the two Set2Set layers take {sorted(passes)} steps, expected one positive number")
    output_activation = layout.head[-1].activation()
    if output_activation not in ("linear", "sigmoid"):
        raise WeightsError(f"the output's activation is {output_activation}, expected linear or sigmoid")
    return ModelConfig(
        n_element=n_element,
        embedding_dim=embedding_dim,
        gaussian_centers_angstrom=centers,
        gaussian_width_angstrom=width,
        cutoff_angstrom=sidecar.cutoff_angstrom,
        n_block=len(layout.blocks),
        wide=_n_out(layout.dense["preblock/atom/0"]),
        narrow=_n_out(layout.dense["preblock/atom/1"]),
        n_set2set_hidden=_n_out(layout.dense["readout/1"]),
        n_set2set_pass=passes.pop(),
        head_hidden=tuple(_n_out(layer) for layer in layout.head[:-1]),
        output_activation="sigmoid" if output_activation == "sigmoid" else "linear",
    )


def _gaussians(graph: LayerGraph, source: Layer, sidecar: Sidecar) -> tuple[tuple[float, ...], float]:
    """Return the distance expansion, done beside the network or by its first layer."""
    if source.kind == "GaussianExpansion":
        centers = tuple(float(center) for center in source.config["centers"])
        return centers, float(source.config["width"])
    if source.kind != "InputLayer" or Tensor(source.name, 0) != graph.inputs[1]:
        raise WeightsError(f"a bond is described by {source.kind} {source.name} (bond types?), expected its length")
    centers_or_none = sidecar.gaussian_centers_angstrom
    if centers_or_none is None or len(centers_or_none) != _width(source):
        n_center = 0 if centers_or_none is None else len(centers_or_none)
        raise WeightsError(f"a bond has {_width(source)} features and the distance expansion {n_center} Gaussians")
    return centers_or_none, sidecar.gaussian_width_angstrom


def _parameters(config: ModelConfig, layout: KerasLayout) -> Parameters:
    """Return all parameters in the network's order, each checked against the architecture."""
    found: dict[str, npt.NDArray[np.float32]] = {"atom_embedding": _weight(layout.sources["atom"], "embeddings")}
    for name, layer in layout.dense.items():
        found[f"{name}/kernel"], found[f"{name}/bias"] = _weight(layer, "kernel"), _weight(layer, "bias")
    for block, layer in enumerate(layout.blocks):
        for key, values in layer.weights.items():
            kind, letter, number = key.split("_") if key.count("_") == 2 else (key, "?", "?")
            ours = {"weight": "kernel", "bias": "bias"}.get(kind, kind)
            found[f"block_{block}/phi_{letter}/{number}/{ours}"] = values
    for part, layer in layout.set2set.items():
        for ours, theirs in _SET2SET_NAMES.items():
            found[f"set2set/{part}/{ours}"] = _weight(layer, theirs)
    expected = parameter_shapes(config)
    if different := sorted(set(found) ^ set(expected)):
        raise WeightsError(f"weights missing or unknown: {', '.join(different[:4])}")
    for name, shape in expected.items():
        if found[name].shape != shape:
            raise WeightsError(f"{name} has shape {found[name].shape}, expected {shape}")
        if not np.isfinite(found[name]).all():
            raise WeightsError(f"{name} holds values that are not finite")
    return {name: found[name] for name in expected}


def _kappa_scaler(layout: KerasLayout) -> TargetScaler | None:
    """Return the transform in a file that ``write_megnet_model`` made: exp(std ln10 x + mean ln10) - 1."""
    if layout.kappa_tail is None:
        return None
    power, shift = layout.kappa_tail
    constants = [float(_weight(layer, key).item()) for layer in (power, shift) for key in ("kernel", "bias")]
    if constants[2:] != [1.0, -1.0] or shift.activation() != "linear" or constants[0] <= 0:
        raise WeightsError(f"the exponential output has constants {constants}, expected positive, any, 1, -1")
    return TargetScaler(mean=np.array([constants[1] / LN_10]), std=np.array([constants[0] / LN_10]))


def _fold_scaler(config: ModelConfig, parameters: Parameters, sidecar: Sidecar, *, is_kappa: bool) -> None:
    if is_kappa or config.output_activation != "linear":
        raise WeightsError("a target scaler after an output that is not linear: expected none")
    last = f"head/{len(config.head_hidden)}"
    kernel, bias = (parameters[f"{last}/{key}"].astype(np.float64) for key in ("kernel", "bias"))
    parameters[f"{last}/kernel"] = (kernel * sidecar.output_std).astype(np.float32)
    parameters[f"{last}/bias"] = (bias * sidecar.output_std + sidecar.output_mean).astype(np.float32)


def _weight(layer: Layer, key: str, *, n_axis: int | None = None) -> npt.NDArray[np.float32]:
    values = layer.weights.get(key)
    if values is None or (n_axis is not None and values.ndim != n_axis):
        raise WeightsError(f"layer {layer.name} ({layer.kind}) has no usable weight {key}")
    return values


def _n_out(layer: Layer) -> int:
    return len(_weight(layer, "bias", n_axis=1))


def _width(layer: Layer) -> int | None:
    """Return the last size of a network input; None where it is open."""
    shape: list[Any] = layer.config.get("batch_input_shape") or layer.config.get("batch_shape") or [None]
    return None if shape[-1] is None else int(shape[-1])
