"""AFLUX, AFLOW's search interface: all ICSD entries with an AGL conductivity, structures in the same reply.

The query has been exercised against a local server that replays the documented replies, never against AFLOW itself.

Source: Rose et al., Comput. Mater. Sci. 137, 362 (2017), 10.1016/j.commatsci.2017.04.036 (the query language).
"""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from paraisite.core.progress import ignore_progress
from paraisite.data.snapshot import Snapshot, write_records
from paraisite.data.sources.aflow import (
    AGL_KAPPA,
    COMPOSITION,
    COMPOUND,
    GEOMETRY,
    POSITIONS,
    SOURCE,
    SPECIES,
    UNIQUE_ID_KEYS,
)
from paraisite.data.sources.aflux_rows import split_reply
from paraisite.data.sources.http import JsonSession
from paraisite.errors import DataError, DownloadError

logger = logging.getLogger(__name__)

SERVER: Final = "https://aflow.org/API/aflux/"
# `(*)`, "has a value", stands on the conductivity alone: on a key that few entries have it would drop all others.
MATCHBOOK: Final = ",".join(
    (
        f"{AGL_KAPPA}(*)",
        SPECIES,
        COMPOSITION,
        GEOMETRY,
        POSITIONS,
        "auid",
        "aurl",
        COMPOUND,
        "spacegroup_relax",
        "agl_debye",
        "agl_gruneisen",
        "$catalog(ICSD)",
    )
)
PAGE_SIZE: Final = 1000
_MAX_PAGES: Final = 1000

OnPage = Callable[[int, int | None], None]
"""Called with the number of rows so far, and of all rows where the server tells it."""


def fetch_aflow(
    folder: Path,
    session: JsonSession,
    *,
    server: str = SERVER,
    page_size: int = PAGE_SIZE,
    on_page: OnPage | None = None,
) -> Snapshot:
    """Fetch all entries and write them as a snapshot; what was there before stays until all have come.

    Never run against AFLOW itself.

    Args:
        folder: Of the snapshot.
        session: Keeps the pages until the last one has come.
        server: Address before the question mark.
        page_size: Entries to ask for at a time.
        on_page: Progress.

    Raises:
        DownloadError: The server cannot be reached, or its pages do not make one table.
        DataError: The snapshot cannot be written.
    """
    rows = _all_pages(session, server, page_size, on_page or ignore_progress)
    if not rows:
        message = f"{server}: no entry with {AGL_KAPPA}, expected thousands; the query was {MATCHBOOK}"
        raise _unusable(session, message)
    snapshot = write_records(folder, rows, source=SOURCE, query=f"{server}?{MATCHBOOK}")
    session.forget()
    return snapshot


def _all_pages(session: JsonSession, server: str, page_size: int, on_page: OnPage) -> list[Any]:
    """Return all rows; the last page is one that brings no new entry, or the one that completes the total.

    A server may cap the size of pages without saying so. Page numbers count in pages of the size asked for, so rows
    would be skipped: a short page that is followed by another means that the cap is the true size.
    """
    rows: list[Any] = []
    known: set[str] = set()
    total = None
    for number in range(1, _MAX_PAGES + 1):
        reply = session.json(f"{server}?{MATCHBOOK},$paging({number},{page_size})")
        try:
            page, announced = split_reply(reply)
        except DataError as error:
            raise _unusable(session, f"{server}, page {number}: {error}") from error
        total = announced or total  # a page beyond the end may announce nothing
        if known.issuperset(map(_key, page)):  # nothing, or a page beyond the end that repeats the last one
            break
        if 0 < len(rows) < (number - 1) * page_size:
            logger.info("%s gives %d entries at a time, not %d", server, len(rows), page_size)
            return _all_pages(session, server, len(rows), on_page)
        rows += page
        known.update(map(_key, page))
        on_page(len(rows), total)
        if len(rows) == total:
            break
    else:
        raise _unusable(session, f"{server}: more than {_MAX_PAGES} pages, expected a handful")
    if total is not None and len(rows) < total:
        raise _unusable(
            session, f"{server}: {len(rows)} of the {total} entries came that it announced: try again later"
        )
    return rows


def _unusable(session: JsonSession, message: str) -> DownloadError:
    """Return an error about the content of answers, which are forgotten: another try must not meet them again."""
    session.forget()
    return DownloadError(message)


def _key(row: Any) -> str:
    """Return what tells an entry from others."""
    if isinstance(row, dict):
        for name in UNIQUE_ID_KEYS:
            if isinstance(row.get(name), str):
                return str(row[name])
    return json.dumps(row, sort_keys=True)
