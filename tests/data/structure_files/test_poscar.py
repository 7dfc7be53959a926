"""POSCAR and XDATCAR mean what they mean to VASP; what is not complete is refused."""

import pytest

from tests.data.structure_files.texts import Crystal, poscar, read, read_one, reason_of

ROCKSALT = Crystal("Ca1 O1", 3.34, 2.41, 225)
CUBE = ("1 0 0", "0 1 0", "0 0 1")
OF_CUBE = ("0 0 0", "0 .5 .5", ".5 0 .5", ".5 .5 0", ".5 .5 .5", ".5 0 0", "0 .5 0", "0 0 .5")


@pytest.mark.parametrize(
    "text",
    [
        poscar(),
        poscar(scale="4.811 ! scale", names="Ca O ! elements", counts="1 1 # atoms", mode="Direct ! here"),
        poscar(scale="4.811 4.811 4.811"),
        poscar(scale="4.811D0", vectors=("0 5.0d-1 .5", ".5 0 0.5D+0", ".5 .5 0")),
        poscar(scale="-27.8385"),
        poscar(mode="Selective dynamics\ndirect", positions=("0 0 0 T T F", ".5 .5 .5 F F F")),
        poscar(positions=("0 0 0 Ca", ".5 .5 .5 O")),
        poscar(names="Ca_sv O_s"),
        poscar(names="Ca_sv/d4a8e0c O/3b4f00d"),
        poscar(names=None, comment="Ca O"),
        poscar(names=None, comment="Ca1 O1"),
        poscar(names=None, positions=("0 0 0 Ca", ".5 .5 .5 O")),
        poscar(mode="Cartesian", positions=("0 0 0", ".5 .5 .5")),
        poscar(mode="k", positions=("0 0 0", ".5 .5 .5")),
        poscar(end="\n 0.1 0.2 0.3\n 0.0 0.0 0.0\n"),
        poscar(end="Lattice velocities and vectors\n1\n 0 0 0\n 0 0 0\n 0 0 0\n"),
        poscar().replace("\n", "\r\n"),
        "\ufeff" + poscar(),
    ],
)
def test_what_vasp_takes_is_read(text: str):
    assert read_one(text, "POSCAR") == ROCKSALT


@pytest.mark.parametrize("vectors", [CUBE, ("4.811 0 0", "0 4.811 0", "0 0 4.811")])
def test_a_negative_scale_is_a_volume_for_cartesian_positions_too(vectors: tuple[str, ...]):
    edge = float(vectors[0].split()[0])
    places = [" ".join(str(float(x) * edge) for x in place.split()) for place in OF_CUBE]
    text = poscar(scale="-111.354", vectors=vectors, counts="4 4", mode="Cartesian", positions=places)
    assert read_one(text, "POSCAR") == Crystal("Ca4 O4", 3.34, 2.41, 225)


def test_three_scales_stretch_the_axes():
    text = poscar(scale="4 4 5", vectors=CUBE, mode="Cartesian", positions=("0 0 0", ".5 .5 .5"))
    assert read_one(text, "POSCAR") == Crystal("Ca1 O1", 1.16, 3.77, 123)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (poscar(names=None, comment="rock salt"), "no elements: a POSCAR of VASP 4 names none"),
        (poscar(names=None, comment="CaO"), "its comment 'CaO' does not name 2"),
        (poscar(names=None, comment="Ca O rocksalt"), "write them above the counts"),
        (poscar(names=None, comment="Ca2 O1"), "no elements"),
        (poscar(names=None, positions=("0 0 0 Ca", ".5 .5 .5")), "no elements"),
        (poscar(counts="1"), "2 elements (Ca O) and 1 numbers of atoms (1)"),
        (poscar(names="Ca"), "1 elements (Ca) and 2 numbers of atoms (1 1)"),
        (poscar(names="Ca", counts="1"), "line 10: a position more than the 1 atoms that are counted"),
        (poscar(counts="1 2"), "2 positions for 3 atoms"),
        (poscar(counts="0 0"), "there are no atoms"),
        (poscar(counts="99999 1"), "expected at most 10000"),
        (poscar(positions=("0 0 0 O", ".5 .5 .5 Ca")), "atom 1 is Ca by the names above the counts, and O by"),
        (poscar(positions=("0 0 0 O1", ".5 .5 .5 Ca1")), "atom 1 is Ca by the names above the counts, and O by"),
        (poscar(positions=("0 0 0 ! O", ".5 .5 .5 # Ca")), "atom 1 is Ca by the names above the counts, and O by"),
        (poscar(names="Li D"), "isotope of hydrogen"),
        (poscar(names="T O"), "isotope of hydrogen"),
        (poscar(names="Qq O"), "unknown element 'Qq'"),
        (poscar(names="H1.25 O"), "unknown element 'H1.25'"),
        (poscar(scale="4 4"), "expected one scale factor or three"),
        (poscar(scale="4 4 -5"), "expected three positive numbers"),
        (poscar(scale="0"), "no scale factor"),
        (poscar(scale="-20", vectors=("1 0 0", "2 0 0", "0 0 1")), "no scale factor"),
        (poscar(vectors=("nan 0 0", "0 1 0", "0 0 1")), "line 3 is 'nan 0 0', expected 3 numbers"),
        (poscar(positions=("0 0 0", ".5 .5")), "line 10 is '.5 .5', expected 3 numbers"),
        (poscar().replace("Direct\n", ""), "expected Direct or Cartesian"),
        ("lime\n4.8\n", "2 lines"),
    ],
)
def test_what_is_not_complete_is_refused(text: str, reason: str):
    assert reason in reason_of(text, "POSCAR")


def test_an_element_behind_one_position_is_compared():
    """Elements behind the positions were looked at only where they stand behind all."""
    assert "atom 2 is O by the names above the counts, and S by" in reason_of(poscar(positions=("0 0 0", ".5 .5 .5 S")))
    assert read_one(poscar(positions=("0 0 0", ".5 .5 .5 ! S was here")), "POSCAR") == ROCKSALT
    assert read_one(poscar(positions=("0 0 0 T T T Ca", ".5 .5 .5 at its place")), "POSCAR") == ROCKSALT


@pytest.mark.parametrize("between", ["", "\n", "0 0 0\n0 0 0\n"])
def test_a_second_crystal_in_a_poscar_is_named(between: str):
    """The second was left out without a word."""
    text = poscar() + ("\n" + between if between.startswith("0") else between)
    assert read_one(text, "POSCAR") == ROCKSALT
    if not between.startswith("0"):
        assert "another crystal begins, expected one in a POSCAR" in reason_of(text + poscar(names=None), "POSCAR")


FIRST = poscar(mode="Direct configuration=     1")


@pytest.mark.parametrize("name", ["XDATCAR", "run.XDATCAR", ""])
def test_each_configuration_is_a_crystal(name: str):
    moved = read(FIRST + "Direct configuration=     2\n0 0 0\n.5 .5 .51\n", name)
    assert moved == [ROCKSALT, Crystal("Ca1 O1", 3.34, 2.38, 44)]


def test_a_cell_that_changes_is_read_with_each_configuration():
    second = poscar(scale="5.0", mode="Direct configuration=     2")
    assert read(FIRST + second, "XDATCAR") == [ROCKSALT, Crystal("Ca1 O1", 2.98, 2.5, 225)]
    more = poscar(counts="1 2", positions=("0 0 0",) * 3, mode="Direct configuration=     2")
    broken = second.replace("0.5 0 0.5", "0.5 0 x")
    found = read(FIRST + more + broken + second, "XDATCAR")
    assert found[1] == "the number of atoms changes from 2 to 3"
    assert found[2] == "its cell cannot be read: line 4 is '0.5 0 x', expected 3 numbers"
    assert [found[0], found[3]] == [ROCKSALT, Crystal("Ca1 O1", 2.98, 2.5, 225)]


def test_a_configuration_that_is_cut_off_costs_itself_only():
    first, second = read(FIRST + "Direct configuration=     2\n0 0 0\n", "XDATCAR")
    assert first == ROCKSALT
    assert second == "1 positions for 2 atoms: the file ends too early"


def test_a_position_too_many_costs_its_own_configuration_only():
    first, second = read(FIRST + ".2 .2 .2\nDirect configuration=     2\n0 0 0\n.5 .5 .5\n", "XDATCAR")
    assert "a position more than the 2 atoms" in str(first)
    assert second == ROCKSALT
