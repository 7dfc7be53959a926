"""Phonons that were computed on demand: a file for each crystal, so that what was interrupted goes on with the next."""

import hashlib
import json
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pymatgen.core.structure import Structure

from paraisite.core.files import write_whole
from paraisite.labels.phonon_progress import OnPhononStep, ignore_step
from paraisite.labels.phonon_settings import PhononSettings
from paraisite.labels.potential import package_versions

CPU_MINUTES: Final = "cpu_minutes"
"""Key of a row: time that it took on one core."""

_SEAL: Final = "sha256"
_DECIMALS: Final = 6  # of lengths in Å and of fractional coordinates: a crystal read from another format is the same

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PhononStore:
    """A folder of rows of ``labels.phonon_labels``, each in a file that is named by all that it depends on.

    A file carries its digest. One that is damaged is passed over with a warning, as if it were not there, and a folder
    that cannot be written to costs nothing but what would have been kept.

    Attributes:
        folder: Where the files lie.
        potential: Name of the potential.
        settings: Of the phonons.
    """

    folder: Path
    potential: str
    settings: PhononSettings

    def find(self, structure: Structure) -> dict[str, Any] | None:
        """Return a crystal's row; None if it was not computed, or its file is damaged."""
        path = self._path(structure)
        try:
            content = json.loads(path.read_bytes())
            if content.pop(_SEAL) != _digest(content):
                raise ValueError("its digest is another")
            return dict(content["row"]) | {CPU_MINUTES: float(content[CPU_MINUTES])}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            logger.warning("%s is damaged or cannot be read (%s): its phonons are computed again", path, error)
            return None

    def compute(self, structure: Structure, calculator: Any, *, on_step: OnPhononStep = ignore_step) -> dict[str, Any]:
        """Return a crystal's row, which is kept; one that is there is read. A failure is a row with its reason.

        Args:
            structure: Any cell of the crystal.
            calculator: ASE calculator of the potential.
            on_step: Called after each step.
        """
        from paraisite.labels.phonon_labels import label_phonons  # phono3py

        if (kept := self.find(structure)) is not None:
            return kept
        path, start = self._path(structure), time.process_time()
        row = label_phonons(path.stem, structure, calculator, self.settings, on_step=on_step)
        minutes = (time.process_time() - start) / 60.0
        self._keep(path, {"row": row, CPU_MINUTES: minutes})
        return row | {CPU_MINUTES: minutes}

    def _keep(self, path: Path, content: dict[str, Any]) -> None:
        about = {"potential": self.potential, "versions": package_versions()}
        plain = json.loads(json.dumps(content | about, default=float))  # as it is read: the digest is of that
        try:
            write_whole(path, (json.dumps(plain | {_SEAL: _digest(plain)}) + "\n").encode())
        except OSError as error:
            logger.warning("the phonons are not kept: %s: %s", path.parent, error.strerror or error)

    def _path(self, structure: Structure) -> Path:
        crystal = {
            # The sum makes 0 of -0, and the remainder is taken last: rounded up to 1 it is 0.
            "lattice": (structure.lattice.matrix.round(_DECIMALS) + 0.0).tolist(),
            "species": [site.species_string for site in structure],
            "positions": (structure.frac_coords.round(_DECIMALS) % 1.0).round(_DECIMALS).tolist(),
        }
        content = {"potential": self.potential, "settings": asdict(self.settings), **crystal}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return self.folder / f"{digest[:32]}.json"


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
