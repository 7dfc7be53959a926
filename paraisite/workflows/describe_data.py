"""The catalogue of data sets: what is here and from where, which version, how much was rejected and why."""

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from paraisite.artifacts.inputs import load_data
from paraisite.config import Config, load_config
from paraisite.core.files import file_sha256
from paraisite.core.paths import BUILD, DATA, EXTERNAL
from paraisite.data.datasets.imported import RESERVED_NAMES, imported_names
from paraisite.data.datasets.table import CARD_FILE, Dataset
from paraisite.data.snapshot import CARD_FILE as SNAPSHOT_FILE
from paraisite.data.snapshot import MATERIALS_FILE, REJECTED_FILE, Snapshot
from paraisite.data.sources import half_heusler, togo15
from paraisite.data.sources.materials_project import StableMaterials, load_stable_materials
from paraisite.errors import DataError
from paraisite.reports.figures import save_figure
from paraisite.reports.lab_figures import element_map, kappa_histogram
from paraisite.schema import FORMULA, KAPPA, MATERIAL_ID, REASON
from paraisite.training.recipes import AFLOW, BTE, FINAL_DATASETS, HH143, MIX, SLACK, TOGO15

MATERIALS_PROJECT: Final = "materials_project"
FETCHED: Final = (AFLOW, MATERIALS_PROJECT)
"""Data sets that come from a server."""

_CONTENT: Final = {
    TOGO15: "phono3py conductivities of 95 crystals",
    HH143: "conductivities of 143 half-Heuslers",
    MIX: "Togo15 and HH143",
    AFLOW: "AGL conductivities of ICSD crystals",
    SLACK: "our own labels from elastic constants",
    BTE: "our own labels from phonons",
    MATERIALS_PROJECT: "stable crystals with descriptors, no conductivity",
}
_NOTHING: Final = "–"
_FIGURE: Final = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Entry:
    """What is known of a data set without reading it whole.

    Attributes:
        name: As every verb takes it.
        content: What it is, in few words.
        place: Where it lies, or would lie.
        here: Whether it is there.
        n_usable: Materials, where a card says how many.
        n_rejected: Rows refused, likewise.
        version: First digits of the digest of its table.
        obtained: When it was fetched or imported, and of which version of the source.
    """

    name: str
    content: str
    place: Path
    here: bool
    n_usable: int | None = None
    n_rejected: int | None = None
    version: str | None = None
    obtained: str | None = None


def entries(config: Config) -> list[Entry]:
    """Return all data sets: the project's own, what can be fetched, and what was imported."""
    return [_entry(name, config) for name in (*RESERVED_NAMES, *imported_names())]


def _entry(name: str, config: Config) -> Entry:
    files = _files(name, config)
    card = _snapshot(files[0])
    here = all(file.exists() for file in files)
    n_usable, n_rejected = _counts(name, files[0], config) if here else (None, None)
    return Entry(
        name=name,
        content=_CONTENT.get(name) or (card.source if card else "imported"),
        place=files[0].parent if name in imported_names() else files[0],
        here=here,
        n_usable=n_usable,
        n_rejected=n_rejected,
        version=_version(files) if here else None,
        obtained=_obtained(card) if card else None,
    )


def _files(name: str, config: Config) -> list[Path]:
    """Return the files that hold a data set."""
    known = {
        TOGO15: [DATA / togo15.FILE_NAME],
        HH143: [DATA / half_heusler.FILE_NAME],
        MIX: [DATA / togo15.FILE_NAME, DATA / half_heusler.FILE_NAME],
        AFLOW: [config.data.aflow_table],
        SLACK: [config.data.lab / f"{SLACK}.parquet"],
        BTE: [config.data.lab / f"{BTE}.parquet"],
    }
    return known.get(name) or [EXTERNAL / name / MATERIALS_FILE]


def _snapshot(file: Path) -> Snapshot | None:
    """Return the card beside a file if it is about that file; a damaged one is told by `data check`."""
    try:
        facts = json.loads((file.parent / SNAPSHOT_FILE).read_text())
        return Snapshot(**facts) if facts.get("file") == file.name else None
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _counts(name: str, file: Path, config: Config) -> tuple[int | None, int | None]:
    """Return how many materials are usable and how many were rejected, where that is known without a long reading."""
    if name in FINAL_DATASETS:
        dataset = load_data(name, config)
        return len(dataset), len(dataset.rejected)
    if file.suffix == ".parquet" and name in (SLACK, BTE):
        reasons = pq.read_table(file, columns=[REASON])[REASON]
        n_usable = pc.sum(pc.equal(reasons, "")).as_py() or 0
        return n_usable, len(reasons) - n_usable
    folder = file.parent if file.suffix == ".parquet" else BUILD / "prepare" / name
    try:
        n_rejected = pq.read_metadata(folder / REJECTED_FILE).num_rows
        if file.suffix == ".parquet":
            return pq.read_metadata(file).num_rows, n_rejected
        return json.loads((folder / CARD_FILE).read_text())["n_material"], n_rejected
    except (OSError, ValueError, KeyError):
        return None, None


def _version(files: list[Path]) -> str:
    """Return the first digits of the digest of one file, or of the digests of several."""
    digests = [file_sha256(file) for file in files]
    return (digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest())[:12]


def _obtained(card: Snapshot) -> str:
    return card.fetched_at[:10] + (f", version {card.database_version}" if card.database_version else "")


def list_datasets() -> None:
    """Print all data sets."""
    table = Table(box=None)
    for heading in ("name", "materials", "rejected"):
        table.add_column(heading, justify="left" if heading == "name" else "right", no_wrap=True)
    table.add_column("version", no_wrap=True)
    table.add_column("what and where", overflow="fold")
    for entry in entries(load_config()):
        where = str(entry.place) if entry.here else _how_to_get(entry.name)
        obtained = f", of {entry.obtained}" if entry.obtained else ""
        table.add_row(
            entry.name,
            _number(entry.n_usable),
            _number(entry.n_rejected),
            entry.version or _NOTHING,
            f"{entry.content}\n{where}{obtained}",
        )
    Console().print(table, highlight=False)


def _number(value: int | None) -> str:
    return _NOTHING if value is None else f"{value:,}"


def _how_to_get(name: str) -> str:
    if name in FETCHED:
        return f"not here: data fetch {name}"
    return "not here: dvc pull"


def read_dataset(name: str) -> Dataset | StableMaterials:
    """Return a data set, read whole; a snapshot is checked against its card first.

    Raises:
        MissingInputError: It is not here; the message says how to get it.
        DataError: The name is unknown, or what is here is damaged.
    """
    if name == MATERIALS_PROJECT:
        return load_stable_materials(EXTERNAL / name)
    config = load_config()
    if name in imported_names() or (name == AFLOW and _snapshot(config.data.aflow_table)):
        Snapshot.load(_files(name, config)[0].parent)
    return load_data(name, config)


def check_dataset(name: str) -> None:
    """Read a data set whole; print how many rows are usable and why others are not."""
    summarise_dataset(name, read_dataset(name))


def summarise_dataset(name: str, found: Dataset | StableMaterials) -> None:
    """Print what is usable and what was rejected, and write the rejected rows into ``build/data/``."""
    console = Console()
    n_formula = found.table[FORMULA].nunique()
    if isinstance(found, Dataset):
        console.print(found.describe(), highlight=False, soft_wrap=True)
    else:
        console.print(f"{name}: {len(found.table):,} materials, {len(found.rejected):,} rows rejected", highlight=False)
    console.print(
        f"{n_formula:,} formulas; {_shared_with_togo15(found.table)} materials share one with Togo15", highlight=False
    )
    if not len(found.rejected):
        return
    folder = BUILD / "data" / name
    folder.mkdir(parents=True, exist_ok=True)
    found.rejected.to_csv(folder / "rejected.csv", index=False)
    table = Table(title=f"rejected rows, all in {folder / 'rejected.csv'}", title_justify="left")
    for heading in ("rows", "reason", "for instance"):
        table.add_column(heading, justify="right" if heading == "rows" else "left", overflow="fold")
    for reason, n_row, example in _grouped(found.rejected):
        table.add_row(f"{n_row:,}", reason, example)
    console.print(table)


def _shared_with_togo15(table: pd.DataFrame) -> int:
    known = load_data(TOGO15, load_config()).table[FORMULA]
    return int(table[FORMULA].isin(set(known)).sum())


def _grouped(rejected: pd.DataFrame) -> list[tuple[str, int, str]]:
    """Return (reason, rows, an id) for reasons that differ in more than their numbers, the commonest first."""
    kinds = rejected[REASON].str.replace(_FIGURE, "…", regex=True)
    first = dict(zip(reversed(kinds.to_list()), reversed(rejected[MATERIAL_ID].to_list()), strict=True))
    return [(kind, n_row, first[kind]) for kind, n_row in Counter(kinds).most_common()]


def describe_dataset(name: str) -> None:
    """Print what a data set is and holds, and draw its conductivities and elements into ``build/data/``."""
    config = load_config()
    if name not in (*RESERVED_NAMES, *imported_names()):
        raise DataError(f"unknown data set {name!r}: `python -m paraisite data list` names all")
    found, entry = read_dataset(name), _entry(name, config)
    card = _snapshot(_files(name, config)[0])
    console = Console()
    console.print(f"{name}: {entry.content}", highlight=False)
    console.print(f"where: {entry.place}, version {entry.version}", highlight=False, soft_wrap=True)
    if card:
        console.print(f"from: {card.source}; {card.query}", highlight=False, soft_wrap=True)
        console.print(f"obtained: {card.fetched_at}, {card.n_row:,} rows, SHA-256 {card.sha256}", highlight=False)
    summarise_dataset(name, found)
    folder = BUILD / "data" / name
    folder.mkdir(parents=True, exist_ok=True)
    save_figure(element_map([found.table.assign(**{REASON: ""})]), folder / "elements")
    if isinstance(found, Dataset):
        save_figure(kappa_histogram({name: found.table[KAPPA].to_numpy()}), folder / "kappa")
    console.print(f"figures: {folder}", highlight=False)
