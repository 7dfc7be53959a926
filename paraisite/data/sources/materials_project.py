"""The Materials Project's stable materials: structures with the descriptors that the paper correlates.

Through mp-api, whose search takes a session: ours keeps the pages that have come, so that an interrupted fetch goes on.
Exercised against a local server that replays the documented replies, never against the Materials Project itself.

Source: Jain et al., APL Mater. 1, 011002 (2013), 10.1063/1.4812323; GNoME: Merchant et al., Nature 624, 80 (2023),
10.1038/s41586-023-06735-9 (licence CC BY-NC).
"""

import os
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from pymatgen.core import SETTINGS

from paraisite.core.progress import ignore_progress
from paraisite.core.secrets import hide_secrets
from paraisite.data.snapshot import Snapshot
from paraisite.data.sources.http import KEY_HEADER, JsonSession
from paraisite.data.sources.stable_materials import (
    DEPRECATED,
    FLAGS,
    FORMULA_PRETTY,
    NUMBERS,
    write_stable_materials,
)
from paraisite.data.structure_files.json_documents import STRUCTURE
from paraisite.errors import DownloadError, MissingInputError
from paraisite.schema import MATERIAL_ID

SERVER: Final = "https://api.materialsproject.org/"
SERVER_VARIABLE: Final = "MP_API_ENDPOINT"
KEY_VARIABLE: Final = "MP_API_KEY"
KEY_SETTING: Final = "PMG_MAPI_KEY"
HEARTBEAT: Final = "heartbeat"


CHUNK_SIZE: Final = 1000

OnChunk = Callable[[int, int], None]
"""Called with the number of materials so far, and of all."""


def api_key() -> str:
    """Return the key from the environment, else from pymatgen's settings. It is for the request's header only.

    Raises:
        MissingInputError: There is none, or it holds characters that a header cannot.
    """
    key = (os.environ.get(KEY_VARIABLE) or SETTINGS.get(KEY_SETTING) or "").strip()
    if not key:
        raise MissingInputError(
            "the Materials Project answers only with a key: get yours at https://next-gen.materialsproject.org/api "
            f"and put it into the environment variable {KEY_VARIABLE} (or pymatgen's setting {KEY_SETTING})"
        )
    if not (key.isascii() and key.isprintable() and " " not in key):
        # A header with them would be refused with the key in the message.
        raise MissingInputError(
            f"the Materials Project's key ({KEY_VARIABLE}, or pymatgen's setting {KEY_SETTING}) holds a space, a line "
            "end or a character that is not ASCII: copy it again"
        )
    return str(key)


def fetch_stable_materials(
    folder: Path,
    kept_answers: Path,
    *,
    include_gnome: bool,
    server: str | None = None,
    chunk_size: int = CHUNK_SIZE,
    on_chunk: OnChunk | None = None,
    **session_options: Any,
) -> Snapshot:
    """Fetch all stable materials and write them as a snapshot; what was there before stays until all have come.

    Never run against the Materials Project itself.

    Args:
        folder: Of the snapshot.
        kept_answers: Where pages are kept until all have come.
        include_gnome: With GNoME's materials, which may not be used commercially.
        server: Address; None for MP_API_ENDPOINT, else the Materials Project's.
        chunk_size: Materials to ask for at a time.
        on_chunk: Progress.
        session_options: Of ``JsonSession``: patience and pauses.

    Raises:
        MissingInputError: There is no key.
        DownloadError: The server cannot be reached, refuses, or does not give what it announced.
        DataError: The snapshot cannot be written.
    """
    key = api_key()
    address = (server or os.environ.get(SERVER_VARIABLE) or SERVER).rstrip("/") + "/"
    count = _Count(on_chunk or ignore_progress)
    session = JsonSession(kept_answers, never_kept=(HEARTBEAT, HEARTBEAT + "/"), on_answer=count, **session_options)
    session.headers[KEY_HEADER] = key
    version = _database_version(session, address)
    fields = [MATERIAL_ID, STRUCTURE, FORMULA_PRETTY, DEPRECATED, *NUMBERS, *FLAGS]
    documents = _search(session, address, key, fields=fields, include_gnome=include_gnome, chunk_size=chunk_size)
    if not documents or len(documents) < count.n_announced:
        session.forget()  # another try must not meet the same answers
        raise DownloadError(
            f"{hide_secrets(address)}: {len(documents)} of the {count.n_announced} stable materials came that it "
            "announced: try again later"
        )
    query = f"{address}materials/summary/ is_stable=True, include_gnome={include_gnome}, fields {', '.join(fields)}"
    snapshot = write_stable_materials(folder, documents, query=query, database_version=version)
    session.forget()
    return snapshot


class _Count:
    """Follows the pages: how many materials have come, and how many there are."""

    def __init__(self, on_chunk: OnChunk) -> None:
        self._on_chunk = on_chunk
        self.n_come = self.n_announced = 0

    def __call__(self, answer: Any) -> None:
        if isinstance(answer, dict) and isinstance(answer.get("data"), list):
            self.n_come += len(answer["data"])
            total = (answer.get("meta") or {}).get("total_doc")
            self.n_announced = total if isinstance(total, int) else self.n_announced
            self._on_chunk(self.n_come, self.n_announced)


def _database_version(session: JsonSession, address: str) -> str:
    """Return the database's version; pages that were kept of another one are forgotten."""
    heartbeat = session.json(address + HEARTBEAT)
    version = heartbeat.get("db_version") if isinstance(heartbeat, dict) else None
    if not isinstance(version, str) or not version:
        shown = hide_secrets(address)
        raise DownloadError(f"{shown}{HEARTBEAT} names no db_version: is this the Materials Project's API?")
    session.begin(version)
    return version


def _search(
    session: JsonSession, address: str, key: str, *, fields: list[str], include_gnome: bool, chunk_size: int
) -> list[dict[str, Any]]:
    from mp_api.client.core.exceptions import MPRestError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of mp-api, about the versions of client and server
        try:
            client = _open_client(session, address, key)
            documents = client.materials.summary.search(
                is_stable=True,
                deprecated=False,
                include_gnome=include_gnome,
                fields=fields,
                chunk_size=chunk_size,
                _sort_fields=MATERIAL_ID,  # without an order, pages could overlap
            )
        # mp-api trusts the server's answers, so that one of another kind can raise any of these.
        except (MPRestError, ValueError, KeyError, TypeError, AttributeError) as error:
            session.forget()
            reason = " ".join(str(error).replace(key, "…").split())[:300]
            raise DownloadError(f"{hide_secrets(address)}: the answer is not what mp-api expects: {reason}") from None
    return [document if isinstance(document, dict) else dict(document) for document in documents]


def _open_client(session: JsonSession, address: str, key: str) -> Any:
    """Return an ``MPRester``.

    It asks for the heartbeat by itself, without session, patience or end, so this is tried several times, and aside.
    """
    from mp_api.client import MPRester  # seconds of imports, which --help need not wait for
    from mp_api.client.core.exceptions import MPRestError

    opened: SimpleQueue[Any] = SimpleQueue()

    def open_client() -> None:
        try:
            opened.put(
                MPRester(key, endpoint=address, session=session, use_document_model=False, mute_progress_bars=True)
            )
        except (OSError, ValueError, KeyError, TypeError, MPRestError) as error:
            opened.put(error)

    reason: Exception | None = None
    for _ in range(session.n_attempt):
        threading.Thread(target=open_client, daemon=True).start()
        try:
            client = opened.get(timeout=session.timeout_seconds)
        except Empty:
            reason = TimeoutError("the server was silent for too long")
            continue
        if not isinstance(client, OSError | ValueError | KeyError | TypeError):
            if isinstance(client, MPRestError):
                raise client
            return client
        reason = client
        time.sleep(session.pause_seconds)
    raise DownloadError(f"{hide_secrets(address)}{HEARTBEAT}: {' '.join(str(reason).split())[:300]}") from reason
