"""Refined predictions, and what they cost, as tables for a terminal and for the web page."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.table import Column, Table
from rich.text import Text

from paraisite.core.console import open_console
from paraisite.core.shown_text import escape_controls
from paraisite.inference.refiner import RefinementPlan, Refiner, RefiningOptions
from paraisite.inference.rows import NAME, VALUE, Row, interval_keys, shorten_names
from paraisite.schema import (
    FORMULA,
    KAPPA_CORRECTED,
    KAPPA_POTENTIAL,
    MATERIAL_ID,
    PREDICTED_KAPPA,
    REASON,
    REFINED_KAPPA,
    REFINED_REASON,
    interval_columns,
    refined_interval_columns,
)


def refined_table(rows: Sequence[Row]) -> Table | Text:
    """Return rows that have a refined value for a terminal, W/m/K: prediction, refined value, and what is behind it.

    Below them stands why others have none; where none has one, nothing else.
    """
    rows = _shorten(rows)
    name = Column("crystal", overflow="fold")
    table = Table(name, "formula", "prediction", "80 %", "refined", "80 %", "90 %", "potential", "corrected", box=None)
    for row in rows:
        if row[REFINED_KAPPA] is not None:
            cells = (
                row[NAME],
                row[FORMULA],
                f"{row[VALUE]:.4g}",
                _interval(row, interval_keys(0.8)),
                f"{row[REFINED_KAPPA]:.4g}",
                *(_interval(row, refined_interval_columns(each)) for each in (0.8, 0.9)),
                *(f"{row[each]:.3g}" for each in (KAPPA_POTENTIAL, KAPPA_CORRECTED)),
            )
            table.add_row(*(Text(escape_controls(cell)) for cell in cells))
    refusals = Text("\n".join(escape_controls(sentence) for sentence in list_refusals(rows)))
    if not table.rows:
        return refusals
    table.title, table.caption = "Refined with phonons under a potential, W/m/K", refusals or None
    table.title_justify = table.caption_justify = "left"
    return table


def refined_candidates_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return refined candidates of a screening as text, in their order: prediction and refined value, or why not."""
    shown = [
        {
            "formula": row[FORMULA],
            "prediction": f"{row[PREDICTED_KAPPA]:.3g} ({_interval(row, interval_columns(0.8))})",
            "refined": f"not refined: {row[REFINED_REASON]}"
            if isinstance(row[REFINED_REASON], str)  # else missing: None, or NaN beside a text of another row
            else f"{row[REFINED_KAPPA]:.3g} ({_interval(row, refined_interval_columns(0.8))})",
        }
        for row in rows.to_dict("records")
    ]
    return pd.DataFrame(shown, index=pd.Index(rows[MATERIAL_ID], name="material"))


def list_refusals(rows: Sequence[Row]) -> list[str]:
    """Return a sentence for each row that has a prediction but no refined value."""
    return [
        f"{row[NAME]}: not refined: {row[REFINED_REASON]}"
        for row in rows
        if row[REASON] is None and row[REFINED_REASON] is not None
    ]


def may_spend(refiner: Refiner, plans: Sequence[tuple[str, RefinementPlan]], refining: RefiningOptions) -> bool:
    """Show what refining costs, and return whether it may be spent; somebody is asked where the options do not tell.

    Args:
        refiner: Whose potential it takes.
        plans: Each crystal's name and plan.
        refining: What was agreed to.

    Raises:
        ConfigError: Nobody can be asked.
        MissingInputError: The potential is absent.
    """
    minutes = sum(plan.cpu_minutes for _, plan in plans)
    if not minutes:
        return True
    refiner.calculator  # noqa: B018  # what is missing for it is said before anybody is asked
    open_console(stderr=True).print(cost_table(plans))
    if refining.is_agreed:
        return True
    refining.require_answer()
    return refining.ask is not None and refining.ask(f"Compute for about {format_minutes(minutes)} minutes?")


def cost_table(plans: Sequence[tuple[str, RefinementPlan]]) -> Table:
    """Return what refining costs for a terminal, a row for each crystal; its name and plan are given."""
    name = Column("crystal", overflow="fold")
    table = Table(name, "force calls", "supercells × atoms", "minutes on one core", box=None, title="Cost of refining")
    table.title_justify = "left"
    names = shorten_names([crystal for crystal, _ in plans])
    for crystal, (_, plan) in zip(names, plans, strict=True):
        table.add_row(Text(escape_controls(crystal)), *(Text(cell) for cell in describe_cost(plan)))
    return table


def describe_cost(plan: RefinementPlan) -> tuple[str, str, str]:
    """Return force calls, the supercells that they are for, and minutes, or why there are none."""
    cost = plan.cost
    if plan.refusal is not None:
        return "–", "–", f"not refined: {plan.refusal}"
    if cost is None:
        return "–", "–", "computed before"
    supercells = f"{cost.n_harmonic_call} × {cost.n_harmonic_atom} + {cost.n_cubic_call} × {cost.n_cubic_atom}"
    return str(cost.n_force_call), supercells, f"about {format_minutes(cost.cpu_minutes)}"


def format_minutes(minutes: float) -> str:
    """Return minutes with as many digits as an estimate has."""
    return f"{minutes:.1f}" if minutes < 10 else f"{minutes:.0f}"


def _shorten(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with the names that the table of their predictions shows."""
    names = shorten_names([row[NAME] for row in rows])
    return [{**row, NAME: name} for row, name in zip(rows, names, strict=True)]


def _interval(row: Mapping[Any, Any], names: tuple[str, str]) -> str:
    lower, upper = (row[name] for name in names)
    return f"{lower:.3g} to {upper:.3g}"
