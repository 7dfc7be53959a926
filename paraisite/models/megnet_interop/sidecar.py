"""The JSON file beside a MEGNet model: how structures become graphs, and what the output means."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from paraisite.errors import WeightsError
from paraisite.models.architecture import ModelConfig

_logger = logging.getLogger(__name__)

# MEGNet's own file says "unit": 1 for these; its README gives the unit.
_UNIT_CORRECTIONS: Final = {"Band gap regressor": "eV"}


@dataclass(frozen=True)
class Sidecar:
    """What the JSON file says.

    Attributes:
        gaussian_centers_angstrom: Centres of the distance expansion, Å; None if the network expands distances itself.
        gaussian_width_angstrom: Width of the expansion, Å.
        cutoff_angstrom: Bonds join atoms closer than this, Å.
        output_mean: The target is ``output_std`` * output + ``output_mean``.
        output_std: See ``output_mean``.
        target: What the model predicts.
        unit: Its unit; empty for a probability or where the file has none.
        metadata: The remaining entries as text.
    """

    gaussian_centers_angstrom: tuple[float, ...] | None
    gaussian_width_angstrom: float
    cutoff_angstrom: float
    output_mean: float
    output_std: float
    target: str
    unit: str
    metadata: dict[str, str]


def sidecar_path(path: Path) -> Path:
    """Return where megnet keeps the JSON file of a model: its whole name with .json added."""
    return path.with_name(path.name + ".json")


def read_sidecar(path: Path) -> Sidecar:
    """Read the JSON file beside the model at ``path``; without one, assume the 2018 crystal models' settings.

    Raises:
        WeightsError: The file is no JSON, or describes something else than distances in a crystal.
    """
    json_path = sidecar_path(path)
    try:
        content = json.loads(json_path.read_text(encoding="utf-8"))
        return _parse(content, default_target=path.stem)
    except FileNotFoundError:
        _logger.warning(
            "%s is absent: assuming 100 Gaussians on 0 to 5 Å of width 0.5 Å and a cutoff of 4 Å, no unit", json_path
        )
        return _default(path.stem)
    except WeightsError as error:
        raise WeightsError(f"{json_path}: {error}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{json_path}: damaged or not a MEGNet graph converter ({error!r})") from error


def sidecar_text(config: ModelConfig, *, target: str, unit: str, metadata: Mapping[str, str]) -> str:
    """Return the JSON text from which megnet rebuilds its own graph converter."""
    centers = list(config.gaussian_centers_angstrom)
    content = {
        "graph_converter": {
            "@module": "megnet.data.crystal",
            "@class": "CrystalGraph",
            "atom_converter": {"@module": "megnet.data.graph", "@class": "DummyConverter"},
            "bond_converter": {
                "@module": "megnet.data.graph",
                "@class": "GaussianDistance",
                "centers": {"@module": "numpy", "@class": "array", "dtype": "float64", "data": centers},
                "width": config.gaussian_width_angstrom,
            },
            "cutoff": config.cutoff_angstrom,
        },
        "target_scaler": {"@module": "megnet.utils.preprocessing", "@class": "DummyScaler"},
        "metadata": {**metadata, "name": target, "unit": unit},
    }
    return json.dumps(content, indent=1) + "\n"


def _default(target: str) -> Sidecar:
    config = ModelConfig()
    return Sidecar(
        gaussian_centers_angstrom=config.gaussian_centers_angstrom,
        gaussian_width_angstrom=config.gaussian_width_angstrom,
        cutoff_angstrom=config.cutoff_angstrom,
        output_mean=0.0,
        output_std=1.0,
        target=target,
        unit="",
        metadata={},
    )


def _parse(content: dict[str, Any], *, default_target: str) -> Sidecar:
    converter = _renamed(content, "graph_converter")
    _expect(converter, "CrystalGraph", what="structures become graphs by")
    strategy = converter.get("nn_strategy", "MinimumDistanceNNAll")
    _expect(strategy if isinstance(strategy, dict) else {"@class": strategy}, "MinimumDistanceNNAll", what="bonds by")
    _expect(_renamed(converter, "atom_converter"), "DummyConverter", what="atoms are described by")
    bonds = _renamed(converter, "bond_converter")
    centers, width = None, 1.0
    if not _is(bonds, "DummyConverter"):
        _expect(bonds, "GaussianDistance", what="bonds are described by")
        listed = bonds["centers"]
        values = np.asarray(listed["data"] if isinstance(listed, dict) else listed, dtype=np.float64)
        centers, width = tuple(float(value) for value in values), float(bonds["width"])
    # megnet's own default cutoff is 5 Å.
    cutoff = float(converter.get("cutoff", 5.0))
    if not (cutoff > 0 and width > 0 and np.isfinite([cutoff, width, *(centers or ())]).all()):
        raise WeightsError(f"cutoff {cutoff} Å and width {width} Å: expected finite positive numbers")
    mean, std = _scaler(content.get("target_scaler"))
    metadata = dict(content.get("metadata") or {})
    target = str(metadata.pop("name", default_target))
    unit = metadata.pop("unit", "")
    return Sidecar(
        gaussian_centers_angstrom=centers,
        gaussian_width_angstrom=width,
        cutoff_angstrom=cutoff,
        output_mean=mean,
        output_std=std,
        target=target,
        unit=unit if isinstance(unit, str) else _UNIT_CORRECTIONS.get(target, ""),
        metadata={str(key): value if isinstance(value, str) else json.dumps(value) for key, value in metadata.items()},
    )


def _scaler(scaler: dict[str, Any] | None) -> tuple[float, float]:
    """Return mean and deviation of megnet's target scaler."""
    if scaler is None or _is(scaler, "DummyScaler"):
        return 0.0, 1.0
    _expect(scaler, "StandardScaler", what="targets are scaled by")
    if not scaler.get("is_intensive", True):
        raise WeightsError(
            "the target grows with the number of atoms (is_intensive false); expected a value per crystal"
        )
    return float(scaler.get("mean", 0.0)), float(scaler.get("std", 1.0))


def _renamed(content: dict[str, Any], key: str) -> dict[str, Any]:
    """Return an entry that the models of 2018 and 2019 spell with -or."""
    value = content[key] if key in content else content[key.replace("converter", "convertor")]
    if not isinstance(value, dict):
        raise TypeError(f"{key} is {value!r}")
    return value


def _is(description: dict[str, Any], name: str) -> bool:
    return str(description.get("@class")).replace("Convertor", "Converter") == name


def _expect(description: dict[str, Any], name: str, *, what: str) -> None:
    if not _is(description, name):
        raise WeightsError(f"{what} {description.get('@class')}, which this network cannot do; expected {name}")
