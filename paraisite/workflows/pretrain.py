"""Pretrain the networks that give recipes their initial weights, on the project's own labels."""

import dataclasses
import shutil
from typing import Final

from paraisite import schema
from paraisite.artifacts.inputs import build_graphs, fetch_lab_folder
from paraisite.artifacts.stage_folders import checkpoint_folder
from paraisite.config import load_config
from paraisite.core.files import file_sha256
from paraisite.core.folders import folder_written_whole
from paraisite.core.paths import PRETRAINED
from paraisite.data.sources.lab_tables import load_relaxed_crystals
from paraisite.reports.terminal import print_line
from paraisite.tracking.runs import log_pretraining, recipe_run
from paraisite.tracking.store import check_outputs_writable
from paraisite.training.pretraining import pretrain as run_pretraining
from paraisite.training.progress import ProgressBar
from paraisite.training.recipe_training import build_model_config
from paraisite.training.recipes import SLACK

VARIANTS: Final = {
    "formation_energy": (schema.FORMATION_ENERGY,),
    "log_bulk": (schema.LOG_BULK,),
    "log_shear": (schema.LOG_SHEAR,),
    "all": (schema.FORMATION_ENERGY, schema.LOG_BULK, schema.LOG_SHEAR),
}
"""Targets of pretraining by variant; the first gives the recipes their initial weights."""


def pretrain_network(variant: str) -> None:
    """Pretrain MEGNet on properties of the lab set: a variant of ``VARIANTS``."""
    check_outputs_writable(PRETRAINED)
    config = load_config()
    folder = fetch_lab_folder(config)
    table, structures = load_relaxed_crystals(folder)
    graphs, without = build_graphs("lab", structures, list(table[schema.MATERIAL_ID]), config)
    table = table.drop(index=[row.row for row in without]).reset_index(drop=True)
    checkpoints = checkpoint_folder(f"pretrain_{variant}")
    with recipe_run(f"pretrain {variant}") as run_id:
        trained = run_pretraining(
            table,
            graphs,
            VARIANTS[variant],
            settings=config.lab.pretraining.applied_to(config.training),
            dataset_digest=file_sha256(folder / "slack.parquet"),
            model=dataclasses.replace(build_model_config(config), head_hidden=()),
            checkpoint_folder=checkpoints,
            callbacks=[ProgressBar(f"pretrain {variant}")],
        )
        with folder_written_whole(PRETRAINED / variant) as new:
            trained.save(new)
        log_pretraining(trained, dataset_name=SLACK, run_id=run_id)
    shutil.rmtree(checkpoints, ignore_errors=True)
    print_line(trained.metrics.round(4).to_string())
