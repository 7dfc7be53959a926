"""Stages of the networks that recipes start from: pretraining on the lab set, and comparison with MEGNet's own."""

import dataclasses
import logging
import shutil
from typing import Final

from rich.console import Console

from paraisite import schema
from paraisite.artifacts.inputs import graphs_of, lab_folder
from paraisite.config import load_config
from paraisite.core.files import file_sha256
from paraisite.core.paths import BUILD, PRETRAINED
from paraisite.data.sources.lab_tables import load_relaxed
from paraisite.tracking.runs import log_pretraining, recipe_run
from paraisite.training.pretraining import pretrain as run_pretraining
from paraisite.training.progress import ProgressBar
from paraisite.training.recipe_training import model_config
from paraisite.training.recipes import SLACK

logger = logging.getLogger(__name__)

VARIANTS: Final = {
    "formation_energy": (schema.FORMATION_ENERGY,),
    "log_bulk": (schema.LOG_BULK,),
    "log_shear": (schema.LOG_SHEAR,),
    "all": (schema.FORMATION_ENERGY, schema.LOG_BULK, schema.LOG_SHEAR),
}
"""What a network may be pretrained on; the recipes start from the first."""


def pretrain_network(variant: str) -> None:
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
