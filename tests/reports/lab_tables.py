"""A small table of tier ``slack`` for the tests of figures and data sheet; values invented."""

import numpy as np
import pandas as pd

from paraisite.labels.assemble import build_slack_table
from tests.labels.test_assemble import REFERENCES, magnesia

N_ACCEPTED = 12
"""Rows that are accepted."""


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
