"""Inputs of Quantum ESPRESSO."""

import re
from pathlib import Path

from paraisite.dft_inputs.displaced_supercells import generate_displacements
from paraisite.dft_inputs.quantum_espresso import write_quantum_espresso
from paraisite.dft_inputs.settings import find_conventional_cell, plan_calculation
from tests.graphs.crystals import rocksalt


def test_pseudopotentials_lie_where_the_instructions_say(tmp_path: Path) -> None:
    conventional = find_conventional_cell(rocksalt())
    plan = plan_calculation(conventional, with_nac=True, pair_cutoff_angstrom=3.0)
    phonons = generate_displacements(conventional, plan, "qe")
    n_supercell = write_quantum_espresso(phonons, conventional, tmp_path, with_nac=True)
    inputs = sorted(tmp_path.glob("*/*.in"))
    assert len(inputs) == n_supercell + 3  # and relax.in, pw.in, ph.in
    for file in inputs:
        if named := re.search(r"pseudo_dir\s*=\s*'(.*)'", file.read_text()):
            assert (file.parent / named[1]).resolve() == tmp_path / "pseudo"
        else:
            assert file.name == "ph.in"
