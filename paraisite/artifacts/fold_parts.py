"""Parts of an evaluation: the predictions of each fold on disk, so that what was interrupted goes on."""

import hashlib
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from paraisite.core.parquet_files import COMPACT, write_parquet
from paraisite.core.plan_file import claim_plan
from paraisite.errors import DataError

logger = logging.getLogger(__name__)

_PACKAGE: Final = Path(__file__).parents[1]
_PLAN_FILE: Final = "folds.json"
_SUFFIX: Final = ".parquet"


class FoldParts:
    """The folder of the parts, one table for each fold that is done.

    Attributes:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        """Take a folder; nothing is read or written."""
        self.folder = folder

    def claim(self, *, data_digest: str, settings: str, code: Sequence[str]) -> int:
        """Keep the parts that were made of the same data with the same code, else remove all.

        Args:
            data_digest: Of the data set.
            settings: What else the folds depend on.
            code: Packages and modules of this package that the parts depend on, e.g. "models" or "schema.py".

        Returns:
            How many parts there are.
        """
        # Digests alone: settings are pages of text, which nobody compares by eye.
        plan = {
            "data": data_digest,
            "settings": hashlib.sha256(settings.encode()).hexdigest(),
            "code": digest_code(code),
        }
        try:
            claim_plan(self.folder / _PLAN_FILE, plan, metadata={})
        except DataError:
            logger.warning(
                "%s holds parts of an interrupted run with other data, settings or code: it starts anew", self.folder
            )
            self.remove()
            claim_plan(self.folder / _PLAN_FILE, plan, metadata={})
        return len(list(self.folder.glob(f"*{_SUFFIX}")))

    def load(self, name: str) -> pd.DataFrame | None:
        """Return a part's table, or None where it is not done, or damaged."""
        path = self._path(name)
        if not path.exists():
            return None
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            logger.warning("%s is damaged and made again (%s)", path, error)
            return None

    def save(self, name: str, part: pd.DataFrame) -> None:
        """Keep a part, whole."""
        write_parquet(pa.Table.from_pandas(part, preserve_index=False), self._path(name), **COMPACT)

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{_SUFFIX}"


def digest_code(code: Sequence[str], package: Path = _PACKAGE) -> str:
    """Return the SHA-256, in hex, over the source of some packages and modules.

    Args:
        code: Their paths below the package.
        package: Folder of the package.
    """
    sha256 = hashlib.sha256()
    for name in sorted(code):
        for path in [package / name] if name.endswith(".py") else sorted((package / name).rglob("*.py")):
            sha256.update(f"{path.relative_to(package).as_posix()}\0".encode())
            sha256.update(path.read_bytes())
    return sha256.hexdigest()
