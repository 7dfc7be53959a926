"""The user's own data: structure files with a table of values, phono3py's results, or a parquet table, as records.

Whatever is wrong with one material becomes a rejection; only what leaves nothing to read is an error.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.record import Record, Rejection, check_kappa
from paraisite.data.sources.own_records import ID_COLUMNS, ImportOptions, Item, check_column, make_record
from paraisite.data.sources.phono3py_cells import read_cell
from paraisite.data.sources.phono3py_files import check_bands, find_result_folders, has_kappa, read_kappa
from paraisite.data.sources.structure_folder import list_folder_items
from paraisite.data.sources.structure_table import list_table_items
from paraisite.data.structure_files.formats import is_extended_xyz, name_crystal
from paraisite.data.structure_files.reading import read_file, to_structure
from paraisite.data.validation import validate_structure
from paraisite.errors import DataError, MissingInputError, StructureError


class ComputeKappa(Protocol):
    """Computes a conductivity from a folder with forces."""

    def __call__(self, folder: Path, *, temperature_kelvin: float) -> tuple[float, str]:
        """Return the conductivity in W/m/K and how it was computed, for people, or raise DataError."""
        ...


def load_own_data(
    path: Path,
    options: ImportOptions,
    *,
    compute_kappa: ComputeKappa,
    on_row: Callable[[int], None] | None = None,
) -> tuple[list[Record], list[Rejection]]:
    """Return the records of a folder or file, and what was rejected; of equal ids the first is kept.

    Args:
        path: A parquet table; an extended XYZ file; a folder of phono3py's results, one crystal per folder; or a
            folder of structure files.
        options: How values are read.
        compute_kappa: For a folder of phono3py's forces without a conductivity.
        on_row: Called with the number of rows so far.

    Raises:
        MissingInputError: There is no such path.
        DataError: Nothing in it can be read as one of these.
    """
    if not path.exists():
        raise MissingInputError(f"{path} not found: expected a folder, a parquet table or an extended XYZ file")
    records: dict[str, Record] = {}
    rejections: list[Rejection] = []
    for material_id, make in _list_items(path, options, compute_kappa):
        try:
            if material_id in records:
                raise DataError("duplicate id: an earlier row was kept")
            records[material_id] = make()
        except (DataError, StructureError) as error:
            rejections.append(Rejection(material_id, str(error)))
        if on_row:
            on_row(len(records) + len(rejections))
    return list(records.values()), rejections


def _list_items(path: Path, options: ImportOptions, compute_kappa: ComputeKappa) -> Iterator[Item]:
    if path.is_dir():
        if folders := find_result_folders(path):
            return _list_phono3py_items(path, folders, options, compute_kappa)
        return list_folder_items(path, options)
    if path.suffix == ".parquet":
        return list_table_items(path, options)
    if is_extended_xyz(path):
        return _list_frame_items(path, options)
    raise DataError(f"{path}: expected a folder, or a file whose name ends in .parquet, .extxyz or .xyz")


def _list_phono3py_items(
    path: Path, folders: list[Path], options: ImportOptions, compute_kappa: ComputeKappa
) -> Iterator[Item]:
    for folder in folders:
        material_id = path.resolve().name if folder == path else folder.relative_to(path).as_posix()

        def make(folder: Path = folder, material_id: str = material_id) -> Record:
            is_computed = has_kappa(folder)
            find = read_kappa if is_computed else compute_kappa
            kappa, where = find(folder, temperature_kelvin=options.temperature_kelvin)
            structure = validate_structure(read_cell(folder))
            if is_computed:
                check_bands(folder, structure)
            # phono3py writes W/m/K: the unit of tables does not apply.
            return Record(material_id, structure, check_kappa(kappa), None, f"{options.source} ({where})")

        yield material_id, make


def _list_frame_items(path: Path, options: ImportOptions) -> Iterator[Item]:
    check_column(options)
    found = read_file(path)
    for number, (facts, crystal, _) in enumerate(found, start=1):
        names = (facts.get(name) for name in ID_COLUMNS)
        place = name_crystal(path.name, number, is_only=len(found) == 1)
        material_id = next((str(name) for name in names if name is not None), place)

        def make(
            material_id: str = material_id,
            facts: Mapping[str, object] = facts,
            crystal: CrystalArrays | str = crystal,
        ) -> Record:
            if isinstance(crystal, str):
                raise DataError(crystal)
            if options.column not in facts:
                raise DataError(f"no {options.column}, but {', '.join(facts) or 'nothing'}: name it with --column")
            return make_record(material_id, to_structure(crystal), facts, options)

        yield material_id, make
