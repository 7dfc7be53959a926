"""What a file says about its crystal, compared with the crystal that was read."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Real
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import spglib
from pymatgen.core.composition import Composition

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS, ISOTOPES, CrystalArrays
from paraisite.data.structure_files.formulas import (
    FORMULA_TOLERANCE,
    MAX_FORMULA,
    WHOLE_TOLERANCE,
    format_formula,
    is_near,
    is_same_formula,
    is_whole,
    parse_formula,
)
from paraisite.data.structure_files.isotopes import standard_masses
from paraisite.data.structure_files.space_groups import find_number_of_type
from paraisite.data.validation import find_shortest_distance, find_unusable, isotope
from paraisite.errors import StructureError

VOLUME_TOLERANCE: Final = 0.01
DENSITY_TOLERANCE: Final = 0.05
"""Relative; the density that a paper gives is often of the measured composition."""

MEASURED_TOLERANCE: Final = 0.2
"""Of a measured density, of samples with pores; one that symmetry makes wrong is off by a half or more."""

PLACE_TOLERANCE_ANGSTROM: Final = 0.05
SYMMETRY_PRECISIONS_ANGSTROM: Final = (0.1, 0.01, 1e-3, 1e-4, 1e-5)

_GRAMS_PER_CUBIC_CENTIMETRE: Final = 1.66053906892
"""Density of one atomic mass unit per cubic ångström; CODATA 2022, written out as scipy.constants imports slowly."""


@dataclass(frozen=True)
class StatedFacts:
    """What a file says.

    Attributes:
        formula: Amount of each element, by its symbol; of a formula unit, of the reduced formula or of the cell.
        n_formula_unit: Z.
        mass_u: Of the cell.
        volume_cubic_angstrom: Of the cell.
        density_g_per_cm3: Of the crystal.
        measured_density_g_per_cm3: Of a sample.
        n_atom: Of the cell.
        space_group: Number; the crystal itself is asked for it.
        elements: Symbols of all its elements.
        proportions: How many atoms there are of each element, least first, but for a factor.
        n_element: How many elements it has.
    """

    formula: Mapping[str, float] | None = None
    n_formula_unit: float | None = None
    mass_u: float | None = None
    volume_cubic_angstrom: float | None = None
    density_g_per_cm3: float | None = None
    measured_density_g_per_cm3: float | None = None
    n_atom: float | None = None
    space_group: int | None = None
    elements: frozenset[str] | None = None
    proportions: tuple[int, ...] | None = None
    n_element: int | None = None


_NOTHING: Final = StatedFacts()


def check_same(crystal: CrystalArrays, other: CrystalArrays) -> None:
    """Compare a crystal with another description of it, whose cell may be another: formula, density, shortest distance.

    Raises:
        StructureError: They differ.
    """
    counts = Counter(other.atomic_number.tolist())
    mass = sum(float(standard_masses()[number]) * count for number, count in counts.items())
    volume = abs(float(np.linalg.det(other.lattice_angstrom[0])))
    check_stated(
        crystal,
        StatedFacts(
            formula={_symbols()[number]: float(count) for number, count in counts.items()},
            density_g_per_cm3=mass / volume * _GRAMS_PER_CUBIC_CENTIMETRE,
        ),
    )
    if find_unusable(crystal) or find_unusable(other):
        return  # which is the reason itself
    shortest, expected = find_shortest_distance(crystal), find_shortest_distance(other)
    if not abs(shortest - expected) <= PLACE_TOLERANCE_ANGSTROM:
        raise StructureError(f"its nearest atoms are {shortest:.3g} Å apart, and those of the other {expected:.3g} Å")


def check_places(crystal: CrystalArrays, frac_coords: npt.NDArray[np.float64], what: str) -> None:
    """Compare a crystal's places with those that a file gives once more.

    Args:
        crystal: What was read, one crystal.
        frac_coords: The places that stand there, too, [n_atom, 3]; lattice vectors between them do not matter.
        what: Both kinds of places, for people.

    Raises:
        StructureError: They are apart.
    """
    shift = frac_coords - crystal.frac_coords
    shift -= np.rint(shift)
    far = np.linalg.norm(shift @ crystal.lattice_angstrom[0], axis=1)
    apart = ~(far <= PLACE_TOLERANCE_ANGSTROM)
    if apart.any():
        site = int(np.argmax(apart))
        raise StructureError(f"{what} of site {site} are {far[site]:.3g} Å apart")


def check_stated(crystal: CrystalArrays, stated: StatedFacts) -> None:
    """Compare a crystal with what its file says.

    Args:
        crystal: One, of which each site holds an element.
        stated: By the same file.

    Raises:
        StructureError: They disagree.
    """
    if stated == _NOTHING:
        return
    counts = Counter(crystal.atomic_number.tolist())
    n_atom = int(crystal.n_atom[0])
    if stated.n_atom is not None and stated.n_atom != n_atom:
        raise StructureError(f"{n_atom} atoms were read, while the file says {stated.n_atom:g}")
    if stated.formula:
        _check_formula(counts, stated.formula)
        if stated.n_formula_unit:
            _check_formula_units(n_atom, stated.formula, stated.n_formula_unit)
    elif stated.n_formula_unit and any(count % stated.n_formula_unit for count in counts.values()):
        cell = format_formula({_symbols()[number]: count for number, count in counts.items()})
        raise StructureError(f"its atoms make {cell}, while the file says Z = {stated.n_formula_unit:g}")
    _check_elements({_symbols()[number] for number in counts}, stated)
    if stated.proportions and (made := _reduced(counts.values())) != _reduced(stated.proportions):
        raise StructureError(
            f"its elements are there as {':'.join(map(str, made))}, while its formula without elements says "
            f"{':'.join(map(str, stated.proportions))}"
        )
    mass = sum(float(standard_masses()[number]) * count for number, count in counts.items())
    if stated.mass_u and not is_near(mass, stated.mass_u, FORMULA_TOLERANCE):
        raise StructureError(
            f"the {n_atom} atoms that were read have a mass of {mass:.4g} u, while the file says {stated.mass_u:.4g} "
            "(Z times the formula's weight)"
        )
    volume = abs(float(np.linalg.det(crystal.lattice_angstrom[0])))
    if (expected := stated.volume_cubic_angstrom) and not is_near(volume, expected, VOLUME_TOLERANCE):
        raise StructureError(f"the cell's volume is {volume:.4g} Å³, while the file says {expected:.4g}")
    # With formula, Z and volume confirmed the density follows: another one is a slip of the file.
    confirmed = stated.formula and stated.n_formula_unit and stated.volume_cubic_angstrom
    for expected, tolerance in (
        (stated.density_g_per_cm3, DENSITY_TOLERANCE),
        (stated.measured_density_g_per_cm3, MEASURED_TOLERANCE),
    ):
        density = mass / volume * _GRAMS_PER_CUBIC_CENTIMETRE if volume else 0.0
        if expected and volume and not confirmed and not is_near(density, expected, tolerance):
            raise StructureError(
                f"the {n_atom} atoms that were read make a density of {density:.3g} g/cm³, while the file says "
                f"{expected:.3g}"
            )
    if stated.space_group is not None:
        _check_symmetry(crystal, stated.space_group)


def _check_formula(counts: Mapping[int, int], formula: Mapping[str, float]) -> None:
    read = {_symbols()[number]: count for number, count in counts.items()}
    stated = dict(formula)
    made, named = format_formula(read), format_formula(stated)
    for name in ISOTOPES:
        if name in stated and name not in read:
            raise StructureError(f"by the formula {named}, {isotope(name)}; {made} was read")
    if missing := [name for name in stated if name not in read]:
        raise StructureError(
            f"the formula {named} holds {' and '.join(missing)}, of which no atom has a position: the crystal is "
            "incomplete"
        )
    if extra := [name for name in read if name not in stated]:
        raise StructureError(f"its atoms make {made}, and {' and '.join(extra)} is not in the formula {named}")
    if not is_same_formula(read, stated):
        raise StructureError(
            f"its atoms make {made}, which is not the formula that it names, {named}: is it cut off, or are some atoms "
            "not located?"
        )


def _reduced(amounts: Iterable[int]) -> tuple[int, ...]:
    """Return amounts, least first, without their common factor."""
    ordered = sorted(amounts)
    factor = math.gcd(*ordered) or 1
    return tuple(amount // factor for amount in ordered)


def _check_elements(read: set[str], stated: StatedFacts) -> None:
    made = "-".join(sorted(read))
    if stated.elements is not None and stated.elements != read:
        raise StructureError(
            f"its atoms are of {made}, while the elements are said to be {'-'.join(sorted(stated.elements))}"
        )
    if stated.n_element is not None and stated.n_element != len(read):
        raise StructureError(f"its atoms are of {made}, while the number of elements is said to be {stated.n_element}")


def _check_formula_units(n_atom: int, formula: Mapping[str, float], n_unit: float) -> None:
    """Raise if no way to count formula units, which programs do differently, makes the cell."""
    total = sum(formula.values())
    units = {total * n_unit}
    # Whole numbers are no rounded ones: with a tolerance one atom of fifty could be missing.
    is_exact = all(map(is_whole, (*formula.values(), total * n_unit)))
    tolerance = WHOLE_TOLERANCE if is_exact else FORMULA_TOLERANCE
    if not is_near(n_atom, total * n_unit, tolerance):
        # pymatgen states the cell's formula, and beside it how many times that is the reduced one.
        _, n_reduced = Composition(dict(formula)).get_reduced_composition_and_factor()
        units = {total} if int(n_reduced) == n_unit else units
    if not any(is_near(n_atom, expected, tolerance) for expected in units):
        raise StructureError(
            f"{n_atom} atoms were read, while the file says Z = {n_unit:g} of {format_formula(formula)}, which makes "
            f"{total * n_unit:g}"
        )


def _check_symmetry(crystal: CrystalArrays, space_group: int) -> None:
    found: list[int] = []
    for precision in SYMMETRY_PRECISIONS_ANGSTROM:
        found += find_space_group_within(crystal, precision)
        if space_group in found:
            break
    else:
        raise StructureError(
            f"the atoms that were read have the space group {found[0] if found else 'of no kind'}, while the file says "
            f"{space_group}: are symmetry operations missing?"
        )


def find_space_group_within(crystal: CrystalArrays, precision_angstrom: float) -> list[int]:
    """Return the number of the space group that a crystal has within a precision; none where spglib finds none."""
    cell = (
        crystal.lattice_angstrom[0].tolist(),
        crystal.frac_coords.tolist(),
        crystal.atomic_number.tolist(),
    )
    try:
        dataset = spglib.get_symmetry_dataset(cell, symprec=precision_angstrom)
    except Exception:  # spglib's errors have no common type across its versions
        return []
    return [] if dataset is None else [int(dataset.number)]


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
    "chemical_formula_hill",
    "chemical_formula_sum",
    "formula_sum",
    "composition",
    "composition_reduced",
    "compound",
)
"""Keys and columns that hold a formula, as text or as amounts by element."""

ANONYMOUS_KEYS: Final = ("formula_anonymous", "anonymous_formula", "chemical_formula_anonymous")
"""Keys of a formula in which letters stand for elements, as AB2."""

N_ATOM_KEYS: Final = ("nsites", "n_sites", "num_sites", "n_atoms", "natoms", "natom", "num_atoms")
SPACE_GROUP_KEYS: Final = ("space_group_it_number",)
SPACE_GROUP_DOCUMENTS: Final = (
    "symmetry",
    "spacegroup",
    "space_group",
    "spacegroup_number",
    "space_group_number",
    "spacegroup_symbol",
    "space_group_symbol",
    "space_group_symbol_hermann_mauguin",
)
"""Keys of documents, of the Materials Project and others, that hold a number or a symbol, or both under ``number`` and
``symbol``. Columns of tables are not asked: finding a space group takes thirty times as long as all else that is
compared."""

ELEMENT_KEYS: Final = ("elements", "chemsys")
"""Keys that hold all elements: a list of symbols, or symbols joined by hyphens."""

N_ELEMENT_KEY: Final = "nelements"
COMPARED_KEYS: Final = (
    *FORMULA_KEYS, *ANONYMOUS_KEYS, *N_ATOM_KEYS, *SPACE_GROUP_KEYS, *ELEMENT_KEYS, N_ELEMENT_KEY, "volume", "density"
)  # fmt: skip


_KEYS: Final = frozenset((*COMPARED_KEYS, *SPACE_GROUP_DOCUMENTS))
_MAX_SYMBOL: Final = 100
"""Characters of a space group's symbol."""

_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,30}\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_ANONYMOUS: Final = re.compile(r"([A-Z][a-z]?)(\d*)")


def compared_columns(names: Iterable[str]) -> list[str]:
    """Return those columns of a table that are compared with its crystals, in whatever letters they are written."""
    return [name for name in names if name.lower() in COMPARED_KEYS]


def read_stated_values(values: Mapping[str, Any]) -> StatedFacts:
    """Return what the values beside a crystal say: formula, number of atoms, volume and density.

    Volume and density alone may be of another cell or temperature: a document is taken at its word where it counts the
    atoms, too.

    Raises:
        StructureError: Two of the formulas differ.
    """
    values = {key: value for name, value in values.items() if (key := str(name).lower()) in _KEYS}
    if not values:
        return _NOTHING
    formulas = [formula for key in FORMULA_KEYS if (formula := _formula_of(values.get(key))) is not None]
    n_atom = next((_real(values[key]) for key in N_ATOM_KEYS if _real(values.get(key)) is not None), None)
    for other in formulas[1:]:
        if not is_same_formula(formulas[0], other):
            raise StructureError(f"two formulas are given, {format_formula(formulas[0])} and {format_formula(other)}")
    elements = [names for key in ELEMENT_KEYS if (names := _elements_of(values.get(key))) is not None]
    if len(set(elements)) > 1:
        raise StructureError(f"{' and '.join(ELEMENT_KEYS)} name different elements")
    n_element = _real(values.get(N_ELEMENT_KEY))
    return StatedFacts(
        formula=formulas[0] if formulas else None,
        elements=elements[0] if elements else None,
        proportions=next((found for key in ANONYMOUS_KEYS if (found := _proportions_of(values.get(key)))), None),
        n_element=int(n_element) if n_element is not None and n_element == int(n_element) else None,
        n_atom=n_atom,
        volume_cubic_angstrom=None if n_atom is None else _real(values.get("volume")),
        density_g_per_cm3=None if n_atom is None else _real(values.get("density")),
        space_group=_space_group_of(values),
    )


def _space_group_of(values: Mapping[str, Any]) -> int | None:
    """Return the number of the space group that stands beside a crystal, or None.

    P 1 says nothing: programs write it wherever they list all atoms.

    Raises:
        StructureError: There are several.
    """
    named = [values.get(key) for key in SPACE_GROUP_KEYS]
    for beside in (values.get(key) for key in SPACE_GROUP_DOCUMENTS):
        named += [beside.get("number"), beside.get("symbol")] if isinstance(beside, Mapping) else [beside]
    numbers = {number for value in named if (number := _number_of_group(value)) is not None} - {1}
    if len(numbers) > 1:
        raise StructureError(f"several space groups are named: {', '.join(map(str, sorted(numbers)))}")
    return next(iter(numbers), None)


def _number_of_group(value: Any) -> int | None:
    """Return the number of a space group that is given as such or by its symbol, or None."""
    if (number := _real(value)) is not None:
        return round(number) if number == round(number) and 1 <= number <= 230 else None
    return find_number_of_type(value) if isinstance(value, str) and len(value) <= _MAX_SYMBOL else None


def _elements_of(value: Any) -> frozenset[str] | None:
    """Return the elements of ``["As", "Ga"]``, "As-Ga" or "As, Ga"; None if it is written in another way."""
    listed = isinstance(value, list | tuple | np.ndarray)
    names = re.split(r"[-,;\s]+", value.strip()) if isinstance(value, str) else list(value) if listed else []
    is_plain = bool(names) and all(isinstance(name, str) and name in ATOMIC_NUMBERS for name in names)
    return frozenset(names) if is_plain else None


def _formula_of(value: Any) -> Mapping[str, float] | None:
    if isinstance(value, str):
        return parse_formula(value) if len(value) < 1000 else None
    if isinstance(value, Mapping):
        amounts = {str(name): _real(amount) for name, amount in value.items()}
        if amounts and all(name in ATOMIC_NUMBERS and amount for name, amount in amounts.items()):
            return {name: float(amount) for name, amount in amounts.items() if amount}
    return None


def _proportions_of(value: Any) -> tuple[int, ...] | None:
    """Return the amounts of "AB2", least first; None if it is written in another way."""
    if not isinstance(value, str) or len(value) > MAX_FORMULA:
        return None
    terms = _ANONYMOUS.findall(value)
    is_plain = terms and "".join(name + amount for name, amount in terms) == value
    return tuple(sorted(int(amount or 1) for _, amount in terms)) if is_plain else None


def _real(value: Any) -> float | None:
    """Return a positive number, or one that is written as text, as in a CSV table; None for others."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and number > 0 else None


@cache
def _symbols() -> dict[int, str]:
    return {number: symbol for symbol, number in ATOMIC_NUMBERS.items() if number > 0}
