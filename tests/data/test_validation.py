"""What makes a structure unusable: one verdict and one sentence, whoever asks."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import DummySpecies, Lattice, Species, Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.validation import build_structure, check_element, find_overlaps, find_unusable, validate_structure
from paraisite.errors import StructureError
from paraisite.graphs.neighbours import find_bonds

CUBE = Lattice.cubic(4.0)
CSCL = ([[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], ["Cs", "Cl"])


def test_a_cell_of_a_million_atoms_is_refused_at_once() -> None:
    n_atom = 1_000_000
    with pytest.raises(StructureError, match="the cell has 1000000 atoms, expected at most 10000"):
        build_structure(Lattice.cubic(400.0), ["Na"] * n_atom, np.zeros((n_atom, 3)))


@pytest.mark.parametrize(
    ("structure", "message"),
    [
        (
            Structure(Lattice.cubic(3), [{"Na": 0.5, "K": 0.5}], [[0, 0, 0]]),
            "site 0 is not fully occ",
        ),
        (Structure(Lattice.cubic(3), [DummySpecies("X")], [[0, 0, 0]]), "site 0 holds no chemical element"),
    ],
)
def test_a_structure_from_outside_is_checked(structure: Structure, message: str) -> None:
    with pytest.raises(StructureError, match=message):
        validate_structure(structure)


def test_oxidation_states_are_dropped() -> None:
    salt = Structure(Lattice.cubic(4), [Species("Cs", 1), Species("Cl", -1)], [[0, 0, 0], [0.5, 0.5, 0.5]])
    assert [str(site.specie) for site in validate_structure(salt)] == ["Cs", "Cl"]


@pytest.mark.parametrize("symbol", ["Xx", "", "na", "Na+", "Na0.5K0.5", "0+"])
def test_unknown_element_is_refused(symbol: str) -> None:
    with pytest.raises(StructureError, match="unknown element"):
        check_element(symbol)


@pytest.mark.parametrize("symbol", ["D", "T"])
def test_hydrogen_isotope_is_refused_because_the_network_sees_no_mass(symbol: str) -> None:
    with pytest.raises(StructureError, match=f"{symbol} is an isotope"):
        check_element(symbol)


def test_structure_keeps_its_coordinates_exactly() -> None:
    coords = np.array([[-0.0, 0.1, 1.0], [0.5, 0.5, 0.5]])
    structure = build_structure(CUBE, ["Cs", "Cl"], coords)
    np.testing.assert_array_equal(structure.frac_coords, coords)


@pytest.mark.parametrize(
    ("lattice", "species", "coords", "message"),
    [
        (CUBE, [], np.zeros((0, 3)), "there are no atoms"),
        (CUBE, ["Cs"], CSCL[0], "1 species for coordinates of shape"),
        (CUBE, ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, float("nan")]], "not a finite number"),
        (CUBE, ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, -1e9]], r"coordinate is -1e\+09, expected within ±100"),
        (Lattice.cubic(1e-3), *CSCL[::-1], "cell's volume is 1e-09 Å³ for 2 atoms, expected at least 1 Å³"),
        (Lattice([[4, 0, 0], [0, 4, 0], [4, 4, 0]]), *CSCL[::-1], "cell's volume is 0 Å³"),
        (Lattice.tetragonal(1e4, 4.0), *CSCL[::-1], r"vector is 1e\+04 Å long, expected at most 300 Å"),
        (Lattice([[4, 0, 0], [0, 4, 0], [0, float("nan"), 4]]), *CSCL[::-1], "not a finite number"),
        (
            Lattice([[290, 0, 0], [289, 0.4, 0], [0, 0, 4]]),
            *CSCL[::-1],
            "too flat: lattice planes 0.4 Å",
        ),
        (CUBE, ["Cs", "Cl"], [[0, 0, 0], [0, 0, 0]], r"sites 0 \(Cs\) and 1 \(Cl\) overlap: 0 Å apart"),
        (CUBE, ["Cs", "Cl"], [[0, 0, 0.02], [0, 0, 0.95]], r"0\.28 Å apart, expected at least 1\.62 Å"),
        (CUBE, ["Cs", "Cl"], [[0, 0, 0], [0.12, 0.12, 0.12]], r"overlap: 0\.\d+ Å apart, expected at least 1\.62 Å"),
        (Lattice.orthorhombic(1.5, 6, 6), ["Cs"], [[0, 0, 0]], r"site 0 \(Cs\) overlaps its own image: 1\.5 Å apart"),
    ],
)
def test_impossible_structure_names_what_is_wrong(
    lattice: Lattice, species: list[str], coords: list[list[float]], message: str
) -> None:
    with pytest.raises(StructureError, match=message):
        build_structure(lattice, species, coords)


@given(
    distance=st.floats(0.01, 1.0).filter(lambda distance: abs(distance - 0.5) > 1e-3),
    shift=st.tuples(*[st.floats(-3, 3)] * 3),
)
def test_overlap_is_found_wherever_the_pair_lies(distance: float, shift: tuple[float, float, float]) -> None:
    lattice = Lattice.from_parameters(5, 6, 7, 120, 70, 95)
    first = np.array(shift)
    second = first + lattice.get_fractional_coords(np.array([0.6, 0.0, 0.8]) * distance)
    if distance < 0.5:
        with pytest.raises(StructureError, match=r"sites 0 \(H\) and 1 \(H\) overlap"):
            build_structure(lattice, ["H", "H"], [first, second])
    else:
        assert len(build_structure(lattice, ["H", "H"], [first, second])) == 2


def test_a_site_without_one_element_is_named_by_what_stands_there() -> None:
    salt = CrystalArrays.from_structures(
        [
            Structure(CUBE, ["Na", "Cl"], CSCL[0]),
            Structure(CUBE, ["Na", "D"], CSCL[0]),
            Structure(CUBE, ["Na", Species("D", 1)], CSCL[0]),
            Structure(CUBE, ["Na", "Am"], CSCL[0]),
        ]
    )
    assert salt.atomic_number.tolist() == [11, 17, 11, -1, 11, -1, 11, 95]
    isotope = "site 1 holds an isotope of hydrogen (D or T), expected an element: "
    reasons = find_unusable(salt)
    assert reasons.pop(3) == "site 1 has atomic number 95, expected 1 to 94"
    assert set(reasons) == {1, 2}
    assert all(reason.startswith(isotope) for reason in reasons.values())


@pytest.mark.parametrize("name", ["phonix_sample", "mp_stable_sample"])
def test_every_crystal_of_the_shared_tables_is_usable(name: str, shared_data: Path) -> None:
    with gzip.open(shared_data / f"{name}.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    structures = [
        Structure(Lattice.from_parameters(*row["geometry"]), row["species"], row["positions_fractional"])
        for row in rows
    ]
    crystals = CrystalArrays.from_structures(structures)
    assert find_unusable(crystals) == {}
    bonds = find_bonds(crystals, cutoff_angstrom=1.0)
    assert find_overlaps(crystals, bonds.centre, bonds.neighbour, bonds.distance_angstrom) == {}


def test_short_bonds_of_crystals_are_no_overlap():
    """Of all atoms those of hydrogen, nitrogen and dinitrides come nearest, and alkali metals for their size."""
    for first, second, distance in [
        ("H", "H", 0.74),
        ("N", "N", 1.09),
        ("C", "O", 1.13),
        ("O", "H", 0.96),
        ("Rb", "Rb", 2.6),
    ]:
        validate_structure(Structure(Lattice.cubic(8), [first, second], [[0, 0, 0], [distance / 8, 0, 0]]))
