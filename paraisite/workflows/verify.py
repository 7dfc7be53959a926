"""Verify one prediction: inputs for first-principles forces, and the conductivity by a machine-learned potential."""

import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pymatgen.core.structure import Structure

from paraisite import DEFAULT_MODEL
from paraisite.active_learning.criteria import make_safe_name
from paraisite.artifacts.crystal_lookup import find_crystal, find_known_kappa
from paraisite.artifacts.predictors import find_predictor, predict_rows
from paraisite.artifacts.refinements import load_refinement
from paraisite.config import load_config
from paraisite.core.extras import install_command
from paraisite.core.files import write_whole
from paraisite.core.folders import check_writable
from paraisite.core.paths import VERIFICATIONS
from paraisite.data.validation import validate_structure
from paraisite.errors import ConfigError, DataError, MissingInputError, StructureError
from paraisite.inference.crystals import Crystal
from paraisite.inference.refinement import without_refined_value
from paraisite.labels.failures import FAILURES, describe_error
from paraisite.labels.known_failures import require_no_known_failure
from paraisite.labels.potential import load_calculator, package_versions
from paraisite.reports.potential_check import (
    FAILURE,
    KNOWN,
    POTENTIAL,
    PREDICTED,
    REFINED,
    check_table,
    list_conductivities,
)
from paraisite.reports.terminal import print_line, print_table
from paraisite.schema import KAPPA_POTENTIAL, REASON, REFINED_KAPPA
from paraisite.tracking.analysis_runs import log_selection, logged_folder
from paraisite.tracking.runs import recipe_run

if TYPE_CHECKING:
    from paraisite.dft_inputs.displaced_supercells import Program

logger = logging.getLogger(__name__)

RELAXED_FILE: Final = "relaxed_under_potential.cif"
CHECK_FILE: Final = "check.json"


@dataclass(frozen=True)
class VerificationOptions:
    """Options of a verification.

    Attributes:
        programs: Programs whose inputs are written: "vasp", "qe" or both.
        with_nac: Whether to include inputs for Born charges.
        pair_cutoff_angstrom: Cutoff distance of pairs of displaced atoms; None for all pairs.
        with_potential: Whether to compute with a potential; None for: if it is installed.
        keep_cell: Whether to keep the given cell and relax only the atoms under the potential.
        model: Model, as for ``find_predictor``.
    """

    programs: "tuple[Program, ...]" = ("vasp", "qe")
    with_nac: bool = True
    pair_cutoff_angstrom: float | None = None
    with_potential: bool | None = None
    keep_cell: bool = False
    model: str = DEFAULT_MODEL


def verify_prediction(what: str, how: VerificationOptions, *, folder: Path | None, output: Path | None) -> None:
    """Write the inputs for a crystal's conductivity, and compare its prediction with a potential's.

    Args:
        what: Crystal, as for ``find_crystal``.
        how: Options.
        folder: Folder of candidates or of a screening.
        output: Folder of the results; None for one in ``build/verify/``.

    Raises:
        ParaisiteError: There is no such crystal, it cannot be used, or a package is missing.
    """
    _require_phonons()
    load_config()  # the project's: elsewhere it is refused before anything is written
    from paraisite.dft_inputs.input_files import README_FILE, write_inputs  # loads phono3py

    crystal = find_crystal(what, folder)
    if isinstance(crystal.found, str):
        raise ConfigError(f"{what}: {crystal.found}")
    try:
        validate_structure(crystal.found)
    except StructureError as error:
        raise ConfigError(f"{what}: {error}") from error
    target = output or VERIFICATIONS / make_safe_name(crystal.name)
    check_writable(target)
    for program in how.programs:
        shutil.rmtree(target / program, ignore_errors=True)  # displacements of another cell
    with recipe_run(f"verify {crystal.name}") as run_id:
        with logged_folder(target, run_id=run_id) as folder_of_run:
            n_supercell = write_inputs(
                crystal.name,
                crystal.found,
                folder_of_run,
                programs=how.programs,
                with_nac=how.with_nac,
                pair_cutoff_angstrom=how.pair_cutoff_angstrom,
            )
        with logged_folder(target, run_id=run_id) as folder_of_run:  # another: the inputs need not wait for the check
            check = _check(crystal.name, crystal.found, how, folder_of_run)
            write_whole(folder_of_run / CHECK_FILE, (json.dumps(check, indent=2, allow_nan=False) + "\n").encode())
        parameters = {name: str(value) for name, value in asdict(how).items()} | {"crystal": crystal.name}
        log_selection(_numbers(check), parameters=parameters, run_id=run_id)
    title = f"{crystal.name}, {crystal.formula} at 300 K"
    print_table(check_table(check), title=title, numbers=list_conductivities(check))
    counts = ", ".join(f"{n} supercells for {program}" for program, n in n_supercell.items())
    print_line(f"{counts}; {target / README_FILE} lists the next commands")


def _check(name: str, structure: Structure, how: VerificationOptions, folder: Path) -> dict[str, Any]:
    """Return a crystal's conductivities: by the model, by the potential where it is used, by both, and in Togo15."""
    (predicted,) = predict_rows(how.model, [Crystal(name, structure)])
    if predicted[REASON] is not None:
        raise ConfigError(f"{name}: no prediction: {predicted[REASON]}")
    check: dict[str, Any] = {PREDICTED: predicted, KNOWN: find_known_kappa(structure)}
    potential = load_config().lab.kappa_potential
    try:
        calculator = None if how.with_potential is False else load_calculator(potential)
    except MissingInputError as error:
        if how.with_potential:
            raise
        logger.warning("no conductivity by a potential: %s", error)
        return check
    if calculator is None:
        return check
    try:
        computed = _compute_with_potential(structure, calculator, how, folder)
    except FAILURES as error:  # the inputs and the prediction stay what they are
        check[FAILURE] = f"the potential gives no conductivity: {describe_error(error)}"
        logger.warning("%s", check[FAILURE])
        return check
    try:
        require_no_known_failure(structure, potential)
    except StructureError as error:
        computed["warnings"].append(str(error))
    check[POTENTIAL] = computed | {"name": potential, "versions": package_versions()}
    if not how.keep_cell:  # what corrects the potential's conductivities was measured at its own cells
        check[REFINED] = _refine(check, structure, model=how.model)
    return check


def _refine(check: Mapping[str, Any], structure: Structure, *, model: str) -> dict[str, Any] | None:
    """Return the refined value that prediction and potential make together; None where it cannot be had."""
    predicted, computed = check[PREDICTED], check[POTENTIAL]
    if computed["warnings"]:
        return without_refined_value("; ".join(computed["warnings"]))
    try:
        refinement = load_refinement()
        if refinement.potential != computed["name"]:
            raise DataError(f"refining was measured with {refinement.potential}, not with {computed['name']}")
        if model != refinement.model:
            logger.warning("refined intervals were measured with %s, not with %s", refinement.model, model)
        return refinement.refine(find_predictor(model), structure, predicted, {**computed, REASON: ""})
    except (DataError, MissingInputError) as error:
        logger.warning("no refined value: %s", error)
        return None


def _compute_with_potential(
    structure: Structure, calculator: Any, how: VerificationOptions, folder: Path
) -> dict[str, Any]:
    """Return the potential's conductivity, and write the cell that it was computed for."""
    from paraisite.dft_inputs.potential_check import check_with_potential

    computed = check_with_potential(structure, calculator, keep_cell=how.keep_cell)
    computed.structure.to(str(folder / RELAXED_FILE), fmt="cif")
    return computed.as_row() | {"cell": "as given" if how.keep_cell else "relaxed"}


def _numbers(check: Mapping[str, Any]) -> dict[str, float]:
    """Return the conductivities as metrics."""
    numbers = {"predicted kappa": check[PREDICTED]["value"], "known kappa": check[KNOWN]}
    if computed := check.get(POTENTIAL):
        numbers |= {"potential kappa": computed[KAPPA_POTENTIAL], "lowest frequency": computed["lowest_frequency_thz"]}
    if refined := check.get(REFINED):
        numbers |= {"refined kappa": refined[REFINED_KAPPA]}
    return {name: float(value) for name, value in numbers.items() if value is not None}


def _require_phonons() -> None:
    try:
        import ase  # noqa: F401
        import phono3py  # noqa: F401
    except ImportError as error:
        raise MissingInputError(f"verify needs ASE and phono3py ({error}): {install_command('refine')}") from error
