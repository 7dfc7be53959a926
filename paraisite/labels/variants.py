"""Slack's expression with one Grüneisen parameter or another, to find out which one ranks crystals best."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from pymatgen.core.structure import Structure

from paraisite.labels.assemble import MAX_POISSON, MIN_POISSON, compute_debye_and_conductivity
from paraisite.labels.slack import (
    TYPICAL_GRUNEISEN,
    gruneisen_of_bulk_slope,
    gruneisen_of_poisson,
    poisson_ratio,
)

MIN_GRUNEISEN: Final = 0.3
MAX_GRUNEISEN: Final = 5.0
"""Outside, the equation of state's slope is an artefact of the fit: most solids have 0.5 to 3."""

OF_POISSON: Final = "kappa_of_poisson_w_per_m_k"
OF_BULK_SLOPE: Final = "kappa_of_bulk_slope_w_per_m_k"
OF_CONSTANT: Final = "kappa_of_constant_w_per_m_k"

VARIANTS: Final = {
    OF_POISSON: "Slack's expression, Grüneisen parameter of the Poisson ratio",
    OF_BULK_SLOPE: "Slack's expression, Slater's Grüneisen parameter of the equation of state, "
    f"where it is {MIN_GRUNEISEN} to {MAX_GRUNEISEN}",
    OF_CONSTANT: f"Slack's expression, Grüneisen parameter {TYPICAL_GRUNEISEN} for all crystals",
}
"""Columns of ``compute_slack_variants`` with their meaning; the last is what tier ``slack`` ships."""


def compute_slack_variants(rows: pd.DataFrame) -> pd.DataFrame:
    """Return three conductivities of each crystal, W/m/K at 300 K.

    Args:
        rows: With structure_json (primitive cells), bulk_gpa, shear_gpa and bulk_slope: a campaign's rows, or tier
            ``slack``.

    Returns:
        Index of ``rows``, columns of ``VARIANTS``; NaN where structure, moduli or Grüneisen parameter are missing or
        out of bounds.
    """
    values = [_variants(row) for row in rows.to_dict("records")]
    return pd.DataFrame(values, index=rows.index, columns=list(VARIANTS), dtype=float)


def _variants(row: Mapping[Any, Any]) -> dict[str, float]:
    nothing = dict.fromkeys(VARIANTS, float("nan"))
    if not row["structure_json"] or not (row["bulk_gpa"] > 0 and row["shear_gpa"] > 0):
        return nothing
    poisson = poisson_ratio(row["bulk_gpa"], row["shear_gpa"])
    if not MIN_POISSON < poisson < MAX_POISSON:
        return nothing
    structure = Structure.from_str(row["structure_json"], fmt="json")
    gruneisen = {
        OF_POISSON: gruneisen_of_poisson(poisson),
        OF_BULK_SLOPE: _within_bounds(gruneisen_of_bulk_slope(row["bulk_slope"])),
        OF_CONSTANT: TYPICAL_GRUNEISEN,
    }
    return {
        name: compute_debye_and_conductivity(structure, row["bulk_gpa"], poisson, gruneisen=value)[1]
        for name, value in gruneisen.items()
    }


def _within_bounds(gruneisen: float) -> float:
    return gruneisen if MIN_GRUNEISEN <= gruneisen <= MAX_GRUNEISEN else np.nan
