"""Potentials by name."""

import sys

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from paraisite.errors import ConfigError, MissingInputError
from paraisite.labels.named_code import ALLOWED_VARIABLE
from paraisite.labels.potential import load_calculator, package_versions


def test_any_ase_calculator_can_take_the_potentials_place(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(ALLOWED_VARIABLE, "ase.calculators.emt:EMT")
    assert isinstance(load_calculator("ase.calculators.emt:EMT"), EMT)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        ConfigError, match=r"unknown potential 'mace': expected 7net-0, .*nequix-mp-1-pft.* or 'module:function'"
    ):
        load_calculator("mace")


def test_a_missing_extra_is_said_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingInputError, match=r'pip install "\.\[lab\]"'):
        load_calculator("7net-0")


def test_versions_of_what_is_installed_are_told():
    versions = package_versions()
    assert {"ase", "phono3py", "pymatgen"} <= set(versions)
    assert all(version[0].isdigit() for version in versions.values())


def test_the_bundled_potential_gives_rock_salt_its_lattice_constant():
    pytest.importorskip("sevenn", reason="the extra 'lab' is not installed")
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    from paraisite.labels.mechanics import relax

    salt = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.5), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    relaxed, _ = relax(salt.get_primitive_structure(), load_calculator("7net-0"))
    assert (4 * relaxed.volume) ** (1 / 3) == pytest.approx(5.69, abs=0.04)  # PBE: 5.69 Å


def test_the_compiled_potential_agrees_with_the_plain_one_at_any_size():
    pytest.importorskip("sevenn", reason="the extra 'lab' is not installed")
    from sevenn.calculator import SevenNetCalculator

    from paraisite.labels import compiled_sevennet

    fast, plain = compiled_sevennet.sevennet_calculator("7net-0"), SevenNetCalculator("7net-0", device="cpu")
    assert type(fast.model) is not type(plain.model), "nothing was compiled: is there no C++ compiler?"
    for crystal in (bulk("Cu"), bulk("MgO", "rocksalt", a=4.2).repeat((3, 1, 1))):
        crystal.rattle(0.1, seed=1)
        for part in ("get_potential_energies", "get_forces", "get_stress"):
            values = []
            for calculator in (fast, plain):
                crystal.calc = calculator
                values.append(getattr(crystal, part)())
            np.testing.assert_allclose(*values, rtol=0, atol=2e-5)


def test_without_a_compiler_the_potential_runs_uncompiled(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    pytest.importorskip("sevenn", reason="the extra 'lab' is not installed")
    from sevenn.calculator import SevenNetCalculator

    from paraisite.labels import compiled_sevennet

    def no_compiler() -> str:
        raise compiled_sevennet.InvalidCxxCompiler()

    monkeypatch.setattr(compiled_sevennet, "get_cpp_compiler", no_compiler)
    calculator = compiled_sevennet.sevennet_calculator("7net-0")
    assert type(calculator.model) is type(SevenNetCalculator("7net-0", device="cpu").model)
    assert "no C++ compiler" in caplog.text
