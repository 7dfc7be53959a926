"""Properties of the elements by atomic number."""

import pytest
from pymatgen.analysis.molecule_structure_comparator import CovalentRadius
from pymatgen.core.periodic_table import Element

from paraisite.features.element_properties import N_ELEMENT, covalent_radii_angstrom


def test_covalent_radii_are_those_that_pymatgen_tabulates():
    radii = covalent_radii_angstrom()
    for number in range(1, N_ELEMENT + 1):
        assert radii[number] == pytest.approx(CovalentRadius.radius.get(Element.from_Z(number).symbol, 1.5)), number
