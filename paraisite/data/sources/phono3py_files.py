"""phono3py's results: conductivities from ``kappa-m*.hdf5``; ``phono3py_cells`` reads the crystal beside them.

Source: phono3py's documentation of its HDF5 files; Togo, Chaput and Tanaka, PRB 91, 094306 (2015),
10.1103/PhysRevB.91.094306.
"""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt
from pymatgen.core.structure import Structure

from paraisite.data.sources.phono3py_cells import CELL_PATTERNS
from paraisite.errors import DataError

KAPPA_PATTERN: Final = "kappa-m*.hdf5"
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

_MAX_CHUNK_BYTES: Final = 16_000_000
"""Of a piece of a dataset, which HDF5 unpacks as a whole, however little of it is read."""

MAX_MESH: Final = 10_000
"""Wave vectors along an axis."""

TEMPERATURE_TOLERANCE_KELVIN: Final = 0.01
TEMPERATURE: Final = "temperature"
MESH: Final = "mesh"
FREQUENCY: Final = "frequency"
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
    with _open(path) as content:
        name = next((name for name in TENSORS if name in content), None)
        if name is None or TEMPERATURE not in content:
            raise DataError(f"{path.name} lacks a conductivity ({', '.join(TENSORS)}) or {TEMPERATURE}")
        tensors, temperatures = (_read_values(content, dataset, path.name) for dataset in (name, TEMPERATURE))
        _check_bulk(content, path.name)
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
    _check_packing(dataset, f"{file}: {name}")
    return np.asarray(dataset, np.float64)


def _check_packing(dataset: h5py.Dataset, what: str) -> None:
    """Raise if a dataset's pieces are larger than all that it holds, or hold more than they declare."""
    if dataset.chunks is None:
        return
    chunk = math.prod(dataset.chunks) * dataset.dtype.itemsize
    n_chunk = math.prod(-(-size // width) for size, width in zip(dataset.shape, dataset.chunks, strict=True))
    filters = dataset.id.get_create_plist()
    kinds = [filters.get_filter(number)[0] for number in range(filters.get_nfilters())]
    # Packed, numbers take hardly more than unpacked, and come out a thousand times as many at most for each packing.
    if chunk > _MAX_CHUNK_BYTES or dataset.id.get_storage_size() > 1.1 * chunk * n_chunk + 1000:
        raise DataError(f"{what} is packed in pieces of more than the {_MAX_CHUNK_BYTES / 1e6:g} MB expected at most")
    if len(set(kinds)) < len(kinds):
        raise DataError(f"{what} is packed several times over, expected once")


def check_bands(folder: Path, structure: Structure) -> None:
    """Compare a crystal with the number of phonon bands beside a folder's conductivity.

    Args:
        folder: Of a result.
        structure: What is taken for its crystal, in any cell.

    Raises:
        DataError: The bands are those of a cell that cannot be this crystal's primitive cell.
    """
    path = _densest(_kappa_files(folder))
    with _open(path) as content:
        if not isinstance(content.get(FREQUENCY, getlink=True), h5py.HardLink):
            return
        shape = getattr(content[FREQUENCY], "shape", None) or (0,)
    if shape[-1] and (shape[-1] % 3 or len(structure) % (shape[-1] // 3)):
        raise DataError(
            f"{path.name} is of a cell with {shape[-1]} phonon bands, three for each atom, while the crystal beside it "
            f"has {len(structure)} atoms: is it another?"
        )


@contextmanager
def _open(path: Path) -> Iterator[h5py.File]:
    """Open a file; whatever HDF5 raises is a DataError."""
    try:
        with h5py.File(path) as content:
            yield content
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, OverflowError) as error:
        raise DataError(f"{path.name} is no readable HDF5 file: {error}") from error


def _check_bulk(content: h5py.File, file: str) -> None:
    """Raise if phonons are scattered at the surfaces of a sample."""
    if BOUNDARY in content and not ((length := _read_values(content, BOUNDARY, file)) >= _BULK_MICROMETRE).all():
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
        with _open(path) as content:
            exact = any(name.endswith("_exact") for name in content) or {"kappa", "kappa_RTA"} <= set(content)
            smeared = smeared or SMEARING in content
            if MESH in content:
                mesh = np.ravel(_read_values(content, MESH, path.name))
                is_mesh = mesh.size == 3 and np.isin(mesh, np.arange(1, MAX_MESH + 1)).all()
                n_point = math.prod(map(int, mesh)) if is_mesh else 0
            return n_point, exact, not smeared
    except DataError:
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
