"""A relaxation that ends at another crystal is a reason, one that a functional's error explains is not."""

import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.labels.relaxed_volume import refuse_another_crystal

GIVEN = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.34), ["K", "F"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def row_at(volume_ratio: float, reason: str = "") -> dict[str, object]:
    relaxed = GIVEN.copy().scale_lattice(GIVEN.volume * volume_ratio).get_primitive_structure()
    return {"reason": reason, "structure_json": relaxed.to_json(), "kappa_potential_w_per_m_k": 2.0}


@pytest.mark.parametrize(("volume_ratio", "change"), [(0.53, "-47%"), (1.3, "+30%")])
def test_another_volume_is_another_crystal(volume_ratio: float, change: str):
    refused = refuse_another_crystal(row_at(volume_ratio), GIVEN)
    assert f"volume changes by {change}, expected at most ±20%: another crystal" in refused["reason"]
    assert refused["kappa_potential_w_per_m_k"] == 2.0


@pytest.mark.parametrize("volume_ratio", [0.85, 1.0, 1.1])
def test_the_error_of_a_functional_is_none(volume_ratio: float):
    assert refuse_another_crystal(row_at(volume_ratio), GIVEN) == row_at(volume_ratio)


def test_a_row_that_is_refused_already_keeps_its_reason():
    assert refuse_another_crystal({"reason": "an imaginary phonon"}, GIVEN) == {"reason": "an imaginary phonon"}
