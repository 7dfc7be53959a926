"""A folder of structure files with a CSV table of values, as records to make."""

import os
import reprlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pandas as pd
from pymatgen.core.structure import Structure

from paraisite.data.record import Record
from paraisite.data.sources.own_records import ID_COLUMNS, ImportOptions, Item, make_record, refuse_record
from paraisite.data.structure_files.content import plain_name
from paraisite.data.structure_files.formats import list_structure_files, name_crystal, split_number
from paraisite.data.structure_files.reading import FoundCrystal, only_structure, read_file, to_structure
from paraisite.errors import DataError, MissingInputError
from paraisite.schema import PROTOTYPE

FILE_COLUMNS: Final = ("file", "filename", "path")


def list_folder_items(path: Path, options: ImportOptions) -> Iterator[Item]:
    """Yield one item per line of the table, then those files that no line names."""
    table, unreadable = _read_values(path, options)
    for line in unreadable:
        yield reprlib.repr(",".join(line)), refuse_record(f"a line of {len(line)} cells, expected {len(table.columns)}")
    file_column = next((name for name in FILE_COLUMNS if name in table), None)
    id_column = next((name for name in ID_COLUMNS if name in table), None)
    if file_column is None and id_column is None:
        columns = ", ".join(table.columns)
        raise DataError(
            f"the table of values has the columns {columns}, expected one of {', '.join(FILE_COLUMNS)} "
            f"or, for files named after their ids, {', '.join(ID_COLUMNS)}"
        )
    files = {file.name: file for file in list_structure_files(path)}
    by_stem = {file.stem: file for file in files.values()} | {
        Path(plain_name(file.name)).stem: file for file in files.values()
    }
    named: set[Path] = set()
    for number, row in enumerate(table.to_dict("records"), start=1):
        text = str(row[file_column or id_column]).strip()
        name, place = _split_number(text, files)
        file = files.get(name) or by_stem.get(name) or path / name
        named.add(file)
        material_id = (str(row[id_column]).strip() if id_column else "") or text or f"row {number}"
        if not _lies_in(path, file):
            yield material_id, refuse_record("the file lies outside the folder, expected one in it")
            continue

        def make(
            row: dict[Any, Any] = row, file: Path = file, place: int | None = place, material_id: str = material_id
        ) -> Record:
            value, prototype = row[options.column], str(row.get(PROTOTYPE, "")).strip() or None
            return make_record(material_id, _read_one(file, place), value, options, prototype=prototype)

        yield material_id, make
    for file in files.values():
        if file not in named:
            yield file.name, refuse_record("no line of the table of values names this file")


def _lies_in(folder: Path, file: Path) -> bool:
    """Return whether a path leads into a folder, links aside: a table from elsewhere names no other file."""
    return Path(os.path.normpath(file)).is_relative_to(os.path.normpath(folder))


def _split_number(text: str, files: Mapping[str, Path]) -> tuple[str, int | None]:
    """Return a file's name, and which of its crystals is meant, as in "two.cif#2"; None for the only one."""
    return (text, None) if text in files else split_number(text)


def _read_one(file: Path, place: int | None) -> Structure | str:
    found = _read_file(file)
    if place is not None and 1 <= place <= len(found):
        return to_structure(found[place - 1].crystal)
    if len(found) != 1 or place is not None:
        return f"holds {len(found)} crystals, expected one: name it with its number, as {name_crystal(file.name, 1)}"
    return only_structure(found)


@lru_cache(maxsize=2)
def _read_file(file: Path) -> list[FoundCrystal]:
    """Return a file's crystals; of a file with many, each has a line of its own."""
    return read_file(file)


def _read_values(path: Path, options: ImportOptions) -> tuple[pd.DataFrame, list[list[str]]]:
    """Return the table as text, so that a bad cell costs its own line only, and the lines with too many cells."""
    file = options.table
    if file is None:
        tables = sorted(path.glob("*.csv"))
        if len(tables) != 1:
            raise DataError(f"{path} holds {len(tables)} CSV tables, expected one: name it with --values")
        file = tables[0]
    unreadable: list[list[str]] = []
    try:
        table = pd.read_csv(
            file,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            skipinitialspace=True,
            index_col=False,
            engine="python",  # the faster one cannot hand over bad lines
            on_bad_lines=unreadable.append,
        ).fillna("")
    except FileNotFoundError as error:
        raise MissingInputError(f"{file} not found: expected a CSV table of values") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 text ({error}): save it with that encoding") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{file} is no readable CSV table: {error}") from error
    table.columns = table.columns.str.strip()
    if options.column not in table:
        raise DataError(
            f"{file} has no column {options.column!r}, but {', '.join(table.columns)}: name it with --column"
        )
    return table, unreadable
