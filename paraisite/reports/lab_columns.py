"""Meanings of the columns of tier ``slack``, and counts of the reasons for rejection."""

import re
from typing import Final

import pandas as pd

from paraisite import schema
from paraisite.errors import DataError
from paraisite.labels.assemble import SLACK_COLUMNS
from paraisite.reports.tables import to_markdown

MEANING_IN_SLACK: Final = {
    schema.MATERIAL_ID: "prototype and elements of its slots; the same crystal always has the same one",
    schema.PROTOTYPE: "structure type that the relaxation started from",
    schema.REASON: "why the candidate was rejected; empty if it was accepted",
    "structure_json": "relaxed primitive cell, pymatgen's JSON, lengths in Å; empty if relaxation failed",
    "space_group": "Hermann-Mauguin symbol after relaxation",
    "energy_ev_per_atom": "potential energy of the relaxed cell, eV/atom",
    schema.LOG_BULK.column: "bulk modulus of the elastic tensor, mean of Voigt and Reuss, GPa",
    schema.LOG_SHEAR.column: "shear modulus of the elastic tensor, mean of Voigt and Reuss, GPa",
    "min_stiffness_gpa": "lowest eigenvalue of the elastic tensor in Voigt's notation, GPa",
    "bulk_eos_gpa": "bulk modulus of the equation of state, atoms at fixed fractional positions, GPa",
    "bulk_slope": "pressure derivative of that bulk modulus, no unit",
    **SLACK_COLUMNS,
}

# Thresholds and values in a reason; digits within words such as phono3py stay.
_NUMBER: Final = re.compile(r"(?<![\w.])[-+−]?(?:[0-9]+\.?[0-9]*(?:[eE][-+]?[0-9]+)?|nan|inf)\b")


def column_table(table: pd.DataFrame, meanings: dict[str, str]) -> str:
    """Return a Markdown table of a tier's columns, in the tier's order.

    Raises:
        DataError: A column has no description.
    """
    if unknown := [name for name in table.columns if name not in meanings]:
        raise DataError(f"column {', '.join(unknown)} has no description for the data sheet: add it to {__name__}")
    described = {
        "kind": ["text" if pd.api.types.is_string_dtype(dtype) else "number" for dtype in table.dtypes],
        "meaning and unit": [meanings[name] for name in table.columns],
    }
    index = pd.Index([f"`{name}`" for name in table.columns], name="column")
    return to_markdown(pd.DataFrame(described, index=index), of_numbers=False)


def kinds_of_reasons(table: pd.DataFrame) -> pd.Series:
    """Return how many rows were rejected for each kind of reason, the most frequent first.

    Args:
        table: Of a tier.

    Returns:
        Index: reasons, with … in the place of numbers.
    """
    reasons = table.loc[table[schema.REASON] != "", schema.REASON]
    return reasons.str.replace(_NUMBER, "…", regex=True).value_counts()
