"""VASP's POSCAR, CONTCAR and XDATCAR, as VASP reads them.

Read here, because pymatgen's and ASE's readers guess where a file is not complete: elements that are not named become
H, He, Li, and counts that do not match are cut to fit.

Source: https://www.vasp.at/wiki/index.php/POSCAR and XDATCAR.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS, CrystalArrays
from paraisite.data.validation import MAX_ATOMS, find_unusable, too_many_atoms
from paraisite.errors import StructureError

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?")
_COUNT: Final = re.compile(r"\d{1,9}")
_CONFIGURATION: Final = re.compile(r"\s*direct\s+configuration\s*=", re.IGNORECASE)
_POTENTIAL_SUFFIX: Final = re.compile(r"[_/].*$")
_N_HEAD: Final = 6
"""Lines above the positions of a configuration with a cell of its own, without names."""

_TERM: Final = re.compile(r"([A-Z][a-z]?)(\d*)")


@dataclass(frozen=True, eq=False)
class _Head:
    """What stands above the positions: the cell, Å, the scale of Cartesian positions, and each element's atoms."""

    lattice: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    names: tuple[str, ...] | None
    counts: tuple[int, ...]
    comment: str
    n_line: int


def parse_poscar(text: str) -> CrystalArrays:
    """Return the crystal of a POSCAR.

    Raises:
        StructureError: It names no elements, or its parts do not fit each other.
        ValueError: It is none.
    """
    lines = text.splitlines()
    head = _read_head(lines)
    place = head.n_line
    if place < len(lines) and lines[place].strip()[:1] in ("s", "S"):
        place += 1
    if place >= len(lines) or not (mode := lines[place].strip()[:1].lower()):
        raise ValueError(f"line {place + 1}: expected Direct or Cartesian")
    if _NUMBER.match(lines[place].strip()):
        raise StructureError(
            f"line {place + 1} is {lines[place].strip()[:40]!r}, expected Direct or Cartesian: do the names and counts "
            "of the atoms fit?"
        )
    n_atom = sum(head.counts)
    coords, labels = _read_positions(lines, place + 1, n_atom)
    _check_end(lines, place + 1 + n_atom, n_atom)
    _check_single(lines, place + 1 + n_atom)
    if mode in ("c", "k"):
        coords = np.array(np.linalg.solve(head.lattice.T, (coords * head.scale).T).T, np.float64)
    return _build(head, coords, labels)


def parse_xdatcar(text: str) -> list[CrystalArrays | str]:
    """Return the crystals of an XDATCAR, one for each configuration, with its own cell where the file gives one.

    Raises:
        StructureError: It names no elements.
        ValueError: It is none.
    """
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if _CONFIGURATION.match(line)]
    if not starts:
        raise ValueError("no line 'Direct configuration='")
    head: _Head | str = (first := _read_head(lines))
    n_atom = sum(first.counts)
    crystals: list[CrystalArrays | str] = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        configuration = lines[start + 1 : end]
        try:
            if isinstance(head, str):
                raise StructureError(head)
            positions = _read_positions(configuration, 0, n_atom)
            _check_end(configuration, n_atom, n_atom)
            crystals.append(_build(head, *positions))
        except (StructureError, ValueError) as error:
            crystals.append(str(error))
        # With a changing cell each configuration has its own, which stands behind the positions of the one before.
        following = configuration[n_atom:]
        if end < len(lines) and len([line for line in following if line.strip()]) >= _N_HEAD:
            head = _read_next_head([*configuration[-first.n_line :], ""], n_atom)
    return crystals


def _read_next_head(lines: Sequence[str], n_atom: int) -> "_Head | str":
    """Return what stands above the next configuration, or the reason why that one is none: it costs no other."""
    try:
        head = _read_head(lines)
    except (StructureError, ValueError) as error:
        return f"its cell cannot be read: {error}"
    total = sum(head.counts)
    return head if total == n_atom else f"the number of atoms changes from {n_atom} to {total}"


def _read_head(lines: Sequence[str]) -> _Head:
    if len(lines) < 7:
        raise ValueError(f"{len(lines)} lines, expected a cell, names, counts and positions")
    scales = _leading_numbers(lines[1])
    if len(scales) not in (1, 3):
        raise ValueError(f"line 2 is {lines[1].strip()[:40]!r}, expected one scale factor or three")
    vectors = np.array([_numbers(lines, place, 3) for place in (2, 3, 4)])
    scale = np.array(scales * 3 if len(scales) == 1 else scales)
    if len(scales) == 3 and min(scales) <= 0:
        raise StructureError(f"line 2: the scale factors are {scales}, expected three positive numbers")
    if len(scales) == 1 and scales[0] < 0:  # the volume that the cell is to have
        volume = abs(float(np.linalg.det(vectors)))
        scale = np.full(3, (-scales[0] / volume) ** (1 / 3) if volume else np.nan)
    if not np.isfinite(scale).all() or not scale.all():
        raise StructureError(f"line 2: no scale factor can be made of {lines[1].strip()[:40]!r} and the cell")
    names: tuple[str, ...] | None = None
    place = 5
    if not _COUNT.fullmatch(_words(lines[place])[0] if _words(lines[place]) else ""):
        names = tuple(_words(lines[place]))
        place += 1
    counts = _read_counts(lines, place, names)
    return _Head(vectors * scale, scale, names, counts, lines[0], place + 1)


def _read_counts(lines: Sequence[str], place: int, names: tuple[str, ...] | None) -> tuple[int, ...]:
    words = _words(lines[place]) if place < len(lines) else []
    counts = []
    for word in words:
        if not _COUNT.fullmatch(word):
            break
        counts.append(int(word))
    if not counts:
        raise ValueError(f"line {place + 1}: expected the number of atoms of each element")
    if names is not None and len(names) != len(counts):
        raise StructureError(
            f"{len(names)} elements ({' '.join(names)[:60]}) and {len(counts)} numbers of atoms "
            f"({' '.join(map(str, counts))[:60]}), expected as many of both"
        )
    if not sum(counts):
        raise StructureError("there are no atoms")
    if sum(counts) > MAX_ATOMS:
        raise StructureError(too_many_atoms(sum(counts)))
    return tuple(counts)


def _read_positions(lines: Sequence[str], first: int, n_atom: int) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """Return positions, [n_atom, 3], and the element that stands behind each, empty where none does.

    In comments there may be other words: what stands there is taken for elements only if it names all.
    """
    if len(lines) < first + n_atom:
        raise StructureError(f"{max(len(lines) - first, 0)} positions for {n_atom} atoms: the file ends too early")
    coords = np.array([_numbers(lines, place, 3) for place in range(first, first + n_atom)])
    positions = lines[first : first + n_atom]
    labels = tuple(_element_behind(_split(line)) for line in positions)
    return coords, labels if all(labels) else tuple(_element_behind(_words(line)) for line in positions)


def _element_behind(words: Sequence[str]) -> str:
    """Return the element behind the three numbers and the flags of a position, or nothing."""
    behind = [word for word in words[3:] if word.strip(".").upper() not in ("T", "F", "TRUE", "FALSE")]
    element = re.sub(r"\d+$", "", _POTENTIAL_SUFFIX.sub("", behind[0])) if behind else ""
    return element if element in ATOMIC_NUMBERS else ""


def _check_end(lines: Sequence[str], place: int, n_atom: int) -> None:
    """Raise if positions go on where all atoms have theirs; velocities come behind an empty line."""
    if place < len(lines) and len(_leading_numbers(lines[place])) >= 3:
        raise StructureError(f"line {place + 1}: a position more than the {n_atom} atoms that are counted")


def _check_single(lines: Sequence[str], place: int) -> None:
    """Raise if another POSCAR follows; velocities or a charge density may."""
    behind = next((number for number in range(place, len(lines)) if lines[number].strip()), len(lines))
    try:
        head = _read_head(lines[behind:])
    except (StructureError, ValueError, IndexError):
        return  # velocities, a charge density, or nothing
    if any(line.strip()[:1].isalpha() for line in lines[behind + head.n_line :][:1]):  # Direct or the like
        raise StructureError(f"line {behind + 1}: another crystal begins, expected one in a POSCAR")


def _build(head: _Head, coords: npt.NDArray[np.float64], labels: tuple[str, ...]) -> CrystalArrays:
    symbols = _choose_symbols(head, labels)
    crystal = CrystalArrays(
        lattice_angstrom=head.lattice[None],
        n_atom=np.array([len(symbols)]),
        frac_coords=coords,
        atomic_number=np.array([ATOMIC_NUMBERS[symbol] for symbol in symbols], np.int64),
    )
    if reason := find_unusable(crystal).get(0):
        raise StructureError(reason)
    return crystal


def _choose_symbols(head: _Head, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return each atom's element: as named above the counts, else behind the positions, else in the comment.

    Raises:
        StructureError: They are named nowhere, or differently in two places.
    """
    if head.names is not None:
        named = _repeat([_element(name) for name in head.names], head.counts)
        for atom, (one, other) in enumerate(zip(named, labels, strict=True), start=1):
            if other and one != other:
                raise StructureError(
                    f"atom {atom} is {one} by the names above the counts, and {other} by what stands behind its "
                    "position"
                )
        return named
    if all(labels):
        return labels
    if (elements := _elements_of_comment(head.comment, head.counts)) is not None:
        return _repeat(elements, head.counts)
    raise StructureError(
        "no elements: a POSCAR of VASP 4 names none, and its comment "
        f"{head.comment.strip()[:40]!r} does not name {len(head.counts)}; write them above the counts"
    )


def _repeat(elements: Sequence[str], counts: Sequence[int]) -> tuple[str, ...]:
    return tuple(element for element, count in zip(elements, counts, strict=True) for _ in range(count))


def _element(name: str) -> str:
    """Return the element of a name, which may have a potential's suffix, as Mg_pv."""
    element = _POTENTIAL_SUFFIX.sub("", name)
    if element not in ATOMIC_NUMBERS:
        raise StructureError(f"unknown element {name[:40]!r}")
    return element


def _elements_of_comment(comment: str, counts: Sequence[int]) -> list[str] | None:
    """Return the elements that a comment such as "Mg O" or "Mg4 O4" names, if they fit the counts."""
    matches = [_TERM.fullmatch(_POTENTIAL_SUFFIX.sub("", word)) for word in comment.split()]
    elements = [match[1] for match in matches if match and match[1] in ATOMIC_NUMBERS]
    if len(elements) != len(matches) or len(elements) != len(counts):
        return None
    amounts = [int(match[2]) for match in matches if match and match[2]]
    whole = len(amounts) == len(counts)
    if amounts and not (whole and all(a * counts[0] == amounts[0] * n for a, n in zip(amounts, counts, strict=True))):
        return None
    return elements


def _split(line: str) -> list[str]:
    """Return the words of a line with its comment, in which the elements may be named."""
    return re.sub(r"[!#]", " ", line).split()


def _words(line: str) -> list[str]:
    return re.split(r"[!#]", line, maxsplit=1)[0].split()


def _leading_numbers(line: str) -> list[float]:
    numbers = []
    for word in _words(line):
        if not _NUMBER.fullmatch(word):
            break
        numbers.append(float(word.replace("d", "e").replace("D", "e")))
    return numbers


def _numbers(lines: Sequence[str], place: int, count: int) -> list[float]:
    numbers = _leading_numbers(lines[place])[:count]
    if len(numbers) < count:
        raise ValueError(f"line {place + 1} is {lines[place].strip()[:60]!r}, expected {count} numbers")
    return numbers
