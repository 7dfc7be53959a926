"""Structure files in, one row per file and output out; a file that cannot be used is a row with a reason."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from pymatgen.core import Structure

from paraisite.config import GraphConfig
from paraisite.errors import MissingInputError, WeightsError
from paraisite.evaluation.predict import predict
from paraisite.graphs.build import build_graphs
from paraisite.models.ensemble import Ensemble
from paraisite.models.megnet_interop import read_published_model
from paraisite.sources.structure_files import read_structure, structure_files

HDF5_SUFFIXES: Final = (".hdf5", ".h5")
ENSEMBLE_SUFFIX: Final = ".safetensors"


@dataclass(frozen=True)
class FilePrediction:
    """The prediction for one file, or the reason why there is none.

    Attributes:
        file: As given, or inside a folder that was given.
        formula: Reduced formula; None where the file could not be read.
        target: What is predicted.
        value: Mean over the members, in ``unit``; None without a prediction.
        std: Sample standard deviation over the members, in ``unit``; None for one member or without a prediction.
        unit: Unit of ``value`` and ``std``.
        reason: Why there is no prediction, or None.
    """

    file: Path
    formula: str | None
    target: str
    value: float | None
    std: float | None
    unit: str
    reason: str | None

    def as_dict(self) -> dict[str, str | float | None]:
        """Return the row for JSON."""
        return dataclasses.asdict(self) | {"file": str(self.file)}

    def as_text(self) -> str:
        """Return the row for people, without the file's name."""
        if self.value is None:
            return f"no prediction: {self.reason}"
        spread = "" if self.std is None else f" ± {self.std:.3g}"
        return f"{self.formula}  {self.target} {self.value:.6g}{spread} {self.unit}".rstrip()


def read_model(path: Path) -> Ensemble:
    """Read a published MEGNet crystal model (HDF5) or an ensemble (safetensors).

    Raises:
        MissingInputError: There is no such file.
        WeightsError: The name says neither format, or the file is not what its name says.
        CheckpointError: The ensemble is damaged.
    """
    if not path.is_file():
        raise MissingInputError(f"{path} not found: expected a model file")
    if path.suffix.lower() in HDF5_SUFFIXES:
        return read_published_model(path).to_ensemble()
    if path.suffix.lower() == ENSEMBLE_SUFFIX:
        return Ensemble.load(path)
    expected = ", ".join((*HDF5_SUFFIXES, ENSEMBLE_SUFFIX))
    raise WeightsError(f"{path}: unknown model format {path.suffix!r}, expected one of {expected}")


def predict_files(ensemble: Ensemble, paths: Sequence[Path]) -> list[FilePrediction]:
    """Predict for each file, in the order given; folders are replaced by the structure files in them.

    Returns:
        One row per file; one for each output, in the model's order, where that has several.
    """
    files = [file for path in paths for file in _expand(path)]
    structures: dict[int, Structure] = {}
    reasons: dict[int, str] = {}
    for row, file in enumerate(files):
        found = read_structure(file)
        if isinstance(found, Structure):
            structures[row] = found
        else:
            reasons[row] = found
    values = np.full((ensemble.n_member, len(files), ensemble.config.n_output), np.nan)
    if structures:
        reasons |= _predict_structures(ensemble, structures, values)
    for row in set(structures) - set(reasons):
        if not np.isfinite(values[:, row]).all():
            reasons[row] = "the model's output is not a finite number"
    return [
        _row(
            ensemble,
            file,
            formula=structures[row].composition.reduced_formula if row in structures else None,
            values=values[:, row, output],
            output=output,
            reason=reasons.get(row),
        )
        for row, file in enumerate(files)
        for output in range(ensemble.config.n_output)
    ]


def _predict_structures(
    ensemble: Ensemble, structures: dict[int, Structure], values: npt.NDArray[np.float64]
) -> dict[int, str]:
    """Fill ``values`` [n_member, n_file, n_output] where there is a graph; return the reasons where there is none."""
    rows = list(structures)
    graphs, rejected = build_graphs(
        [structures[row] for row in rows],
        [str(row) for row in rows],
        cutoff_angstrom=ensemble.config.cutoff_angstrom,
        distance_tolerance_angstrom=GraphConfig().distance_tolerance_angstrom,
    )
    reasons = {rows[item.row]: item.reason for item in rejected}
    usable = [row for row in rows if row not in reasons]
    if usable:
        values[:, usable] = predict(ensemble, graphs).reshape(ensemble.n_member, len(usable), -1)
    return reasons


def _expand(path: Path) -> Sequence[Path]:
    # An empty folder stays in the list, so that it becomes a row with a reason.
    return (structure_files(path) if path.is_dir() else []) or [path]


def _row(
    ensemble: Ensemble,
    file: Path,
    *,
    formula: str | None,
    values: npt.NDArray[np.float64],
    output: int,
    reason: str | None,
) -> FilePrediction:
    has_value = reason is None
    return FilePrediction(
        file=file,
        formula=formula,
        target=ensemble.targets[output],
        value=float(values.mean()) if has_value else None,
        std=float(values.std(ddof=1)) if has_value and ensemble.n_member > 1 else None,
        unit=ensemble.units[output],
        reason=reason,
    )
