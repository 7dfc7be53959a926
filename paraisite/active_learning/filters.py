"""Which rows of a screening may be listed at all; what each rule has refused is counted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pymatgen.core.composition import Composition

from paraisite.active_learning.element_values import ElementValues
from paraisite.arrays import Bools
from paraisite.errors import ConfigError
from paraisite.schema import FORMER_SCREENING_COLUMNS, FORMULA, OUT_OF_DOMAIN_FLAG, REASON

ENERGY_ABOVE_HULL: Final = "energy_above_hull"
IS_STABLE: Final = "is_stable"
BAND_GAP: Final = "band_gap"
"""The Materials Project's names, in eV/atom and eV."""


@dataclass(frozen=True)
class Bound:
    """A bound on a column of numbers; where there is no number, the row is refused.

    Attributes:
        column: Of the screening, its source, or the table of elements.
        value: In the column's unit.
        side: Which side of the value is allowed.
    """

    column: str
    value: float
    side: Literal["at least", "at most"]

    def allows(self, values: npt.NDArray[Any]) -> Bools:
        """Return which values lie on the allowed side.

        Raises:
            ConfigError: They are no numbers.
        """
        try:
            numbers = np.asarray(values, np.float64)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"the column {self.column!r} holds no numbers ({error})") from error
        return numbers >= self.value if self.side == "at least" else numbers <= self.value

    def __str__(self) -> str:
        """Return the rule for people."""
        return f"{self.column} {self.side} {self.value:g}"


@dataclass(frozen=True, eq=False)
class Filters:
    """What a row has to be.

    Attributes:
        with_elements: Elements, all of which it has to hold.
        without_elements: Elements that it may not hold.
        bounds: On columns of numbers.
        in_domain: Whether it has to be in the model's domain.
        elements: Values of elements, whose columns bounds may name.
    """

    with_elements: frozenset[str] = frozenset()
    without_elements: frozenset[str] = frozenset()
    bounds: tuple[Bound, ...] = ()
    in_domain: bool = True
    elements: ElementValues = field(default_factory=lambda: ElementValues({}))

    def add_bound(self, bound: Bound) -> Self:
        """Return the filters with one more bound."""
        return replace(self, bounds=(*self.bounds, bound))

    def with_present_names(self, columns: Iterable[str]) -> Self:
        """Return the filters with bounds by the names that columns have now, where ``columns`` lacks the former one."""
        there = {*columns, *self.elements.names}
        names = [FORMER_SCREENING_COLUMNS.get(bound.column, bound.column) for bound in self.bounds]
        bounds = zip(self.bounds, names, strict=True)
        return replace(
            self,
            bounds=tuple(bound if bound.column in there else replace(bound, column=name) for bound, name in bounds),
        )

    def list_source_bounds(self, of_screening: Iterable[str]) -> tuple[Bound, ...]:
        """Return the bounds on columns that neither the screening nor the table of elements has."""
        known = {*of_screening, *self.elements.names}
        return tuple(bound for bound in self.bounds if bound.column not in known)

    def keep(self, rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return the rows that pass, with the columns of the elements' values, and how many each rule has refused.

        Rules are asked in order, the quick ones first; a row counts for the first one that refuses it.

        Args:
            rows: Of a screening, with what they need of their source.

        Raises:
            ConfigError: The screening has no column for a rule.
        """
        refused: dict[str, int] = {}
        for name, allows in self._rules(rows.columns).items():
            allowed = np.asarray(allows(rows), np.bool_)
            refused[name] = int((~allowed).sum())
            rows = rows[allowed]
        return rows, refused

    def _rules(self, columns: Iterable[str]) -> Mapping[str, Callable[[pd.DataFrame], Any]]:
        present = set(columns)
        rules: dict[str, Callable[[pd.DataFrame], Any]] = {"no prediction": lambda rows: rows[REASON].isna()}
        if self.in_domain:
            if OUT_OF_DOMAIN_FLAG not in present:
                raise ConfigError("the model of this screening does not know its domain: pass --any to list all rows")
            rules["out of domain"] = lambda rows: rows[OUT_OF_DOMAIN_FLAG].eq(False)
        if self.with_elements or self.without_elements:
            rules["elements"] = lambda rows: [self._elements_allowed(formula) for formula in rows[FORMULA]]
        for bound in self.bounds:
            rules[str(bound)] = self._rule_of(bound, present)
        return rules

    def _elements_allowed(self, formula: str) -> bool:
        held = {element.symbol for element in Composition(formula).elements}
        return held >= self.with_elements and not held & self.without_elements

    def _rule_of(self, bound: Bound, present: set[str]) -> Callable[[pd.DataFrame], Bools]:
        if bound.column in present:
            return lambda rows: bound.allows(rows[bound.column].to_numpy())
        if bound.column in self.elements.names:
            return lambda rows: bound.allows(
                np.array([self.elements.compute_columns(formula)[bound.column] for formula in rows[FORMULA]])
            )
        known = ", ".join(sorted({*present, *self.elements.names}))
        raise ConfigError(f"no column {bound.column!r} to bound; there are {known}")


def make_stability_bound(columns: Iterable[str], *, at_most_ev_per_atom: float) -> Bound:
    """Return the bound that says that a crystal is stable, by the column that a source has.

    Args:
        columns: Of the source.
        at_most_ev_per_atom: Energy above the hull that counts as stable; a source that only holds whether a crystal
            is stable allows no other value than 0.

    Raises:
        ConfigError: The source has no column for stability.
    """
    present = set(columns)
    if ENERGY_ABOVE_HULL in present:
        return Bound(ENERGY_ABOVE_HULL, at_most_ev_per_atom, "at most")
    if IS_STABLE in present and at_most_ev_per_atom == 0:
        return Bound(IS_STABLE, 1.0, "at least")
    raise ConfigError(
        f"--stable needs a column {ENERGY_ABOVE_HULL!r} of what was screened"
        + (f"; {IS_STABLE!r}, which is there, goes with 0 only" if IS_STABLE in present else ", which has none")
    )
