"""Writing of all inputs for one crystal's conductivity: displaced supercells of each program, and instructions."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pymatgen.core.structure import Structure

from paraisite.core.files import write_whole
from paraisite.dft_inputs.displaced_supercells import Program, generate_displacements
from paraisite.dft_inputs.instructions import format_instructions
from paraisite.dft_inputs.quantum_espresso import write_quantum_espresso
from paraisite.dft_inputs.settings import find_conventional_cell, plan_calculation
from paraisite.dft_inputs.vasp import write_vasp

CELL_FILE: Final = "cell.cif"
README_FILE: Final = "README.txt"
_WRITERS: Final = {"vasp": write_vasp, "qe": write_quantum_espresso}


def write_inputs(
    name: str,
    structure: Structure,
    folder: Path,
    *,
    programs: Sequence[Program],
    with_nac: bool,
    pair_cutoff_angstrom: float | None,
) -> Mapping[Program, int]:
    """Write the inputs of first-principles programs, and return how many supercells each has.

    Args:
        name: Of the crystal.
        structure: Any cell of it.
        folder: Where to; inputs of these programs that are there are replaced.
        programs: "vasp", "qe" or both.
        with_nac: Whether to include inputs for Born charges.
        pair_cutoff_angstrom: Cutoff distance of pairs of displaced atoms; None for all pairs.
    """
    conventional = find_conventional_cell(structure)
    plan = plan_calculation(conventional, with_nac=with_nac, pair_cutoff_angstrom=pair_cutoff_angstrom)
    n_supercell: dict[Program, int] = {}
    folder.mkdir(parents=True, exist_ok=True)
    for program in programs:
        shutil.rmtree(folder / program, ignore_errors=True)  # displacements of another cell
        (folder / program).mkdir()
        phonons = generate_displacements(conventional, plan, program)
        n_supercell[program] = _WRITERS[program](phonons, conventional, folder / program, with_nac=with_nac)
    conventional.to(str(folder / CELL_FILE), fmt="cif")
    title = f"{name}: the lattice thermal conductivity of {structure.reduced_formula} from first-principles forces"
    write_whole(folder / README_FILE, format_instructions(title, plan, n_supercell).encode())
    return n_supercell
