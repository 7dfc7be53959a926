"""Parts of an evaluation: the predictions of each fold on disk, so that what was interrupted goes on."""

import hashlib
import json
import logging
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from paraisite.core.parquet_files import COMPACT, write_parquet

logger = logging.getLogger(__name__)

_PACKAGE: Final = Path(__file__).parents[1]
_SUFFIX: Final = ".parquet"


class FoldParts:
    """The folder of the parts, one table for each fold that is done.

    Parts of other data, settings or code lie beside in folders of their own: hours of work may go on there.

    Attributes:
        folder: Where they lie, once they are claimed.
    """

    def __init__(self, base: Path) -> None:
        """Take the folder of all groups of parts; nothing is read or written."""
        self._base = self.folder = base

    def claim(self, *, data_digest: str, settings: str, code: Sequence[str]) -> int:
        """Choose the parts that were made of the same data with the same code.

        Args:
            data_digest: Of the data set.
            settings: What else the folds depend on.
            code: Packages and modules of this package that the parts depend on, e.g. "models" or "schema.py".

        Returns:
            How many parts there are.
        """
        depends_on = json.dumps([data_digest, settings, digest_code(code)])
        self.folder = self._base / hashlib.sha256(depends_on.encode()).hexdigest()[:16]
        self.folder.mkdir(parents=True, exist_ok=True)
        others = [each for each in self._base.iterdir() if each.is_dir() and each != self.folder]
        if others:
            logger.info(
                "%s holds what was interrupted with other data, settings or code, which stays there", self._base
            )
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
        """Remove the parts, and the folder of all groups where this was the last one."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):
            self._base.rmdir()

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
