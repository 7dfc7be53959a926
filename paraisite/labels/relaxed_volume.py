"""A crystal that is relaxed under a potential is refused where it becomes another one."""

from typing import Final

from pymatgen.core.structure import Structure

from paraisite.errors import StructureError

MAX_CHANGE: Final = 0.2
"""Of the volume of an atom, up or down. Functional and temperature make 10 % of the softest salts (KF); under
Nequix-MP-PFT CeSe2 of space group 72 shrinks by 47 %, into another crystal."""


_GUESSED: Final = "volume_is_guessed"
"""Among a structure's properties, which its JSON keeps: its volume says nothing of the crystal that it becomes."""


def mark_as_guess(structure: Structure) -> Structure:
    """Return a structure whose volume is no measured or computed one, marked as such."""
    marked = structure.copy()
    marked.properties[_GUESSED] = True
    return marked


def require_same_crystal(given: Structure, relaxed: Structure) -> None:
    """Do nothing where a crystal keeps its volume on relaxation, about, or had none of its own.

    Args:
        given: Before it was relaxed, any cell of it, with its properties.
        relaxed: After it.

    Raises:
        StructureError: The volume changes too much.
    """
    if given.properties.get(_GUESSED):
        return
    change = (relaxed.volume / len(relaxed)) / (given.volume / len(given)) - 1.0
    if abs(change) > MAX_CHANGE:
        raise StructureError(
            f"relaxed under the potential its volume changes by {change:+.0%}, expected at most ±{MAX_CHANGE:.0%}: "
            "another crystal"
        )
