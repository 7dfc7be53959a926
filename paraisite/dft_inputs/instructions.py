"""README.txt of a verification: the settings with their sources, and the commands up to the conductivity."""

from collections.abc import Mapping
from typing import Final

from paraisite.dft_inputs.displaced_supercells import DISPLACEMENTS_FILE, Program
from paraisite.dft_inputs.settings import TEMPERATURE_KELVIN, CalculationPlan, list_settings

_FIRST: Final = """\
{title}

cell.cif is the conventional cell that everything here was made of. Displacements have to be made of a cell without
forces: relax it first, with the same settings, then make this folder again of the relaxed cell:

    python -m paraisite verify RELAXED_CELL --calculator {programs}{nac}

The settings, and where each comes from:

{settings}
"""

_RUNS: Final[dict[Program, str]] = {
    "vasp": """\
VASP (in vasp/). Your POTCARs (PBE) have the elements in the order of each POSCAR.

1. relax/: run, and take its CONTCAR for RELAXED_CELL above.
2. A run for each displaced supercell, {n} in all:

    for order in fc3 fc2; do for cell in $order/POSCAR-*; do
      run=$order/run-${{cell##*-}}; mkdir -p $run; cp $cell $run/POSCAR; cp $order/INCAR $order/KPOINTS POTCAR $run/
      (cd $run && mpirun vasp_std)
    done; done

3. Collect the forces, beside {displacements}:

    phono3py-init --cf3 fc3/run-*/vasprun.xml
    phono3py-init --cf2 fc2/run-*/vasprun.xml
""",
    "qe": """\
Quantum ESPRESSO (in qe/). Your pseudopotentials (PBE) are ELEMENT.UPF in qe/pseudo/; set both cutoffs as they need.

1. relax/: pw.x -in relax.in, and take the final cell for RELAXED_CELL above.
2. A run for each displaced supercell, {n} in all:

    for input in fc3/supercell-*.in fc2/supercell-*.in; do
      (cd ${{input%/*}} && mpirun pw.x -in ${{input##*/}} > $(basename $input .in).out)
    done

3. Collect the forces, beside {displacements}:

    phono3py-init --qe --cf3 fc3/supercell-*.out
    phono3py-init --qe --cf2 fc2/supercell-*.out
""",
}

_BORN: Final[dict[Program, str]] = {
    "vasp": """\
4. Born charges: run born/, then

    (cd born && phonopy-vasp-born vasprun.xml) > BORN
""",
    "qe": """\
4. Born charges: in born/ run pw.x -in pw.in, then ph.x -in ph.in > ph.out, then

    (cd born && phonopy-qe-born pw.in ph.out) > BORN
""",
}

_LAST: Final = """\
5. The conductivity at {temperature:g} K, in W/m/K, {nac}:

    phono3py-load {displacements} --mesh {mesh} --br --ts {temperature:g}{option}

"""


def format_instructions(title: str, plan: CalculationPlan, n_supercell: Mapping[Program, int]) -> str:
    """Return the text.

    Args:
        title: What is computed.
        plan: How.
        n_supercell: Displaced supercells for each program whose inputs are there.
    """
    rows = list_settings(plan)
    width = max(len(name) for name, _, _ in rows)
    parts = [
        _FIRST.format(
            title=title,
            programs="both" if len(n_supercell) > 1 else next(iter(n_supercell)),
            nac="" if plan.with_nac else " --no-nac",
            settings="\n".join(f"  {name:<{width}}  {value} [{source}]" for name, value, source in rows),
        )
    ]
    for program, n in n_supercell.items():
        parts.append(_RUNS[program].format(n=n, displacements=DISPLACEMENTS_FILE))
        parts += [_BORN[program]] if plan.with_nac else []
        parts.append(_format_last_step(plan))
    return "\n".join(parts)


def _format_last_step(plan: CalculationPlan) -> str:
    return _LAST.format(
        temperature=TEMPERATURE_KELVIN,
        nac="with BORN, which is read where it lies beside" if plan.with_nac else "without non-analytical correction",
        displacements=DISPLACEMENTS_FILE,
        mesh=" ".join(map(str, plan.mesh)),
        option="" if plan.with_nac else " --nonac",
    )
