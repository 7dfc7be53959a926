"""Predictions refined by phonons under a potential: minutes for each crystal instead of milliseconds."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

from pymatgen.core.structure import Structure

from paraisite.errors import ConfigError, MissingInputError, StructureError
from paraisite.inference.named_prediction import is_one_crystal, to_structure_or_reason
from paraisite.inference.predictor import Predictor
from paraisite.inference.refinement import Refinement, without_refined_value
from paraisite.inference.rows import Row, build_rows
from paraisite.labels.failures import FAILURES, describe_error
from paraisite.labels.known_failures import require_no_known_failure
from paraisite.labels.phonon_progress import OnPhononStep, ignore_step
from paraisite.labels.phonon_store import CPU_MINUTES, PhononStore
from paraisite.labels.potential import INSTALL_NEQUIX
from paraisite.schema import REASON

if TYPE_CHECKING:
    from ase import Atoms

    from paraisite.labels.phonon_cost import PhononCost

REFINED_CPU_MINUTES: Final = "refined_cpu_minutes"
"""Key of a refined row: what its phonons took on one core."""


@dataclass(frozen=True)
class RefinementPlan:
    """What refining one crystal takes.

    Attributes:
        cost: Of its phonons; None where they are kept, or cannot be computed.
        refusal: Why it is not refined; None where it is.
    """

    cost: "PhononCost | None" = None
    refusal: str | None = None

    @property
    def cpu_minutes(self) -> float:
        """Minutes on one core that it will take, about."""
        return 0.0 if self.refusal is not None or self.cost is None else self.cost.cpu_minutes


@dataclass(frozen=True)
class RefiningOptions:
    """Whether minutes or hours may be spent.

    Attributes:
        max_minutes: Minutes on one core that a crystal may take; None for any number.
        is_confirmed: Whether nobody is asked.
        ask: Asks a question, which is answered by yes or no; None where nobody is there to answer.
    """

    max_minutes: float | None = None
    is_confirmed: bool = False
    ask: Callable[[str], bool] | None = None

    @property
    def is_agreed(self) -> bool:
        """Whether nobody needs to be asked."""
        return self.is_confirmed or self.max_minutes is not None

    def require_answer(self) -> None:
        """Do nothing where it is agreed, or somebody can be asked.

        Raises:
            ConfigError: Neither.
        """
        if not self.is_agreed and self.ask is None:
            raise ConfigError(
                "refining takes minutes to hours, and nobody is asked where the input is no terminal: agree with "
                "--yes, or with --max-minutes N for each crystal"
            )


@dataclass(frozen=True, eq=False)
class Refiner:
    """A predictor with all that refines its predictions.

    Attributes:
        predictor: It gives intervals.
        refinement: How phonons and prediction are combined.
        store: Where phonons are kept, and looked for.
        load_calculator: Returns the potential, an ASE calculator.
    """

    predictor: Predictor
    refinement: Refinement
    store: PhononStore
    load_calculator: Callable[[], Any]

    def __repr__(self) -> str:
        """Return a line."""
        return f"Refiner({self.predictor!r}, {self.store.potential})"

    @cached_property
    def calculator(self) -> Any:
        """The potential, an ASE calculator.

        Raises:
            MissingInputError: A package, or its weights, are absent.
        """
        return self.load_calculator()

    def is_kept(self, structure: Structure) -> bool:
        """Return whether a crystal's phonons are there already."""
        return self.store.find(structure) is not None

    def estimate_cost(self, crystal: "Structure | Atoms") -> "PhononCost":
        """Return what a crystal's phonons cost: force calls, and minutes on one core.

        Args:
            crystal: pymatgen's structure or ASE's atoms.

        Raises:
            StructureError: The cell is too large, or its symmetry cannot be found.
            MissingInputError: phono3py is absent.
        """
        structure = to_structure_or_reason(crystal)
        if isinstance(structure, str):
            raise StructureError(structure)
        try:
            from paraisite.labels.phonon_cost import estimate_phonon_cost  # phono3py
        except ImportError as error:
            raise MissingInputError(f"refining needs: {INSTALL_NEQUIX} ({error})") from error
        try:
            return estimate_phonon_cost(structure, self.store.settings)
        except FAILURES as error:
            raise StructureError(describe_error(error)) from error

    def plan(
        self, row: Mapping[str, Any], structure: Structure | str, *, max_minutes: float | None = None
    ) -> "RefinementPlan":
        """Return what refining a crystal takes, or why it is not refined.

        Args:
            row: The crystal's prediction.
            structure: The crystal, or the reason why there is none.
            max_minutes: As for ``refine``.
        """
        if isinstance(structure, str) or row[REASON] is not None:
            return RefinementPlan(refusal=f"no prediction: {row[REASON]}")
        from paraisite.labels.weak_bonding import require_strong_bonds  # pymatgen's analysis: half a second

        try:
            require_no_known_failure(structure, self.store.potential)
            cost = None if self.is_kept(structure) else self.estimate_cost(structure)
            require_strong_bonds(structure)  # after the cost, which cells are refused for that are too large
        except StructureError as error:
            return RefinementPlan(refusal=str(error))
        if cost is not None and max_minutes is not None and cost.cpu_minutes > max_minutes:
            return RefinementPlan(
                cost, f"about {cost.cpu_minutes:.2g} minutes, more than the {max_minutes:g} that are allowed"
            )
        return RefinementPlan(cost)

    def refine(
        self,
        crystals: "Structure | Atoms | Iterable[Structure | Atoms | str]",
        *,
        max_minutes: float | None = None,
        on_step: OnPhononStep = ignore_step,
    ) -> list[Row]:
        """Return rows of predictions with the refined columns, in the order given.

        Args:
            crystals: pymatgen's structure or ASE's atoms, or a list or generator of these, where a text is the reason
                why there is none.
            max_minutes: A crystal whose phonons are estimated to take longer keeps its prediction only.
            on_step: Called after each step of a crystal.
        """
        structures = [
            each if isinstance(each, str) else to_structure_or_reason(each)
            for each in ([crystals] if is_one_crystal(crystals) else cast("Iterable[object]", crystals))
        ]
        rows = build_rows(self.predictor.predict(structures))
        return [
            self.refine_row(row, found, self.plan(row, found, max_minutes=max_minutes), on_step=on_step)
            for row, found in zip(rows, structures, strict=True)
        ]

    def refine_row(
        self,
        row: Mapping[str, Any],
        structure: Structure | str,
        plan: "RefinementPlan",
        *,
        on_step: OnPhononStep = ignore_step,
    ) -> Row:
        """Return one row with the refined columns.

        Args:
            row: The crystal's prediction.
            structure: The crystal, or the reason why there is none.
            plan: As ``plan`` returns it.
            on_step: As for ``refine``.
        """
        if plan.refusal is not None or isinstance(structure, str):
            return dict(row) | without_refined_value(str(plan.refusal)) | {REFINED_CPU_MINUTES: None}
        phonons = self.store.find(structure)
        if phonons is None:  # without a potential, which takes seconds to load, where they are kept
            phonons = self.store.compute(structure, self.calculator, on_step=on_step)
        refined = self.refinement.refine(self.predictor, structure, row, phonons)
        return dict(row) | refined | {REFINED_CPU_MINUTES: phonons[CPU_MINUTES]}
