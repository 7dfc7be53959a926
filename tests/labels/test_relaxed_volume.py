"""A relaxation that ends at another crystal is a reason, one that a functional's error explains is not."""

import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.errors import StructureError
from paraisite.labels.relaxed_volume import mark_as_guess, require_same_crystal

GIVEN = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.34), ["K", "F"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def at_volume(ratio: float) -> Structure:
    return GIVEN.copy().scale_lattice(GIVEN.volume * ratio).get_primitive_structure()


@pytest.mark.parametrize(("ratio", "change"), [(0.53, "-47%"), (1.3, r"\+30%")])
def test_another_volume_is_another_crystal(ratio: float, change: str):
    with pytest.raises(StructureError, match=f"volume changes by {change}, expected at most ±20%: another crystal"):
        require_same_crystal(GIVEN, at_volume(ratio))


@pytest.mark.parametrize("ratio", [0.85, 1.0, 1.1])
def test_the_error_of_a_functional_is_none(ratio: float):
    require_same_crystal(GIVEN, at_volume(ratio))


def test_a_guess_may_be_off_by_any_factor_and_is_known_as_one_from_its_json():
    guess = Structure.from_str(mark_as_guess(GIVEN).to_json(), fmt="json")
    require_same_crystal(guess, at_volume(1.4))
    assert not GIVEN.properties, "the structure itself stays as it is"
