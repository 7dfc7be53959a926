"""Crystals whose conductivity depends on the mesh of wave vectors, and so is none.

Where hardly any phonons can scatter a mode, a mesh meets by chance those that do: zinc blende SiSn comes to 845 W/m/K,
and to 11,000 on a mesh a quarter coarser.
"""

from typing import Final

import pandas as pd

from paraisite.schema import KAPPA_POTENTIAL, REASON

KAPPA_COARSE: Final = "kappa_potential_coarse_w_per_m_k"
"""Column of the conductivity on the coarser mesh, W/m/K."""

MAX_MESH_FACTOR: Final = 2.0
"""Between the conductivities on both meshes, either way."""


def find_mesh_dependence(kappa: float, on_coarser_mesh: float) -> str:
    """Return how a conductivity depends on the mesh, as a reason; empty where it hardly does.

    Args:
        kappa: Conductivity, W/m/K.
        on_coarser_mesh: The same on the coarser mesh, W/m/K.
    """
    if 1.0 / MAX_MESH_FACTOR <= on_coarser_mesh / kappa <= MAX_MESH_FACTOR:
        return ""
    return (
        f"{kappa:.4g} W/m/K are {on_coarser_mesh:.4g} on a coarser mesh, expected a factor of {MAX_MESH_FACTOR:g} at "
        "most: not converged"
    )


def refuse_unconverged(rows: pd.DataFrame) -> pd.DataFrame:
    """Return campaign rows with a reason for accepted ones whose conductivity depends on the mesh.

    Args:
        rows: With reason and the columns of ``labels.phonon_labels``.
    """
    reasons = [
        reason or find_mesh_dependence(kappa, coarse)
        for reason, kappa, coarse in zip(rows[REASON], rows[KAPPA_POTENTIAL], rows[KAPPA_COARSE], strict=True)
    ]
    return rows.assign(**{REASON: reasons})
