"""Plans for crystals of Togo15's types and for others."""

import pytest
from pymatgen.core.structure import Structure

from paraisite.dft_inputs.settings import choose_k_points, find_conventional_cell, list_settings, plan_calculation
from tests.graphs.crystals import diamond, perovskite, rocksalt, wurtzite


@pytest.mark.parametrize(
    ("crystal", "supercell", "phonon_supercell", "mesh"),
    [
        (rocksalt(4.2, ("Mg", "O")), (2, 2, 2), (4, 4, 4), (19, 19, 19)),
        (diamond(5.65, ("Ga", "As")), (2, 2, 2), (4, 4, 4), (19, 19, 19)),
        (wurtzite(), (3, 3, 2), (5, 5, 3), (19, 19, 15)),
    ],
)
def test_types_of_togo15_have_their_sizes(
    crystal: Structure, supercell: tuple[int, ...], phonon_supercell: tuple[int, ...], mesh: tuple[int, ...]
) -> None:
    plan = plan_calculation(find_conventional_cell(crystal), with_nac=True)
    assert plan.is_known_type
    assert (plan.supercell, plan.phonon_supercell, plan.mesh) == (supercell, phonon_supercell, mesh)


def test_other_crystals_reach_far_enough() -> None:
    plan = plan_calculation(find_conventional_cell(perovskite(4.05)), with_nac=True)
    assert not plan.is_known_type
    assert (plan.supercell, plan.phonon_supercell, plan.mesh) == ((2, 2, 2), (3, 3, 3), (19, 19, 19))


def test_a_longer_axis_has_fewer_wave_vectors() -> None:
    assert choose_k_points(wurtzite(3.2, 5.2)) == (10, 10, 6)


@pytest.mark.parametrize(("with_nac", "expected"), [(True, "with BORN"), (False, "none")])
def test_every_setting_names_its_source(with_nac: bool, expected: str) -> None:
    rows = list_settings(plan_calculation(find_conventional_cell(rocksalt()), with_nac=with_nac))
    assert all(name and value and source for name, value, source in rows)
    by_name = {name: value for name, value, _ in rows}
    assert by_name["functional"] == "PBE"
    assert by_name["non-analytical correction"] == expected
