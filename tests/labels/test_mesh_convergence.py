"""Conductivities that depend on the mesh are refused."""

import re

import numpy as np
import pandas as pd

from paraisite.labels.mesh_convergence import find_mesh_dependence, refuse_unconverged


def test_a_conductivity_that_depends_on_the_mesh_is_refused_either_way():
    assert find_mesh_dependence(10.0, 19.0) == find_mesh_dependence(10.0, 5.5) == ""
    for coarse in (21.0, 4.5, np.nan, np.inf):
        reason = find_mesh_dependence(10.0, coarse)
        assert re.search(rf"10 W/m/K are {coarse:g} on a coarser mesh, .*: not converged", reason)


def test_accepted_rows_get_the_reason_and_others_keep_theirs():
    rows = pd.DataFrame(
        {
            "reason": ["", "phonon of -1.00 THz (imaginary)", ""],
            "kappa_potential_w_per_m_k": [10.0, np.nan, 845.35],
            "kappa_potential_coarse_w_per_m_k": [11.0, np.nan, 11412.0],
        }
    )
    reasons = refuse_unconverged(rows)["reason"].tolist()
    assert reasons[:2] == ["", "phonon of -1.00 THz (imaginary)"]
    assert reasons[2] == "845.4 W/m/K are 1.141e+04 on a coarser mesh, expected a factor of 2 at most: not converged"
    assert rows["reason"].tolist()[2] == "", "what is given stays as it is"
