"""Formats that only pymatgen reads: what it leaves out of them is looked at here.

Source: http://www.xcrysden.org/doc/XSF.html of XSF, https://airss-docs.github.io of ``.res``.
"""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pymatgen.core.structure import Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.structure_files.content import plain_name
from paraisite.data.structure_files.space_groups import find_number_of_type
from paraisite.data.structure_files.stated_facts import StatedFacts, check_stated
from paraisite.errors import StructureError

_HARMLESS_WARNING: Final = "POTCAR"
"""pymatgen warns where there is none beside a vasprun.xml, whose crystal is complete without."""

_MAX_DIGITS: Final = 15
_XSF_COUNT: Final = re.compile(r"^\s*(?:PRIM|CONV)COORD.*\n\s*(\d+)", re.MULTILINE)
_XSF_ATOMS: Final = re.compile(r"^\s*PRIMCOORD.*\n\s*(\d+)", re.MULTILINE)
_XSF_OTHER: Final = re.compile(r"^\s*(SLAB|POLYMER|MOLECULE|ATOMS|DIM-GROUP)\b", re.MULTILINE)
_CSSR_GROUP: Final = re.compile(r"SPGR\s*=\s*(\S.*?)\s*(?:OPT\b.*)?$")
_CSSR_P1: Final = re.compile(r"1(?!\d).*|P ?1")
_CSSR_COUNT: Final = re.compile(r"\s*(\d+)\s+(\d+)\s*")
_SHELX: Final = re.compile(r"^(?:ZERR|UNIT|SYMM|HKLF|L\.S\.|FVAR)\b", re.MULTILINE | re.IGNORECASE)
_RES_TITLE: Final = re.compile(r"^TITL\s+\S+((?:\s+\S+){5,6}?)\s+\(([^)]*)\)", re.MULTILINE)


def read_other_format(name: str, text: str, path: Path | None) -> CrystalArrays:
    """Return the crystal of a file that pymatgen reads, if it agrees with what the file says.

    Args:
        name: The file's.
        text: What it holds.
        path: It; None where only its text is at hand, as of an upload.

    Raises:
        StructureError: pymatgen reads it with a warning only, or the file says something else than was read.
    """
    check, stated = _CHECKS.get(Path(plain_name(name)).suffix.lower(), (None, None))
    if path is None:
        raise StructureError("a format that is read from a named file only: upload a CIF, POSCAR, extended XYZ or JSON")
    if check:
        check(text)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        structure = Structure.from_file(path)
    for message in (str(item.message) for item in caught if issubclass(item.category, UserWarning)):
        if _HARMLESS_WARNING not in message:
            raise StructureError(f"pymatgen reads it only with a warning: {' '.join(message.split())[:200]}")
    crystal = CrystalArrays.from_structures([structure])
    if stated and (crystal.atomic_number > 0).all():
        check_stated(crystal, stated(text))
    return crystal


def _check_xsf(text: str) -> None:
    """Raise if XSF is of no crystal, or declares more atoms than it has lines, for which pymatgen makes room."""
    if match := _XSF_OTHER.search(text):
        raise StructureError(f"not periodic in three directions ({match[1]}), expected a crystal")
    n_line = text.count("\n") + 1
    for match in _XSF_COUNT.finditer(text):
        if len(match[1]) > _MAX_DIGITS or int(match[1]) > n_line:
            raise StructureError(f"the file declares {match[1][:_MAX_DIGITS]} atoms in {n_line} lines")


def _state_xsf(text: str) -> StatedFacts:
    return StatedFacts(n_atom=float(match[1]) if (match := _XSF_ATOMS.search(text)) else None)


def _check_cssr(text: str) -> None:
    """Raise if CSSR lists the sites of a symmetry, or Cartesian coordinates: pymatgen takes both for something else."""
    lines = [*text.splitlines(), "", "", ""]
    if (match := _CSSR_GROUP.search(lines[1])) and not _CSSR_P1.fullmatch(match[1]):
        raise StructureError(f"the sites are those of the space group {match[1]}, expected all atoms in P 1")
    if (match := _CSSR_COUNT.match(lines[2])) is None or int(match[2]) != 0:
        raise StructureError(f"line 3 is {lines[2][:40]!r}, expected the number of atoms and 0, fractional coordinates")


def _state_cssr(text: str) -> StatedFacts:
    match = _CSSR_COUNT.match(text.splitlines()[2])
    return StatedFacts(n_atom=float(match[1]) if match else None)


def _check_res(text: str) -> None:
    """Raise if a ``.res`` is not of AIRSS's kind, all atoms in P 1, or an atom of it is not one of an element.

    pymatgen looks neither at LATT nor at occupancies.
    """
    if match := _SHELX.search(text):
        raise StructureError(f"a refinement of SHELX ({match[0]}), of which the CIF is read")
    if not re.search(r"^LATT\s+-1\s*$", text, re.MULTILINE | re.IGNORECASE):
        raise StructureError("expected all atoms in P 1, as LATT -1 says it")
    _, _, atoms = text.partition("SFAC")
    elements, *lines = atoms.splitlines() or [""]
    for words in (line.split() for line in lines):
        if len(words) < 6:
            continue
        if float(words[5]) != 1:
            raise StructureError(f"the occupancy of the site {words[0]} is {words[5]}, expected 1")
        if not words[1].isdecimal() or words[0] not in elements.split()[int(words[1]) - 1 : int(words[1])]:
            raise StructureError(f"the site {words[0]} is of the element {words[1]} of SFAC {elements.strip()}")


def _state_res(text: str) -> StatedFacts:
    """Return what AIRSS's title says: volume, number of atoms and space group."""
    if (match := _RES_TITLE.search(text)) is None:
        return StatedFacts()
    numbers = match[1].split()
    try:
        group = find_number_of_type(match[2])
        return StatedFacts(
            volume_cubic_angstrom=float(numbers[1]),
            n_atom=float(numbers[5]) or None if len(numbers) == 6 else None,
            space_group=None if group == 1 else group,
        )
    except ValueError:  # a title of another kind
        return StatedFacts()


_CHECKS: Final[dict[str, tuple[Callable[[str], None], Callable[[str], StatedFacts]]]] = {
    ".xsf": (_check_xsf, _state_xsf),
    ".cssr": (_check_cssr, _state_cssr),
    ".res": (_check_res, _state_res),
}
