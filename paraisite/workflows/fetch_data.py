"""Download a data set from its server: ``data fetch``."""

import logging
from pathlib import Path
from typing import Final

from paraisite.artifacts.dvc_files import track_with_dvc
from paraisite.artifacts.structure_sources import MATERIALS_PROJECT
from paraisite.core.files import cache_folder, file_sha256
from paraisite.core.paths import EXTERNAL
from paraisite.core.progress import CountProgress
from paraisite.data.datasets.table import build_dataset
from paraisite.data.snapshot import write_records
from paraisite.data.sources.aflow import SOURCE as AFLOW_SOURCE
from paraisite.data.sources.aflow import load_aflow
from paraisite.data.sources.aflux import SERVER as AFLUX_SERVER
from paraisite.data.sources.aflux import fetch_aflow
from paraisite.data.sources.aflux_rows import read_raw_rows
from paraisite.data.sources.http import JsonSession
from paraisite.data.sources.materials_project import fetch_stable_materials
from paraisite.data.sources.stable_materials import load_stable_materials
from paraisite.errors import ConfigError
from paraisite.training.recipes import AFLOW
from paraisite.workflows.describe_data import summarise_dataset

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LINES: Final = 10.0


def fetch_dataset(name: str, *, file: Path | None, server: str | None, include_gnome: bool) -> None:
    """Download a data set from its server, or read a saved reply, into ``external/``.

    Args:
        name: One of ``data_catalogue.DOWNLOADABLE``.
        file: A saved reply of AFLUX, instead of the server.
        server: Address of another server with the same interface.
        include_gnome: Include GNoME's materials (Materials Project only).

    Raises:
        ConfigError: A file was given for a data set that has no saved replies.
    """
    if file is not None and name != AFLOW:
        raise ConfigError(f"--from takes a saved reply of AFLUX, for {AFLOW} only")
    folder, kept = EXTERNAL / name, cache_folder("fetch") / name
    with CountProgress(name, unit="rows", seconds_between_lines=_SECONDS_BETWEEN_LINES) as progress:

        def show(present: int, total: int | None = None) -> None:
            progress.update(n_done=present, n_total=total)

        if name == MATERIALS_PROJECT:
            snapshot = fetch_stable_materials(folder, kept, include_gnome=include_gnome, server=server, on_chunk=show)
        elif file is None:
            snapshot = fetch_aflow(folder, JsonSession(kept), server=server or AFLUX_SERVER, on_page=show)
        else:
            rows = read_raw_rows(file)
            query = f"{file.name}, SHA-256 {file_sha256(file)}"
            snapshot = write_records(folder, rows, source=AFLOW_SOURCE, query=query)
    logger.info("%s: %d rows, SHA-256 %s…", folder / snapshot.file, snapshot.n_row, snapshot.sha256[:12])
    track_with_dvc("commit", "--force", f"{EXTERNAL}/dvc.yaml:{name}")
    if name == AFLOW:
        summarise_dataset(name, build_dataset(name, *load_aflow(folder / snapshot.file)))
    else:
        summarise_dataset(name, load_stable_materials(folder))
