"""What a CIF's block says of its crystal beside cell, symmetry and sites: formula, Z, weight, density, isotopes."""

import math
import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS
from paraisite.data.structure_files.cif_block import UNKNOWN, CifBlock
from paraisite.data.structure_files.cif_elements import element_of_type
from paraisite.data.structure_files.cif_sites import MOIETY
from paraisite.data.structure_files.formulas import elements_of_formula, parse_formula, parse_moieties
from paraisite.data.structure_files.isotopes import check_masses, is_mass_number
from paraisite.data.structure_files.stated_facts import StatedFacts
from paraisite.data.validation import isotope
from paraisite.errors import StructureError

_SUM: Final = "_chemical_formula_sum"
_FORMULAS: Final = (_SUM, "_chemical_formula_structural", "_chemical_formula_iupac")
_NAMES: Final = (
    "_chemical_name_systematic",
    "_chemical_name_common",
    "_chemical_name_mineral",
    "_chemical_compound_source",
)
_OF_TYPES: Final = "_atom_type_symbol"
_HEAVY_HYDROGEN: Final = re.compile(r"deuter|triti(?:um|de|ated)|heavy water", re.IGNORECASE)
_MASS_NUMBER: Final = re.compile(r"(?:^|[\s(])\(?(\d{1,3})\)?([A-Z][a-z]?)(?=\d*(?:\s|\)|$))")
_WATER_OF_CRYSTALLIZATION: Final = re.compile(r"[,\u00b7\u2022\u2219\u22c5*]\s*[23]H2\s*O(?![a-z])")
"""A number of molecules of water behind the rest of a formula, which is no mass number."""


def read_stated(block: CifBlock) -> StatedFacts:
    """Return what a block states; formulas after the first that can be read say nothing more.

    Raises:
        StructureError: A formula names an isotope.
    """
    texts = [text for tag in _FORMULAS if (text := block.text(tag))]
    formula = next((amounts for text in texts if (amounts := parse_formula(text)) is not None), None)
    if formula is None and (moiety := block.text(MOIETY)):
        formula = parse_moieties(moiety)
    for text in texts:
        _check_mass_numbers(text)
    n_unit = _read_formula_units(block)
    weight = block.stated_number("_chemical_formula_weight") if formula is None and n_unit else None
    is_read = formula is not None or not texts  # Z of a formula that is not understood may count parts of a unit
    return StatedFacts(
        formula=formula,
        elements=elements_of_formula(texts[0]) if formula is None and texts else None,
        n_formula_unit=n_unit if is_read else None,
        n_atom=_count_atoms(block),
        mass_u=weight * n_unit if weight and n_unit else None,
        volume_cubic_angstrom=block.stated_number("_cell_volume"),
        density_g_per_cm3=block.stated_number("_exptl_crystal_density_diffrn"),
        measured_density_g_per_cm3=block.stated_number("_exptl_crystal_density_meas"),
    )


def _read_formula_units(block: CifBlock) -> float | None:
    """Return Z; the Open Quantum Materials Database states atoms by elements in its place, which is none."""
    n_unit = block.stated_number("_cell_formula_units_z")
    return None if n_unit is None or n_unit != round(n_unit) or "_oqmd_database_code" in block.values else n_unit


def _count_atoms(block: CifBlock) -> float | None:
    """Return how many atoms the cell has by the numbers of each type; None where one is not known."""
    counts = [number for _, text in _of_types(block, "_atom_type_number_in_cell") if (number := _number(text))]
    symbols = block.column(_OF_TYPES) or ()
    return sum(counts) if counts and len(counts) == len(symbols) else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def _of_types(block: CifBlock, tag: str) -> Iterator[tuple[str, str]]:
    """Yield the symbol of each type of atoms, and what a column says of it."""
    symbols, values = block.column(_OF_TYPES), block.column(tag)
    if symbols and values and len(symbols) == len(values):
        yield from ((symbol, value) for symbol, value in zip(symbols, values, strict=True) if value not in UNKNOWN)


def check_natural(block: CifBlock, symbols: frozenset[str]) -> None:
    """Raise if a block says elsewhere than at its sites that atoms are isotopes.

    Args:
        block: Of a CIF.
        symbols: Of the elements of its sites.

    Raises:
        StructureError: A mass, a description or a neutron's scattering length of a type, or a name, is an isotope's.
    """
    for symbol, text in _of_types(block, "_atom_type_atomic_mass"):
        element = element_of_type(symbol, symbols)
        if (mass := _number(text)) and ATOMIC_NUMBERS[element] > 0:
            check_masses(np.array([ATOMIC_NUMBERS[element]]), [mass])
    if "H" not in symbols:
        return
    described = [text for symbol, text in _of_types(block, "_atom_type_description")]
    for text in (*described, *(name for tag in _NAMES if (name := block.text(tag)))):
        if _HEAVY_HYDROGEN.search(text):
            raise StructureError(isotope(f"H of {text[:60]!r}"))
    for symbol, text in _of_types(block, "_atom_type_scat_length_neutron"):
        if symbol.strip() == "H" and _number(text):  # that of protium is negative
            raise StructureError(isotope(f"H with the neutron scattering length {text}"))


def check_types(block: CifBlock, symbols: frozenset[str]) -> None:
    """Raise if a block lists a type of atoms of which no site is.

    Args:
        block: Of a CIF, without a formula.
        symbols: Of the elements of its sites.
    """
    for text in block.column(_OF_TYPES) or ():
        try:
            element = element_of_type(text, symbols)
        except StructureError:
            continue  # of a vacancy, or for programs
        if element not in symbols:
            raise StructureError(
                f"the types of atoms hold {element}, of which no atom has a position: the crystal is incomplete"
            )


def _check_mass_numbers(formula: str) -> None:
    for match in _MASS_NUMBER.finditer(_WATER_OF_CRYSTALLIZATION.sub(" ", formula)):
        if is_mass_number(int(match[1]), match[2]):
            raise StructureError(isotope(f"{match[1]}{match[2]} of the formula {formula[:60]!r}"))
