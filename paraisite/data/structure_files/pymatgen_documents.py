"""Crystals as pymatgen writes them into JSON.

They are read without making pymatgen's objects, which takes a tenth of the time.
"""

import math
import re
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element

from paraisite.data.crystal_arrays import (
    ATOMIC_NUMBERS,
    IMPLICIT_HYDROGENS,
    NO_ELEMENT,
    PARTLY_OCCUPIED,
    WITH_HYDROGEN,
    CrystalArrays,
)
from paraisite.data.structure_files.isotopes import check_masses
from paraisite.data.structure_files.json_values import build_arrays, flatten_numbers, name_of, read_numbers
from paraisite.data.structure_files.stated_facts import PLACE_TOLERANCE_ANGSTROM, check_places
from paraisite.data.validation import MAX_ATOMS, NOT_PERIODIC, isotope, too_many_atoms
from paraisite.errors import StructureError

CELL_TOLERANCE: Final = 0.01
"""Relative, of a cell's lengths and volume that stand beside its vectors."""

ANGLE_TOLERANCE_DEGREES: Final = 0.5

DUMMY: Final = "DummySpecies"
_ISOTOPES: Final = ("isotope", "isotopes", "mass_number", "mass", "atomic_mass")
"""Properties of a site with its atom's mass number, or mass in u."""

_STATED: Final = ("a", "b", "c", "volume")


def read_pymatgen_document(values: Mapping[str, Any]) -> CrystalArrays:
    """Return the crystal of pymatgen's dictionary; the cell's lengths and the Cartesian places are compared, too."""
    sites, cell = values["sites"], values["lattice"]
    if not isinstance(sites, list) or not isinstance(cell, Mapping):
        raise TypeError("sites or lattice of another kind than pymatgen writes")
    if len(sites) > MAX_ATOMS:
        raise StructureError(too_many_atoms(len(sites)))
    if not sites:
        raise StructureError("there are no atoms")
    if (periodic := cell.get("pbc")) is not None and not (isinstance(periodic, list | tuple) and all(periodic)):
        raise StructureError(NOT_PERIODIC)
    matrix = _read_cell(cell)
    numbers = [_read_site_species(site, place) for place, site in enumerate(sites)]
    places = flatten_numbers([site["abc"] for site in sites], width=3)
    if places.size != 3 * len(sites):
        raise ValueError(f"{places.size} coordinates for {len(sites)} atoms, expected three each")
    crystal = build_arrays(matrix, numbers, places.reshape(-1, 3))
    _check_cartesian(crystal, sites)
    check_isotopes(crystal.atomic_number, [site.get("properties") for site in sites])
    return crystal


def _read_cell(cell: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    parameters = [cell.get(name) for name in ("a", "b", "c", "alpha", "beta", "gamma")]
    if cell.get("matrix") is None:
        return np.array(Lattice.from_parameters(*read_numbers(parameters, 6)).matrix, np.float64)
    matrix = flatten_numbers(cell["matrix"], width=3)
    if matrix.size != 9:
        raise ValueError(f"the cell has {matrix.size} numbers, expected three vectors of three")
    matrix = matrix.reshape(3, 3)
    if np.isfinite(matrix).all():  # else that is the reason
        _check_lengths(matrix.tolist(), [*parameters[:3], cell.get("volume")])
        if cell.get("volume") is None:
            _check_angles(matrix, parameters[3:])
    return matrix


def _check_angles(matrix: npt.NDArray[np.float64], stated: list[Any]) -> None:
    """Compare the angles between the cell's vectors, degrees, with those that stand beside them."""
    for name, found, value in zip(("alpha", "beta", "gamma"), Lattice(matrix).angles, stated, strict=True):
        if value is not None and not abs(found - read_numbers([value], 1)[0]) <= ANGLE_TOLERANCE_DEGREES:
            raise StructureError(f"the cell's {name} is {found:.4g}° by its vectors, while the file says {value:.4g}")


def _check_lengths(vectors: list[list[float]], stated: list[Any]) -> None:
    """Compare the cell's vectors, Å, with the lengths a, b and c and the volume that stand beside them."""
    given = [place for place, value in enumerate(stated) if value is not None]
    numbers = read_numbers([stated[place] for place in given], len(given))
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = vectors
    volume = ax * (by * cz - bz * cy) - ay * (bx * cz - bz * cx) + az * (bx * cy - by * cx)
    found = [*(math.hypot(*vector) for vector in vectors), abs(volume)]
    for place, expected in zip(given, numbers, strict=True):
        if not abs(found[place] - expected) <= CELL_TOLERANCE * found[place]:
            raise StructureError(
                f"the cell's {_STATED[place]} is {found[place]:.4g} by its vectors, while the file says {expected:.4g}"
            )


def _read_site_species(site: Any, place: int) -> int:
    """Return the atomic number of what sits on a site, or what keeps it from having one."""
    properties, species = site.get("properties"), site["species"]
    if properties and properties.get(IMPLICIT_HYDROGENS):
        return WITH_HYDROGEN
    if type(species) is list and len(species) == 1 and type(one := species[0]) is dict:
        name, share = one["element"], one["occu"]
        number = ATOMIC_NUMBERS.get(name) if type(name) is str else None
        if number and share == 1 and share is not True and one.get("@class") != DUMMY:
            return number
    return _read_unusual_species(species, place)


def _read_unusual_species(species: Any, place: int) -> int:
    """Return the same of a list that is not of one element."""
    if not isinstance(species, list) or not species:
        raise TypeError(f"the species of site {place} are {name_of(species)}, expected a list")
    total = 0.0
    for one in species:
        if not isinstance(one, Mapping) or not isinstance(one.get("element"), str):
            raise TypeError(f"a species of site {place} is {name_of(one)}, expected an element and its occupancy")
        total += read_numbers([one["occu"]], 1)[0]
    if len(species) != 1 or total != 1:
        return PARTLY_OCCUPIED
    name = re.sub(r"\d*[+-]$", "", species[0]["element"])
    if species[0].get("@class") == DUMMY or name not in ATOMIC_NUMBERS:
        if "oxidation_state" in species[0] or species[0].get("@class") == DUMMY:
            return NO_ELEMENT
        raise StructureError(f"unknown element {name[:40]!r}")
    return ATOMIC_NUMBERS[name]


def check_isotopes(atomic_number: npt.NDArray[np.int64], properties: Sequence[Any]) -> None:
    """Raise if a property of a site makes its atom an isotope; a mass number or mass of the element itself is none.

    Args:
        atomic_number: Of each site, as ``CrystalArrays`` has it.
        properties: Of each site: a mapping, or nothing.
    """
    for place, values in enumerate(properties):
        if not isinstance(values, Mapping):
            continue
        for name in _ISOTOPES:
            # Properties of other sites are None here, and 0 is written for the natural mixture.
            if (value := values.get(name)) is None or value in (0, "", False):
                continue
            if (number := int(atomic_number[place])) <= 0:
                continue  # which the crystal is refused for
            if isinstance(value, bool) or not isinstance(value, Real):
                symbol = Element.from_Z(number).symbol
                raise StructureError(isotope(f"{symbol} of site {place} with {name} {str(value)[:20]!r}"))
            check_masses(np.array([number]), [float(value)])


def _check_cartesian(crystal: CrystalArrays, sites: Sequence[Mapping[str, Any]]) -> None:
    """Compare the fractional places with the Cartesian ones that stand beside them, but for lattice vectors."""
    stated = [site["xyz"] for site in sites if site.get("xyz") is not None]
    matrix = crystal.lattice_angstrom[0]
    if len(stated) != len(sites):
        return
    places = flatten_numbers(stated, width=3)
    if places.size != crystal.frac_coords.size:
        raise ValueError(f"{places.size} Cartesian coordinates for {len(sites)} atoms, expected three each")
    with np.errstate(invalid="ignore", over="ignore"):
        apart = places.reshape(-1, 3) - crystal.frac_coords @ matrix
    if np.abs(apart).max() < PLACE_TOLERANCE_ANGSTROM / 2:
        return
    if not np.isfinite(apart).all() or abs(np.linalg.det(matrix)) < 1e-6:
        return  # which the crystal is refused for
    check_places(crystal, places.reshape(-1, 3) @ np.linalg.inv(matrix), "the fractional and the Cartesian coordinates")
