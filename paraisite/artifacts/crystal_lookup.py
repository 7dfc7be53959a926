"""Crystals by id, formula or file: from a list of candidates, a screening, or Togo15."""

from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pymatgen.core.structure import Structure

from paraisite.active_learning.criteria import CIF
from paraisite.active_learning.diversity import find_space_group
from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.artifacts.candidate_lists import CANDIDATES_FILE, NEXT_FILE, STRUCTURES
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.screenings import source_of_screening
from paraisite.artifacts.structure_sources import find_source
from paraisite.config import load_config
from paraisite.core.csv_tables import restore_texts
from paraisite.core.damaged_files import refuse_damaged
from paraisite.core.paths import CANDIDATES
from paraisite.data.reduced_formulas import reduce_formulas
from paraisite.data.structure_files.formats import name_crystal, split_number
from paraisite.data.structure_files.reading import read_structure
from paraisite.errors import ConfigError, DataError, MissingInputError, StructureError
from paraisite.inference.crystals import Crystal, read_crystals
from paraisite.schema import FORMULA, KAPPA, MATERIAL_ID, ROW
from paraisite.screening.output import ScreeningFolder
from paraisite.training.recipes import TOGO15


def find_crystal(what: str, folder: Path | None) -> Crystal:
    """Return a crystal; a file that exists wins over ids.

    Args:
        what: A structure file, with "#" and a number one of its crystals; the id of a row of a list of candidates or of
            a screening; an id or formula of Togo15.
        folder: Of the list or screening; None for ``build/candidates/``.

    Raises:
        MissingInputError: There is no such crystal, or no such folder.
        ConfigError: Several are meant.
        StructureError: The file holds none.
    """
    for name, number in ((what, None), split_number(what)):
        if Path(name).is_file():
            return _read_one(Path(name), number)
    if folder is not None and ScreeningFolder(folder).is_complete:
        crystal = _find_in_screening(what, folder)
    else:
        crystal = _find_in_lists(what, folder or CANDIDATES)
    crystal = crystal or _find_in_togo15(what)
    if crystal is None:
        raise MissingInputError(
            f"{what} is neither a file, nor an id in {folder or CANDIDATES}, nor an id or formula of Togo15"
        )
    return crystal


def _read_one(path: Path, number: int | None) -> Crystal:
    crystals = read_crystals([path])
    if number is None and len(crystals) != 1:
        raise ConfigError(f"{path} holds {len(crystals)} crystals: name one, as {name_crystal(path.name, 1)}")
    if number is not None and not 1 <= number <= len(crystals):
        raise ConfigError(f"{path} holds {len(crystals)} crystals, and no number {number}")
    found = crystals[(number or 1) - 1].found
    if isinstance(found, str):
        raise StructureError(f"{path if number is None else name_crystal(str(path), number)}: {found}")
    return Crystal(path.stem if number is None else name_crystal(path.stem, number), found)


def _find_in_lists(material_id: str, folder: Path) -> Crystal | None:
    for name in (CANDIDATES_FILE, NEXT_FILE):
        if not (folder / name).exists():
            continue
        with refuse_damaged(folder / name, remedy="choose candidates again"):
            rows = restore_texts(pd.read_csv(folder / name, dtype={MATERIAL_ID: str, CIF: str}))
            files = list(rows.loc[rows[MATERIAL_ID] == material_id, CIF])
        for file in files:
            return Crystal(material_id, read_structure(folder / STRUCTURES / file))
    return None


def _find_in_screening(material_id: str, folder: Path) -> Crystal | None:
    screened = ScreenedRows.open(folder, find_source(source_of_screening(folder)))
    with refuse_damaged(folder, remedy="start the screening again"):
        rows = ds.dataset(folder).to_table(columns=[ROW], filter=pc.field(MATERIAL_ID) == material_id)[ROW].to_pylist()
    if len(rows) > 1:
        raise ConfigError(f"{len(rows)} rows of {folder} have the id {material_id}")
    try:
        return Crystal(material_id, screened.structures(rows)[rows[0]]) if rows else None
    except DataError as error:
        raise StructureError(f"{material_id}: {error}") from error


def _find_in_togo15(what: str) -> Crystal | None:
    known = load_data(TOGO15, load_config())
    table = known.table
    rows = table.index[(table[MATERIAL_ID] == what) | (table[FORMULA] == what)]
    if len(rows) > 1:
        ids = ", ".join(table[MATERIAL_ID][rows])
        raise ConfigError(f"Togo15 has {len(rows)} crystals of {what}: name one of {ids}")
    return Crystal(table[MATERIAL_ID][rows[0]], known.structures[rows[0]]) if len(rows) else None


def find_known_kappa(structure: Structure) -> float | None:
    """Return Togo15's conductivity of the same formula and space group, W/m/K, or None."""
    known = load_data(TOGO15, load_config())
    formula, group = reduce_formulas([structure.composition])[0], find_space_group(structure)
    rows = known.table.index[known.table[FORMULA] == formula]
    values = [float(known.table[KAPPA][row]) for row in rows if find_space_group(known.structures[row]) == group]
    return values[0] if values else None
