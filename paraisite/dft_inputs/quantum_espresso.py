"""Inputs of Quantum ESPRESSO's pw.x and ph.x: relaxation, Born charges, and one for each displaced supercell.

Pseudopotentials are the user's: ELEMENT.UPF in the folder that ``pseudo_dir`` names. Source of the variables: the
documentation of pw.x and ph.x.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ase.io.espresso import write_espresso_in
from phono3py import Phono3py
from pymatgen.core.structure import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from paraisite.dft_inputs.displaced_supercells import get_primitive_cell, iterate_supercells, save_displacements
from paraisite.dft_inputs.settings import WAVE_CUTOFF_RYDBERG, choose_k_points

PSEUDOPOTENTIALS: Final = "../pseudo"
"""Folder, from that of each input: ``qe/pseudo``."""
_DENSITY_PER_WAVE_CUTOFF: Final = 8
"""Enough for ultrasoft pseudopotentials and PAW data sets; norm-conserving ones need 4."""

_RELAXATION: Final = {"calculation": "vc-relax", "forc_conv_thr": 1e-5}
_FORCES: Final = {"calculation": "scf"}
_PHONONS_AT_CENTRE: Final = """Born charges and dielectric constant at the zone centre
&inputph
  prefix = 'born'
  outdir = './tmp'
  tr2_ph = 1.0d-14
  epsil = .true.
  fildyn = 'born.dyn'
/
0.0 0.0 0.0
"""


def write_quantum_espresso(phonons: Phono3py, conventional: Structure, folder: Path, *, with_nac: bool) -> int:
    """Write all inputs, and return how many supercells there are.

    Args:
        phonons: As ``generate_displacements`` returns them for Quantum ESPRESSO.
        conventional: Its cell.
        folder: Where to.
        with_nac: Whether Born charges are wanted.
    """
    _write_pw(folder / "relax" / "relax.in", conventional, {"prefix": "relax", **_RELAXATION})
    if with_nac:
        _write_pw(folder / "born" / "pw.in", get_primitive_cell(phonons, "qe"), {"prefix": "born", **_FORCES})
        (folder / "born" / "ph.in").write_text(_PHONONS_AT_CENTRE)
    save_displacements(phonons, folder)
    n = 0
    for n, (order, number, structure) in enumerate(iterate_supercells(phonons, "qe"), start=1):  # noqa: B007 (the count)
        name = f"supercell-{number:05d}"
        _write_pw(folder / order / f"{name}.in", structure, {"prefix": name, **_FORCES})
    return n


def _write_pw(path: Path, structure: Structure, control: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    variables = {
        **control,
        "tprnfor": True,
        "pseudo_dir": PSEUDOPOTENTIALS,
        "outdir": "./tmp",
        "input_dft": "PBE",
        "ecutwfc": WAVE_CUTOFF_RYDBERG,
        "ecutrho": _DENSITY_PER_WAVE_CUTOFF * WAVE_CUTOFF_RYDBERG,
        "occupations": "fixed",
        "conv_thr": 1e-12,
    }
    symbols = {site.specie.symbol for site in structure}
    with path.open("w") as file:
        write_espresso_in(
            file,
            AseAtomsAdaptor.get_atoms(structure, msonable=False),
            input_data=variables,
            pseudopotentials={symbol: f"{symbol}.UPF" for symbol in sorted(symbols)},
            kpts=choose_k_points(structure),
        )
