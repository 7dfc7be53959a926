"""AFLOW's AGL conductivities: AFLUX records read from a file, good rows and rejected rows apart.

A record's keys are AFLUX's own: ``geometry`` (a, b, c in Å; alpha, beta, gamma in degrees), ``species``,
``positions_fractional``, ``agl_thermal_conductivity_300K`` (W/m/K), an id (``entry``, ``auid``, ``aurl`` or
``compound``), and ``composition`` where ``species`` names each element once instead of each atom. Values are lists
or AFLUX's strings. The file holds one record per line or, as AFLUX itself answers, one JSON array; gzip is
recognised by content. A damaged or truncated gzip file is an error, because half a table would train unnoticed.

Source: Toher et al., PRB 90, 174107 (2014), 10.1103/PhysRevB.90.174107.
"""

import hashlib
import json
import logging
import math
import reprlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.data.record import Record, Rejection, check_kappa
from paraisite.data.snapshot import Snapshot
from paraisite.data.sources.aflux_rows import split_rows
from paraisite.data.validation import build_structure
from paraisite.errors import DataError, MissingInputError, StructureError

logger = logging.getLogger(__name__)

SOURCE: Final = "AFLOW AGL, Toher et al., PRB 90, 174107 (2014)"
GEOMETRY: Final = "geometry"
SPECIES: Final = "species"
COMPOSITION: Final = "composition"
POSITIONS: Final = "positions_fractional"
AGL_KAPPA: Final = "agl_thermal_conductivity_300K"
REQUIRED_KEYS: Final = (GEOMETRY, SPECIES, POSITIONS, AGL_KAPPA)
UNIQUE_ID_KEYS: Final = ("entry", "auid", "aurl")
COMPOUND: Final = "compound"


def load_aflow(path: Path) -> tuple[list[Record], list[Rejection]]:
    """Read AFLUX records; a bad row becomes a rejection and never costs another row.

    Args:
        path: JSON lines or one JSON array, plain or gzip.

    Returns:
        The usable records in file order, and the other rows with their reason. Of rows with equal ids the first
        usable one is kept.

    Raises:
        MissingInputError: The file is absent; the message says how to get it.
        DataError: The file as a whole cannot be read: a folder, damaged gzip, a web page, nothing that is a record.
    """
    rows, source = split_rows(path), _provenance(path)
    records: dict[str, Record] = {}
    rejections: list[Rejection] = []
    for place, row in rows:
        material_id = place
        try:
            if isinstance(row, DataError):
                raise row
            material_id = _identify(row)
            record = _parse_record(material_id, row, source)
            if material_id in records:
                raise DataError(f"duplicate id ({place}): an earlier row was kept")
            records[material_id] = record
        # RecursionError: a hostile row nested so deeply that it can be parsed but not hashed or shown.
        except (DataError, StructureError, RecursionError) as error:
            rejections.append(Rejection(material_id, str(error)))
    logger.info("%s: %d records, %d rejected", path, len(records), len(rejections))
    return list(records.values()), rejections


def _provenance(path: Path) -> str:
    """Return where the records come from; of a snapshot, when it was taken and its digest, too."""
    try:
        card = Snapshot.load(path.parent)
    except (MissingInputError, DataError):
        return SOURCE
    return f"{SOURCE}; {card.provenance}" if card.file == path.name else SOURCE


def _identify(row: dict[str, Any]) -> str:
    """Return the row's id; a compound alone does not tell polymorphs apart, so its content is added."""
    for key in UNIQUE_ID_KEYS:
        if isinstance(row.get(key), str) and row[key].strip():
            return str(row[key]).strip()
    if isinstance(row.get(COMPOUND), str) and row[COMPOUND].strip():
        content = json.dumps([row.get(key) for key in (*REQUIRED_KEYS, COMPOSITION)]).encode()
        return f"{row[COMPOUND].strip()}-{hashlib.sha256(content).hexdigest()[:8]}"
    raise DataError(f"no id: expected one of {', '.join((*UNIQUE_ID_KEYS, COMPOUND))}")


def _parse_record(material_id: str, row: dict[str, Any], source: str) -> Record:
    missing = [key for key in REQUIRED_KEYS if row.get(key) in (None, "", [])]
    if missing:
        raise DataError(f"no value for {', '.join(missing)}")
    kappa = check_kappa(_number(row[AGL_KAPPA], AGL_KAPPA))
    return Record(material_id, _parse_structure(row), kappa, None, source)


def _parse_structure(row: dict[str, Any]) -> Structure:
    geometry = [_number(value, GEOMETRY) for value in _items(row[GEOMETRY], ",", GEOMETRY)]
    if len(geometry) != 6:
        raise DataError(f"{GEOMETRY} has {len(geometry)} values, expected 6")
    a, b, c, alpha, beta, gamma = geometry
    if min(geometry) <= 0 or max(alpha, beta, gamma) >= 180:
        raise StructureError(
            f"{GEOMETRY} is {geometry}, expected positive lengths and angles between 0 and 180 degrees"
        )
    # Angles that cannot meet in a corner would be bent by pymatgen's arithmetic into some other cell.
    if alpha + beta + gamma >= 360 or 2 * max(alpha, beta, gamma) >= alpha + beta + gamma:
        raise StructureError(f"angles {alpha:g}, {beta:g}, {gamma:g} degrees enclose no volume")
    positions = [
        [_number(value, POSITIONS) for value in _items(atom, ",", POSITIONS)]
        for atom in _items(row[POSITIONS], ";", POSITIONS)
    ]
    if any(len(atom) != 3 for atom in positions):
        raise DataError(f"{POSITIONS} has an atom without exactly three coordinates")
    species = _parse_species(row, n_atom=len(positions))
    return build_structure(Lattice.from_parameters(a, b, c, alpha, beta, gamma), species, positions)


def _parse_species(row: dict[str, Any], *, n_atom: int) -> list[str]:
    """Return one element symbol per atom; AFLOW orders atoms by species."""
    species = _items(row[SPECIES], ",", SPECIES)
    if not all(isinstance(symbol, str) for symbol in species):
        raise StructureError(
            f"{SPECIES} holds {reprlib.repr(species)}, expected element symbols (partial occupancy is not supported)"
        )
    species = [symbol.strip() for symbol in species]
    if row.get(COMPOSITION) not in (None, "", []):
        counts = _parse_composition(row[COMPOSITION], n_atom=n_atom)
        if len(species) == len(counts):
            return [symbol for symbol, count in zip(species, counts, strict=True) for _ in range(count)]
    if len(species) != n_atom:
        raise DataError(f"{len(species)} {SPECIES} for {n_atom} {POSITIONS}, and no {COMPOSITION} that explains it")
    return species


def _parse_composition(value: object, *, n_atom: int) -> list[int]:
    numbers = [_number(count, COMPOSITION) for count in _items(value, ",", COMPOSITION)]
    if any(number < 1 or number != int(number) for number in numbers):
        raise StructureError(
            f"{COMPOSITION} is {reprlib.repr(numbers)}, expected whole numbers (partial occupancy is not supported)"
        )
    if sum(numbers) != n_atom:
        raise DataError(
            f"{COMPOSITION} {reprlib.repr(numbers)} sums to {sum(numbers):g}, expected the {n_atom} {POSITIONS}"
        )
    return [int(number) for number in numbers]


def _items(value: object, separator: str, key: str) -> Sequence[Any]:
    """Return the items of a list or of AFLUX's separated string."""
    if isinstance(value, str):
        return value.strip().strip(separator).split(separator)
    if isinstance(value, list):
        return value
    raise DataError(f"{key} is {reprlib.repr(value)}, expected a list or a string separated by {separator!r}")


def _number(value: object, key: str) -> float:
    """Return a finite number given as such or as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise DataError(f"{key} holds {reprlib.repr(value)}, expected a number")
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise DataError(f"{key} holds {reprlib.repr(value)}, expected a number") from error
    if not math.isfinite(number):
        raise DataError(f"{key} holds {number}, expected a finite number")
    return number
