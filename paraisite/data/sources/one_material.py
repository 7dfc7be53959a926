"""One material of the Materials Project by its id, for whoever asks with a key.

Source: Jain et al., APL Mater. 1, 011002 (2013), 10.1063/1.4812323; the server's documentation of
``materials/summary``. Exercised against a local server that replays the documented reply, never against the Materials
Project itself.
"""

import os
import re
import tempfile
from pathlib import Path
from typing import Any, Final

from pymatgen.core.structure import Structure

from paraisite.core.secrets import hide_secrets
from paraisite.data.sources.http import KEY_HEADER, JsonSession
from paraisite.data.sources.materials_project import SERVER, SERVER_VARIABLE, api_key
from paraisite.data.structure_files.json_documents import STRUCTURE
from paraisite.errors import DataError, DownloadError, MissingInputError
from paraisite.schema import MATERIAL_ID

_ID: Final = re.compile(r"(mp|mvc)-\d+", re.IGNORECASE)
_PATIENCE: Final = {"n_attempt": 3, "timeout_seconds": 20.0, "answer_seconds": 60.0}
"""Of someone who waits at a page."""


def fetch_material(material_id: str, *, server: str | None = None, **session_options: Any) -> Structure:
    """Return the structure of one material.

    Args:
        material_id: As "mp-149".
        server: Address; None for MP_API_ENDPOINT, else the Materials Project's.
        session_options: Of ``JsonSession``.

    Raises:
        DataError: That is no id.
        MissingInputError: There is no key, or no such material.
        DownloadError: The server cannot be reached, refuses, or answers something else.
    """
    wanted = material_id.strip().lower()
    if not _ID.fullmatch(wanted):
        raise DataError(f"{material_id.strip()!r} is no id of the Materials Project: expected one like mp-149")
    key = api_key()
    address = (server or os.environ.get(SERVER_VARIABLE) or SERVER).rstrip("/") + "/"
    with tempfile.TemporaryDirectory() as folder:
        session = JsonSession(Path(folder), **_PATIENCE | session_options)
        session.headers[KEY_HEADER] = key
        fields = f"{MATERIAL_ID},{STRUCTURE}"
        answer = session.json(f"{address}materials/summary/?material_ids={wanted}&_fields={fields}&_limit=1")
    documents = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(documents, list):
        raise DownloadError(f"{hide_secrets(address)}: the answer holds no data: is this the Materials Project's API?")
    if not documents:
        raise MissingInputError(f"the Materials Project has no material {wanted}")
    try:
        return Structure.from_dict(documents[0][STRUCTURE])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DownloadError(f"{hide_secrets(address)}: the structure of {wanted} cannot be read ({error!r})") from error
