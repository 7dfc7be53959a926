"""The crystal of phono3py's results, from its YAML files or from a structure file beside them.

Source: phono3py's documentation of its input and output files.
"""

import lzma
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from pymatgen.core.structure import Structure
from pymatgen.core.units import bohr_to_angstrom

from paraisite.core.settings_file import parse_yaml
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.structure_files.formats import list_structure_files
from paraisite.data.structure_files.isotopes import check_masses
from paraisite.data.structure_files.json_values import build_plain, flatten_numbers
from paraisite.data.structure_files.reading import compare_with_stated, read_structure
from paraisite.data.structure_files.stated_facts import check_same
from paraisite.data.validation import validate_structure
from paraisite.errors import ConfigError, DataError, StructureError

CELL_PATTERNS: Final = ("phono3py_params.yaml*", "phono3py_disp.yaml*", "phono3py.yaml*")
"""What holds the crystal, in order of preference; where there is none, a POSCAR or CIF beside them does."""

_DISPLACED: Final = re.compile(r"(?:POSCAR|supercell)-\d+", re.IGNORECASE)
"""Name of a supercell with displaced atoms."""

_MAX_HEAD_BYTES: Final = 5_000_000
"""Of a YAML file up to its forces, unpacked: two cells of the largest size take half."""

_MAX_HEAD_VALUES: Final = 1_000_000

MAX_INPUT_BYTES: Final = 2_000_000_000
"""Of a YAML file with its forces, unpacked."""

_MAX_BRACKETS: Final = 20
_MAX_INDENT: Final = 200
_DEEP_LINE: Final = re.compile(rb"^[ ?-]{%d}" % _MAX_INDENT, re.MULTILINE)
_OPENING: Final = np.frombuffer(b"[{", np.uint8)
_CLOSING: Final = np.frombuffer(b"]}", np.uint8)
_BEHIND_CELLS: Final = re.compile(rb"^(?:supercell|displacement[\w-]*|force[\w-]*|dataset):", re.MULTILINE)
LENGTH_UNITS_ANGSTROM: Final = {"angstrom": 1.0, "au": bohr_to_angstrom}


def read_cell(folder: Path) -> Structure:
    """Return the crystal that the results in a folder are of; other files that hold a crystal hold the same.

    Raises:
        DataError: No file beside the results holds it, or that file is damaged, or two hold different crystals.
        StructureError: The crystal cannot be used.
    """
    inputs = [file for pattern in CELL_PATTERNS for file in sorted(folder.glob(pattern)) if file.is_file()]
    others = [file for file in list_structure_files(folder) if not _DISPLACED.search(file.name)]
    if not (files := [*inputs, *others]):
        raise DataError(f"no {', '.join(CELL_PATTERNS)}, POSCAR or CIF beside the results: which crystal are they of?")
    first, *rest = files
    structure = _read_crystal(first)
    for file in rest:
        try:
            other = _read_crystal(file)
        except DataError:
            continue  # what cannot be read says nothing
        try:
            check_same(*(CrystalArrays.from_structures([each]) for each in (structure, other)))
        except StructureError as error:
            raise DataError(f"{first.name} and {file.name} hold different crystals: {error}") from error
    return structure


def _read_crystal(file: Path) -> Structure:
    if any(file.match(pattern) for pattern in CELL_PATTERNS):
        return _structure_of(_read_yaml(file), file.name)
    structure = read_structure(file)
    if isinstance(structure, Structure):
        return structure
    raise DataError(f"{file.name}: {structure}")


def check_inputs(path: Path) -> None:
    """Do nothing if a file of phono3py can be handed to a YAML parser, whose stack deep nesting overflows.

    Raises:
        DataError: It is nested deeply, or larger than ``MAX_INPUT_BYTES`` unpacked, or damaged.
    """
    n_byte, depth, rest = 0, 0, b""
    try:
        with open_inputs(path) as file:
            while block := file.read(1 << 20):
                n_byte += len(block)
                signs = np.frombuffer(block, np.uint8)
                steps = np.isin(signs, _OPENING).astype(np.int64) - np.isin(signs, _CLOSING)
                deepest = depth + int(np.cumsum(steps).max())
                depth += int(steps.sum())
                if max(deepest, depth) > _MAX_BRACKETS or _DEEP_LINE.search(rest + block):
                    raise DataError(f"{path.name} is nested too deeply")
                if n_byte > MAX_INPUT_BYTES:
                    raise DataError(
                        f"{path.name} has more than the {MAX_INPUT_BYTES / 1e9:g} GB expected at most, unpacked"
                    )
                rest = block[-_MAX_INDENT:]
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise DataError(f"{path.name} is no readable YAML file: {error}") from error


def open_inputs(path: Path) -> IO[bytes]:
    """Open a file of phono3py, packed by xz or not."""
    return lzma.open(path) if path.suffix == ".xz" else path.open("rb")


def _read_yaml(path: Path) -> Any:
    try:
        with open_inputs(path) as file:
            content = file.read(_MAX_HEAD_BYTES + 1)
        # Forces follow the cells and can be a hundred megabytes, which a YAML parser takes minutes for.
        head, *rest = _BEHIND_CELLS.split(content, maxsplit=1)
        if len(head) > _MAX_HEAD_BYTES or (not rest and len(content) > _MAX_HEAD_BYTES):
            raise DataError(f"{path.name}: the cells take more than the {_MAX_HEAD_BYTES / 1e6:g} MB expected at most")
        return parse_yaml(head.decode(), where="it", max_values=_MAX_HEAD_VALUES)
    except (OSError, EOFError, ValueError, lzma.LZMAError, ConfigError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path.name} is no readable YAML file: {reason}") from error


def _structure_of(content: Any, name: str) -> Structure:
    """Return the primitive cell, else the unit cell, of a file; both, and the space group, have to agree."""
    try:
        cells = [cell for key in ("primitive_cell", "unit_cell") if (cell := content.get(key))]
        unit = (content.get("physical_unit") or {}).get("length", "angstrom")
        crystals = [_crystal_of(cell, LENGTH_UNITS_ANGSTROM.get(unit, math.nan)) for cell in cells]
        group = (content.get("space_group") or {}).get("number")
    except (AttributeError, TypeError, KeyError, ValueError, OverflowError) as error:
        raise DataError(
            f"{name} holds neither primitive_cell nor unit_cell as phono3py writes them: {error}"
        ) from error
    if unit not in LENGTH_UNITS_ANGSTROM:
        raise StructureError(f"{name}: lengths in {unit!r}, expected {' or '.join(LENGTH_UNITS_ANGSTROM)}")
    if not crystals:
        raise DataError(f"{name} holds neither primitive_cell nor unit_cell as phono3py writes them")
    structure = validate_structure(crystals[0])
    for other in crystals[1:]:
        try:
            check_same(crystals[0], other)
        except StructureError as error:
            raise StructureError(f"{name}: the primitive cell is not that of the unit cell: {error}") from error
    if isinstance(reason := compare_with_stated(crystals[0], {"spacegroup": group}), str):
        raise StructureError(f"{name}: {reason}")
    return structure


def _crystal_of(cell: Mapping[str, Any], unit_angstrom: float) -> CrystalArrays:
    """Return one of phono3py's cells.

    Raises:
        StructureError: An atom is no element, or an isotope.
        ValueError: As TypeError, KeyError and AttributeError: it is no cell.
    """
    points = cell["points"]
    vectors = flatten_numbers(cell["lattice"], width=3) * unit_angstrom
    crystal = build_plain(vectors, [point["symbol"] for point in points], [point["coordinates"] for point in points])
    masses = [mass for point in points if (mass := point.get("mass")) is not None]
    if len(masses) == len(points) and (crystal.atomic_number > 0).all():
        check_masses(crystal.atomic_number, flatten_numbers(masses))
    return crystal
