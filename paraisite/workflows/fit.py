"""Fit Gaussian processes on a final data set: the default model, or mixtures for the splits of a few materials."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
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
from paraisite.features.crystal_descriptors import CRYSTAL_DESCRIPTORS, FAMILIES
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.predictor import Predictor
from paraisite.inference.process_fitting import fit_process_model, measure_held_out_errors
from paraisite.inference.relevance_fitting import draw_formula_parts, fit_relevance_model, measure_left_out_errors
from paraisite.metrics.kappa_errors import summarise_metrics
from paraisite.models.ensemble import Ensemble
from paraisite.reports.terminal import print_line
from paraisite.tracking.analysis_runs import log_processes
from paraisite.tracking.promotion import Evidence
from paraisite.tracking.registry import register_predictor
from paraisite.tracking.runs import recipe_run
from paraisite.training.recipes import ACCURATE, name_final_recipe, read_lineage

PREFIX: Final = "GP"
"""Prefix of the models' names: GPACCURATE, GPTG15, GP_MINE."""


def fit_processes(dataset_name: str) -> None:
    """Fit processes into ``build/gp…/predictor/``, and register them.

    On accurate rows of all structure types that is one process for any crystal, on a few materials a mixture for each
    split of them. Predictions of networks are descriptors of the latter. They are only valid for crystals that the
    networks were not trained on: where their training sets share a formula with the data set, they are retrained
    without it.

    Raises:
        MissingInputError: There are no networks of the lineage.
    """
    config, name = load_config(), name_final_recipe(PREFIX, dataset_name)
    dataset, graphs = attach_graphs(load_data(dataset_name, config), config)
    with recipe_run(name) as run_id:
        fitted = (
            _fit_relevance(dataset, graphs)
            if dataset_name == ACCURATE
            else _fit_mixtures(dataset, graphs, config=config, run_id=run_id)
        )
        write_process_predictor(name, fitted.predictor, fitted.errors, dataset, members=fitted.members)
        log_processes(fitted.errors, dataset, parameters=fitted.parameters, run_id=run_id)
        _register(name, fitted, dataset, run_id=run_id)
    mape = summarise_metrics(fitted.errors).loc[schema.MAPE_TEST]
    print_line(f"{name}: MAPE {mape['mean']:.3f} ± {mape['std']:.3f} on held-out rows; {predictor_folder(name)}")


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A predictor of processes, its errors on each split's held-out rows, and what is said of it."""

    predictor: Predictor
    errors: pd.DataFrame
    splits: Sequence[Split]
    members: str
    parameters: Mapping[str, str]


def _fit_relevance(dataset: Dataset, graphs: GraphCollection) -> _Fitted:
    model, calibration_set = fit_relevance_model(dataset, graphs)
    parts = draw_formula_parts(dataset)
    return _Fitted(
        Predictor(model, calibration_set),
        measure_left_out_errors(calibration_set, parts),
        parts,
        "one Gaussian process on all rows; errors are of rows predicted without those of the same formula",
        {"descriptors": str(len(CRYSTAL_DESCRIPTORS)), "families": str(len(FAMILIES))},
    )


def _fit_mixtures(dataset: Dataset, graphs: GraphCollection, *, config: Config, run_id: str) -> _Fitted:
    splits = draw_splits(dataset, **asdict(config.splits))
    networks = EarlierStages(config, run_id=run_id, without=dataset).load_conductivity_networks(
        read_lineage(config.lineage)
    )
    if not networks:
        raise MissingInputError(f"lineage {config.lineage.name} has no networks for conductivities: train them first")
    model, calibration_set = fit_process_model(networks, dataset, graphs, splits)
    return _Fitted(
        Predictor(model, calibration_set),
        measure_held_out_errors(calibration_set, splits),
        splits,
        "one per split, a mixture of Gaussian processes fitted on its training rows",
        _parameters(networks, config),
    )


def _parameters(networks: Mapping[str, Ensemble], config: Config) -> dict[str, str]:
    return {
        "networks": ", ".join(networks),
        "lineage": config.lineage.name,
        "split_seeds": ", ".join(map(str, config.splits.seeds)),
        "train_fraction": str(config.splits.train_fraction),
    }


def _register(name: str, fitted: _Fitted, dataset: Dataset, *, run_id: str) -> None:
    mape, splits = fitted.errors[schema.MAPE_TEST], fitted.splits
    ln_ratio = np.log(10.0) * fitted.errors[schema.LOG10_MAE_TEST].mean()
    evidence = Evidence(
        data_digest=dataset.digest,
        splits_digest=compute_splits_digest(splits),
        judged=mape,
        # There are no epochs: both means are the error on held-out rows.
        means={metric: float(mape.mean()) for metric in (schema.MAPE_BEST_EPOCH, schema.MAPE_LAST_EPOCH)},
        n_validation_over_n_train=len(splits[0].validation) / len(splits[0].train),
    )
    description = (
        f"Held-out error: mean abs(ln(predicted/known)) {ln_ratio:.3f}, MAPE {mape.mean():.3f} ± {mape.std():.3f} over "
        f"{len(splits)} splits of {dataset.name} ({len(dataset):,} rows). Members: {fitted.members}."
    )
    tags = {"dataset": dataset.name}
    register_predictor(name, fitted.predictor, run_id=run_id, tags=tags, description=description, evidence=evidence)
