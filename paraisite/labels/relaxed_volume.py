"""A crystal that is relaxed under a potential is refused where it becomes another one."""

from collections.abc import Mapping
from typing import Any, Final

from pymatgen.core.structure import Structure

from paraisite.schema import REASON

MAX_CHANGE: Final = 0.2
"""Of the volume of an atom, up or down. Functional and temperature make 10 % of the softest salts (KF); under
Nequix-MP-PFT CeSe2 of space group 72 shrinks by 47 %, into another crystal."""


def refuse_another_crystal(row: Mapping[str, Any], given: Structure) -> dict[str, Any]:
    """Return a row of phonons, with a reason where relaxation has changed the volume too much.

    Args:
        row: As ``labels.phonon_labels`` has it; a refused one is returned as it is.
        given: The crystal before it was relaxed, any cell of it.
    """
    if row[REASON]:
        return dict(row)
    relaxed = Structure.from_str(row["structure_json"], fmt="json")
    change = (relaxed.volume / len(relaxed)) / (given.volume / len(given)) - 1.0
    if abs(change) <= MAX_CHANGE:
        return dict(row)
    reason = f"relaxed under the potential its volume changes by {change:+.0%}, expected at most ±{MAX_CHANGE:.0%}"
    return dict(row) | {REASON: f"{reason}: another crystal"}
