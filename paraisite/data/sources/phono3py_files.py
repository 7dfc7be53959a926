"""phono3py's results: conductivities from ``kappa-m*.hdf5``, and the crystal from the files beside them.

Source: phono3py's documentation of its HDF5 files; Togo, Chaput and Tanaka, PRB 91, 094306 (2015),
10.1103/PhysRevB.91.094306.
"""

import lzma
import math
import re
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt
import yaml
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.core.units import bohr_to_angstrom

from paraisite.data.structure_files.formats import list_structure_files
from paraisite.data.structure_files.isotopes import check_masses
from paraisite.data.structure_files.reading import read_structure
from paraisite.data.validation import build_structure
from paraisite.errors import DataError, StructureError

KAPPA_PATTERN: Final = "kappa-m*.hdf5"
CELL_PATTERNS: Final = ("phono3py_params.yaml*", "phono3py_disp.yaml*", "phono3py.yaml*")
"""What holds the crystal, in order of preference; where there is none, a POSCAR or CIF beside them does."""

TENSORS: Final = (
    "kappa_TOT_exact",
    "kappa",
    "kappa_P_exact",
    "kappa_intra_exact",
    "kappa_TOT_RTA",
    "kappa_RTA",
    "kappa_P_RTA",
    "kappa_intra_RTA",
    "kappa_intra",
)
"""Datasets with the tensor, the more complete solution first: the exact solution before that in the relaxation-time
approximation, and with Wigner's transport equation the sum of both contributions before one; ``kappa`` is what phono3py
itself calls the result."""

COMPONENTS: Final = ("xx", "yy", "zz", "yz", "xz", "xy")
MAX_VALUES: Final = 1_000_000
"""Of a dataset that is read: phono3py writes six for each temperature."""

_MAX_HEAD_BYTES: Final = 20_000_000
"""Of a YAML file up to its forces, unpacked: two cells of the largest size take a tenth."""

_BEHIND_CELLS: Final = re.compile(rb"^(?:supercell|displacement[\w-]*|force[\w-]*|dataset):", re.MULTILINE)
LENGTH_UNITS_ANGSTROM: Final = {"angstrom": 1.0, "au": bohr_to_angstrom}
TEMPERATURE_TOLERANCE_KELVIN: Final = 0.01
TEMPERATURE: Final = "temperature"
MESH: Final = "mesh"
SMEARING: Final = "sigma"
"""The width of the Gaussians that stand in for the Brillouin zone's integrals, THz; the tetrahedron method has none."""

BOUNDARY: Final = "boundary_mfp"
"""The mean free path, µm, after which phonons meet a sample's surface, where the result is of such a sample."""

_BULK_MICROMETRE: Final = 10_000.0
"""From which mean free path on a result is that of the bulk: phonons that carry heat travel less in any crystal."""

_PARTIAL: Final = re.compile(r"-g\d+|-b\d+")
_SMEARED: Final = re.compile(r"-s\d")
_MESH: Final = re.compile(r"kappa-m(\d+)")


def find_result_folders(folder: Path) -> list[Path]:
    """Return the folders at and below one that hold phono3py's conductivities or inputs, in order of their names."""
    files = (file for pattern in (KAPPA_PATTERN, CELL_PATTERNS[0]) for file in folder.rglob(pattern))
    return sorted({file.parent for file in files if file.is_file()})


def has_kappa(folder: Path) -> bool:
    """Return whether there is a result of a whole mesh, readable or not."""
    return bool(_kappa_files(folder))


def _kappa_files(folder: Path) -> list[Path]:
    return [file for file in folder.glob(KAPPA_PATTERN) if not _PARTIAL.search(file.name) and file.is_file()]


def read_kappa(folder: Path, *, temperature_kelvin: float) -> tuple[float, str]:
    """Return the conductivity in W/m/K, the mean of the tensor's diagonal, and where it was read, for people.

    Of several files that with the densest mesh is taken, of equal ones that with an exact solution, and of those that
    of the tetrahedron method; files of single grid points or branches are no results.

    Raises:
        DataError: There is no result, or several between which nothing decides, or it lacks the temperature, or is no
            tensor per temperature that is positive in every direction, or lies in another file.
    """
    files = _kappa_files(folder)
    if not files:
        raise DataError(f"no {KAPPA_PATTERN} of a whole mesh")
    path = _densest(files)
    try:
        with h5py.File(path) as content:
            name = next((name for name in TENSORS if name in content), None)
            if name is None or TEMPERATURE not in content:
                raise DataError(f"{path.name} lacks a conductivity ({', '.join(TENSORS)}) or {TEMPERATURE}")
            tensors, temperatures = (_read_values(content, dataset, path.name) for dataset in (name, TEMPERATURE))
            _check_bulk(content, path.name)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise DataError(f"{path.name} is no readable HDF5 file: {error}") from error
    temperatures = np.ravel(temperatures)
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
    if len(at) > 1 and not (tensors[at] == tensors[at[0]]).all():
        raise DataError(f"{path.name} has {temperature_kelvin:g} K {len(at)} times with different values of {name}")
    _check_tensor(tensors[at[0]], f"{path.name}: {name}")
    return float(tensors[at[0], :3].mean()), f"{path.name}, {name} at {temperature_kelvin:g} K"


def _read_values(content: h5py.File, name: str, file: str) -> npt.NDArray[np.float64]:
    """Return a dataset's numbers, if they lie in the file itself.

    Raises:
        DataError: They lie in another file, or are too many.
    """
    dataset = content[name] if not isinstance(content.get(name, getlink=True), h5py.ExternalLink) else None
    # A link within the file can lead through one to another file.
    if (
        dataset is None
        or dataset.file.filename != content.filename
        or (isinstance(dataset, h5py.Dataset) and (dataset.external or dataset.is_virtual))
    ):
        raise DataError(f"{file}: {name} is a link to another file, expected numbers in the file itself")
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "fiu":
        raise DataError(f"{file}: {name} is no dataset of numbers")
    if dataset.size > MAX_VALUES:
        raise DataError(f"{file}: {name} has {dataset.size} numbers, expected at most {MAX_VALUES}")
    return np.asarray(dataset, np.float64)


def _check_bulk(content: h5py.File, file: str) -> None:
    """Raise if phonons are scattered at the surfaces of a sample."""
    if BOUNDARY in content and ((length := _read_values(content, BOUNDARY, file)) < _BULK_MICROMETRE).any():
        raise DataError(
            f"{file}: {BOUNDARY} is {length.min():g} µm, a sample of that size, expected the crystal's own value"
        )


def _check_tensor(tensor: npt.NDArray[np.float64], what: str) -> None:
    """Raise if a tensor, xx yy zz yz xz xy, W/m/K, is not positive: heat flows from hot to cold in every direction."""
    for component, value in zip(COMPONENTS[:3], tensor, strict=False):
        if not value > 0:
            raise DataError(f"{what}: the component {component} is {value:g} W/m/K, expected a positive number")
    if not np.isfinite(tensor).all():
        raise DataError(f"{what}: a component is not a finite number")
    xx, yy, zz, yz, xz, xy = tensor
    lowest = float(np.linalg.eigvalsh([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])[0])
    if lowest < -1e-3 * float(tensor[:3].max()):
        raise DataError(f"{what}: the conductivity is {lowest:g} W/m/K in one direction, expected a positive number")


def _densest(files: list[Path]) -> Path:
    """Return the file with the densest mesh, of equal ones that with an exact solution, then that without smearing.

    Raises:
        DataError: There are several, and the mesh of one is not known, or nothing decides between them.
    """
    if len(files) == 1:
        return files[0]
    ranks = {file: _rank(file) for file in files}
    if unknown := [file.name for file, (n_point, *_) in ranks.items() if not n_point]:
        raise DataError(f"the mesh of {', '.join(unknown)} is not known, so that there is no telling which is densest")
    best = max(ranks.values())
    first, *others = sorted(file for file, rank in ranks.items() if rank == best)
    if others:
        names = ", ".join(file.name for file in (first, *others))
        raise DataError(f"{names} have equally dense meshes, which leaves open which is meant: leave one in the folder")
    return first


def _rank(path: Path) -> tuple[int, bool, bool]:
    """Return how many wave vectors a file's mesh has, and whether it has an exact solution and no smearing.

    The number is that of the dataset ``mesh``, else of the file's name; 0 if neither says it.
    """
    n_point, smeared = _mesh_of_name(path), _SMEARED.search(path.name) is not None
    try:
        with h5py.File(path) as content:
            exact = any(name.endswith("_exact") for name in content) or {"kappa", "kappa_RTA"} <= set(content)
            smeared = smeared or SMEARING in content
            if MESH in content:
                mesh = np.ravel(_read_values(content, MESH, path.name))
                if mesh.size == 3 and (mesh >= 1).all() and np.isfinite(mesh).all():
                    n_point = int(mesh.prod())
            return n_point, exact, not smeared
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, DataError):
        return n_point, False, not smeared


def _mesh_of_name(path: Path) -> int:
    """Return how many wave vectors the mesh of a file's name has, e.g. 19 * 19 * 19 of kappa-m191919.hdf5, else 0."""
    match = _MESH.match(path.name)
    digits = match[1] if match else ""
    # Digits are written without separator; which axis they belong to is known where each axis has as many.
    width = len(digits) // 3
    if not width or len(digits) % 3:
        return 0
    return math.prod(int(digits[start : start + width]) for start in range(0, len(digits), width))


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
        for path in sorted(file for file in folder.glob(pattern) if file.is_file()):
            return _structure_of(_read_yaml(path), path.name)
    for path in list_structure_files(folder):
        structure = read_structure(path)
        if isinstance(structure, Structure):
            return structure
        raise DataError(f"{path.name}: {structure}")
    raise DataError(f"no {', '.join(CELL_PATTERNS)}, POSCAR or CIF beside the results: which crystal are they of?")


def _read_yaml(path: Path) -> Any:
    try:
        with (lzma.open if path.suffix == ".xz" else open)(path, "rb") as file:
            content = file.read(_MAX_HEAD_BYTES + 1)
        # Forces follow the cells and can be a hundred megabytes, which a YAML parser takes minutes for.
        head, *rest = _BEHIND_CELLS.split(content, maxsplit=1)
        if not rest and len(content) > _MAX_HEAD_BYTES:
            raise DataError(f"{path.name}: the cells take more than the {_MAX_HEAD_BYTES / 1e6:g} MB expected at most")
        return yaml.load(head.decode(), Loader=yaml.CSafeLoader)
    except (OSError, EOFError, RecursionError, ValueError, lzma.LZMAError, UnicodeDecodeError, yaml.YAMLError) as error:
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
        masses = [float(point.get("mass", math.nan)) for point in cell["points"]]
    except (AttributeError, TypeError, KeyError, ValueError, OverflowError) as error:
        raise DataError(f"{name} holds neither primitive_cell nor unit_cell as phono3py writes them") from error
    if unit not in LENGTH_UNITS_ANGSTROM or vectors.shape != (3, 3):
        expected = " or ".join(LENGTH_UNITS_ANGSTROM)
        raise StructureError(f"{name}: lattice of shape {vectors.shape} in {unit!r}, expected (3, 3) in {expected}")
    structure = build_structure(Lattice(vectors * LENGTH_UNITS_ANGSTROM[unit]), symbols, coords)
    if np.isfinite(masses).all():
        check_masses(np.array(structure.atomic_numbers, np.int64), masses)
    return structure
