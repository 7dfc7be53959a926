"""Frames of extended XYZ: periodic, of elements, as many atoms as they count."""

import pytest

from tests.data.structure_files.texts import Crystal, extended_xyz, read, read_one, reason_of

pytest.importorskip("ase")

ROCKSALT = Crystal("Ca1 O1", 3.34, 2.41, 225)
WITH_FRACTIONAL = "species:S:1:pos:R:3:frac_pos:R:3"
SHARED = (
    '"_JSON {\\"0\\": {\\"Ca\\": 0.5, \\"Sr\\": 0.5}, \\"1\\": {\\"O\\": 1.0}}"'  # as ASE writes the crystal of a CIF
)
WITH_MASS = "species:S:1:pos:R:3:masses:R:1"


@pytest.mark.parametrize(
    "text",
    [
        extended_xyz(),
        extended_xyz(facts=""),
        extended_xyz(facts='formula=CaO nsites=2 pbc="T T T"'),
        extended_xyz("20 0 0 0", "8 2.4055 2.4055 2.4055", properties="Z:I:1:pos:R:3"),
        extended_xyz("ca 0 0 0", "o 2.4055 2.4055 2.4055"),
        extended_xyz("Ca 0 0 0 40.08", "O 2.4055 2.4055 2.4055 15.999", properties=WITH_MASS),
        extended_xyz("Ca 0 0 0 0 0 1", "O 2.4055 2.4055 2.4055 .5 -.5 .5001", properties=WITH_FRACTIONAL),
        extended_xyz("Ca 0 0 0 0 0 0", "O 2.4055 2.4055 2.4055 1 2 3", properties="species:S:1:pos:R:3:direction:R:3"),
        extended_xyz().replace("\n", "\r\n"),
        extended_xyz("Ca 0 0 0 20", "O 2.4055 2.4055 2.4055 8", properties="species:S:1:pos:R:3:Z:I:1"),
        extended_xyz("Ca 0 0 0 0", "O 2.4055 2.4055 2.4055 16", properties="species:S:1:pos:R:3:isotope:I:1"),
        extended_xyz(facts='pbc="T T T" pbc="T T T" energy=1 energy=2'),
    ],
)
def test_a_frame_is_a_crystal(text: str):
    assert read_one(text, "x.extxyz") == ROCKSALT


def test_frames_that_follow_each_other_are_crystals_of_their_own():
    assert read(extended_xyz() + "\n" + extended_xyz() * 2) == [ROCKSALT] * 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (extended_xyz("Li 0 0 0", "D 2.4 2.4 2.4"), "D is an isotope of hydrogen"),
        (extended_xyz("Li 0 0 0", "T 2.4 2.4 2.4"), "T is an isotope of hydrogen"),
        (extended_xyz("Li 0 0 0 6.015", "F 2.4 2.4 2.4 18.998", properties=WITH_MASS), "Li of 6.015 u"),
        *(
            (extended_xyz("Ca 0 0 0 48", "O 2.4 2.4 2.4 16", properties=f"species:S:1:pos:R:3:{column}"), "Ca of 48 u")
            for column in ("isotope:I:1", "mass_numbers:I:1", "Mass:R:1", "atomic_masses:R:1")
        ),
        *(
            (
                extended_xyz("Ca 0 0 0 12", "O 2.4 2.4 2.4 8", properties=f"species:S:1:pos:R:3:{column}:I:1"),
                "an atom is said to be 12 and 20 by its columns",
            )
            for column in ("Z", "numbers", "atomic_numbers")
        ),
        (extended_xyz("Qq 0 0 0", "O 2.4 2.4 2.4"), "unknown element 'Qq'"),
        (extended_xyz("X 0 0 0", "O 2.4 2.4 2.4"), "holds no chemical element"),
        (extended_xyz("500 0 0 0", "8 2.4 2.4 2.4", properties="Z:I:1:pos:R:3"), "atomic number 500"),
        (
            extended_xyz("Ca 0 0 0 .5", "O 2.4 2.4 2.4 1", properties="species:S:1:pos:R:3:occupancy:R:1"),
            "partial occupancy",
        ),
        (
            extended_xyz("Ca 0 0 0 .5", "O 2.4 2.4 2.4 1", properties="species:S:1:pos:R:3:Occ:R:1"),
            "partial occupancy",
        ),
        (extended_xyz(facts=f"occupancy={SHARED}"), "partial occupancy"),
        (extended_xyz(facts='pbc="F F F" pbc="T T T"'), "pbc stands there twice, with different values"),
        (extended_xyz(facts="formula=MgO formula=CaO"), "formula stands there twice, with different values"),
        (extended_xyz(facts="Formula=CaO2"), "is not the formula that it names"),
        (extended_xyz(facts="chemical_formula_sum='Ca O2'"), "is not the formula that it names"),
        (extended_xyz(facts="formula_anonymous=AB2"), "are there as 1:1, while its formula without elements says 1:2"),
        (extended_xyz(properties="species:S:1:pos:R:999999999999"), "expected names, kinds and numbers of columns"),
        (extended_xyz(properties="species:S:1:pos:R:3:forces:R:3"), "7 columns are declared, and the first atom has 4"),
        (extended_xyz(properties="species:S:1:scaled:R:3"), "declares no positions"),
        (
            extended_xyz("Ca 0 0 0 0 0 0", "O 2.4055 2.4055 2.4055 .5 .5 0", properties=WITH_FRACTIONAL),
            "the positions and the column frac_pos of site 1 are 1.7 Å apart",
        ),
        (
            extended_xyz("Ca 0 0 0 0 0 0", "O 2.4055 2.4055 2.4055 .5 .5 nan", properties=WITH_FRACTIONAL),
            "the positions and the column frac_pos of site 1 are nan Å apart",
        ),
        (extended_xyz("Ca F F F", "O T T T", properties="species:S:1:pos:L:3"), "declared as pos:L:3"),
        (extended_xyz().replace("0 2.4055 2.4055 2.4055 0", "F 2.4055 2.4055 2.4055 F"), "expected nine numbers"),
        (extended_xyz(facts='pbc="T T F"'), "not periodic in three directions"),
        (extended_xyz(facts='PBC="T T F"'), "not periodic in three directions"),
        (extended_xyz(facts="").replace("Lattice", "Box"), "not periodic in three directions"),
        (extended_xyz().replace("0 2.4055 2.4055 2.4055 0", "0 0 0 2.4055 0"), "the cell has no volume"),
        (extended_xyz(facts='pbc="T T T" lattice="9 0 0 0 9 0 0 0 9"'), "the frame has two cells"),
        (extended_xyz("Ca 0 nan 0", "O 2.4 2.4 2.4"), "not a finite number"),
        (extended_xyz(facts='formula=CaO2 pbc="T T T"'), "is not the formula that it names"),
        (extended_xyz(facts='nsites=4 pbc="T T T"'), "2 atoms were read, while the file says 4"),
        (extended_xyz(n_atom=3), "2 lines for 3 atoms: the frame ends too early"),
        (extended_xyz(n_atom=1), "2 lines for 1 atoms"),
        (extended_xyz(n_atom=10**9), "the cell has 1000000000 atoms"),
        (extended_xyz(n_atom=0), "no atoms"),
    ],
)
def test_a_frame_that_is_none_says_why(text: str, reason: str):
    assert reason in reason_of(text, "x.extxyz")


def test_a_wrong_count_costs_its_own_frame_only():
    assert read(extended_xyz() + extended_xyz(n_atom=1) + extended_xyz())[::2] == [ROCKSALT] * 2


@pytest.mark.parametrize("n_atom", [10**9, 10**400, "9" * 5000, -3])
def test_a_count_beyond_all_atoms_costs_its_own_frame_only(n_atom: object):
    """The lines of all frames behind it were taken for its atoms, or the text ended with it."""
    first, second, third = read(extended_xyz() + extended_xyz(n_atom=n_atom) + extended_xyz())
    assert (first, third) == (ROCKSALT, ROCKSALT)
    assert "atoms" in str(second)


@pytest.mark.parametrize("atom", ["C" + "9" * 5000 + " 0 0 0", "Ca " + "9" * 5000 + "x 0 0"])
def test_a_reason_is_one_that_can_be_read(atom: str):
    """Thousands of digits of the file stood in it."""
    found = str(read(extended_xyz(atom, "O 2.4 2.4 2.4"))[0])
    assert "9999" in found
    assert len(found) < 400


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ("units=bohr", "units is bohr, expected Cartesian positions in Å"),
        ("length_unit=nm", "length_unit is nm"),
        ("positions=scaled", "positions is scaled"),
        ('coordinate_system="Fractional"', "coordinate_system is Fractional"),
        ('cell="0 3 3 3 0 3 3 3 0"', "the frame has two cells, Lattice and cell, which differ"),
        ("spacegroup=Pm-3m", "have the space group 225, while the file says 221"),
    ],
)
def test_what_a_frame_says_of_its_lengths_and_symmetry_is_compared(facts: str, reason: str):
    """Positions in Bohr radii were read as such in Å."""
    assert reason in reason_of(extended_xyz(facts=facts))


@pytest.mark.parametrize(
    "facts",
    [
        "units=eV",
        "units=angstrom",
        "coordinates=cartesian",
        'cell="0 2.4055 2.4055 2.4055 0 2.4055 2.4055 2.4055 0"',
        'spacegroup="F m -3 m" unit_cell=conventional',
        'spacegroup="P 1"',
    ],
)
def test_a_frame_that_says_what_is_so_is_read(facts: str):
    assert read_one(extended_xyz(facts=facts)) == ROCKSALT


def test_a_number_in_the_place_of_a_symbol_is_named():
    assert "the species is the number 20, expected" in reason_of(extended_xyz("20 0 0 0", "8 2.4055 2.4055 2.4055"))
