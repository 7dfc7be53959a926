"""Contributions of physical quantities to the default model's predictions: they add up, and are told in words."""

import numpy as np
import pytest

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import DataError
from paraisite.explain.contributions import Contributions, InputPart
from paraisite.explain.relevance import QUANTITIES, assign_families, follow_path
from paraisite.explain.text import describe_contributions, describe_factor
from paraisite.features.crystal_descriptors import CRYSTAL_DESCRIPTORS, FAMILIES
from paraisite.inference.relevance_model import DescribedMaterials, RelevanceModel
from tests.graphs.crystals import rocksalt


@pytest.fixture(scope="module")
def model() -> RelevanceModel:
    pairs = [(a, b) for a in ("Li", "Na", "K", "Rb") for b in ("F", "Cl", "Br")]
    known = [rocksalt(4.0 + 0.25 * k, pair) for k, pair in enumerate(pairs)]
    log10_kappa = np.linspace(1.5, 0.3, len(known))
    formulas = ["".join(pair) for pair in pairs]
    return RelevanceModel.fit(
        DescribedMaterials.describe(CrystalArrays.from_structures(known)), log10_kappa, formulas, formulas
    )


def test_every_family_of_descriptors_is_part_of_a_quantity() -> None:
    numbers = assign_families()
    assert len(numbers) == len(FAMILIES)
    assert set(numbers.tolist()) == set(range(len(QUANTITIES)))
    names = {descriptor.name for descriptor in CRYSTAL_DESCRIPTORS}
    assert {quantity.shown for quantity in QUANTITIES} - {""} <= names
    of_family = dict(zip(FAMILIES, (QUANTITIES[number].label for number in numbers), strict=True))
    assert of_family["log10_neighbour_mass_ratio"] == "mass of the atoms"
    assert of_family["neighbour_electronegativity"] == "difference of electronegativities"
    assert of_family["electronegativity_of_cations"] == "difference of electronegativities"
    assert of_family["log10_coordination_of_anions"] == "number of nearest neighbours"


def test_contributions_add_up_to_the_difference_from_a_typical_crystal(model: RelevanceModel) -> None:
    crystal = CrystalArrays.from_structures([rocksalt(5.64)])
    found = follow_path(model, crystal)
    assert found.mean_dex.sum() == pytest.approx(float(found.all_dex[0]), abs=5e-3)
    whole = model.predict_described(DescribedMaterials.describe(crystal).descriptors).output[0, 0]
    assert 10 ** found.log10_kappa[0] == pytest.approx(whole, rel=1e-3)
    distance = next(part for part in found.parts if part.label == "distance to nearest neighbours")
    assert distance.detail.startswith("2.82 Å, typical ")


def test_a_crystal_that_cannot_be_used_has_no_contributions(model: RelevanceModel) -> None:
    with pytest.raises(DataError, match="expected at least 1 Å³ per atom"):
        follow_path(model, CrystalArrays.from_structures([rocksalt(1.0)]))


def test_a_part_is_told_with_its_size_and_what_it_does() -> None:
    parts = (InputPart("descriptor", "mass of the atoms", "29 u, typical 61 u"), InputPart("descriptor", "order", ""))
    dex = np.array([[0.5, -0.3]])
    found = Contributions(parts, "How.", np.array([1.0]), dex, dex.sum(axis=1))
    assert describe_contributions(found) == [
        "Mass of the atoms (29 u, typical 61 u): raises kappa by a factor of 3.16.",
        "Order: lowers kappa by a factor of 2.00.",
        "How.",
        "Where they start from, the model predicts 6.31 W/m/K.",
    ]


def test_parts_that_do_not_add_up_say_so() -> None:
    parts = (InputPart("atom", "Na", ""),)
    found = Contributions(parts, "How.", np.array([1.0]), np.array([[0.3]]), np.array([0.6]))
    assert describe_contributions(found)[-1].endswith(
        "one by one, the parts make up 50 % of the difference, the rest is what they do together."
    )


def test_factors_are_never_below_one() -> None:
    assert (describe_factor(2.5), describe_factor(0.4)) == (
        "raises kappa by a factor of 2.50",
        "lowers kappa by a factor of 2.50",
    )
