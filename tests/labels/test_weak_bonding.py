"""Layers, chains and molecules are told from crystals that are bonded along three directions."""

import pandas as pd
import pytest
from pymatgen.analysis.dimensionality import get_dimensionality_larsen
from pymatgen.analysis.local_env import CrystalNN, JmolNN
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.data.sources.textbook import load_textbook_crystals
from paraisite.errors import StructureError
from paraisite.labels import weak_bonding
from paraisite.labels.weak_bonding import find_weakly_bound_parts, refuse_weakly_bound, require_strong_bonds
from tests.graphs.crystals import diamond, rocksalt

WEAK = {
    "graphite": "layers",
    "selenium": "chains",
    "tellurium": "chains",
    "boron nitride, hexagonal": "layers",
    "molybdenite": "layers",
    "bismuth telluride": "layers",
    "tin selenide": "layers",
}
IODINE = Structure(
    Lattice.cubic(9.0), ["I"] * 4, [[0, 0, 0], [0.3, 0, 0], [0.5, 0.5, 0.5], [0.8, 0.5, 0.5]]
)  # molecules of 2.7 Å


def test_textbook_crystals_are_told_apart():
    small = [crystal for crystal in load_textbook_crystals() if len(crystal.structure) <= 16]  # others take seconds
    found = {crystal.name: find_weakly_bound_parts(crystal.structure) for crystal in small}
    assert len(found) > 30
    assert {name: parts for name, parts in found.items() if parts} == WEAK


def test_molecules_are_told_by_their_name():
    assert find_weakly_bound_parts(IODINE) == "molecules"


@pytest.mark.filterwarnings("ignore::UserWarning")  # of radii, which the function hides
def test_an_alloy_that_falls_into_layers_by_coordination_alone_counts_as_bonded():
    copper_titanide = Structure.from_spacegroup(
        "P4/nmm", Lattice.tetragonal(2.9, 8.1), ["Ti", "Ag"], [[0.25, 0.25, 0.66], [0.25, 0.25, 0.1]]
    )
    assert get_dimensionality_larsen(CrystalNN().get_bonded_structure(copper_titanide)) == 2
    assert find_weakly_bound_parts(copper_titanide) is None


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_ions_that_are_bonded_with_nothing_hold_a_crystal_together_and_noble_gases_do_not():
    thallium_chloride = rocksalt(6.6, ("Tl", "Cl"))
    for bonds in (JmolNN(), CrystalNN()):
        assert get_dimensionality_larsen(bonds.get_bonded_structure(thallium_chloride)) == 0
    assert find_weakly_bound_parts(thallium_chloride) is None
    argon = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.3), ["Ar"], [[0, 0, 0]])
    assert find_weakly_bound_parts(argon) == "molecules"


def test_a_crystal_whose_bonds_cannot_be_found_counts_as_bonded(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> int:
        raise ValueError("No Voronoi neighbors found")

    monkeypatch.setattr(weak_bonding, "get_structure_components", fail)
    assert find_weakly_bound_parts(IODINE) is None


def test_a_weakly_bound_crystal_is_refused_with_a_reason():
    require_strong_bonds(rocksalt())
    with pytest.raises(StructureError, match="its molecules are not bonded with each other"):
        require_strong_bonds(IODINE)


def test_rows_that_were_accepted_get_the_reason_and_others_keep_theirs():
    rows = pd.DataFrame(
        {
            "reason": ["", "phonon of -1.00 THz (imaginary)", ""],
            "structure_json": [diamond().to_json(), "", IODINE.to_json()],
        },
        index=[4, 7, 9],
    )
    reasons = refuse_weakly_bound(rows)["reason"].tolist()
    assert reasons[:2] == ["", "phonon of -1.00 THz (imaginary)"]
    assert reasons[2].startswith("its molecules")
    assert rows["reason"].tolist()[2] == "", "what is given stays as it is"
