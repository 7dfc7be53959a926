"""VASP's inputs: relaxation, Born charges, and a POSCAR for each displaced supercell. POTCARs are the user's.

Source of the flags: VASP's manual; phonopy's and phono3py's documentation of their VASP interfaces.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from phono3py import Phono3py
from pymatgen.core.structure import Structure
from pymatgen.io.vasp.inputs import Incar, Kpoints, Poscar

from paraisite.dft_inputs.displaced_supercells import get_primitive_cell, iterate_supercells, save_displacements
from paraisite.dft_inputs.settings import ENERGY_CUTOFF_EV, choose_k_points

_COMMON: Final[dict[str, Any]] = {
    "GGA": "PE",
    "PREC": "Accurate",
    "ENCUT": ENERGY_CUTOFF_EV,
    "EDIFF": 1e-8,
    "ISMEAR": 0,
    "SIGMA": 0.01,
    "LREAL": False,
    "ADDGRID": True,
    "LWAVE": False,
    "LCHARG": False,
}
_RELAXATION: Final = {"IBRION": 2, "ISIF": 3, "NSW": 100, "EDIFFG": -1e-4}
_FORCES: Final = {"IBRION": -1, "NSW": 0}
_BORN: Final = {"IBRION": -1, "NSW": 0, "LEPSILON": True}


def write_vasp(phonons: Phono3py, conventional: Structure, folder: Path, *, with_nac: bool) -> int:
    """Write all inputs, and return how many supercells there are.

    Args:
        phonons: As ``generate_displacements`` returns them for VASP.
        conventional: Its cell.
        folder: Where to.
        with_nac: Whether Born charges are wanted.
    """
    _write_run(folder / "relax", conventional, _RELAXATION)
    if with_nac:
        _write_run(folder / "born", get_primitive_cell(phonons, "vasp"), _BORN)
    save_displacements(phonons, folder)
    n = 0
    for n, (order, number, structure) in enumerate(iterate_supercells(phonons, "vasp"), start=1):  # noqa: B007 (the count)
        if not (folder / order).exists():
            _write_settings(folder / order, structure, _FORCES)
        Poscar(structure).write_file(folder / order / f"POSCAR-{number:05d}", significant_figures=16)
    return n


def _write_run(folder: Path, structure: Structure, flags: Mapping[str, Any]) -> None:
    _write_settings(folder, structure, flags)
    Poscar(structure).write_file(folder / "POSCAR", significant_figures=16)


def _write_settings(folder: Path, structure: Structure, flags: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    Incar({**_COMMON, **flags}).write_file(folder / "INCAR")
    Kpoints.gamma_automatic(choose_k_points(structure)).write_file(folder / "KPOINTS")
