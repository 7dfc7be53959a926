"""Fit Gaussian processes on a final data set: one mixture per split, and together a predictor."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

import pandas as pd

from paraisite import schema
from paraisite.artifacts.earlier_stages import EarlierStages
from paraisite.artifacts.inputs import attach_graphs, load_data
from paraisite.artifacts.stage_folders import predictor_folder
from paraisite.artifacts.training_outputs import write_process_predictor
from paraisite.config import Config, load_config
from paraisite.data.datasets.splits import Split, compute_splits_digest, draw_splits
from paraisite.data.datasets.table import Dataset
from paraisite.errors import MissingInputError
from paraisite.inference.predictor import Predictor
from paraisite.inference.process_fitting import fit_process_model, measure_held_out_errors
from paraisite.metrics.kappa_errors import summarise_metrics
from paraisite.models.ensemble import Ensemble
from paraisite.reports.terminal import print_line
from paraisite.tracking.analysis_runs import log_processes
from paraisite.tracking.promotion import Evidence
from paraisite.tracking.registry import register_predictor
from paraisite.tracking.runs import recipe_run
from paraisite.training.recipes import name_final_recipe, read_lineage

PREFIX: Final = "GP"
"""Prefix of the models' names: GPTG15, GPHH143, GP_MINE."""


def fit_processes(dataset_name: str) -> None:
    """Fit the processes into ``build/gp…/predictor/``, and register them.

    Predictions of networks are descriptors of the processes. They are only valid for crystals that the networks were
    not trained on: where their training sets share a formula with the data set, they are retrained without it.

    Raises:
        MissingInputError: There are no networks of the lineage.
    """
    config, name = load_config(), name_final_recipe(PREFIX, dataset_name)
    dataset, graphs = attach_graphs(load_data(dataset_name, config), config)
    splits = draw_splits(dataset, **asdict(config.splits))
    with recipe_run(name) as run_id:
        stages = EarlierStages(config, run_id=run_id, without=dataset)
        networks = stages.load_conductivity_networks(read_lineage(config.lineage))
        if not networks:
            raise MissingInputError(
                f"lineage {config.lineage.name} has no networks for conductivities: train them first"
            )
        model, calibration_set = fit_process_model(networks, dataset, graphs, splits)
        predictor = Predictor(model, calibration_set)
        errors = measure_held_out_errors(calibration_set, splits)
        write_process_predictor(name, predictor, errors, dataset)
        log_processes(errors, dataset, parameters=_parameters(networks, config), run_id=run_id)
        _register(name, predictor, errors, dataset, splits, run_id=run_id)
    mape = summarise_metrics(errors).loc[schema.MAPE_TEST]
    print_line(f"{name}: MAPE {mape['mean']:.3f} ± {mape['std']:.3f} on held-out rows; {predictor_folder(name)}")


def _parameters(networks: Mapping[str, Ensemble], config: Config) -> dict[str, str]:
    return {
        "networks": ", ".join(networks),
        "lineage": config.lineage.name,
        "split_seeds": ", ".join(map(str, config.splits.seeds)),
        "train_fraction": str(config.splits.train_fraction),
    }


def _register(
    name: str, predictor: Predictor, errors: pd.DataFrame, dataset: Dataset, splits: Sequence[Split], *, run_id: str
) -> None:
    mape = errors[schema.MAPE_TEST]
    evidence = Evidence(
        data_digest=dataset.digest,
        splits_digest=compute_splits_digest(splits),
        judged=mape,
        # There are no epochs: both means are the error on held-out rows.
        means={metric: float(mape.mean()) for metric in (schema.MAPE_BEST_EPOCH, schema.MAPE_LAST_EPOCH)},
        n_validation_over_n_train=len(splits[0].validation) / len(splits[0].train),
    )
    description = (
        f"Gaussian processes on {dataset.name}, one mixture per split: MAPE {mape.mean():.3f} ± {mape.std():.3f} on "
        "held-out rows (W/m/K)."
    )
    tags = {"dataset": dataset.name}
    register_predictor(name, predictor, run_id=run_id, tags=tags, description=description, evidence=evidence)
