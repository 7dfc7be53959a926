"""Inputs of VASP and Quantum ESPRESSO hold phono3py's displaced supercells, and phono3py reads what it needs."""

from pathlib import Path

import numpy as np
import phono3py
import pytest
from ase.io import read
from phono3py import Phono3py
from pymatgen.core.structure import Structure
from pymatgen.io.vasp.inputs import Incar, Kpoints, Poscar

from paraisite.dft_inputs.displaced_supercells import DISPLACEMENTS_FILE, Program, generate_displacements
from paraisite.dft_inputs.quantum_espresso import write_quantum_espresso
from paraisite.dft_inputs.settings import DISPLACEMENT_ANGSTROM, CalculationPlan, find_conventional_cell
from paraisite.dft_inputs.vasp import write_vasp
from tests.graphs.crystals import rocksalt

SMALL = CalculationPlan((1, 1, 1), (2, 2, 2), (19, 19, 19), is_known_type=True, with_nac=True)
CELL = find_conventional_cell(rocksalt(4.2, ("Mg", "O")))
WRITERS = {"vasp": write_vasp, "qe": write_quantum_espresso}
BOHR_ANGSTROM = 0.529177


def written(folder: Path, program: Program, *, with_nac: bool = True) -> tuple[Phono3py, int]:
    phonons = generate_displacements(CELL, SMALL, program)
    return phonons, WRITERS[program](phonons, CELL, folder, with_nac=with_nac)


def structure_of(folder: Path, program: Program, order: str, number: int) -> Structure:
    if program == "vasp":
        return Poscar.from_file(folder / order / f"POSCAR-{number:05d}").structure
    atoms = read(folder / order / f"supercell-{number:05d}.in", format="espresso-in")
    return Structure(atoms.cell[:], atoms.get_chemical_symbols(), atoms.get_scaled_positions())


@pytest.mark.parametrize(("program", "unit"), [("vasp", 1.0), ("qe", BOHR_ANGSTROM)])
def test_supercells_are_phono3pys_in_its_order(tmp_path: Path, program: Program, unit: float) -> None:
    phonons, n = written(tmp_path, program)
    assert n == len(phonons.supercells_with_displacements) + len(phonons.phonon_supercells_with_displacements)
    expected = phonons.supercells_with_displacements[4]
    found = structure_of(tmp_path, program, "fc3", 5)
    assert [site.specie.symbol for site in found] == expected.symbols
    np.testing.assert_allclose(found.cart_coords, expected.positions * unit, atol=1e-5)
    harmonic = structure_of(tmp_path, program, "fc2", 1)
    assert len(harmonic) == 8 * len(CELL)


@pytest.mark.parametrize("program", ["vasp", "qe"])
def test_phono3py_reads_cell_and_displacements_whatever_the_programs_units(tmp_path: Path, program: Program) -> None:
    written(tmp_path, program)
    read_again = phono3py.load(tmp_path / DISPLACEMENTS_FILE, produce_fc=False, log_level=0)
    assert read_again.calculator == program
    assert read_again.unitcell.volume == pytest.approx(CELL.volume, rel=1e-4)
    first = read_again.dataset["first_atoms"][0]["displacement"]
    assert np.linalg.norm(first) == pytest.approx(DISPLACEMENT_ANGSTROM, rel=1e-4)


def test_vasp_has_flags_for_forces_relaxation_and_charges(tmp_path: Path) -> None:
    written(tmp_path, "vasp")
    forces, relaxation, charges = (Incar.from_file(tmp_path / name / "INCAR") for name in ("fc3", "relax", "born"))
    assert (forces["IBRION"], forces["NSW"], forces["GGA"].upper()) == (-1, 0, "PE")
    assert relaxation["ISIF"] == 3
    assert charges["LEPSILON"] is True
    assert Kpoints.from_file(tmp_path / "fc2" / "KPOINTS").kpts[0] == (4, 4, 4)
    assert len(Poscar.from_file(tmp_path / "born" / "POSCAR").structure) == 2


def test_without_the_correction_there_are_no_charges(tmp_path: Path) -> None:
    for program in ("vasp", "qe"):
        written(tmp_path / program, program, with_nac=False)
        assert not (tmp_path / program / "born").exists()


def test_pw_input_holds_the_settings(tmp_path: Path) -> None:
    written(tmp_path, "qe")
    text = (tmp_path / "fc3" / "supercell-00001.in").read_text()
    for line in ("calculation      = 'scf'", "input_dft        = 'PBE'", "Mg.UPF", "tprnfor          = .true."):
        assert line in text
    assert "vc-relax" in (tmp_path / "relax" / "relax.in").read_text()
    assert "epsil = .true." in (tmp_path / "born" / "ph.in").read_text()


def test_a_cutoff_leaves_out_pairs_but_keeps_the_numbers(tmp_path: Path) -> None:
    plan = CalculationPlan(
        (2, 2, 2), (2, 2, 2), (19, 19, 19), is_known_type=True, with_nac=False, pair_cutoff_angstrom=2.5
    )
    phonons = generate_displacements(CELL, plan, "vasp")
    n = write_vasp(phonons, CELL, tmp_path, with_nac=False)
    present = sum(cell is not None for cell in phonons.supercells_with_displacements)
    assert present < len(phonons.supercells_with_displacements)
    assert n == present + len(phonons.phonon_supercells_with_displacements)
    numbers = {int(path.name[-5:]) for path in (tmp_path / "fc3").glob("POSCAR-*")}
    assert numbers == {
        number for number, cell in enumerate(phonons.supercells_with_displacements, 1) if cell is not None
    }
