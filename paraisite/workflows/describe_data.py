"""List, check and describe data sets: ``data list``, ``data check`` and ``data describe``."""

import re
from collections import Counter
from typing import Final, NamedTuple

import pandas as pd
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from paraisite.artifacts.data_catalogue import DOWNLOADABLE, CatalogueEntry, find_entry, list_entries, read_dataset
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.stage_folders import description_folder
from paraisite.config import load_config
from paraisite.core.console import limited_width, open_console
from paraisite.core.csv_tables import write_csv
from paraisite.core.folders import check_writable
from paraisite.core.row_format import RowFormat, add_records, chosen_format, print_records
from paraisite.core.shown_text import escape_controls
from paraisite.data.datasets.table import Dataset
from paraisite.data.sources.stable_materials import StableMaterials
from paraisite.reports.element_map import element_map
from paraisite.reports.figures import save_figures
from paraisite.reports.lab_figures import kappa_histogram
from paraisite.reports.terminal import print_framed, print_line
from paraisite.schema import FORMULA, KAPPA, MATERIAL_ID, REASON
from paraisite.training.recipes import FINAL_DATASETS, TOGO15

_NOTHING: Final = "–"
_SHOWN_DIGITS: Final = 7
"""Of a version in a list; JSON and CSV have twelve."""

_NUMBER: Final = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?")


class _Reason(NamedTuple):
    """Why rows were rejected, and the id of the first of them."""

    rows: int
    reason: str
    example: str


def list_datasets() -> None:
    """Print all data sets."""
    if (row_format := chosen_format()) is not RowFormat.TABLE:
        print_records([_to_record(entry) for entry in list_entries()], row_format)
        return
    console = open_console()
    is_terminal = limited_width(console) is not None
    table = Table(box=None)
    table.add_column("name", no_wrap=True)
    for heading in ("materials", "rejected"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("version", "content", *(() if is_terminal else ("place", "obtained"))):
        table.add_column(heading, no_wrap=True)
    for entry in list_entries():
        cells = [
            entry.name,
            _format_count(entry.n_usable),
            _format_count(entry.n_rejected),
            entry.version[:_SHOWN_DIGITS] if entry.version else _NOTHING,
            entry.content if entry.here else f"not here: run {_how_to_get(entry.name)}",
        ]
        if not is_terminal:
            cells += [str(entry.place), entry.obtained or _NOTHING]
        table.add_row(*(Text(escape_controls(cell)) for cell in cells))
    console.print(table, highlight=False)


def _to_record(entry: CatalogueEntry) -> dict[str, str | int | None]:
    return {
        "name": entry.name,
        "materials": entry.n_usable,
        "rejected": entry.n_rejected,
        "version": entry.version,
        "content": entry.content,
        "place": str(entry.place) if entry.here else None,
        "obtained": entry.obtained,
    }


def _format_count(value: int | None) -> str:
    return _NOTHING if value is None else f"{value:,}"


def _how_to_get(name: str) -> str:
    return "data fetch" if name in DOWNLOADABLE and name not in FINAL_DATASETS else "dvc pull"


def check_dataset(name: str) -> None:
    """Validate a data set; print how many rows are usable and why the others were rejected."""
    summarise_dataset(name, read_dataset(name))


def summarise_dataset(name: str, dataset: Dataset | StableMaterials) -> None:
    """Print how many rows are usable and why the others were rejected; write the latter into ``build/data/``."""
    n_formula = dataset.table[FORMULA].nunique()
    if isinstance(dataset, Dataset):
        print_line(dataset.describe())
    else:
        print_line(f"{name}: {len(dataset.table):,} materials, {len(dataset.rejected):,} rows rejected")
    print_line(f"{n_formula:,} formulas; {_shared_with_togo15(dataset.table)} materials share one with Togo15")
    if not len(dataset.rejected):
        return
    folder = description_folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(dataset.rejected, folder / "rejected.csv")
    reasons = _group_by_reason(dataset.rejected)
    title = f"rejected rows, all in {folder / 'rejected.csv'}"
    if chosen_format() is not RowFormat.TABLE:
        add_records(list(map(_Reason._asdict, reasons)), title=title)
        return
    table = Table(title=escape(title), title_justify="left")
    for heading in _Reason._fields:
        table.add_column(heading, justify="right" if heading == "rows" else "left", overflow="fold")
    for reason in reasons:
        table.add_row(f"{reason.rows:,}", Text(escape_controls(reason.reason)), Text(escape_controls(reason.example)))
    print_framed(table)


def _shared_with_togo15(table: pd.DataFrame) -> int:
    known = load_data(TOGO15, load_config()).table[FORMULA]
    return int(table[FORMULA].isin(set(known)).sum())


def _group_by_reason(rejected: pd.DataFrame) -> list[_Reason]:
    """Return the reasons that differ in more than their numbers, the commonest first."""
    kinds = rejected[REASON].str.replace(_NUMBER, "…", regex=True)
    first = dict(zip(reversed(kinds.to_list()), reversed(rejected[MATERIAL_ID].to_list()), strict=True))
    return [_Reason(n_row, kind, first[kind]) for kind, n_row in Counter(kinds).most_common()]


def describe_dataset(name: str) -> None:
    """Print origin, version and size of a data set, and draw its conductivities and elements into ``build/data/``.

    Raises:
        DataError: The name is unknown, or what is here is damaged.
        MissingInputError: It is not here.
    """
    folder = description_folder(name)
    check_writable(folder)
    entry = find_entry(name)
    dataset = read_dataset(name)
    print_line(f"{name}: {entry.content}")
    print_line(f"place: {entry.place}, version {entry.version}")
    if card := entry.snapshot:
        print_line(f"source: {card.source}; {card.query}")
        print_line(f"obtained: {card.fetched_at}, {card.n_row:,} rows, SHA-256 {card.sha256}")
    summarise_dataset(name, dataset)
    figures = {"elements": element_map([dataset.table.assign(**{REASON: ""})])}
    if isinstance(dataset, Dataset):
        figures["kappa"] = kappa_histogram({name: dataset.table[KAPPA].to_numpy()})
    save_figures(figures, folder)
    print_line(f"figures: {folder}")
