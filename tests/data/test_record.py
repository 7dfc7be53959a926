"""What makes a structure unusable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import DummySpecies, Lattice, Species, Structure

from paraisite.data.record import (
    MAX_KAPPA_W_PER_M_K,
    build_structure,
    check_element,
    check_kappa,
    checked_structure,
)
from paraisite.errors import DataError, StructureError

CUBE = Lattice.cubic(4.0)
CSCL = ([[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], ["Cs", "Cl"])


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_kappa_must_be_positive_and_finite(value: float) -> None:
    with pytest.raises(DataError, match=rf"{value} W/m/K, expected a positive number"):
        check_kappa(value)


def test_kappa_above_any_crystals_is_refused() -> None:
    assert check_kappa(MAX_KAPPA_W_PER_M_K) == MAX_KAPPA_W_PER_M_K
    with pytest.raises(DataError, match=r"is 10001 W/m/K, expected at most 10000: is the unit another\?"):
        check_kappa(10_001.0)


def test_a_cell_of_a_million_atoms_is_refused_at_once() -> None:
    n_atom = 1_000_000
    with pytest.raises(StructureError, match="the cell has 1000000 atoms, expected at most 10000"):
        build_structure(Lattice.cubic(400.0), ["Na"] * n_atom, np.zeros((n_atom, 3)))


@pytest.mark.parametrize(
    ("structure", "message"),
    [
        (Structure(Lattice.cubic(3), [{"Na": 0.5, "K": 0.5}], [[0, 0, 0]]), "K:0.5, Na:0.5: partial occupancy"),
        (Structure(Lattice.cubic(3), [DummySpecies("X")], [[0, 0, 0]]), "unknown element 'X'"),
    ],
)
def test_a_structure_from_outside_is_checked(structure: Structure, message: str) -> None:
    with pytest.raises(StructureError, match=message):
        checked_structure(structure)


def test_oxidation_states_are_dropped() -> None:
    salt = Structure(Lattice.cubic(4), [Species("Cs", 1), Species("Cl", -1)], [[0, 0, 0], [0.5, 0.5, 0.5]])
    assert [str(site.specie) for site in checked_structure(salt)] == ["Cs", "Cl"]


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
        (CUBE, [], np.zeros((0, 3)), "0 species"),
        (CUBE, ["Cs"], CSCL[0], "1 species for coordinates of shape"),
        (CUBE, ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, float("nan")]], "fractional coordinate out of range"),
        (CUBE, ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 1e9]], "fractional coordinate out of range"),
        (Lattice.cubic(1e-3), *CSCL[::-1], "cell volume is 1e-09"),
        (Lattice([[4, 0, 0], [0, 4, 0], [4, 4, 0]]), *CSCL[::-1], "cell volume is 0"),
        (Lattice.tetragonal(1e4, 4.0), *CSCL[::-1], "longer than 1000"),
        (Lattice([[4, 0, 0], [0, 4, 0], [0, float("nan"), 4]]), *CSCL[::-1], "not finite"),
        (Lattice([[900, 0, 0], [899, 0.4, 0], [0, 0, 4]]), *CSCL[::-1], "too flat: lattice planes"),
        (CUBE, ["Cs", "Cl"], [[0, 0, 0], [0, 0, 0]], "Cs and Cl are 0.000 Å apart|Cl and Cs are 0.000 Å apart"),
        (CUBE, ["Cs", "Cl"], [[0, 0, 0.02], [0, 0, 0.95]], r"0\.280 Å apart"),
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
        with pytest.raises(StructureError, match="atoms overlap"):
            build_structure(lattice, ["H", "H"], [first, second])
    else:
        assert len(build_structure(lattice, ["H", "H"], [first, second])) == 2
