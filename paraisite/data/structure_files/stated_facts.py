"""What a file says about its crystal, compared with the crystal that was read."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np
import spglib
from scipy.constants import atomic_mass

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS, CrystalArrays
from paraisite.data.structure_files.isotopes import standard_masses
from paraisite.errors import StructureError

FORMULA_TOLERANCE: Final = 0.01
"""Relative, of the amount of an element: formulas are rounded."""

VOLUME_TOLERANCE: Final = 0.01
DENSITY_TOLERANCE: Final = 0.05
"""Relative; the density that a paper gives is often of the measured composition."""

SYMMETRY_PRECISIONS_ANGSTROM: Final = (0.01, 0.1, 0.001)

_TERM: Final = re.compile(r"([A-Z][a-z]?|[A-Z]{2})(\d*\.?\d*)")
_GRAMS_PER_CUBIC_CENTIMETRE: Final = atomic_mass * 1e3 / 1e-24
_SYSTEMS: Final = {
    "triclinic": (1, 2),
    "monoclinic": (3, 15),
    "orthorhombic": (16, 74),
    "tetragonal": (75, 142),
    "trigonal": (143, 167),
    "rhombohedral": (143, 167),
    "hexagonal": (143, 194),
    "cubic": (195, 230),
}


@dataclass(frozen=True)
class StatedFacts:
    """What a file says.

    Attributes:
        formula: Amount of each element, by its symbol; of a formula unit, of the reduced formula or of the cell.
        n_formula_unit: Z.
        volume_cubic_angstrom: Of the cell.
        density_g_per_cm3: Of the crystal.
        n_atom: Of the cell.
        space_group: Number; the crystal itself is asked for it.
        crystal_system: Likewise.
    """

    formula: Mapping[str, float] | None = None
    n_formula_unit: float | None = None
    volume_cubic_angstrom: float | None = None
    density_g_per_cm3: float | None = None
    n_atom: float | None = None
    space_group: int | None = None
    crystal_system: str | None = None


def check_stated(crystal: CrystalArrays, stated: StatedFacts) -> None:
    """Compare a crystal with what its file says.

    Args:
        crystal: One, of which each site holds an element.
        stated: By the same file.

    Raises:
        StructureError: They disagree.
    """
    counts = Counter(crystal.atomic_number.tolist())
    n_atom = int(crystal.n_atom[0])
    if stated.n_atom is not None and stated.n_atom != n_atom:
        raise StructureError(f"{n_atom} atoms were read, while the file says {stated.n_atom:g}")
    if stated.formula:
        _check_formula(counts, stated.formula)
        if stated.n_formula_unit:
            _check_formula_units(n_atom, stated.formula, stated.n_formula_unit)
    volume = abs(float(np.linalg.det(crystal.lattice_angstrom[0])))
    if (expected := stated.volume_cubic_angstrom) and not _near(volume, expected, VOLUME_TOLERANCE):
        raise StructureError(f"the cell's volume is {volume:.4g} Å³, while the file says {expected:.4g}")
    if (expected := stated.density_g_per_cm3) and volume:
        mass = sum(float(standard_masses()[number]) * count for number, count in counts.items())
        density = mass / volume * _GRAMS_PER_CUBIC_CENTIMETRE
        if not _near(density, expected, DENSITY_TOLERANCE):
            raise StructureError(
                f"the {n_atom} atoms that were read make a density of {density:.3g} g/cm³, while the file says "
                f"{expected:.3g}"
            )
    if stated.space_group is not None or stated.crystal_system is not None:
        _check_symmetry(crystal, stated)


def _near(value: float, expected: float, tolerance: float) -> bool:
    return abs(value - expected) <= tolerance * abs(expected)


def _check_formula(counts: Mapping[int, int], formula: Mapping[str, float]) -> None:
    read = {_symbols()[number]: count for number, count in counts.items()}
    stated = dict(formula)
    for name in ("D", "T"):
        if name in stated and name not in read:
            raise StructureError(
                f"the formula holds {name}, an isotope of hydrogen, while {_text(read)} was read: conductivity depends "
                "on mass, which the networks do not see"
            )
    if missing := [name for name in stated if name not in read]:
        raise StructureError(
            f"the formula {_text(stated)} holds {' and '.join(missing)}, of which no atom has a position: the crystal "
            "is incomplete"
        )
    if extra := [name for name in read if name not in stated]:
        raise StructureError(
            f"its atoms make {_text(read)}, and {' and '.join(extra)} is not in the formula that it names, "
            f"{_text(stated)}"
        )
    scale = sum(read.values()) / sum(stated.values())
    if any(not _near(read[name], scale * amount, 2 * FORMULA_TOLERANCE) for name, amount in stated.items()):
        raise StructureError(
            f"its atoms make {_text(read)}, which is not the formula that it names, {_text(stated)}: is it cut off, or "
            "are some atoms not located?"
        )


def _check_formula_units(n_atom: int, formula: Mapping[str, float], n_unit: float) -> None:
    """Raise if no way to count formula units, which programs do differently, makes the cell."""
    total = sum(formula.values())
    whole = [round(amount) for amount in formula.values()]
    divisor = math.gcd(*whole) if all(_near(n, a, 1e-6) for n, a in zip(whole, formula.values(), strict=True)) else 1
    units = {total * n_unit, total / max(divisor, 1) * n_unit}
    if divisor == n_unit:  # pymatgen states the cell's formula, and Z beside it
        units.add(total)
    if not any(_near(n_atom, expected, 2 * FORMULA_TOLERANCE) for expected in units):
        raise StructureError(
            f"{n_atom} atoms were read, while the file says Z = {n_unit:g} of {_text(formula)}, which makes "
            f"{total * n_unit:g}"
        )


def _check_symmetry(crystal: CrystalArrays, stated: StatedFacts) -> None:
    found = find_space_groups(crystal)
    if stated.space_group is not None and stated.space_group not in found:
        raise StructureError(
            f"the atoms that were read have the space group {found[0] if found else 'of no kind'}, while the file says "
            f"{stated.space_group}: are symmetry operations missing?"
        )
    limits = _SYSTEMS.get((stated.crystal_system or "").lower())
    if limits and not any(limits[0] <= number <= limits[1] for number in found):
        raise StructureError(
            f"the file says {stated.crystal_system}, but names no space group and no operations, and the atoms that "
            f"were read have the space group {found[0] if found else 'of no kind'}"
        )


def find_space_groups(crystal: CrystalArrays) -> list[int]:
    """Return the numbers of the space groups that a crystal has within a few precisions."""
    cell = (
        crystal.lattice_angstrom[0].tolist(),
        crystal.frac_coords.tolist(),
        crystal.atomic_number.tolist(),
    )
    found = []
    for precision in SYMMETRY_PRECISIONS_ANGSTROM:
        try:
            dataset = spglib.get_symmetry_dataset(cell, symprec=precision)
        except Exception:  # spglib's errors have no common type across its versions
            dataset = None
        if dataset is not None and dataset.number not in found:
            found.append(int(dataset.number))
    return found


FORMULA_KEYS: Final = (
    "formula",
    "formula_pretty",
    "pretty_formula",
    "reduced_formula",
    "full_formula",
    "unit_cell_formula",
    "chemical_formula",
    "chemical_formula_reduced",
    "chemical_formula_descriptive",
    "composition",
    "composition_reduced",
    "compound",
)
"""Keys and columns that hold a formula, as text or as amounts by element."""

N_ATOM_KEYS: Final = ("nsites", "n_atoms", "natoms")
COMPARED_KEYS: Final = (*FORMULA_KEYS, *N_ATOM_KEYS, "volume", "density")


def read_stated_values(values: Mapping[str, Any]) -> StatedFacts:
    """Return what the values beside a crystal say: formula, number of atoms, volume and density.

    Volume and density alone may be of another cell or temperature: a document is taken at its word where it counts the
    atoms, too.

    Raises:
        StructureError: Two of the formulas differ.
    """
    formulas = [formula for key in FORMULA_KEYS if (formula := _formula_of(values.get(key))) is not None]
    n_atom = next((_real(values[key]) for key in N_ATOM_KEYS if _real(values.get(key)) is not None), None)
    for other in formulas[1:]:
        _compare_formulas(formulas[0], other)
    return StatedFacts(
        formula=formulas[0] if formulas else None,
        n_atom=n_atom,
        volume_cubic_angstrom=None if n_atom is None else _real(values.get("volume")),
        density_g_per_cm3=None if n_atom is None else _real(values.get("density")),
    )


def _formula_of(value: Any) -> Mapping[str, float] | None:
    if isinstance(value, str):
        return parse_formula(value) if len(value) < 1000 else None
    if isinstance(value, Mapping):
        amounts = {str(name): _real(amount) for name, amount in value.items()}
        if amounts and all(name in ATOMIC_NUMBERS and amount for name, amount in amounts.items()):
            return {name: float(amount) for name, amount in amounts.items() if amount}
    return None


def _real(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) and value > 0 else None


def _compare_formulas(one: Mapping[str, float], other: Mapping[str, float]) -> None:
    scale = sum(one.values()) / sum(other.values())
    if one.keys() != other.keys() or any(not _near(one[name], scale * other[name], 0.02) for name in one):
        raise StructureError(f"two formulas are given, {_text(one)} and {_text(other)}")


@lru_cache(maxsize=4096)
def parse_formula(text: str) -> Mapping[str, float] | None:
    """Return the amount of each element of a formula such as "Na4 Cl4"; None if it is written in another way."""
    plain = re.sub(r"[\s'\"_]", " ", text).strip()
    amounts: dict[str, float] = {}
    for word in plain.split():
        end = 0
        for match in _TERM.finditer(word):
            name = match[1] if match[1] in ATOMIC_NUMBERS else match[1].capitalize()
            if match.start() != end or name not in ATOMIC_NUMBERS:
                return None
            amounts[name] = amounts.get(name, 0.0) + float(match[2] if match[2] not in ("", ".") else 1.0)
            end = match.end()
        if end != len(word):
            return None
    usable = {name: amount for name, amount in amounts.items() if amount > 0}
    return usable or None


def _text(amounts: Mapping[str, Any]) -> str:
    return " ".join(f"{name}{'' if amount == 1 else format(amount, 'g')}" for name, amount in amounts.items())


@cache
def _symbols() -> dict[int, str]:
    return {number: symbol for symbol, number in ATOMIC_NUMBERS.items() if number > 0}
