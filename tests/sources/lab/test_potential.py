"""Potentials by name."""

import sys

import pytest
from ase.calculators.emt import EMT

from paraisite.errors import ConfigError, MissingInputError
from paraisite.sources.lab.potential import load_calculator, package_versions


def test_any_ase_calculator_can_take_the_potentials_place():
    assert isinstance(load_calculator("ase.calculators.emt:EMT"), EMT)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ConfigError, match="unknown potential 'mace': expected 7net-0, 7net-l3i5 or 'module:function'"):
        load_calculator("mace")


def test_a_missing_extra_is_said_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingInputError, match=r"pip install '\.\[lab\]'"):
        load_calculator("7net-0")


def test_versions_of_what_is_installed_are_told():
    versions = package_versions()
    assert {"ase", "phono3py", "pymatgen"} <= set(versions)
    assert all(version[0].isdigit() for version in versions.values())


def test_the_bundled_potential_gives_rock_salt_its_lattice_constant():
    pytest.importorskip("sevenn", reason="the extra 'lab' is not installed")
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    from paraisite.sources.lab.mechanics import relax

    salt = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.5), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    relaxed, _ = relax(salt.get_primitive_structure(), load_calculator("7net-0"))
    assert (4 * relaxed.volume) ** (1 / 3) == pytest.approx(5.69, abs=0.04)  # PBE: 5.69 Å
