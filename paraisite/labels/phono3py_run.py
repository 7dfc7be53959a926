"""phono3py's inputs without its result: the conductivity computed from the forces in ``phono3py_params.yaml``.

The relaxation-time approximation, no isotopes, no boundaries; with the charges of the file, or of a BORN beside it.
Source: Togo, Chaput and Tanaka, PRB 91, 094306 (2015), 10.1103/PhysRevB.91.094306.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from paraisite.core.extras import install_command
from paraisite.data.sources.phono3py_cells import check_inputs
from paraisite.errors import DataError

PARAMS_PATTERN: Final = "phono3py_params.yaml*"
MESH_LENGTH_ANGSTROM: Final = 60.0
"""The mesh has so many wave vectors along a reciprocal axis that their number times the cell's length is this."""


def compute_kappa(folder: Path, *, temperature_kelvin: float) -> tuple[float, str]:
    """Return the conductivity in W/m/K, the mean of the tensor's diagonal, and how it was computed, for people.

    Raises:
        DataError: There are no forces, phono3py is not installed or fails, or a phonon is imaginary.
    """
    files = sorted(folder.glob(PARAMS_PATTERN))
    if not files:
        raise DataError(f"neither a conductivity nor {PARAMS_PATTERN} to compute it from")
    check_inputs(files[0])
    try:
        import phono3py
    except ImportError as error:
        raise DataError(
            f"no conductivity, and computing it from the forces needs phono3py: `{install_command('refine')}`"
        ) from error
    from paraisite.labels.conductivity import MIN_FREQUENCY_THZ
    from paraisite.labels.force_constants import keep_recursion_limit

    try:
        with keep_recursion_limit():
            phonons = _with_force_constants(phono3py, files[0])
        phonons.mesh_numbers = MESH_LENGTH_ANGSTROM
        phonons.init_phph_interaction()
        phonons.run_thermal_conductivity(temperatures=[temperature_kelvin], is_isotope=False)
        result = phonons.thermal_conductivity
        kappa, lowest = float(np.ravel(result.kappa)[:3].mean()), float(np.min(result.frequencies))
    except Exception as error:  # phono3py raises almost any exception on a file that is not its own
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(f"phono3py cannot compute a conductivity from {files[0].name}: {reason}") from error
    if lowest < MIN_FREQUENCY_THZ:
        raise DataError(f"phonon of {lowest:.2f} THz (imaginary), expected none below {MIN_FREQUENCY_THZ} THz")
    mesh = "×".join(str(number) for number in phonons.mesh_numbers)
    return kappa, f"computed by phono3py from {files[0].name}, mesh {mesh}, {temperature_kelvin:g} K"


def _with_force_constants(phono3py: Any, path: Path) -> Any:
    """Return phonons with the force constants of a file's forces; random displacements need a fit."""
    born = path.with_name("BORN")
    options = {"born_filename": born if born.exists() else None, "log_level": 0}
    phonons = phono3py.load(path, produce_fc=False, **options)
    if phonons.dataset is None or phonons.forces is None:
        raise DataError("it holds no forces")
    return phono3py.load(path, fc_calculator="symfc" if "displacements" in phonons.dataset else None, **options)
