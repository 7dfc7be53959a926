"""Blocks of descriptors for the models of ``tabular``: of the structure, and predictions of trained networks for it.

The networks were trained on other crystals: their predictions are descriptors like any other.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from pymatgen.core.structure import Structure
from sklearn.impute import SimpleImputer

from paraisite.arrays import Floats
from paraisite.features.descriptors import (
    compute_composition_descriptors,
    compute_ionic_descriptors,
    compute_physical_descriptors,
)
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.labels.slack import (
    TYPICAL_GRUNEISEN,
    UnitCell,
    acoustic_debye_temperature,
    debye_temperature,
    poisson_ratio,
    slack_conductivity,
)
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import predict_members
from paraisite.models.tabular import (
    COMPOSITION,
    IONIC,
    NETWORKS,
    PHONONS,
    PHYSICAL,
    POTENTIAL,
    SECOND_STAGE,
    SLACK_FORMULA,
)
from paraisite.schema import KAPPA_POTENTIAL, LOG_FLOOR, REASON

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Networks:
    """Trained networks whose predictions describe a crystal.

    Attributes:
        conductivity: Ensembles that predict kappa; the first is the second stage's.
        log10_bulk: Network for log10 of the bulk modulus in GPa, or None.
        log10_shear: The same for the shear modulus.
    """

    conductivity: Mapping[str, Ensemble] = field(default_factory=dict)
    log10_bulk: Ensemble | None = None
    log10_shear: Ensemble | None = None


PHONON_COLUMNS: Final = (KAPPA_POTENTIAL, "max_frequency_thz", "velocity_km_per_s")
"""Whose logarithms are descriptors, see ``labels.phonon_labels``."""


def build_descriptor_blocks(
    structures: Sequence[Structure],
    graphs: GraphCollection,
    networks: Networks,
    phonons: pd.DataFrame | None = None,
) -> dict[str, Floats]:
    """Return all blocks that can be had, each [n_row, n_descriptor].

    Args:
        structures: The crystals.
        graphs: Theirs, in the same order.
        networks: Without moduli there is no block ``SLACK_FORMULA``, without any network only those of
            structures.
        phonons: Of the crystals under a potential, as ``inputs.load_phonons`` returns them; without them there are no
            blocks ``POTENTIAL`` and ``PHONONS``.
    """
    blocks = {
        PHYSICAL: compute_physical_descriptors(structures).to_numpy(np.float64),
        IONIC: compute_ionic_descriptors(structures).to_numpy(np.float64),
        COMPOSITION: compute_composition_descriptors(structures).to_numpy(np.float64),
    }
    predicted = [predict_log10_conductivity(ensemble, graphs) for ensemble in networks.conductivity.values()]
    if predicted:
        blocks |= {SECOND_STAGE: predicted[0][:, None], NETWORKS: np.stack(predicted, axis=1)}
    if networks.log10_bulk is not None and networks.log10_shear is not None:
        bulk, shear = (
            predict_members(network, graphs).output[0] for network in (networks.log10_bulk, networks.log10_shear)
        )
        blocks[SLACK_FORMULA] = _log10_slack(structures, 10.0**bulk, 10.0**shear)[:, None]
    if phonons is not None:
        log10_phonons = _log10_phonons(phonons)
        blocks |= {POTENTIAL: log10_phonons[:, :1], PHONONS: log10_phonons}
    return blocks


def _log10_phonons(phonons: pd.DataFrame) -> Floats:
    """Return the logarithms of ``PHONON_COLUMNS``, [n_row, 3]; medians stand for what could not be computed."""
    if n_unknown := int((phonons[REASON] != "").sum()):
        logger.warning("%d of %d materials have no phonons: medians stand for theirs", n_unknown, len(phonons))
    values = np.log10(phonons[list(PHONON_COLUMNS)].to_numpy(np.float64))
    filled: Floats = SimpleImputer(strategy="median").fit_transform(values)
    return filled


def predict_log10_conductivity(ensemble: Ensemble, graphs: GraphCollection, *, compiled: bool = True) -> Floats:
    """Return the members' mean of log10(kappa), kappa in W/m/K, [n_row].

    Args:
        ensemble: Networks that predict kappa.
        graphs: Crystals whose bonds reach to their cutoff.
        compiled: As ``predict_members`` takes it.
    """
    return np.log10(np.maximum(predict_members(ensemble, graphs, compiled=compiled).output, LOG_FLOOR)).mean(axis=0)


def _log10_slack(structures: Sequence[Structure], bulk_gpa: Floats, shear_gpa: Floats) -> Floats:
    """Return log10 of Slack's conductivity in W/m/K, [n_row]."""
    values = []
    for structure, bulk, shear in zip(structures, bulk_gpa, shear_gpa, strict=True):
        cell = structure.get_primitive_structure()
        crystal = UnitCell(len(cell), cell.volume, float(cell.composition.weight))
        debye = debye_temperature(crystal, bulk_gpa=bulk, poisson=poisson_ratio(bulk, shear))
        acoustic = acoustic_debye_temperature(debye, len(cell))
        values.append(slack_conductivity(crystal, acoustic_debye_kelvin=acoustic, gruneisen=TYPICAL_GRUNEISEN))
    return np.log10(values)
