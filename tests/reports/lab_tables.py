"""Small tables of both tiers for the tests of figures and data sheet; values invented."""

import numpy as np
import pandas as pd

from paraisite.labels.assemble import build_bte_table, build_slack_table
from tests.labels.test_assemble import REFERENCES, magnesia

N_ACCEPTED = 12
"""Rows of tier ``slack`` that are accepted, and of tier ``bte`` at all."""


def make_slack() -> pd.DataFrame:
    """Return fourteen rows, twelve of them accepted."""
    rows = [
        magnesia(candidate_id=f"rocksalt:{number}", shear_gpa=shear_gpa)
        for number, shear_gpa in enumerate(np.linspace(130.0, 75.0, N_ACCEPTED))
    ]
    nothing = {"bulk_gpa": np.nan, "shear_gpa": np.nan, "bulk_slope": np.nan}
    rows += [
        magnesia(candidate_id="rutile:12", prototype="rutile", energy_ev_per_atom=-1.0, **nothing)
        | {"reason": "elastically unstable: softest mode -3.1 GPa"},
        magnesia(candidate_id="rutile:13", prototype="rutile", structure_json="", energy_ev_per_atom=np.nan, **nothing)
        | {"reason": "forces above 0.005 eV/Å after 150 steps"},
    ]
    return build_slack_table(pd.DataFrame(rows), REFERENCES)


def make_bte() -> pd.DataFrame:
    """Return twelve rows, tier ``slack``'s accepted crystals, eleven of them accepted."""
    computed = {"min_frequency_thz": 0.0, "max_frequency_thz": 21.0, "max_share": 0.1}
    computed |= {"n_supercell_atom": 64.0, "n_force_call": 40.0}
    structure_json = magnesia()["structure_json"]
    rows = [
        {"candidate_id": f"rocksalt:{number}", "prototype": "rocksalt", "reason": "", "structure_json": structure_json}
        | {"kappa_w_per_m_k": kappa, **computed}
        for number, kappa in enumerate(np.linspace(60.0, 20.0, N_ACCEPTED - 1))
    ]
    rejected = rows[0] | dict.fromkeys(computed, np.nan) | {"candidate_id": "rocksalt:11", "kappa_w_per_m_k": np.nan}
    reason = "phonon of -1.25 THz (imaginary), expected none below -0.05 THz"
    return build_bte_table(pd.DataFrame([*rows, rejected | {"reason": reason}]))
