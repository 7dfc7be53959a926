"""Checking one prediction: inputs for first-principles forces, and the answer of a machine-learned potential."""

import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pymatgen.core.structure import Structure
from rich.console import Console

from paraisite import DEFAULT_MODEL
from paraisite.active_learning.criteria import make_safe_name
from paraisite.active_learning.diversity import find_space_group
from paraisite.artifacts.crystal_lookup import find_crystal
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.predictors import predict_rows
from paraisite.config import load_config
from paraisite.core.files import write_whole
from paraisite.core.paths import VERIFICATIONS
from paraisite.data.datasets.table import reduced_formulas
from paraisite.data.validation import validate_structure
from paraisite.errors import ConfigError, MissingInputError, StructureError
from paraisite.inference.crystals import Crystal
from paraisite.labels.failures import FAILURES, reason_of
from paraisite.labels.potential import load_calculator, package_versions
from paraisite.reports.potential_check import KNOWN, POTENTIAL, PREDICTED, check_table
from paraisite.reports.tables import render
from paraisite.schema import FORMULA, KAPPA, REASON
from paraisite.tracking.runs import log_choice, recipe_run
from paraisite.training.recipes import TOGO15

if TYPE_CHECKING:
    from paraisite.dft_inputs.displaced_supercells import Program

logger = logging.getLogger(__name__)

CELL_FILE: Final = "cell.cif"
RELAXED_FILE: Final = "relaxed_under_potential.cif"
CHECK_FILE: Final = "check.json"
README_FILE: Final = "README.txt"


@dataclass(frozen=True)
class VerificationOptions:
    """How a crystal is checked.

    Attributes:
        programs: Whose inputs are written: "vasp", "qe" or both.
        with_nac: Whether Born charges are wanted.
        pair_cutoff_angstrom: Pairs of displaced atoms that are farther apart are left out; None for all.
        with_potential: Whether a potential is asked; None where it is installed.
        keep_cell: Whether the potential is asked at the cell that is given, where only atoms settle.
        model: What predicts, as ``find_predictor`` takes it.
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
        what: A crystal, as ``find_crystal`` takes it.
        how: What to write and to ask.
        folder: Of a list of candidates or a screening.
        output: Where everything goes; None for a folder of ``build/verify/``.

    Raises:
        ParaisiteError: There is no such crystal, it cannot be used, or a package is missing.
    """
    _require_phonons()
    crystal = find_crystal(what, folder)
    if isinstance(crystal.found, str):
        raise ConfigError(f"{what}: {crystal.found}")
    try:
        validate_structure(crystal.found)
    except StructureError as error:
        raise ConfigError(f"{what}: {error}") from error
    target = output or VERIFICATIONS / make_safe_name(crystal.name)
    with recipe_run(f"verify {crystal.name}") as run_id:
        n_supercell = write_inputs(crystal.name, crystal.found, how, target)
        check = _check(crystal.name, crystal.found, how, target)
        write_whole(target / CHECK_FILE, (json.dumps(check, indent=2, allow_nan=False) + "\n").encode())
        parameters = {name: str(value) for name, value in asdict(how).items()} | {"crystal": crystal.name}
        log_choice(_numbers(check), parameters=parameters, folder=target, run_id=run_id)
    Console().print(render(check_table(check), title=f"{crystal.name}, {crystal.formula} at 300 K"))
    counts = ", ".join(f"{n} supercells for {program}" for program, n in n_supercell.items())
    Console().print(f"{counts}; {target / README_FILE} names the next commands", soft_wrap=True)


def write_inputs(name: str, structure: Structure, how: VerificationOptions, folder: Path) -> "Mapping[Program, int]":
    """Write the inputs of first-principles programs, and return how many supercells each has."""
    from paraisite.dft_inputs.displaced_supercells import generate_displacements
    from paraisite.dft_inputs.instructions import format_instructions
    from paraisite.dft_inputs.quantum_espresso import write_quantum_espresso
    from paraisite.dft_inputs.settings import find_conventional_cell, plan_calculation
    from paraisite.dft_inputs.vasp import write_vasp

    writers = {"vasp": write_vasp, "qe": write_quantum_espresso}
    conventional = find_conventional_cell(structure)
    plan = plan_calculation(conventional, with_nac=how.with_nac, pair_cutoff_angstrom=how.pair_cutoff_angstrom)
    n_supercell: dict[Program, int] = {}
    folder.mkdir(parents=True, exist_ok=True)
    for program in how.programs:
        shutil.rmtree(folder / program, ignore_errors=True)  # displacements of another cell
        (folder / program).mkdir()
        phonons = generate_displacements(conventional, plan, program)
        n_supercell[program] = writers[program](phonons, conventional, folder / program, with_nac=how.with_nac)
    conventional.to(str(folder / CELL_FILE), fmt="cif")
    title = f"{name}: the lattice thermal conductivity of {structure.reduced_formula} from first-principles forces"
    (folder / README_FILE).write_text(format_instructions(title, plan, n_supercell))
    return n_supercell


def _check(name: str, structure: Structure, how: VerificationOptions, folder: Path) -> dict[str, Any]:
    """Return what is said of a crystal: by the model, by the potential where it is asked, and by Togo15."""
    (predicted,) = predict_rows(how.model, [Crystal(name, structure)])
    if predicted[REASON] is not None:
        raise ConfigError(f"{name}: no prediction: {predicted[REASON]}")
    check: dict[str, Any] = {PREDICTED: predicted, KNOWN: _known_kappa(structure)}
    potential = load_config().lab.bte_potential
    try:
        calculator = None if how.with_potential is False else load_calculator(potential)
    except MissingInputError as error:
        if how.with_potential:
            raise
        logger.warning("no check by a potential: %s", error)
        return check
    if calculator is not None:
        check[POTENTIAL] = _ask(structure, calculator, how, folder) | {
            "name": potential,
            "versions": package_versions(),
        }
    return check


def _ask(structure: Structure, calculator: Any, how: VerificationOptions, folder: Path) -> dict[str, Any]:
    """Return the potential's answer, and write the cell that it was computed at."""
    from paraisite.dft_inputs.potential_check import check_with_potential

    try:
        found = check_with_potential(structure, calculator, keep_cell=how.keep_cell)
    except FAILURES as error:
        raise ConfigError(f"the potential gives no conductivity: {reason_of(error)}") from error
    found.structure.to(str(folder / RELAXED_FILE), fmt="cif")
    return found.as_row() | {"cell": "as given" if how.keep_cell else "relaxed"}


def _known_kappa(structure: Structure) -> float | None:
    """Return Togo15's value for the same formula and space group, W/m/K."""
    known = load_data(TOGO15, load_config())
    formula, group = reduced_formulas([structure.composition])[0], find_space_group(structure)
    rows = known.table.index[known.table[FORMULA] == formula]
    values = [float(known.table[KAPPA][row]) for row in rows if find_space_group(known.structures[row]) == group]
    return values[0] if values else None


def _numbers(check: Mapping[str, Any]) -> dict[str, float]:
    """Return the conductivities as metrics."""
    numbers = {"predicted kappa": check[PREDICTED]["value"], "known kappa": check[KNOWN]}
    if found := check.get(POTENTIAL):
        numbers |= {"potential kappa": found[KAPPA], "lowest frequency": found["lowest_frequency_thz"]}
    return {name: float(value) for name, value in numbers.items() if value is not None}


def _require_phonons() -> None:
    try:
        import ase  # noqa: F401
        import phono3py  # noqa: F401
    except ImportError as error:
        raise MissingInputError(f"verify needs the extra 'phonons': pip install '.[phonons]' ({error})") from error
