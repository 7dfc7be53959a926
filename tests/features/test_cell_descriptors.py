"""Descriptors of a structure alone."""

import pytest

from paraisite.features.cell_descriptors import OF_STRUCTURES, compute_cell_descriptors
from tests.graphs.crystals import diamond, perovskite, rocksalt


def test_rows_follow_the_structures_and_a_missing_one_is_empty() -> None:
    table = compute_cell_descriptors([rocksalt(), None, perovskite()])
    assert list(table) == [*(descriptor.name for descriptor in OF_STRUCTURES), "reason"]
    assert table["spacegroup_number"].tolist()[::2] == [225, 221]
    assert table["nelements"].tolist()[::2] == [2, 3]
    assert table.iloc[1].drop("reason").isna().all()
    assert table["reason"].tolist() == ["", "", ""]


def test_values_of_diamond_are_those_of_its_cell() -> None:
    crystal = diamond()
    row = compute_cell_descriptors([crystal]).iloc[0]
    assert row["volume"] == pytest.approx(crystal.volume)
    assert row["density_atomic"] == pytest.approx(crystal.volume / len(crystal))
    assert row["density"] == pytest.approx(float(crystal.density))
    assert (row["spacegroup_number"], row["symmetry_order"]) == (227, 48)


def test_a_crystal_without_neighbours_has_a_reason() -> None:
    lonely = rocksalt().copy()
    lonely.scale_lattice(40.0**3)
    (row,) = compute_cell_descriptors([lonely]).to_dict("records")
    assert "an atom has no other within" in row["reason"]
