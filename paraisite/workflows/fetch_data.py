"""Download a data set from its server: ``data fetch``."""

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from paraisite.artifacts.dvc_files import fetch_tracked, track_with_dvc
from paraisite.artifacts.structure_sources import MATERIALS_PROJECT
from paraisite.core.files import cache_folder, file_sha256
from paraisite.core.paths import DATA, EXTERNAL
from paraisite.core.progress import CountProgress
from paraisite.data.datasets.imported import save_imported
from paraisite.data.datasets.table import build_dataset
from paraisite.data.snapshot import write_records
from paraisite.data.sources.aflow import SOURCE as AFLOW_SOURCE
from paraisite.data.sources.aflow import load_aflow
from paraisite.data.sources.aflux import SERVER as AFLUX_SERVER
from paraisite.data.sources.aflux import fetch_aflow
from paraisite.data.sources.aflux_rows import read_raw_rows
from paraisite.data.sources.http import JsonSession
from paraisite.data.sources.hugging_face import SERVER as HUB
from paraisite.data.sources.hugging_face import download_files, list_files
from paraisite.data.sources.materials_project import fetch_stable_materials
from paraisite.data.sources.phonix import FILE_NAME as PHONIX_FILE
from paraisite.data.sources.phonix import FULL_NAME, load_annotations
from paraisite.data.sources.phonix import SOURCE as PHONIX_SOURCE
from paraisite.data.sources.phonix_full import HUB_DATASET, REVISION, choose_data_files, map_columns, read_phonix_full
from paraisite.data.sources.stable_materials import load_stable_materials
from paraisite.errors import ConfigError, MissingInputError
from paraisite.training.recipes import AFLOW, PHONIX
from paraisite.workflows.describe_data import summarise_dataset

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LINES: Final = 10.0


@dataclass(frozen=True)
class FetchOptions:
    """What a user may ask for beside the name.

    Attributes:
        file: A saved reply of AFLUX, or a table of the Phonix database, instead of a server.
        server: Address of another server with the same interface.
        include_gnome: Include GNoME's materials (Materials Project only).
        revision: Branch, tag or commit (Phonix only).
        columns: Columns of the server's tables that are called otherwise, by field (Phonix only).
    """

    file: Path | None = None
    server: str | None = None
    include_gnome: bool = False
    revision: str = REVISION
    columns: Mapping[str, str] = field(default_factory=dict)


def fetch_dataset(name: str, options: FetchOptions) -> None:
    """Download a data set from its server, or read a saved file, into ``external/``.

    Args:
        name: One of ``data_catalogue.DOWNLOADABLE``.
        options: What the user asks for.

    Raises:
        ConfigError: An option was given for a data set that has no such thing.
    """
    if options.file is not None and name == MATERIALS_PROJECT:
        raise ConfigError(f"--from takes a saved reply of AFLUX or a table of Phonix, for {AFLOW} and {PHONIX} only")
    if options.file is not None and options.server is not None:
        raise ConfigError("--from takes a saved file and --server asks a server: expected one of them")
    if options.include_gnome and name != MATERIALS_PROJECT:
        raise ConfigError(f"--gnome is for {MATERIALS_PROJECT} only")
    for option, is_given in (("--column", bool(options.columns)), ("--revision", options.revision != REVISION)):
        if is_given and name != PHONIX:
            raise ConfigError(f"{option} is for {PHONIX} only")
    if name == PHONIX:
        _fetch_phonix(options)
    else:
        _fetch_snapshot(name, options)


def _fetch_snapshot(name: str, options: FetchOptions) -> None:
    """Download AFLOW's table or the Materials Project's stable crystals."""
    folder, kept = EXTERNAL / name, cache_folder("fetch") / name
    with CountProgress(name, unit="rows", seconds_between_lines=_SECONDS_BETWEEN_LINES) as progress:

        def show(present: int, total: int | None = None) -> None:
            progress.update(n_done=present, n_total=total)

        if name == MATERIALS_PROJECT:
            snapshot = fetch_stable_materials(
                folder, kept, include_gnome=options.include_gnome, server=options.server, on_chunk=show
            )
        elif options.file is None:
            snapshot = fetch_aflow(folder, JsonSession(kept), server=options.server or AFLUX_SERVER, on_page=show)
        else:
            rows = read_raw_rows(options.file)
            query = f"{options.file.name}, SHA-256 {file_sha256(options.file)}"
            snapshot = write_records(folder, rows, source=AFLOW_SOURCE, query=query)
    logger.info("%s: %d rows, SHA-256 %s…", folder / snapshot.file, snapshot.n_row, snapshot.sha256[:12])
    track_with_dvc("commit", "--force", f"{EXTERNAL}/dvc.yaml:{name}")
    if name == AFLOW:
        summarise_dataset(name, build_dataset(name, *load_aflow(folder / snapshot.file)))
    else:
        summarise_dataset(name, load_stable_materials(folder))


def _fetch_phonix(options: FetchOptions) -> None:
    """Download the full Phonix database as data set ``phonix-full``, usable like any that was imported."""
    columns, kept = map_columns(options.columns), cache_folder("fetch") / PHONIX
    if options.file is not None:
        files, version = [options.file], None
        origin = f"{options.file.name}, SHA-256 {_digest(options.file)}"
    else:
        files, version, origin = _download_phonix(kept, options)
    benchmark_splits, suspects = load_annotations(fetch_tracked(DATA, target="data.dvc") / PHONIX_FILE)
    with CountProgress(FULL_NAME, unit="rows", seconds_between_lines=_SECONDS_BETWEEN_LINES) as progress:
        records, rejections = read_phonix_full(
            files,
            columns,
            benchmark_splits=benchmark_splits,
            suspects=suspects,
            on_row=lambda n_row, total: progress.update(n_done=n_row, n_total=total),
        )
    dataset = build_dataset(FULL_NAME, records, rejections)
    save_imported(dataset, source=PHONIX_SOURCE, origin=origin, database_version=version)
    shutil.rmtree(kept, ignore_errors=True)
    track_with_dvc("commit", "--force", f"{EXTERNAL}/dvc.yaml:{PHONIX}")
    summarise_dataset(FULL_NAME, dataset)


def _download_phonix(kept: Path, options: FetchOptions) -> tuple[list[Path], str, str]:
    """Return the downloaded tables, their commit, and where they came from."""
    server = options.server or HUB
    session = JsonSession(kept / "answers")
    listing = list_files(session, HUB_DATASET, revision=options.revision, server=server)
    paths = choose_data_files(listing.files)
    with CountProgress(PHONIX, unit="bytes", seconds_between_lines=_SECONDS_BETWEEN_LINES) as progress:
        files = download_files(
            listing,
            paths,
            kept / "files",
            dataset=HUB_DATASET,
            server=server,
            progress=lambda present, total: progress.update(n_done=present, n_total=total),
        )
    digests = ", ".join(f"{path} {listing.files[path].digest}" for path in paths)
    return files, listing.commit[:12], f"{server}datasets/{HUB_DATASET} at {listing.commit}: {digests}"


def _digest(file: Path) -> str:
    try:
        return file_sha256(file)
    except OSError as error:
        raise MissingInputError(f"{file} not found or not readable ({error})") from error
