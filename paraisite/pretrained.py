"""Stages of the networks that recipes start from: pretraining on the lab set, and comparison with MEGNet's own."""

import dataclasses
import json
import logging
import shutil
from typing import Final

import numpy as np
from rich.console import Console

from paraisite import schema
from paraisite.config import load_config
from paraisite.evaluation.agreement import energy_agreement
from paraisite.evaluation.experiment import model_config
from paraisite.evaluation.predict import predict
from paraisite.evaluation.pretraining import pretrain as run_pretraining
from paraisite.files import file_sha256, write_whole
from paraisite.folders import BUILD, PRETRAINED
from paraisite.inputs import graphs_of, lab_folder, load_data, with_graphs
from paraisite.models.ensemble import Ensemble
from paraisite.models.megnet_interop import read_published_model
from paraisite.reports.figures import save_figure
from paraisite.reports.lab_figures import energy_parity
from paraisite.sources.lab.records import formulas_of_relaxed, load_relaxed
from paraisite.sources.weights import FORMATION_ENERGY, resolve_published_weights
from paraisite.starts import lab_network
from paraisite.tracking.runs import log_pretraining, recipe_run
from paraisite.training.progress import ProgressBar
from paraisite.training.recipes import AFLOW, SLACK

logger = logging.getLogger(__name__)

VARIANTS: Final = {
    "formation_energy": (schema.FORMATION_ENERGY,),
    "log_bulk": (schema.LOG_BULK,),
    "log_shear": (schema.LOG_SHEAR,),
    "all": (schema.FORMATION_ENERGY, schema.LOG_BULK, schema.LOG_SHEAR),
}
"""What a network may be pretrained on; the recipes start from the first."""


_AGREEMENT_FILE: Final = BUILD / "check_formation_energy" / "metrics.json"


def pretrain(variant: str) -> None:
    """Train MEGNet on properties of the lab set: a variant of ``VARIANTS``."""
    config = load_config()
    folder = lab_folder(config)
    table, structures = load_relaxed(folder)
    graphs, without = graphs_of("lab", structures, list(table[schema.MATERIAL_ID]), config)
    table = table.drop(index=[row.row for row in without]).reset_index(drop=True)
    checkpoints = BUILD / "checkpoints" / f"pretrain_{variant}"
    with recipe_run(f"pretrain {variant}") as run_id:
        trained = run_pretraining(
            table,
            graphs,
            VARIANTS[variant],
            settings=config.lab.pretraining.applied_to(config.training),
            dataset_digest=file_sha256(folder / "slack.parquet"),
            model=dataclasses.replace(model_config(config), head_hidden=()),
            checkpoint_folder=checkpoints,
            callbacks=[ProgressBar(f"pretrain {variant}")],
        )
        trained.save(PRETRAINED / variant)
        log_pretraining(trained, dataset_name=SLACK, run_id=run_id)
    shutil.rmtree(checkpoints, ignore_errors=True)
    Console().print(trained.metrics.round(4).to_string(), soft_wrap=True)


def check_formation_energy() -> None:
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
        "all of AFLOW's structures": dataclasses.asdict(energy_agreement(expected, found)),
        "those whose formula is not in the lab set": dataclasses.asdict(energy_agreement(expected[new], found[new])),
    }
    content = {"network_sha256": file_sha256(path), "agreement": agreement}
    write_whole(_AGREEMENT_FILE, (json.dumps(content, indent=2) + "\n").encode())
    figure = energy_parity(expected[new], found[new], "AFLOW's structures of other formulas")
    save_figure(figure, _AGREEMENT_FILE.with_name("parity"))
    for name, values in agreement.items():
        Console().print(name, {key: round(value, 4) for key, value in values.items()}, soft_wrap=True)


def agreement_found(network_sha256: str) -> dict[str, dict[str, float]]:
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
