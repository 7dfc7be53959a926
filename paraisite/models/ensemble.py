"""Trained members in one file: weights, architecture, target scaler and where they came from.

The file is safetensors: it loads with nothing else and cannot run code.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors.numpy import save

from paraisite.core.files import content_sha256, write_whole
from paraisite.errors import CheckpointError
from paraisite.graphs.build import GraphSettings
from paraisite.models.architecture import ModelConfig, Parameters, parameter_shapes
from paraisite.models.target_scaler import TargetScaler
from paraisite.models.tensor_file import read_tensors

FORMAT = "paraisite-ensemble-1"
ENSEMBLE_FILE = "ensemble.safetensors"
"""What the file is called wherever a folder holds one."""

CARD_FILE: Final = "card.json"
"""What a model's card beside it is called: where it comes from and how far it is off."""

DISTANCE_TOLERANCE: Final = "graphs.distance_tolerance_angstrom"
"""Key of the metadata: the setting of the graphs that the architecture does not hold; absent in older files."""

_HEADER = "paraisite_ensemble"
_SCALER_MEAN = "target_scaler/mean"
_SCALER_STD = "target_scaler/std"


@dataclass(frozen=True)
class Ensemble:
    """Members of one architecture, stacked.

    Attributes:
        config: Architecture of every member.
        parameters: Stacked parameters, each float32 [n_member, …].
        scaler: Turns the network's output into kappa in W/m/K; None where the output already has ``unit``.
        target: What is predicted, e.g. "kappa" or "Formation energy"; one for each of several outputs.
        unit: Unit of a prediction, e.g. "W/m/K"; one for each of several outputs.
        metadata: Provenance as text: recipe, data digest, code version, epochs, …
    """

    config: ModelConfig
    parameters: Parameters
    scaler: TargetScaler | None
    target: str | tuple[str, ...]
    unit: str | tuple[str, ...]
    metadata: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that parameters and scaler are this architecture's and of equally many members.

        Raises:
            CheckpointError: A parameter is missing, unknown or of another shape, or the scaler is of other members.
        """
        expected = parameter_shapes(self.config)
        if set(expected) != set(self.parameters):
            names = ", ".join(sorted(set(expected) ^ set(self.parameters))[:5])
            raise CheckpointError(f"the parameters are not this architecture's: {names}, …")
        for name, shape in expected.items():
            found = self.parameters[name].shape
            if found != (self.n_member, *shape):
                raise CheckpointError(f"parameter {name}: expected {(self.n_member, *shape)}, found {found}")
        if self.scaler is not None and not self.scaler.mean.shape == self.scaler.std.shape == (self.n_member,):
            raise CheckpointError(f"{self.n_member} members, but a scaler of {self.scaler.mean.shape}")
        if not len(self.targets) == len(self.units) == self.config.n_output:
            raise CheckpointError(
                f"{self.config.n_output} outputs, but {len(self.targets)} targets and {len(self.units)} units"
            )
        if self.scaler is not None and self.config.n_output > 1:
            raise CheckpointError(f"a scaler of kappa after {self.config.n_output} outputs, expected one")

    @property
    def n_member(self) -> int:
        """Number of members."""
        return len(self.parameters["atom_embedding"])

    @property
    def targets(self) -> tuple[str, ...]:
        """What each output predicts, [n_output]."""
        return (self.target,) if isinstance(self.target, str) else self.target

    @property
    def units(self) -> tuple[str, ...]:
        """Unit of each output, [n_output]."""
        return (self.unit,) if isinstance(self.unit, str) else self.unit

    @property
    def graph_settings(self) -> GraphSettings:
        """Settings of the graphs that the members were trained on; the default tolerance where none was written.

        Raises:
            CheckpointError: What was written is no number.
        """
        from paraisite.config import GraphConfig  # the default model is no ensemble, and needs no settings

        text = self.metadata.get(DISTANCE_TOLERANCE, GraphConfig().distance_tolerance_angstrom)
        try:
            return GraphSettings(self.config.cutoff_angstrom, float(text))
        except ValueError as error:
            raise CheckpointError(f"{DISTANCE_TOLERANCE} is {text!r}, expected a number") from error

    def select_member(self, k: int) -> "Ensemble":
        """Return member ``k`` as an ensemble of one."""
        rows = slice(k, k + 1)
        scaler = self.scaler and TargetScaler(mean=self.scaler.mean[rows], std=self.scaler.std[rows])
        parameters = {name: value[rows] for name, value in self.parameters.items()}
        return dataclasses.replace(self, parameters=parameters, scaler=scaler)

    def save(self, path: Path, *, half_precision: bool = False) -> None:
        """Write the file; an interrupted write leaves the old one.

        Args:
            path: Where to.
            half_precision: Round the parameters to 16 bits (11 significant ones): half the size, enough to start from.
        """
        dtype = np.float16 if half_precision else np.float32
        tensors: dict[str, np.ndarray] = {
            name: np.ascontiguousarray(value, dtype) for name, value in self.parameters.items()
        }
        if self.scaler is not None:
            tensors |= {_SCALER_MEAN: self.scaler.mean, _SCALER_STD: self.scaler.std}
        header = {
            "format": FORMAT,
            "config": dataclasses.asdict(self.config),
            "target": self.target,
            "unit": self.unit,
            "metadata": self.metadata,
            "sha256": None,
        }
        header["sha256"] = content_sha256(tensors, {_HEADER: _text(header)})
        # One text only: safetensors writes several in random order, and equal ensembles should be equal files.
        content = save(tensors, metadata={_HEADER: _text(header)})
        write_whole(path, content)

    @classmethod
    def load(cls, path: Path) -> "Ensemble":
        """Read a file that :meth:`save` wrote.

        Raises:
            CheckpointError: The file is absent, damaged, or not an ensemble of this format.
        """
        header, tensors = read_tensors(path, header_key=_HEADER)
        found = header.get("format")
        if found != FORMAT:
            raise CheckpointError(f"{path}: expected format {FORMAT}, found {found!r}")
        content = content_sha256(tensors, {_HEADER: _text(header | {"sha256": None})})
        if header.get("sha256", content) != content:  # FEAF's shipped file is older than the digest
            raise CheckpointError(f"{path} is damaged: its digest does not match")
        mean, std = tensors.pop(_SCALER_MEAN, None), tensors.pop(_SCALER_STD, None)
        if (mean is None) != (std is None):
            raise CheckpointError(f"{path}: half of the target scaler is missing")
        try:
            return cls(
                config=_config_from_json(header["config"]),
                parameters={name: value.astype(np.float32, copy=False) for name, value in tensors.items()},
                scaler=None if mean is None or std is None else TargetScaler(mean=mean, std=std),
                target=_from_json(header["target"]),
                unit=_from_json(header["unit"]),
                metadata=header["metadata"],
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise CheckpointError(f"{path}: its header is damaged: {error!r}") from error


def _text(header: dict[str, Any]) -> str:
    return json.dumps(header, sort_keys=True)


def _config_from_json(values: dict[str, Any]) -> ModelConfig:
    return ModelConfig(**{key: _from_json(value) for key, value in values.items()})


def _from_json(value: Any) -> Any:
    """Return the tuple that JSON knows as a list, and anything else as it is."""
    return tuple(value) if isinstance(value, list) else value
