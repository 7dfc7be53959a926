"""From campaign rows to tables: formation energies, Debye temperature, Grüneisen parameter and Slack's conductivity.

What the potential computed lies in the campaigns' files; what follows from it by formulas is computed here.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from pymatgen.core.composition import Composition
from pymatgen.core.structure import Structure

from paraisite.data.structure_labels import label_structure_type
from paraisite.errors import DataError
from paraisite.labels.functional_correction import FunctionalCorrection, correct_kappa
from paraisite.labels.mesh_convergence import refuse_unconverged
from paraisite.labels.slack import (
    TYPICAL_GRUNEISEN,
    UnitCell,
    acoustic_debye_temperature,
    debye_temperature,
    gruneisen_of_bulk_slope,
    gruneisen_of_poisson,
    poisson_ratio,
    slack_conductivity,
)
from paraisite.labels.weak_bonding import refuse_weakly_bound
from paraisite.schema import FORMULA, KAPPA, MATERIAL_ID, PROTOTYPE, REASON

MIN_POISSON: Final = -0.2
MAX_POISSON: Final = 0.45
"""Outside, shear or bulk modulus nearly vanishes and so does the meaning of an isotropic Debye temperature."""

SLACK_COLUMNS: Final = {
    FORMULA: "reduced formula",
    "n_atom": "atoms in the primitive cell",
    "formation_energy_ev_per_atom": "energy of formation from the elements, eV/atom, same potential",
    "volume_cubic_angstrom_per_atom": "Å³/atom",
    "poisson": "Poisson ratio of bulk and shear modulus",
    "debye_kelvin": "Debye temperature of all modes, K",
    "gruneisen_of_poisson": "Grüneisen parameter that goes with the Poisson ratio",
    "gruneisen_of_bulk_slope": "Slater's Grüneisen parameter, of the equation of state",
    KAPPA: "conductivity at 300 K, W/m/K: Slack's expression with the same Grüneisen parameter for all",
}
"""Columns that are derived here, with their meaning and unit."""


def compute_elemental_references(rows: pd.DataFrame) -> dict[str, float]:
    """Return each element's lowest energy over all structure types, eV/atom.

    Args:
        rows: Of the campaign of the elements.

    Raises:
        DataError: An element has none.
    """
    lowest = rows.groupby("element")["energy_ev_per_atom"].min()
    if lowest.isna().any():
        raise DataError(f"no reference energy for {', '.join(lowest.index[lowest.isna()])}")
    return {str(element): float(energy) for element, energy in lowest.items()}


def formation_energy(composition: Composition, energy_ev_per_atom: float, references: Mapping[str, float]) -> float:
    """Return the energy of formation from the elements, eV/atom.

    Args:
        composition: Of the compound.
        energy_ev_per_atom: Its energy under the potential.
        references: Energy of each element under the same potential, eV/atom.

    Raises:
        DataError: An element has no reference.
    """
    amounts = composition.fractional_composition.get_el_amt_dict()
    if missing := sorted(set(amounts) - set(references)):
        raise DataError(f"no reference energy for {', '.join(missing)}")
    return energy_ev_per_atom - sum(share * references[symbol] for symbol, share in amounts.items())


def build_slack_table(rows: pd.DataFrame, references: Mapping[str, float]) -> pd.DataFrame:
    """Return tier ``slack``: the campaign's rows with the columns of ``SLACK_COLUMNS``.

    Args:
        rows: Of the campaign; those without a relaxed structure have nothing derived.
        references: Energy of each element, eV/atom.
    """
    derived = [_derived(row, references) for row in rows.to_dict("records")]
    return _joined(rows, derived)


def build_kappa_table(rows: pd.DataFrame, correction: FunctionalCorrection) -> pd.DataFrame:
    """Return tier ``kappa``: the campaign's rows with formula, prototype and the label, the corrected conductivity.

    Args:
        rows: Of the campaign.
        correction: From the potential's conductivities to those of the functional of accurate data.
    """
    rows = rows.fillna({"structure_json": ""})  # of crystals that were refused before they had one
    rows = refuse_unconverged(refuse_weakly_bound(rows))
    table = _joined(rows, [_of_structure(row) | {REASON: row[REASON]} for row in rows.to_dict("records")])
    accepted = table[REASON] == ""
    types = [
        label_structure_type(Structure.from_str(text, fmt="json")) if is_accepted else None
        for text, is_accepted in zip(rows["structure_json"], accepted, strict=True)
    ]
    table.insert(1, PROTOTYPE, types)
    table[KAPPA] = np.nan
    table.loc[accepted, KAPPA] = correct_kappa(table[accepted], correction)
    return table


def compute_debye_and_conductivity(
    structure: Structure, bulk_gpa: float, poisson: float, *, gruneisen: float
) -> tuple[float, float]:
    """Return the Debye temperature of all modes, K, and Slack's conductivity at 300 K, W/m/K.

    Args:
        structure: Primitive cell.
        bulk_gpa: Bulk modulus, GPa.
        poisson: Poisson ratio.
        gruneisen: Grüneisen parameter; NaN gives no conductivity.
    """
    crystal = UnitCell(len(structure), structure.volume, float(structure.composition.weight))
    debye = debye_temperature(crystal, bulk_gpa=bulk_gpa, poisson=poisson)
    acoustic = acoustic_debye_temperature(debye, len(structure))
    return debye, slack_conductivity(crystal, acoustic_debye_kelvin=acoustic, gruneisen=gruneisen)


def _joined(rows: pd.DataFrame, derived: list[dict[str, Any]]) -> pd.DataFrame:
    kept = rows.drop(columns="reason").rename(columns={"candidate_id": MATERIAL_ID})
    return pd.concat([kept, pd.DataFrame(derived)], axis=1).astype({"n_atom": "Int64"})


def _of_structure(row: Mapping[Any, Any]) -> dict[str, Any]:
    if not row["structure_json"]:
        return {FORMULA: "", "n_atom": pd.NA}
    structure = Structure.from_str(row["structure_json"], fmt="json")
    return {FORMULA: structure.composition.reduced_formula, "n_atom": len(structure)}


def _derived(row: Mapping[Any, Any], references: Mapping[str, float]) -> dict[str, Any]:
    reason = row["reason"]
    values: dict[str, Any] = {"reason": reason} | dict.fromkeys(SLACK_COLUMNS, np.nan) | _of_structure(row)
    if not row["structure_json"]:
        return values
    structure = Structure.from_str(row["structure_json"], fmt="json")
    values |= {
        "formation_energy_ev_per_atom": formation_energy(structure.composition, row["energy_ev_per_atom"], references),
        "volume_cubic_angstrom_per_atom": structure.volume / len(structure),
    }
    if reason:
        return values
    poisson = poisson_ratio(row["bulk_gpa"], row["shear_gpa"])
    values["poisson"] = poisson
    if not MIN_POISSON < poisson < MAX_POISSON:
        return values | {"reason": f"Poisson ratio {poisson:.2f}, expected {MIN_POISSON} to {MAX_POISSON}"}
    debye, kappa = compute_debye_and_conductivity(structure, row["bulk_gpa"], poisson, gruneisen=TYPICAL_GRUNEISEN)
    if not (math.isfinite(kappa) and kappa > 0):
        values["reason"] = f"conductivity is {kappa} W/m/K, expected a positive number"
    return values | {
        "debye_kelvin": debye,
        "gruneisen_of_poisson": gruneisen_of_poisson(poisson),
        "gruneisen_of_bulk_slope": gruneisen_of_bulk_slope(row["bulk_slope"]),
        KAPPA: kappa,
    }
