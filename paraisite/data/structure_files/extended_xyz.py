"""Extended XYZ: frames of a file, each a crystal with metadata; ASE reads them."""

import itertools
import re
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS, NO_ELEMENT, CrystalArrays
from paraisite.data.structure_files.isotopes import check_masses, standard_masses
from paraisite.data.structure_files.stated_facts import (
    COMPARED_KEYS,
    PLACE_TOLERANCE_ANGSTROM,
    check_places,
    check_stated,
    read_stated_values,
)
from paraisite.data.validation import MAX_ATOMS, NOT_PERIODIC, check_element, find_unusable, too_many_atoms
from paraisite.errors import StructureError

Frame = tuple[dict[str, object], CrystalArrays | str]
"""A frame's metadata, and its crystal or the reason why there is none."""

_SYMBOL: Final = re.compile(r"[A-Za-z]{1,3}\d*|\d+")
_PROPERTIES: Final = re.compile(r"\bProperties=(\S+)", re.IGNORECASE)
_LATTICE: Final = re.compile(r"""\bLattice=["'{\[]?([^"'}]*)""", re.IGNORECASE)
_TRUTH_VALUE: Final = re.compile(r"\b(?:T|F|true|false)\b", re.IGNORECASE)
_WIDTH: Final = re.compile(r"\d{1,4}")
_COORDINATE: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_MAX_DIGITS: Final = 15
_MASSES: Final = re.compile(r"(?:atomic_?)?mass(?:es|_?numbers?)?|isotopes?", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"z|(?:atomic_?)?numbers?", re.IGNORECASE)
_SPECIES: Final = re.compile(r"species|symbols?|elements?", re.IGNORECASE)
_KEYS: Final = re.compile(r"""([\w\-]+)=("(?:[^"\\]|\\.)*"|'[^']*'|\{[^}]*\}|\[[^\]]*\]|\S+)""")
_FRACTIONAL: Final = re.compile(
    r"(?:frac|fract|fractional|scaled|direct|crystal)(?:_?(?:coords?|coordinates?|pos|positions?|xyz))|frac|fract|"
    r"fractional|scaled|abc",
    re.IGNORECASE,
)
"""Names of columns that give the places once more, in units of the cell."""

_OCCUPANCIES: Final = re.compile(r"occ(?:upanc(?:y|ies)|s)?", re.IGNORECASE)
_OCCUPANCY_OF_KINDS: Final = "occupancy"
"""What ASE keeps beside a crystal with shared sites, of which it holds one element each."""

_UNITS: Final = re.compile(
    r"(?:(?:length|distance|position|pos|coord|coordinate|cell|lattice)s?_?)?units?(?:_?(?:length|distance|position|pos)s?)?"
    r"|(?:coordinate|coord|position)s?(?:_?(?:system|type|mode|kind|style))?",
    re.IGNORECASE,
)
"""Keys of a frame that say in what its positions are given."""

_OTHER_UNITS: Final = re.compile(
    r"bohrs?|a\.?u\.?|atomic(?:[ _-]?units?)?|nm|nanomet(?:er|re)s?|pm|picomet(?:er|re)s?|"
    r"frac|fract|fractional|scaled|direct|crystal|reduced|relative|internal",
    re.IGNORECASE,
)
_CELLS: Final = re.compile(r"cell|unit_?cell|cell_?vectors?|lattice_?vectors?|box", re.IGNORECASE)
_UNIQUE_KEYS: Final = ("lattice", "properties", "pbc", *COMPARED_KEYS)


def read_frames(lines: Iterable[str]) -> Iterator[Frame]:
    """Yield the frames of an extended XYZ text.

    A frame that cannot be read costs no other one; only where its length is no number there is no telling where the
    next one begins, and the text ends with a reason. Atoms behind those that are counted are of the same frame, which
    is then refused.
    """
    rest = iter(lines)
    first = next(rest, None)
    while first is not None:
        if not first.strip():
            first = next(rest, None)
            continue
        try:
            n_line = count_lines(first)
        except ValueError:
            yield {}, f"not a readable structure: {reprlib.repr(first.strip())}, expected the number of atoms"
            return
        frame = [first, *itertools.islice(rest, n_line)]
        while (first := next(rest, None)) is not None and is_atom_line(first):
            frame.append(first)
        yield read_frame("".join(frame))


def count_lines(first: str) -> int:
    """Return how many lines of a frame follow its first, which says how many atoms there are.

    Where it says more than a cell may have, or less than none, it is the comment alone: the lines behind it tell
    themselves whether they are atoms, and other frames are not taken for some.

    Raises:
        ValueError: It is no number.
    """
    text = first.strip()
    n_atom = MAX_ATOMS + 1 if text.isdecimal() and len(text) > _MAX_DIGITS else int(text)
    return n_atom + 1 if 0 <= n_atom <= MAX_ATOMS else 1


def is_atom_line(line: str) -> bool:
    """Return whether a line can only be an atom: a symbol or number, and at least three coordinates."""
    words = line.split()[:4]
    return len(words) == 4 and _SYMBOL.fullmatch(words[0]) is not None and all(map(_COORDINATE.fullmatch, words[1:]))


def read_frame(text: str) -> Frame:
    """Return the metadata of an extended XYZ frame, and the crystal or the reason why there is none."""
    try:
        from ase.io import read
    except ImportError:
        return {}, "extended XYZ is read by ASE, which is not installed: `pip install ase`"
    try:
        _check_size(text)
        atoms = read(StringIO(text), index=0, format="extxyz")
    except StructureError as error:
        return {}, str(error)
    except Exception as error:  # ASE's parser raises almost any exception on a damaged frame
        return {}, f"not a readable structure: {_one_line(error)}"
    facts = dict(atoms.info)
    try:
        return facts, _build(atoms, facts)
    except StructureError as error:
        return facts, str(error)


def read_atoms(atoms: Any) -> CrystalArrays | str:
    """Return the crystal of ASE's ``Atoms``, or the reason why there is none.

    Of what stands beside the atoms only how a CIF's sites are occupied is looked at, whose atoms are each site's first.
    """
    try:
        return _build(atoms, {name: atoms.info[name] for name in (_OCCUPANCY_OF_KINDS,) if name in atoms.info})
    except StructureError as error:
        return str(error)


def _check_size(text: str) -> None:
    """Raise if a frame has too many atoms, or an atom is no element, which ASE does not say."""
    lines = text.splitlines()
    if len(text_of_number := lines[0].strip()) > _MAX_DIGITS:
        raise StructureError(f"the cell has {text_of_number[:_MAX_DIGITS]}… atoms, expected at most {MAX_ATOMS}")
    n_atom = int(text_of_number)
    if n_atom > MAX_ATOMS:
        raise StructureError(too_many_atoms(n_atom))
    if n_atom < 1:
        raise StructureError("there are no atoms")
    if any(line.strip() for line in lines[n_atom + 2 :]):
        raise ValueError(f"{len(lines) - 2} lines for {n_atom} atoms")
    if len(lines) < n_atom + 2:
        raise ValueError(f"{max(len(lines) - 2, 0)} lines for {n_atom} atoms: the frame ends too early")
    _check_columns(lines[1], lines[2])
    _check_numbers(lines[1], lines[2 : n_atom + 2])
    if "properties=species:s:1" in lines[1].lower() or "properties=" not in lines[1].lower():
        for symbol in dict.fromkeys(words[0] for line in lines[2 : n_atom + 2] if (words := line.split())):
            if symbol.isdigit():
                raise StructureError(f"the species is the number {symbol[:10]}, expected an element's symbol")
            if symbol != "X":
                check_element(symbol.capitalize() if symbol.capitalize() in ATOMIC_NUMBERS else symbol)


def _check_columns(comment: str, atom: str) -> None:
    """Raise if a frame declares more columns than its first atom has: ASE makes room for as many as are declared."""
    if (cell := _LATTICE.search(comment)) and _TRUTH_VALUE.search(cell[1]):
        raise ValueError(f"Lattice={cell[1][:40]!r}, expected nine numbers")
    if len({tuple(numbers.split()) for numbers in _LATTICE.findall(comment)}) > 1:
        raise StructureError("the frame has two cells, Lattice stands there twice with different values")
    found: dict[str, str] = {}
    for name, value in _KEYS.findall(comment):
        if (key := name.lower()) in _UNIQUE_KEYS and found.setdefault(key, value) != value:
            raise StructureError(f"{name} stands there twice, with different values")
    match = _PROPERTIES.search(comment)
    if match is None:
        return
    fields = match[1].strip("\"'").split(":")
    columns = dict(zip(fields[::3], fields[2::3], strict=False))
    if len(fields) % 3 or not all(_WIDTH.fullmatch(width) for width in columns.values()):
        raise ValueError(f"Properties={reprlib.repr(match[1])}, expected names, kinds and numbers of columns")
    if (n_column := sum(map(int, columns.values()))) > len(atom.split()):
        raise ValueError(f"{n_column} columns are declared, and the first atom has {len(atom.split())}")
    if columns.get("pos") != "3":
        raise ValueError("the frame declares no positions, expected pos:R:3")
    if (kind := fields[1::3][fields[::3].index("pos")].upper()) not in ("R", "I"):
        raise ValueError(f"the positions are declared as pos:{kind}:3, expected pos:R:3")


def _check_numbers(comment: str, atoms: Sequence[str]) -> None:
    """Compare the columns that name elements by symbol and by number, of which ASE keeps one."""
    match = _PROPERTIES.search(comment)
    fields = match[1].strip("\"'").split(":") if match else []
    first, numbers, symbols = 0, [], []
    for name, width in zip(fields[::3], map(int, fields[2::3]), strict=True):
        numbers += [first] if _NUMBERS.fullmatch(name) else []
        symbols += [first] if _SPECIES.fullmatch(name) else []
        first += width
    for line in atoms if numbers and len(numbers) + len(symbols) > 1 else ():
        words = line.split()
        if len(words) < first:
            return  # which ASE says
        found = {words[place] for place in numbers}
        found |= {str(ATOMIC_NUMBERS.get(words[place].capitalize(), words[place])) for place in symbols}
        if len(found) > 1:
            raise StructureError(f"an atom is said to be {' and '.join(sorted(found))} by its columns, expected one")


def _build(atoms: Any, facts: Mapping[str, object]) -> CrystalArrays:
    if not atoms.pbc.all():
        raise StructureError(NOT_PERIODIC)
    shares = [values for name, values in atoms.arrays.items() if _OCCUPANCIES.fullmatch(name)]
    kinds = facts.get(_OCCUPANCY_OF_KINDS)
    if isinstance(kinds, Mapping):
        shares += [list(one.values()) if isinstance(one, Mapping) else one for one in kinds.values()]
    elif kinds is not None:
        shares.append(kinds)
    if not all(np.all(np.asarray(values) == 1) for values in shares):
        raise StructureError("a site is not fully occupied by one element: partial occupancy is not supported")
    lattice = np.array(atoms.cell[:], np.float64)
    if not np.isfinite(lattice).all() or not abs(np.linalg.det(lattice)) > 0:
        raise StructureError("the cell has no volume, or is no set of finite numbers")
    _check_facts(facts, lattice)
    numbers = np.where(atoms.numbers > 0, atoms.numbers, NO_ELEMENT).astype(np.int64)
    coords = np.array(np.linalg.solve(lattice.T, np.array(atoms.positions, np.float64).T).T, np.float64)
    crystal = CrystalArrays(lattice[None], np.array([len(numbers)]), coords, numbers)
    if (reason := find_unusable(crystal).get(0)) is not None:
        raise StructureError(reason)
    for name, values in atoms.arrays.items():
        if _MASSES.fullmatch(name) and values.shape == numbers.shape and values.dtype.kind in "fiu":
            natural = values == 0  # as some write where no isotope is meant
            check_masses(crystal.atomic_number, np.where(natural, standard_masses()[crystal.atomic_number], values))
    for name, values in atoms.arrays.items():
        if _FRACTIONAL.fullmatch(name) and values.shape == coords.shape and values.dtype.kind in "fiu":
            check_places(crystal, np.asarray(values, np.float64), f"the positions and the column {name}")
    check_stated(crystal, read_stated_values(facts))
    return crystal


def _check_facts(facts: Mapping[str, object], lattice: npt.NDArray[np.float64]) -> None:
    """Raise if a frame is not periodic, has positions that are not in Å, or another cell, Å, than its Lattice."""
    for name, value in facts.items():
        if name.lower() == "pbc" and not np.asarray(value).all():  # ASE looks at a key in small letters alone
            raise StructureError(NOT_PERIODIC)
        if isinstance(value, str) and _UNITS.fullmatch(name) and _OTHER_UNITS.fullmatch(value.strip()):
            raise StructureError(f"{name} is {value.strip()}, expected Cartesian positions in Å")
        if _CELLS.fullmatch(name) and isinstance(value, np.ndarray) and value.size == 9 and value.dtype.kind in "fiu":
            cell, tolerance = np.asarray(value, np.float64).reshape(3, 3), PLACE_TOLERANCE_ANGSTROM
            if not any(np.allclose(each, lattice, atol=tolerance) for each in (cell, cell.T)):
                raise StructureError(f"the frame has two cells, Lattice and {name}, which differ")


def _one_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:300] if lines else type(error).__name__
