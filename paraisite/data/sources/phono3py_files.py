"""phono3py's results: conductivities from ``kappa-m*.hdf5``, and the crystal from the files beside them.

Source: phono3py's documentation of its HDF5 files; Togo, Chaput and Tanaka, PRB 91, 094306 (2015),
10.1103/PhysRevB.91.094306.
"""

import lzma
import re
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import yaml
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.core.units import bohr_to_angstrom

from paraisite.data.structure_files.formats import list_structure_files
from paraisite.data.structure_files.reading import read_structure
from paraisite.data.validation import build_structure
from paraisite.errors import DataError, StructureError

KAPPA_PATTERN: Final = "kappa-m*.hdf5"
CELL_PATTERNS: Final = ("phono3py_params.yaml*", "phono3py_disp.yaml*", "phono3py.yaml*")
"""What holds the crystal, in order of preference; where there is none, a POSCAR or CIF beside them does."""

TENSORS: Final = ("kappa", "kappa_TOT_RTA", "kappa_RTA", "kappa_P_RTA")
"""Datasets with the tensor, the more complete solution first: what phono3py itself calls the result, and with Wigner's
transport equation the sum of both contributions."""

LENGTH_UNITS_ANGSTROM: Final = {"angstrom": 1.0, "au": bohr_to_angstrom}
TEMPERATURE_TOLERANCE_KELVIN: Final = 0.01
_PARTIAL: Final = re.compile(r"-g\d+|-b\d+")
_MESH: Final = re.compile(r"kappa-m(\d+)")


def find_result_folders(folder: Path) -> list[Path]:
    """Return the folders at and below one that hold phono3py's conductivities or inputs, in order of their names."""
    folders = {file.parent for pattern in (KAPPA_PATTERN, CELL_PATTERNS[0]) for file in folder.rglob(pattern)}
    return sorted(folders)


def has_kappa(folder: Path) -> bool:
    """Return whether there is a result of a whole mesh, readable or not."""
    return bool(_kappa_files(folder))


def _kappa_files(folder: Path) -> list[Path]:
    return [file for file in folder.glob(KAPPA_PATTERN) if not _PARTIAL.search(file.name)]


def read_kappa(folder: Path, *, temperature_kelvin: float) -> tuple[float, str]:
    """Return the conductivity in W/m/K, the mean of the tensor's diagonal, and where it was read, for people.

    Of several files that with the densest mesh is taken; files of single grid points or branches are no results.

    Raises:
        DataError: There is no result, or it lacks the temperature, or is no tensor per temperature.
    """
    files = _kappa_files(folder)
    if not files:
        raise DataError(f"no {KAPPA_PATTERN} of a whole mesh")
    path = max(files, key=lambda file: (_density(file), file.name))
    try:
        with h5py.File(path) as content:
            name = next((name for name in TENSORS if name in content), None)
            if name is None or "temperature" not in content:
                raise DataError(f"{path.name} lacks {' or '.join(TENSORS)}, or temperature")
            tensors, temperatures = np.asarray(content[name], np.float64), np.ravel(content["temperature"])
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path.name} is no readable HDF5 file: {error}") from error
    at = np.flatnonzero(np.abs(temperatures - temperature_kelvin) <= TEMPERATURE_TOLERANCE_KELVIN)
    if not at.size:
        raise DataError(f"{path.name} has no {temperature_kelvin:g} K, but {_listed(temperatures)}")
    if tensors.ndim == 3 and len(tensors) == 1:
        tensors = tensors[0]
    if tensors.shape != (len(temperatures), 6):
        raise DataError(
            f"{path.name}: {name} has shape {tensors.shape}, expected {(len(temperatures), 6)} "
            "(one tensor xx yy zz yz xz xy for each temperature; give one smearing width only)"
        )
    return float(tensors[at[0], :3].mean()), f"{path.name}, {name} at {temperature_kelvin:g} K"


def _density(path: Path) -> int:
    """Return how many wave vectors the mesh of a file's name has, e.g. 19 * 19 * 19 of kappa-m191919.hdf5."""
    match = _MESH.match(path.name)
    digits = match[1] if match else ""
    # Two or three digits per axis are written without separator; meshes with unequal numbers of digits stay unresolved.
    width = len(digits) // 3
    if not width or len(digits) % 3:
        return 0
    return int(np.prod([int(digits[start : start + width]) for start in range(0, len(digits), width)]))


def _listed(temperatures: Any) -> str:
    values = [f"{value:g}" for value in temperatures]
    return ", ".join(values if len(values) <= 6 else [*values[:3], "…", *values[-2:]])


def read_cell(folder: Path) -> Structure:
    """Return the crystal that the results in a folder are of.

    Raises:
        DataError: No file beside the results holds it, or that file is damaged.
        StructureError: The crystal cannot be used.
    """
    for pattern in CELL_PATTERNS:
        for path in sorted(folder.glob(pattern)):
            return _structure_of(_read_yaml(path), path.name)
    for path in list_structure_files(folder):
        structure = read_structure(path)
        if isinstance(structure, Structure):
            return structure
        raise DataError(f"{path.name}: {structure}")
    raise DataError(f"no {', '.join(CELL_PATTERNS)}, POSCAR or CIF beside the results: which crystal are they of?")


def _read_yaml(path: Path) -> Any:
    try:
        content = path.read_bytes()
        text = (lzma.decompress(content) if path.suffix == ".xz" else content).decode()
        # Forces follow the cells and can be a hundred megabytes, which a YAML parser takes minutes for.
        head = re.split(r"^(?:supercell|displacement[\w-]*|force[\w-]*|dataset):", text, maxsplit=1, flags=re.MULTILINE)
        return yaml.load(head[0], Loader=yaml.CSafeLoader)
    except (OSError, lzma.LZMAError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path.name} is no readable YAML file: {reason}") from error


def _structure_of(content: Any, name: str) -> Structure:
    """Return the primitive cell, else the unit cell, of a file of phono3py."""
    try:
        cell: dict[str, Any] = content.get("primitive_cell") or content["unit_cell"]
        unit = (content.get("physical_unit") or {}).get("length", "angstrom")
        vectors = np.array(cell["lattice"], np.float64)
        symbols = [str(point["symbol"]) for point in cell["points"]]
        coords = [[float(x) for x in point["coordinates"]] for point in cell["points"]]
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise DataError(f"{name} holds neither primitive_cell nor unit_cell as phono3py writes them") from error
    if unit not in LENGTH_UNITS_ANGSTROM or vectors.shape != (3, 3):
        expected = " or ".join(LENGTH_UNITS_ANGSTROM)
        raise StructureError(f"{name}: lattice of shape {vectors.shape} in {unit!r}, expected (3, 3) in {expected}")
    return build_structure(Lattice(vectors * LENGTH_UNITS_ANGSTROM[unit]), symbols, coords)
