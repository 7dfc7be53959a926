"""What follows from the potential's numbers by formulas."""

import numpy as np
import pandas as pd
import pytest
from pymatgen.core.composition import Composition
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.errors import DataError
from paraisite.labels.assemble import (
    SLACK_COLUMNS,
    build_slack_table,
    compute_elemental_references,
    formation_energy,
)

REFERENCES = {"Mg": -1.5, "O": -4.9}


def magnesia(**changes: object) -> dict[str, object]:
    crystal = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.21), ["Mg", "O"], [[0, 0, 0], [0.5] * 3])
    row: dict[str, object] = {
        "candidate_id": "rocksalt:Mg-O",
        "prototype": "rocksalt",
        "reason": "",
        "structure_json": crystal.get_primitive_structure().to_json(),
        "space_group": "Fm-3m",
        "energy_ev_per_atom": -6.2,
        "bulk_gpa": 160.0,  # measured moduli at room temperature
        "shear_gpa": 130.0,
        "min_stiffness_gpa": 100.0,
        "bulk_eos_gpa": 160.0,
        "bulk_slope": 4.1,
    }
    return row | changes


def derived(**changes: object) -> pd.Series:
    return build_slack_table(pd.DataFrame([magnesia(**changes)]), REFERENCES).iloc[0]


def test_references_are_the_lowest_energies():
    rows = pd.DataFrame(
        {"element": ["Mg", "Mg", "O"], "energy_ev_per_atom": [-1.4, -1.5, -4.9], "reason": ["", "", ""]}
    )
    assert compute_elemental_references(rows) == REFERENCES


def test_an_element_without_energy_is_named():
    rows = pd.DataFrame({"element": ["Mg", "O"], "energy_ev_per_atom": [-1.4, np.nan]})
    with pytest.raises(DataError, match="no reference energy for O"):
        compute_elemental_references(rows)


def test_formation_energy_is_relative_to_the_elements():
    assert formation_energy(Composition("MgO"), -6.2, REFERENCES) == pytest.approx(-3.0)
    assert formation_energy(Composition("Mg3O"), -2.0, REFERENCES) == pytest.approx(-2.0 - (3 * -1.5 - 4.9) / 4)
    with pytest.raises(DataError, match="no reference energy for Ti"):
        formation_energy(Composition("TiO2"), -6.2, REFERENCES)


def test_magnesia_has_its_measured_debye_temperature_and_a_conductivity_of_its_size():
    row = derived()
    assert row["formula"] == "MgO"
    assert row["formation_energy_ev_per_atom"] == pytest.approx(-3.0)
    assert row["debye_kelvin"] == pytest.approx(945, rel=0.03)  # 940 to 950 K, from elastic constants
    assert 15 < row["kappa_w_per_m_k"] < 200  # measured: 50 to 60; the expression is good within a factor of four
    assert set(SLACK_COLUMNS) <= set(row.index)


def test_a_rejected_candidate_keeps_its_formation_energy_and_its_reason():
    row = derived(reason="elastically unstable: softest mode -3.0 GPa", bulk_gpa=np.nan, shear_gpa=np.nan)
    assert row["formation_energy_ev_per_atom"] == pytest.approx(-3.0)
    assert np.isnan(row["kappa_w_per_m_k"])
    assert row["reason"].startswith("elastically unstable")


def test_a_candidate_that_did_not_relax_has_nothing():
    row = derived(reason="forces above 0.005 eV/Å after 150 steps", structure_json="")
    assert np.isnan(row["formation_energy_ev_per_atom"])
    assert row["formula"] == ""
    assert row["n_atom"] is pd.NA


@pytest.mark.parametrize("shear_gpa", [1.0, 700.0])
def test_moduli_far_from_each_other_are_rejected(shear_gpa: float):
    row = derived(shear_gpa=shear_gpa)
    assert row["reason"].startswith("Poisson ratio")
    assert np.isnan(row["kappa_w_per_m_k"])
