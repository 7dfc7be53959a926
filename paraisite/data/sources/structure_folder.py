"""A folder of structure files with a CSV table of values, as records to make."""

import csv
import itertools
import os
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.record import Record
from paraisite.data.sources.own_records import (
    ID_COLUMNS,
    ImportOptions,
    Item,
    check_column,
    make_record,
    refuse_record,
)
from paraisite.data.structure_files.content import plain_name
from paraisite.data.structure_files.formats import list_structure_files, name_crystal, split_number
from paraisite.data.structure_files.reading import (
    compare_with_row,
    only_crystal,
    read_file_once,
    to_structure,
)
from paraisite.data.structure_files.stated_facts import compared_columns
from paraisite.errors import DataError, MissingInputError
from paraisite.schema import PROTOTYPE

FILE_COLUMNS: Final = ("file", "filename", "path")


class _BadLine(NamedTuple):
    """A line of the table that is none: what of it can be shown, and why."""

    text: str
    reason: str


def list_folder_items(path: Path, options: ImportOptions) -> Iterator[Item]:
    """Yield one item per line of the table, then those files that no line names."""
    columns, lines = _read_table(path, options)
    file_column = next((name for name in FILE_COLUMNS if name in columns), None)
    id_column = next((name for name in ID_COLUMNS if name in columns), None)
    name_column = file_column or id_column
    if name_column is None:
        raise DataError(
            f"the table of values has the columns {', '.join(columns)}, expected one of {', '.join(FILE_COLUMNS)} "
            f"or, for files named after their ids, {', '.join(ID_COLUMNS)}"
        )
    files = {file.name: file for file in list_structure_files(path)}
    by_stem = _group_by_stem(files.values())
    named: set[Path] = set()
    number = 0
    for row in lines:
        if isinstance(row, _BadLine):
            yield row.text, refuse_record(row.reason)
            continue
        number += 1
        text = row[name_column]
        name, place = _split_number(text, files)
        meant = [files[name]] if name in files else by_stem.get(name, [path / name])
        file = meant[0]
        named.update(meant)
        material_id = (row[id_column] if id_column else "") or text or f"row {number}"
        if len(meant) > 1:
            names = ", ".join(each.name for each in meant)
            yield material_id, refuse_record(f"several files have this name, {names}: expected one, with its suffix")
            continue
        if not _lies_in(path, file):
            yield material_id, refuse_record("the file lies outside the folder, expected one in it")
            continue

        def make(
            row: dict[str, str] = row, file: Path = file, place: int | None = place, material_id: str = material_id
        ) -> Record:
            structure = to_structure(compare_with_row(_read_one(file, place), row))
            return make_record(material_id, structure, row, options, prototype=row.get(PROTOTYPE) or None)

        yield material_id, make
    for file in files.values():
        if file not in named and not _is_json(file):  # which may be anything
            yield file.name, refuse_record("no line of the table of values names this file")


def _group_by_stem(files: Iterable[Path]) -> dict[str, list[Path]]:
    """Return the files of each name without suffix; JSON only where no other file has it, as it may be metadata."""
    grouped: dict[str, list[Path]] = {}
    for file in sorted(files, key=_is_json):
        for stem in {file.stem, Path(plain_name(file.name)).stem}:
            if not (_is_json(file) and stem in grouped):
                grouped.setdefault(stem, []).append(file)
    return grouped


def _is_json(file: Path) -> bool:
    return plain_name(file.name).lower().endswith(".json")


def _lies_in(folder: Path, file: Path) -> bool:
    """Return whether a path leads into a folder, links aside: a table from elsewhere names no other file."""
    return Path(os.path.normpath(file)).is_relative_to(os.path.normpath(folder))


def _split_number(text: str, files: Mapping[str, Path]) -> tuple[str, int | None]:
    """Return a file's name, and which of its crystals is meant, as in "two.cif#2"; None for the only one."""
    return (text, None) if text in files else split_number(text)


def _read_one(file: Path, place: int | None) -> CrystalArrays | str:
    found = read_file_once(file)
    if place is not None and 1 <= place <= len(found):
        return found[place - 1].crystal
    if len(found) != 1 or place is not None:
        return f"holds {len(found)} crystals, expected one: name it with its number, as {name_crystal(file.name, 1)}"
    return only_crystal(found)


def _read_table(path: Path, options: ImportOptions) -> tuple[list[str], list["dict[str, str] | _BadLine"]]:
    """Return the table's columns, and its lines as text, so that a bad cell costs its own line only."""
    file = options.table
    if file is None:
        tables = sorted(each for each in path.glob("*.csv") if each.is_file())
        if len(tables) != 1:
            raise DataError(f"{path} holds {len(tables)} CSV tables, expected one: name it with --values")
        file = tables[0]
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            return _parse_table(lines, file, options)
    except FileNotFoundError as error:
        raise MissingInputError(f"{file} not found: expected a CSV table of values") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 text ({error}): save it with that encoding") from error
    except OSError as error:
        raise DataError(f"{file} is no readable CSV table: {error}") from error


def _parse_table(
    lines: TextIO, file: Path, options: ImportOptions
) -> tuple[list[str], list["dict[str, str] | _BadLine"]]:
    reader = csv.reader(lines, skipinitialspace=True, strict=True)
    columns: list[str] | None = None
    rows: list[dict[str, str] | _BadLine] = []
    while True:
        first = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error as error:
            if columns is None:
                raise DataError(f"{file} is no readable CSV table: {error}") from error
            rows.append(_BadLine(f"line {first}", f"no line of CSV ({error}): is a quotation mark not closed?"))
            continue
        if not any(cells):
            continue
        if columns is None:
            columns = _check_header(cells, file, options)
        elif len(cells) > len(columns) and any(cells[len(columns) :]):
            reason = f"a line of {len(cells)} cells, expected {len(columns)}"
            rows.append(_BadLine(reprlib.repr(",".join(cells)), reason))
        else:
            rows.append(dict(itertools.zip_longest(columns, cells[: len(columns)], fillvalue="")))
    if columns is None:
        raise DataError(f"{file} is no readable CSV table: it is empty")
    return columns, rows


def _check_header(columns: list[str], file: Path, options: ImportOptions) -> list[str]:
    """Return the names of a table's columns.

    Raises:
        DataError: There are no values among them, or one that is read stands there twice.
    """
    if options.column not in columns:
        raise DataError(f"{file} has no column {options.column!r}, but {', '.join(columns)}: name it with --column")
    check_column(options)
    read = {options.column, PROTOTYPE, *FILE_COLUMNS, *ID_COLUMNS, *compared_columns(columns)}
    if twice := sorted(name for name in read if columns.count(name) > 1):
        raise DataError(f"{file} has the column {twice[0]!r} {columns.count(twice[0])} times, expected it once")
    return columns
