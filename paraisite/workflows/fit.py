"""Fit Gaussian processes: the default model, the same with a user's rows, or mixtures for splits of a few materials."""

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.arrays import Ints
from paraisite.artifacts.earlier_stages import EarlierStages
from paraisite.artifacts.inputs import attach_graphs, load_data
from paraisite.artifacts.stage_folders import predictor_folder
from paraisite.artifacts.training_outputs import write_process_predictor
from paraisite.artifacts.training_rows import load_training_rows
from paraisite.config import Config, load_config
from paraisite.core.progress import show_work
from paraisite.data.datasets.accurate import mark_labels
from paraisite.data.datasets.splits import Split, compute_splits_digest, draw_splits
from paraisite.data.datasets.table import Dataset
from paraisite.errors import ConfigError, MissingInputError
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
from paraisite.tracking.registry import check_registrable, register_predictor
from paraisite.tracking.runs import recipe_run
from paraisite.tracking.store import check_outputs_writable
from paraisite.training.model_descriptions import PROCESSES
from paraisite.training.recipes import ACCURATE, FINAL_DATASETS, name_final_recipe, read_lineage

logger = logging.getLogger(__name__)


def fit_processes(dataset_name: str, *, alone: bool = False) -> None:
    """Fit processes into ``build/gp…/predictor/``, and register them.

    On accurate rows of all structure types that is one process for any crystal, beside labels of our own for kinds of
    crystals that accurate rows lack; so it is on a user's rows, which join all of these. On a few materials alone it is
    a mixture for each split of them, and predictions of networks are descriptors. They are only valid for crystals that
    the networks were not trained on: where their training sets share a formula with the data set, they are retrained
    without it.

    Args:
        dataset_name: What to fit on.
        alone: Fit on a user's rows alone.

    Raises:
        ConfigError: The accurate rows are to be fitted alone, which are the default model's.
        MissingInputError: There are no networks of the lineage.
    """
    if alone and dataset_name == ACCURATE:
        raise ConfigError(f"--alone is for a data set of your own: {ACCURATE} is what the default model is fitted on")
    config, name = load_config(), name_final_recipe(PROCESSES, dataset_name)
    check_outputs_writable(predictor_folder(name).parent)
    rows = load_training_rows(config) if dataset_name == ACCURATE else load_data(dataset_name, config)
    dataset, graphs = attach_graphs(rows, config)
    with recipe_run(name) as run_id:
        check_registrable(name)
        if dataset_name == ACCURATE:
            fitted = _fit_relevance(dataset, graphs)
        elif alone or dataset_name in FINAL_DATASETS:
            fitted = _fit_mixtures(dataset, graphs, config=config, run_id=run_id)
        else:
            fitted = _fit_with_accurate(dataset, config)
        write_process_predictor(name, fitted.predictor, fitted.errors, fitted.dataset, members=fitted.members)
        log_processes(fitted.errors, fitted.dataset, parameters=fitted.parameters, run_id=run_id)
        _register(name, fitted, dataset_name=dataset_name, run_id=run_id)
    print_line(f"{name}: {_describe_mape(fitted)} on held-out rows; {predictor_folder(name)}")


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A predictor of processes, what it was fitted on, its errors on each split's held-out rows, and what is said."""

    predictor: Predictor
    dataset: Dataset
    errors: pd.DataFrame
    splits: Sequence[Split]
    members: str
    parameters: Mapping[str, str]


def _fit_with_accurate(own: Dataset, config: Config) -> _Fitted:
    """Fit the default model's process on its own rows and a user's, and measure it on the user's."""
    ours, _ = attach_graphs(load_training_rows(config), config)
    joined, graphs = attach_graphs(ours.join(own), config)
    fitted = _fit_relevance(joined, graphs, among=np.arange(len(ours), len(joined)))
    n_known = int(own.table[schema.FORMULA].isin(ours.table[schema.FORMULA]).sum())
    logger.info(
        "%d rows of %s join the default model's %s; %d have a formula that is there too, and stay beside it",
        len(own),
        own.name,
        _count_rows(ours),
        n_known,
    )
    members = (
        f"one Gaussian process on the default model's {_count_rows(ours)}, and all {len(own)} of {own.name}; errors "
        "are of the latter, predicted without the rows of the same formula"
    )
    return dataclasses.replace(fitted, members=members, parameters={**fitted.parameters, "joined": ACCURATE})


def _fit_relevance(dataset: Dataset, graphs: GraphCollection, *, among: Ints | None = None) -> _Fitted:
    """Fit the process; measure it on all rows or some, each without those of its formula."""
    with show_work(f"Fitting a Gaussian process on {len(dataset):,} rows"):
        model, calibration_set = fit_relevance_model(dataset, graphs)
    parts = draw_formula_parts(dataset, among=among)
    return _Fitted(
        Predictor(model, calibration_set),
        dataset,
        measure_left_out_errors(calibration_set, parts),
        parts,
        f"one Gaussian process on {_count_rows(dataset)}; errors are of those that do not only train, predicted "
        "without the rows of the same formula",
        {"descriptors": str(len(CRYSTAL_DESCRIPTORS)), "families": str(len(FAMILIES))},
    )


def _count_rows(dataset: Dataset) -> str:
    """Return how many rows there are and how many of them are labels of our own, for people."""
    n_label = int(mark_labels(dataset).sum())
    return f"{len(dataset)} rows, {n_label} of them computed under a potential" if n_label else f"{len(dataset)} rows"


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
        dataset,
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


def _describe_mape(fitted: _Fitted) -> str:
    mape = summarise_metrics(fitted.errors).loc[schema.MAPE_TEST]
    return f"MAPE {mape['mean']:.3f}" + (f" ± {mape['std']:.3f}" if len(fitted.splits) > 1 else "")


def _register(name: str, fitted: _Fitted, *, dataset_name: str, run_id: str) -> None:
    mape, splits, dataset = fitted.errors[schema.MAPE_TEST], fitted.splits, fitted.dataset
    ln_ratio = np.log(10.0) * fitted.errors[schema.LOG10_MAE_TEST].mean()
    n_tested = len(np.unique(np.concatenate([split.validation for split in splits])))
    evidence = Evidence(
        data_digest=dataset.digest,
        splits_digest=compute_splits_digest(splits),
        judged=mape,
        # There are no epochs: both means are the error on held-out rows.
        means={metric: float(mape.mean()) for metric in (schema.MAPE_BEST_EPOCH, schema.MAPE_LAST_EPOCH)},
        n_validation_over_n_train=len(splits[0].validation) / len(splits[0].train),
    )
    description = (
        f"Held-out error: mean abs(ln(predicted/known)) {ln_ratio:.3f}, {_describe_mape(fitted)} over "
        f"{len(splits)} splits of {dataset.name} ({n_tested:,} rows tested). Members: {fitted.members}."
    )
    tags = {"dataset": dataset_name}
    register_predictor(name, fitted.predictor, run_id=run_id, tags=tags, description=description, evidence=evidence)
