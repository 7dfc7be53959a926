"""Rejected rows with their reasons, settings out of range, progress."""

import re

import numpy as np
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import DummySpecies, Species
from pymatgen.core.structure import Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import ConfigError
from paraisite.graphs import build as build_module
from paraisite.graphs.build import build_graphs, build_graphs_from_arrays
from tests.graphs.crystals import CUTOFF, TOLERANCE, arrays_of, diamond, perovskite, rocksalt, simple_cubic, wurtzite

SETTINGS = {"cutoff_angstrom": CUTOFF, "distance_tolerance_angstrom": TOLERANCE}


def two_atoms(second: list[float]) -> Structure:
    return Structure(Lattice.cubic(3.5), ["Na", "Cl"], [[0, 0, 0], second])


UNUSABLE = {
    "isolated": (simple_cubic(9.0), r"site 0 \(Po\) is isolated: nearest atom Po at 9\.00 Å, expected one within 8 Å"),
    "far from all": (simple_cubic(30.0), r"site 0 \(Po\) is isolated: no atom within 16 Å, expected one within 8 Å"),
    "second atom isolated": (
        Structure(Lattice.cubic(20.0), ["Si", "Si", "Ar"], [[0, 0, 0], [0.11, 0, 0], [0.6, 0.6, 0.6]]),
        r"site 2 \(Ar\) is isolated: nearest atom Si at 1",
    ),
    "overlap": (
        two_atoms([0.01, 0, 0]),
        r"sites 0 \(Na\) and 1 \(Cl\) overlap: 0.035 Å apart, expected",
    ),
    "same place": (two_atoms([0, 0, 1.0]), r"sites 0 \(Na\) and 1 \(Cl\) overlap: 0 Å apart"),
    "partial": (simple_cubic(3.3, {"Fe": 0.5, "Ni": 0.5}), "site 0 is not fully occupied by one element"),
    "vacancy": (simple_cubic(3.3, {"Fe": 0.9}), "site 0 is not fully occupied by one element"),
    "dummy": (simple_cubic(3.3, DummySpecies("X")), "site 0 holds no chemical element"),
    "americium": (simple_cubic(3.3, "Am"), "atomic number 95, expected 1 to 94"),
    "dense": (simple_cubic(0.3), "0.027 Å³ for 1 atoms"),
    "no volume": (Structure([[3, 0, 0], [0, 3, 0], [3, 3, 0]], ["Na"], [[0, 0, 0]]), "0 Å³ for 1 atoms"),
    "flat": (Structure([[200, 0, 0], [0, 200, 0], [0, 0, 0.05]], ["Na"], [[0, 0, 0]]), "planes 0.05 Å apart"),
    "long": (Structure([[1e5, 0, 0], [0, 3, 0], [0, 0, 3]], ["Na"], [[0, 0, 0]]), "1e.05 Å long"),
    "not a number": (two_atoms([np.nan, 0, 0]), "not a finite number"),
    "infinite cell": (Structure([[np.inf, 0, 0], [0, 3, 0], [0, 0, 3]], ["Na"], [[0, 0, 0]]), "not a finite number"),
    "empty": (Structure(Lattice.cubic(3), [], []), "there are no atoms"),
}


@pytest.mark.parametrize("name", UNUSABLE)
@pytest.mark.parametrize("quotient", [True, False])
def test_an_unusable_crystal_becomes_a_row_with_its_reason(name: str, quotient: bool):
    structure, reason = UNUSABLE[name]
    graphs, rejected = build_graphs([rocksalt(), structure, diamond()], ["a", "b", "c"], **SETTINGS, quotient=quotient)
    assert [(row.row, row.material_id) for row in rejected] == [(1, "b")]
    assert re.search(reason, rejected[0].reason)
    kept, _ = build_graphs([rocksalt(), diamond()], ["a", "c"], **SETTINGS, quotient=quotient)
    for key, array in arrays_of(kept).items():
        np.testing.assert_array_equal(arrays_of(graphs)[key], array, err_msg=key)


def test_all_rejected_rows_are_listed_in_order(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(build_module, "_ATOMS_PER_CHUNK", 4)
    structures = [structure for structure, _ in UNUSABLE.values()] + [wurtzite()]
    graphs, rejected = build_graphs(structures, list(map(str, range(len(structures)))), **SETTINGS)
    assert len(graphs) == 1
    assert [row.row for row in rejected] == list(range(len(UNUSABLE)))
    assert [row.material_id for row in rejected] == [str(row.row) for row in rejected]


def test_a_crystal_with_longer_bonds_leaves_all_other_graphs_as_they_are_to_the_last_bit():
    """They share a chunk; the order of a quotient's atoms depends on the crystals that are reduced together."""
    places = [[0, 0, 0], [0.31, 0.07, 0.52], [0.63, 0.44, 0.11], [0.12, 0.58, 0.83], [0.77, 0.86, 0.66]]
    others = [rocksalt(), Structure(Lattice.orthorhombic(6, 6.5, 7), ["Mg"] * 5, places), wurtzite(), perovskite()]
    # From the chlorine inwards the chain's colours take six rounds to settle, those of the others two.
    chain = [[x / 48, 0.5, 0.5] for x in range(3, 42, 3)]
    lonely = Structure(Lattice.orthorhombic(48, 16, 16), ["Cl", *["Na"] * 12, "Xe"], [*chain, [0, 0.5, 0.75]])
    for quotient in (True, False):
        expected, _ = build_graphs(others, list("abcd"), **SETTINGS, quotient=quotient)
        mixed = [*others[:2], lonely, *others[2:]]
        found, rejected = build_graphs(mixed, list("abLcd"), **SETTINGS, quotient=quotient)
        assert rejected == []
        assert found[2].bond_distance_angstrom.max() > CUTOFF
        for key, array in arrays_of(expected).items():
            np.testing.assert_array_equal(arrays_of(found.take([0, 1, 3, 4]))[key], array, err_msg=key)


def test_oxidation_states_do_not_matter():
    charged = Structure(rocksalt().lattice, [Species("Na", 1), Species("Cl", -1)], rocksalt().frac_coords)
    graphs, rejected = build_graphs([charged], ["a"], **SETTINGS)
    assert rejected == []
    assert graphs.atomic_number.tolist() == [11, 17]


def test_arrays_give_the_graphs_of_the_structures():
    structures = [rocksalt(), simple_cubic(9.0), perovskite()]
    expected, _ = build_graphs(structures, ["a", "b", "c"], **SETTINGS)
    graphs, reasons = build_graphs_from_arrays(CrystalArrays.from_structures(structures), **SETTINGS)
    assert list(reasons) == [1]
    for key, array in arrays_of(expected).items():
        np.testing.assert_array_equal(arrays_of(graphs)[key], array, err_msg=key)


@pytest.mark.parametrize("quotient", [True, False])
def test_dtypes_are_those_promised(quotient: bool):
    for structures in ([rocksalt(), wurtzite()], []):
        graphs, _ = build_graphs(structures, ["id"] * len(structures), **SETTINGS, quotient=quotient)
        for name, array in arrays_of(graphs).items():
            is_float = name.endswith(("multiplicity", "angstrom"))
            assert array.dtype == (np.float32 if is_float else np.int32), name


def test_bonds_are_sorted_by_centre():
    for quotient in (True, False):
        graphs, _ = build_graphs([perovskite(), wurtzite()], ["a", "b"], **SETTINGS, quotient=quotient)
        for graph in graphs:
            assert np.all(np.diff(graph.bond_centre) >= 0)
            assert set(graph.bond_centre) == set(range(len(graph.atomic_number)))


def test_progress_counts_up_to_the_total(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(build_module, "_ATOMS_PER_CHUNK", 4)
    seen: list[tuple[int, int]] = []
    build_graphs(
        [rocksalt()] * 5 + [simple_cubic(5.0)], ["id"] * 6, **SETTINGS, on_progress=lambda *state: seen.append(state)
    )
    assert seen == [(2, 6), (4, 6), (6, 6)]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cutoff_angstrom": 0.4}, "cutoff_angstrom is 0.4, expected 0.5 Å or more"),
        ({"cutoff_angstrom": float("nan")}, "cutoff_angstrom is nan"),
        ({"distance_tolerance_angstrom": -1e-3}, "distance_tolerance_angstrom is -0.001"),
    ],
)
def test_settings_out_of_range_are_refused(changed: dict[str, float], message: str):
    with pytest.raises(ConfigError, match=message):
        build_graphs([rocksalt()], ["a"], **(SETTINGS | changed))


def test_one_id_is_needed_for_each_structure():
    with pytest.raises(ConfigError, match="2 structures but 1 material ids"):
        build_graphs([rocksalt(), diamond()], ["a"], **SETTINGS)
