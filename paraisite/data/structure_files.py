"""Crystal structures from files: whatever pymatgen reads, and extended XYZ, which may hold many."""

import itertools
import json
import logging
import re
import reprlib
import warnings
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Final

from pymatgen.core.structure import Structure
from pymatgen.io.cif import CifParser

logger = logging.getLogger(__name__)

FOLDER_PATTERNS: Final = ("*.cif", "*.cif.gz", "*.mcif", "*POSCAR*", "*CONTCAR*", "*.vasp", "*.cssr", "*.xsf", "*.res")
"""Which files of a folder are taken for structures; a file that is named itself may be anything pymatgen reads."""

EXTENDED_XYZ_SUFFIXES: Final = (".extxyz", ".xyz")
_CIF: Final = re.compile(r"\.m?cif(\.gz)?$")
_CIF_TEXT: Final = re.compile(r"^\s*(data_|loop_|_cell_)", re.MULTILINE | re.IGNORECASE)
_EXTENDED_XYZ_TEXT: Final = re.compile(r"\s*\d+\s*\n.*Lattice=", re.IGNORECASE)
_MISMATCHES: Final = ("Missing elements", "Incorrect stoichiometry")
MAX_FILE_BYTES: Final = 50_000_000
"""A crystal of this size would have a million atoms and more: a parser would be busy with it for many minutes."""


def structure_files(folder: Path) -> list[Path]:
    """Return the structure files of a folder, in order of their names."""
    return sorted({file for pattern in FOLDER_PATTERNS for file in folder.glob(pattern) if file.is_file()})


def find_extended_xyz_files(folder: Path) -> list[Path]:
    """Return the extended XYZ files of a folder, in order of their names."""
    return sorted(file for suffix in EXTENDED_XYZ_SUFFIXES for file in folder.glob(f"*{suffix}"))


def read_structure(path: Path) -> Structure | str:
    """Return the file's structure, or the reason why there is none."""
    if reason := _unreadable(path):
        return reason

    def parse() -> object:
        return _checked_cif(CifParser(path)) if _CIF.search(path.name) else Structure.from_file(path)

    return _structure_or_reason(parse, source=str(path), kind="structure file")


def parse_structures(text: str) -> list[Structure | str]:
    """Return the structures in a text, or reasons why there are none; the text says which format it has.

    Args:
        text: pymatgen's JSON, a CIF, extended XYZ, whose frames are a structure each, or else a POSCAR.
    """
    if _EXTENDED_XYZ_TEXT.match(text):
        return [structure for _, structure in _frames(StringIO(text))]

    def parse() -> object:
        if text.lstrip().startswith("{"):
            return Structure.from_dict(json.loads(text))
        if _CIF_TEXT.search(text):
            return _checked_cif(CifParser.from_str(text))
        return Structure.from_str(text, fmt="poscar")

    return [_structure_or_reason(parse, source="text", kind="structure") if text.strip() else "the text is empty"]


def _structure_or_reason(parse: Callable[[], object], *, source: str, kind: str) -> Structure | str:
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            structure = parse()
    # pymatgen's parsers raise almost any exception on a damaged file: that must cost one row, not all of them.
    except Exception as error:
        return f"not a readable {kind}: {_one_line(error)}"
    for message in dict.fromkeys(str(item.message) for item in caught if issubclass(item.category, UserWarning)):
        logger.debug("%s: %s", source, message.replace("\n", " "))
    return structure if isinstance(structure, Structure) else f"expected a crystal, found {type(structure).__name__}"


def _checked_cif(parser: CifParser) -> Structure:
    """Return the first crystal of a CIF.

    Raises:
        ValueError: Its atoms do not make up the formula that stands there too, for which pymatgen only warns.
    """
    structure = parser.parse_structures(primitive=False)[0]
    if (parser.check(structure) or "").startswith(_MISMATCHES):
        raise ValueError(f"its atoms make {structure.formula}, which is not the formula that it names: is it cut off?")
    return structure


def read_frames(path: Path) -> Iterator[tuple[dict[str, object], Structure | str]]:
    """Yield the metadata of each crystal of an extended XYZ file, and the crystal or the reason why there is none.

    A frame that cannot be read costs no other one; only where its length is no number there is no telling where the
    next one begins, and the file ends with a reason.
    """
    if reason := _unreadable(path):
        yield {}, reason
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        yield from _frames(lines)


def _frames(text: Iterable[str]) -> Iterator[tuple[dict[str, object], Structure | str]]:
    lines = iter(text)
    for first in lines:
        if not first.strip():
            continue
        try:
            n_atom = int(first)
        except ValueError:
            yield {}, f"not a readable structure: {reprlib.repr(first.strip())}, expected the number of atoms"
            return
        yield read_frame("".join([first, *itertools.islice(lines, max(n_atom, 0) + 1)]))


def read_frame(text: str) -> tuple[dict[str, object], Structure | str]:
    """Return the metadata of an extended XYZ frame, and the crystal or the reason why there is none."""
    try:
        from ase.io import read
        from pymatgen.io.ase import AseAtomsAdaptor
    except ImportError:
        return {}, "extended XYZ is read by ASE, which is not installed: `pip install '.[phonons]'`"
    try:
        atoms = read(StringIO(text), index=0, format="extxyz")
    except Exception as error:  # ASE's parser, too, raises almost any
        return {}, f"not a readable structure: {_one_line(error)}"
    if not atoms.pbc.all():
        return dict(atoms.info), "not periodic in three directions, expected a crystal"
    return dict(atoms.info), AseAtomsAdaptor.get_structure(atoms)


def _unreadable(path: Path) -> str | None:
    if path.is_dir():
        return "the folder holds no structure file"
    if not path.exists():
        return "file not found"
    if (size := path.stat().st_size) > MAX_FILE_BYTES:
        return f"the file has {size / 1e6:.0f} MB, expected at most {MAX_FILE_BYTES / 1e6:.0f}"
    return None


def _one_line(error: Exception) -> str:
    lines = str(error).splitlines()
    if isinstance(error, LookupError):  # a parser's "list index out of range" means nothing to who wrote the file
        return f"it ends too early, or something is missing ({', '.join([type(error).__name__, *lines[:1]])})"
    return lines[0] if lines else type(error).__name__
