"""Catalogue of data sets: which are here, from which source and in which version, with how many usable rows."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow.compute as pc
import pyarrow.parquet as pq

from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.stage_folders import prepared_folder
from paraisite.artifacts.structure_sources import MATERIALS_PROJECT
from paraisite.config import Config, load_config
from paraisite.core.damaged_files import refuse_damaged
from paraisite.core.files import file_sha256
from paraisite.core.paths import DATA, EXTERNAL
from paraisite.data.datasets.imported import RESERVED_NAMES, list_imported_names
from paraisite.data.datasets.table import CARD_FILE, Dataset
from paraisite.data.snapshot import CARD_FILE as SNAPSHOT_FILE
from paraisite.data.snapshot import MATERIALS_FILE, REJECTED_FILE, Snapshot
from paraisite.data.sources import half_heusler, phonix, togo15
from paraisite.data.sources.stable_materials import StableMaterials, load_stable_materials
from paraisite.errors import DataError
from paraisite.schema import REASON
from paraisite.training.recipes import (
    ACCURATE,
    AFLOW,
    FINAL_DATASETS,
    HH143,
    KAPPA_TIER,
    MIX,
    PHONIX,
    SLACK,
    TOGO15,
)

DOWNLOADABLE: Final = (AFLOW, MATERIALS_PROJECT, PHONIX)
"""Data sets that come from a server; of Phonix the full set, under a name of its own."""

_CONTENT: Final = {
    TOGO15: "phono3py conductivities",
    HH143: "half-Heuslers",
    MIX: "Togo15 and HH143",
    PHONIX: "accurate, of many types",
    ACCURATE: "Togo15, HH143 and Phonix",
    AFLOW: "AGL conductivities of ICSD",
    SLACK: "own labels: elastic constants",
    KAPPA_TIER: "own labels: phonons",
    MATERIALS_PROJECT: "stable crystals, no kappa",
}


@dataclass(frozen=True)
class CatalogueEntry:
    """A data set as far as it is described without reading it whole.

    Attributes:
        name: Name, as every verb takes it.
        content: Short description.
        place: File or folder of it.
        here: Whether it is there.
        n_usable: Number of materials, where it is known.
        n_rejected: Number of rejected rows, where it is known.
        version: First digits of the digest of its table.
        obtained: Date of the download or import, and version of the source.
        snapshot: Card of the download or import.
    """

    name: str
    content: str
    place: Path
    here: bool
    n_usable: int | None = None
    n_rejected: int | None = None
    version: str | None = None
    obtained: str | None = None
    snapshot: Snapshot | None = None


def list_entries() -> list[CatalogueEntry]:
    """Return all data sets: the project's own, those that can be downloaded, and the imported ones."""
    config = load_config()
    return [_describe(name, config) for name in (*RESERVED_NAMES, *list_imported_names())]


def find_entry(name: str) -> CatalogueEntry:
    """Return a data set's entry.

    Raises:
        DataError: The name is unknown.
    """
    if name not in (*RESERVED_NAMES, *list_imported_names()):
        raise DataError(f"unknown data set {name!r}: `python -m paraisite data list` names all")
    return _describe(name, load_config())


def read_dataset(name: str) -> Dataset | StableMaterials:
    """Return a data set, read whole; a download is checked against its card first.

    Raises:
        MissingInputError: It is not here; the message names the command that gets it.
        DataError: The name is unknown, or what is here is damaged.
    """
    if name == MATERIALS_PROJECT:
        return load_stable_materials(EXTERNAL / name)
    config = load_config()
    if name in list_imported_names() or (name == AFLOW and _snapshot(config.data.aflow_table)):
        Snapshot.load(_files(name, config)[0].parent)
    return load_data(name, config)


def _describe(name: str, config: Config) -> CatalogueEntry:
    files = _files(name, config)
    card = _snapshot(files[0])
    here = all(file.exists() for file in files)
    n_usable, n_rejected = _counts(name, files[0], config) if here else (None, None)
    return CatalogueEntry(
        name=name,
        content=_CONTENT.get(name) or (card.source if card else "imported"),
        place=files[0].parent if name in list_imported_names() else files[0],
        here=here,
        n_usable=n_usable,
        n_rejected=n_rejected,
        version=_version(files) if here else None,
        obtained=_obtained(card) if card else None,
        snapshot=card,
    )


def _files(name: str, config: Config) -> list[Path]:
    """Return the files that hold a data set."""
    known = {
        TOGO15: [DATA / togo15.FILE_NAME],
        HH143: [DATA / half_heusler.FILE_NAME],
        MIX: [DATA / togo15.FILE_NAME, DATA / half_heusler.FILE_NAME],
        PHONIX: [DATA / phonix.FILE_NAME],
        ACCURATE: [DATA / source.FILE_NAME for source in (togo15, half_heusler, phonix)],
        AFLOW: [config.data.aflow_table],
        SLACK: [config.data.lab / f"{SLACK}.parquet"],
        KAPPA_TIER: [config.data.kappa / f"{KAPPA_TIER}.parquet"],
    }
    return known.get(name) or [EXTERNAL / name / MATERIALS_FILE]


def _snapshot(file: Path) -> Snapshot | None:
    """Return the card beside a file if it is about that file; `data check` reports a damaged one."""
    try:
        facts = json.loads((file.parent / SNAPSHOT_FILE).read_text())
        return Snapshot(**facts) if facts.get("file") == file.name else None
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _counts(name: str, file: Path, config: Config) -> tuple[int | None, int | None]:
    """Return how many materials are usable and how many were rejected, where that is known without a long reading."""
    if name == PHONIX:
        return _count_accepted(file, phonix.SUSPECT)
    if name in FINAL_DATASETS:
        dataset = load_data(name, config)
        return len(dataset), len(dataset.rejected)
    if file.suffix == ".parquet" and name in (SLACK, KAPPA_TIER):
        return _count_accepted(file, REASON)
    folder = file.parent if file.suffix == ".parquet" else prepared_folder(name)
    try:
        n_rejected = pq.read_metadata(folder / REJECTED_FILE).num_rows
        if file.suffix == ".parquet":
            return pq.read_metadata(file).num_rows, n_rejected
        return json.loads((folder / CARD_FILE).read_text())["n_material"], n_rejected
    except (OSError, ValueError, KeyError):
        return None, None


def _count_accepted(file: Path, column: str) -> tuple[int, int]:
    """Return how many rows of a table have no reason in a column, and how many have one."""
    with refuse_damaged(file, remedy="get it anew with `dvc pull --force`"):
        reasons = pq.read_table(file, columns=[column])[column]
    n_usable = pc.sum(pc.equal(reasons, "")).as_py() or 0
    return n_usable, len(reasons) - n_usable


def _version(files: list[Path]) -> str:
    """Return the first digits of the digest of one file, or of the digests of several."""
    digests = [file_sha256(file) for file in files]
    return (digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest())[:12]


def _obtained(card: Snapshot) -> str:
    return card.fetched_at[:10] + (f", version {card.database_version}" if card.database_version else "")
