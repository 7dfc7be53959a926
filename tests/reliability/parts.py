"""What was counted of one scenario or kind of file, kept until all are: a run in full goes on where it was stopped."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from paraisite.core.files import write_whole

DIRTY: Final = "-dirty"


@dataclass(frozen=True)
class Part:
    """Counts of one scenario or kind of file.

    Attributes:
        counts: By what was done to it, or by what came of it.
        n_failed: How many of them failed.
        seconds: How long it took.
    """

    counts: dict[str, int]
    n_failed: int
    seconds: float


@dataclass(frozen=True)
class KeptParts:
    """Parts of one commit; none of a tree with changes, which no commit names.

    Attributes:
        commit: Its name.
        folder: Where parts of all commits lie.
    """

    commit: str
    folder: Path

    def count(self, name: str, count: Callable[[], Part]) -> Part:
        """Return a part: the one that is kept, else as it is counted now."""
        path = self._name_file(name)
        if path.exists():
            return Part(**json.loads(path.read_text()))
        part = count()
        if not self.commit.endswith(DIRTY):
            write_whole(path, json.dumps(asdict(part)).encode())
        return part

    def has(self, name: str) -> bool:
        """Return whether a part is kept."""
        return self._name_file(name).exists()

    def _name_file(self, name: str) -> Path:
        return self.folder / self.commit / f"{re.sub('[^A-Za-z0-9]+', '-', name)}.json"
