"""Getting data: from the servers that give them away, or from a user's own files."""

import logging
import time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from paraisite.catalogue import MATERIALS_PROJECT, report
from paraisite.datasets.imported import check_name, save_imported
from paraisite.datasets.table import build_dataset
from paraisite.errors import ConfigError
from paraisite.files import cache_folder, file_sha256
from paraisite.folders import EXTERNAL
from paraisite.processes import run_dvc
from paraisite.sources.aflow import SOURCE as AFLOW_SOURCE
from paraisite.sources.aflow import load_aflow, read_rows
from paraisite.sources.aflux import SERVER as AFLUX_SERVER
from paraisite.sources.aflux import fetch_aflow
from paraisite.sources.http import JsonSession
from paraisite.sources.materials_project import fetch_stable_materials, load_stable_materials
from paraisite.sources.own_data import ImportOptions, load_own
from paraisite.sources.snapshot import write_records
from paraisite.training.recipes import AFLOW

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LINES: Final = 10.0


def fetch(name: str, *, file: Path | None, server: str | None, include_gnome: bool) -> None:
    """Fetch a data set from its server, or take a saved reply of it, into ``external/``.

    Args:
        name: One of ``FETCHED``.
        file: A saved reply of AFLUX, instead of the server.
        server: Address of another server with the same interface.
        include_gnome: With GNoME's materials (Materials Project only).

    Raises:
        ConfigError: A file was given for what has no such files.
    """
    if file is not None and name != AFLOW:
        raise ConfigError(f"--from takes a saved reply of AFLUX, so it goes with {AFLOW} only")
    folder, kept = EXTERNAL / name, cache_folder("fetch") / name
    with _CountProgress(name) as progress:
        if name == MATERIALS_PROJECT:
            snapshot = fetch_stable_materials(
                folder, kept, include_gnome=include_gnome, server=server, on_chunk=progress
            )
        elif file is None:
            snapshot = fetch_aflow(folder, JsonSession(kept), server=server or AFLUX_SERVER, on_page=progress)
        else:
            rows = read_rows(file)
            query = f"{file.name}, SHA-256 {file_sha256(file)}"
            snapshot = write_records(folder, rows, source=AFLOW_SOURCE, query=query)
    logger.info("%s: %d rows, SHA-256 %s…", folder / snapshot.file, snapshot.n_row, snapshot.sha256[:12])
    _track("commit", "--force", f"{EXTERNAL}/dvc.yaml:{name}")
    if name == AFLOW:
        report(name, build_dataset(name, *load_aflow(folder / snapshot.file)))
    else:
        report(name, load_stable_materials(folder))


class _CountProgress:
    """A bar where there is a terminal, else a line now and then."""

    def __init__(self, name: str) -> None:
        console = Console(stderr=True)
        self._on_terminal = console.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        )
        self._name, self._task = name, self._bar.add_task(name, total=None)
        self._last_line = -_SECONDS_BETWEEN_LINES

    def __enter__(self) -> "_CountProgress":
        if self._on_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, present: int, total: int | None = None) -> None:
        self._bar.update(self._task, completed=present, total=total)
        if not self._on_terminal and time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            logger.info("%s: %d%s rows", self._name, present, f" of {total}" if total else "")


def import_own(name: str, path: Path, options: ImportOptions, *, replace: bool) -> None:
    """Make a data set of a user's files, known by its name from then on.

    Raises:
        ConfigError: The name is none, or taken.
        MissingInputError: There is no such path.
        DataError: No material is usable.
    """
    folder = EXTERNAL / check_name(name)
    if folder.exists() and not replace:
        raise ConfigError(f"{folder} exists: choose another name, or replace it with --replace")
    with _CountProgress(name) as progress:
        records, rejections = load_own(path, options, on_row=progress)
    dataset = build_dataset(name, records, rejections)
    save_imported(dataset, source=options.source, origin=str(path))
    _track("add", str(folder))
    report(name, dataset)


def _track(*arguments: str) -> None:
    """Let DVC record what lies in ``external/``; outside of a DVC repository there is nothing to record it in."""
    if (reason := run_dvc(*arguments)) is not None:
        logger.warning("DVC does not track it: %s", reason)
