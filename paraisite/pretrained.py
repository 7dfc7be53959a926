"""Stages of the networks that recipes start from: pretraining on the lab set, and comparison with MEGNet's own."""

import dataclasses
import json
import shutil
from typing import Final

import numpy as np
from rich.console import Console

from paraisite import schema
from paraisite.config import Config, load_config
from paraisite.evaluation.agreement import energy_agreement
from paraisite.evaluation.experiment import model_config
from paraisite.evaluation.predict import predict
from paraisite.evaluation.pretraining import pretrain as run_pretraining
from paraisite.files import file_sha256, write_whole
from paraisite.folders import BUILD, PRETRAINED
from paraisite.inputs import graphs_of, load_data, with_graphs
from paraisite.models.ensemble import Ensemble
from paraisite.models.megnet_interop import read_published_model
from paraisite.reports.figures import save_figure
from paraisite.reports.lab_figures import energy_parity
from paraisite.sources.bundled import fetch_bundled
from paraisite.sources.lab.records import load_relaxed
from paraisite.sources.weights import resolve_formation_energy_weights
from paraisite.starts import lab_formation_energy
from paraisite.tracking.runs import log_pretraining, recipe_run
from paraisite.training.progress import ProgressBar
from paraisite.training.recipes import AFLOW

VARIANTS: Final = {
    "formation_energy": (schema.FORMATION_ENERGY,),
    "log_bulk": (schema.LOG_BULK,),
    "log_shear": (schema.LOG_SHEAR,),
    "all": (schema.FORMATION_ENERGY, schema.LOG_BULK, schema.LOG_SHEAR),
}
"""What a network may be pretrained on; the recipes start from the first."""


def pretrain(variant: str) -> None:
    """Train MEGNet on properties of the lab set: a variant of ``VARIANTS``."""
    config = load_config()
    fetch_bundled(config.data.lab, target=str(config.data.lab))
    table, structures = load_relaxed(config.data.lab)
    graphs, without = graphs_of("lab", structures, list(table[schema.MATERIAL_ID]), config)
    table = table.drop(index=[row.row for row in without]).reset_index(drop=True)
    checkpoints = BUILD / "checkpoints" / f"pretrain_{variant}"
    with recipe_run(f"pretrain {variant}") as run_id:
        trained = run_pretraining(
            table,
            graphs,
            VARIANTS[variant],
            settings=config.lab.pretraining.applied_to(config.training),
            dataset_digest=file_sha256(config.data.lab / "slack.parquet"),
            model=dataclasses.replace(model_config(config), head_hidden=()),
            checkpoint_folder=checkpoints,
            callbacks=[ProgressBar(f"pretrain {variant}")],
        )
        trained.save(PRETRAINED / variant)
        log_pretraining(trained, run_id=run_id)
    shutil.rmtree(checkpoints, ignore_errors=True)
    Console().print(trained.metrics.round(4).to_string(), soft_wrap=True)


def check_formation_energy() -> None:
    """Compare the lab's network for formation energies with MEGNet's on AFLOW's structures.

    Neither has seen labels of these structures, but formulas may be in what either was trained on; the crystals whose
    formula is not in the lab set are compared on their own, too.
    """
    config = load_config()
    dataset, graphs = with_graphs(load_data(AFLOW, config), config)
    official = read_published_model(resolve_formation_energy_weights(config.data)).to_ensemble()
    networks = (official, Ensemble.load(lab_formation_energy()))
    expected, found = (predict(network, graphs)[0].astype(np.float64) for network in networks)
    new = ~dataset.table[schema.FORMULA].isin(_formulas_of_lab(config)).to_numpy()
    folder = BUILD / "check_formation_energy"
    content = {
        "all of AFLOW's structures": dataclasses.asdict(energy_agreement(expected, found)),
        "those whose formula is not in the lab set": dataclasses.asdict(energy_agreement(expected[new], found[new])),
    }
    write_whole(folder / "metrics.json", (json.dumps(content, indent=2) + "\n").encode())
    save_figure(energy_parity(expected[new], found[new], "AFLOW's structures of other formulas"), folder / "parity")
    for name, values in content.items():
        Console().print(name, {key: round(value, 4) for key, value in values.items()}, soft_wrap=True)


def _formulas_of_lab(config: Config) -> set[str]:
    fetch_bundled(config.data.lab, target=str(config.data.lab))
    table, _ = load_relaxed(config.data.lab)
    return set(table[schema.FORMULA])
