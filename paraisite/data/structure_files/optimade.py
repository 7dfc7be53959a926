"""Crystals of OPTIMADE's structures entries.

Source: Andersen et al., Sci. Data 8, 217 (2021), 10.1038/s41597-021-00974-z; OPTIMADE 1.2.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from paraisite.data.crystal_arrays import NO_ELEMENT, PARTLY_OCCUPIED, CrystalArrays
from paraisite.data.structure_files.formulas import format_formula, is_same_formula
from paraisite.data.structure_files.isotopes import check_masses
from paraisite.data.structure_files.json_values import (
    atomic_number_of,
    build_arrays,
    build_plain,
    flatten_numbers,
    read_numbers,
)
from paraisite.data.structure_files.space_groups import find_number_of_type, find_setting_of_hall
from paraisite.data.structure_files.stated_facts import StatedFacts, check_places, read_stated_values
from paraisite.data.validation import NOT_PERIODIC
from paraisite.errors import StructureError

_UNSUPPORTED_FEATURES: Final = {
    "disorder": "partial occupancy",
    "implicit_atoms": "atoms without a position",
    "site_attachments": "atoms attached to sites",
    "assemblies": "alternative assemblies of sites",
}


def read_optimade(values: Mapping[str, Any]) -> tuple[CrystalArrays, StatedFacts]:
    """Return the crystal of OPTIMADE's attributes, and what stands beside it.

    Source: OPTIMADE specification 1.2, section "Structures Entries".
    """
    if found := [
        text for key, text in _UNSUPPORTED_FEATURES.items() if key in (values.get("structure_features") or ())
    ]:
        raise StructureError(f"OPTIMADE's structure has {' and '.join(found)}, which is not supported")
    periodic = values.get("dimension_types")
    n_periodic = values.get("nperiodic_dimensions")
    if (periodic is not None and list(periodic) != [1, 1, 1]) or n_periodic not in (None, 3):
        raise StructureError(NOT_PERIODIC)
    names = list(values["species_at_sites"])
    known = {one["name"]: one for one in values.get("species") or ()}
    if len(known) < len(values.get("species") or ()):
        raise StructureError("OPTIMADE's structure has two species of one name")
    numbers = [
        _number_of_optimade(known[name], place) if known else atomic_number_of(name) for place, name in enumerate(names)
    ]
    symbols = ["H"] * len(names)
    crystal = build_plain(values["lattice_vectors"], symbols, values["cartesian_site_positions"], cartesian=True)
    crystal = build_arrays(crystal.lattice_angstrom[0], numbers, crystal.frac_coords)
    masses = [
        (number, known[name]["mass"][0])
        for number, name in zip(numbers, names, strict=True)
        if number > 0 and known and known[name].get("mass")
    ]
    if masses:
        check_masses(np.array([number for number, _ in masses]), flatten_numbers([mass for _, mass in masses]))
    if values.get("fractional_site_positions") is not None:
        places = flatten_numbers(values["fractional_site_positions"], width=3).reshape(-1, 3)
        if places.shape != crystal.frac_coords.shape:
            raise ValueError(f"{len(places)} fractional positions for {len(names)} sites")
        check_places(crystal, places, "the Cartesian and the fractional positions")
    return crystal, _read_stated(values)


def _read_stated(values: Mapping[str, Any]) -> StatedFacts:
    stated, ratios = read_stated_values(values), _formula_of_ratios(values)
    if stated.formula and ratios and not is_same_formula(stated.formula, ratios):
        raise StructureError(f"the elements' ratios are not those of the formula {format_formula(stated.formula)}")
    return replace(
        stated,
        formula=stated.formula or ratios,
        n_atom=read_numbers([values["nsites"]], 1)[0] if values.get("nsites") is not None else None,
        space_group=stated.space_group or _space_group_of_symbols(values),
    )


def _space_group_of_symbols(values: Mapping[str, Any]) -> int | None:
    """Return the number of the space group that a symbol names, or None."""
    for name in ("space_group_symbol_hermann_mauguin", "space_group_symbol_hermann_mauguin_extended"):
        if isinstance(symbol := values.get(name), str) and (number := find_number_of_type(symbol)):
            return number
    hall = values.get("space_group_symbol_hall")
    setting = find_setting_of_hall(hall) if isinstance(hall, str) else None
    return setting.number if setting else None


def _formula_of_ratios(values: Mapping[str, Any]) -> dict[str, float] | None:
    """Return the formula that the share of each element makes; None where there are none."""
    elements, ratios = values.get("elements"), values.get("elements_ratios")
    if not isinstance(elements, list) or not isinstance(ratios, list) or len(elements) != len(ratios):
        return None
    return {str(name): share for name, share in zip(elements, read_numbers(ratios, len(ratios)), strict=True)} or None


def _number_of_optimade(species: Mapping[str, Any], place: int) -> int:
    if species.get("attached"):
        raise StructureError(f"site {place} has atoms attached that have no position: the crystal is incomplete")
    symbols, shares = species["chemical_symbols"], flatten_numbers(species["concentration"])
    if len(symbols) != 1 or shares.tolist() != [1.0] or symbols[0] == "vacancy":
        return PARTLY_OCCUPIED
    return NO_ELEMENT if symbols[0] == "X" else atomic_number_of(symbols[0])
