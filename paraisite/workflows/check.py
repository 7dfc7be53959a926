"""The project's own labels and networks beside what is known: tier slack, tier bte, formation energies."""

import dataclasses
import json
import logging
from dataclasses import asdict
from typing import Final

import numpy as np
import pandas as pd
from rich.console import Console

from paraisite import schema
from paraisite.artifacts.initial_weights import lab_network
from paraisite.artifacts.inputs import lab_folder, load_data, with_graphs
from paraisite.config import Config, load_config
from paraisite.core.files import file_sha256, write_whole
from paraisite.core.paths import BUILD, DATA, LABELS
from paraisite.data.sources import togo15
from paraisite.data.sources.aflow import load_aflow
from paraisite.data.sources.lab_tables import formulas_of_relaxed
from paraisite.data.sources.megnet_weights import FORMATION_ENERGY, resolve_published_weights
from paraisite.errors import DataError
from paraisite.labels.campaign import read_parts
from paraisite.labels.variants import VARIANTS, slack_variants
from paraisite.metrics.agreement import measure_agreements, measure_energy_agreement
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import predict
from paraisite.models.megnet_interop import read_published_model
from paraisite.reports.figures import save_figure
from paraisite.reports.lab_figures import (
    energy_parity,
    parity,
)
from paraisite.schema import KAPPA, MATERIAL_ID, REASON
from paraisite.training.recipes import AFLOW

logger = logging.getLogger(__name__)


CHECKED: Final = {"slack": "AFLOW's AGL", "bte": "Togo15"}
"""Tiers with known conductivities to compare with, and whose those are."""


METRICS_FILE: Final = "metrics.json"


def check_labels(tier: str) -> None:
    """Compare a tier's conductivities with known ones, of compounds that were labelled for this alone.

    Args:
        tier: "slack", against AFLOW's AGL on the same structures; or "bte", against Togo15.
    """
    rows = read_parts(LABELS / f"{tier}_check").set_index("candidate_id").rename_axis(MATERIAL_ID)
    accepted = rows[rows[REASON] == ""]
    known = _known_conductivities(tier, load_config()).loc[accepted.index]
    if tier == "slack":
        computed = slack_variants(accepted).rename(columns=VARIANTS)
    else:
        computed = accepted[[KAPPA]].set_axis(["Phonon Boltzmann equation"], axis=1)
    found = measure_agreements(known, computed)
    folder = BUILD / f"check_{tier}"
    content = {f"{name}, against {CHECKED[tier]}": asdict(value) for name, value in found.items()}
    write_whole(folder / METRICS_FILE, (json.dumps(content, indent=2) + "\n").encode())
    for number, (name, values) in enumerate(computed.items()):
        complete = values.notna()
        figure = parity(known[complete], values[complete], f"{name}, against {CHECKED[tier]}")
        save_figure(figure, folder / "figures" / f"parity_{number}")
    console = Console()
    console.print(f"{len(accepted)} of {len(rows)} compounds accepted")
    console.print(pd.DataFrame(content).T.round(3).to_string(), soft_wrap=True)


def _known_conductivities(tier: str, config: Config) -> pd.Series:
    """Return kappa, W/m/K, by material."""
    if tier == "slack":
        records, _ = load_aflow(config.data.aflow_table)
    elif tier == "bte":
        records = togo15.load_togo15(DATA / togo15.FILE_NAME)
    else:
        raise DataError(f"tier {tier!r} has no check, expected one of {', '.join(CHECKED)}")
    return pd.Series({record.material_id: record.kappa_w_per_m_k for record in records}, name=KAPPA)


_AGREEMENT_FILE: Final = BUILD / "check_formation_energy" / "metrics.json"


def check_formation_energies() -> None:
    """Compare the lab's network for formation energies with MEGNet's on AFLOW's structures.

    Neither has seen labels of these structures, but formulas may be in what either was trained on; the crystals whose
    formula is not in the lab set are compared on their own, too.
    """
    config = load_config()
    dataset, graphs = with_graphs(load_data(AFLOW, config), config)
    path = lab_network("formation_energy")
    official = read_published_model(resolve_published_weights(FORMATION_ENERGY, config.data)).to_ensemble()
    networks = (official, Ensemble.load(path))
    expected, found = (predict(network, graphs)[0].astype(np.float64) for network in networks)
    new = ~dataset.table[schema.FORMULA].isin(formulas_of_relaxed(lab_folder(config))).to_numpy()
    agreement = {
        "all of AFLOW's structures": dataclasses.asdict(measure_energy_agreement(expected, found)),
        "those whose formula is not in the lab set": dataclasses.asdict(
            measure_energy_agreement(expected[new], found[new])
        ),
    }
    content = {"network_sha256": file_sha256(path), "agreement": agreement}
    write_whole(_AGREEMENT_FILE, (json.dumps(content, indent=2) + "\n").encode())
    figure = energy_parity(expected[new], found[new], "AFLOW's structures of other formulas")
    save_figure(figure, _AGREEMENT_FILE.with_name("parity"))
    for name, values in agreement.items():
        Console().print(name, {key: round(value, 4) for key, value in values.items()}, soft_wrap=True)


def load_energy_agreement(network_sha256: str) -> dict[str, dict[str, float]]:
    """Return what ``check_formation_energy`` found of a network; a network that was not compared is said to be so."""
    try:
        content = json.loads(_AGREEMENT_FILE.read_text())
        agreement: dict[str, dict[str, float]] = content["agreement"]
        if content["network_sha256"] == network_sha256:
            return agreement
    except (OSError, ValueError, KeyError) as error:
        logger.debug("%s: %r", _AGREEMENT_FILE, error)
    logger.warning("this network was not compared with MEGNet's (`python -m paraisite check formation_energy`)")
    return {}
