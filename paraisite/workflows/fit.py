"""Gaussian processes fitted on a final data set: for each of the splits a member, and together what predicts."""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

import numpy as np
import pandas as pd
from rich.console import Console

from paraisite import schema
from paraisite.artifacts.earlier_stages import EarlierStages
from paraisite.artifacts.inputs import load_data, with_graphs
from paraisite.artifacts.outputs import CALIBRATION, METRICS, metrics_of
from paraisite.config import Config, load_config
from paraisite.core.paths import PREDICTOR, built
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.datasets.splits import Split, digest_of_splits, random_splits
from paraisite.data.datasets.table import Dataset
from paraisite.errors import MissingInputError
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.build_predictor import make_calibration_set, materials_of, membership
from paraisite.inference.calibration import Calibration, log10_of
from paraisite.inference.calibration_set import CalibrationSet
from paraisite.inference.predictor import Predictor
from paraisite.inference.process_model import ProcessModel, describe
from paraisite.metrics.kappa_errors import compute_kappa_errors, summarise_metrics
from paraisite.models.ensemble import Ensemble
from paraisite.tracking.promotion import Evidence
from paraisite.tracking.registry import register_predictor
from paraisite.tracking.runs import log_processes, recipe_run
from paraisite.training.pretraining import CARD_FILE
from paraisite.training.recipes import name_on, read_lineage

logger = logging.getLogger(__name__)

PREFIX: Final = "GP"
"""What the models' names begin with: GPTG15, GPHH143, GP_MINE."""


def fit_processes(dataset_name: str) -> None:
    """Fit the processes into ``build/gp…/predictor/``, and register them.

    What the networks say of the data set's crystals is only worth something if they have not learnt from them: where
    their data share a formula with it, they are trained anew without these.

    Raises:
        MissingInputError: There are no networks of the lineage.
    """
    config, name = load_config(), name_on(PREFIX, dataset_name)
    dataset, graphs = with_graphs(load_data(dataset_name, config), config)
    splits = random_splits(len(dataset), **asdict(config.splits))
    with recipe_run(name) as run_id:
        lineage, stages = read_lineage(config.lineage), EarlierStages(config, run_id=run_id, without=dataset)
        networks = stages.conductivity_networks(lineage)
        if not networks:
            raise MissingInputError(f"lineage {lineage.name} has no networks for conductivities: train them first")
        model, calibration_set = fitted(networks, dataset, graphs, splits)
        predictor, errors = Predictor(model, calibration_set), errors_of_held_out(calibration_set, splits)
        _write(name, predictor, errors, dataset)
        log_processes(errors, dataset, parameters=_parameters(networks, config), run_id=run_id)
        _register(name, predictor, errors, dataset, splits, run_id=run_id)
    mape = summarise_metrics(errors).loc[schema.MAPE_TEST]
    found = f"{name}: MAPE {mape['mean']:.3f} ± {mape['std']:.3f} of held-out rows"
    Console().print(f"{found}; {built(name) / PREDICTOR}", soft_wrap=True)


def errors_of_held_out(calibration_set: CalibrationSet, splits: Sequence[Split]) -> pd.DataFrame:
    """Return each member's metrics on the rows that it has not learnt from, one row per split (index split_seed).

    Values and intervals are as a predictor gives them, of one member, and what they are calibrated on are its training
    rows, as other members see them that have not learnt from those.
    """
    known, rows = calibration_set.materials.kappa_w_per_m_k, []
    for number, split in enumerate(splits):
        calibration = Calibration.fit(calibration_set, among=calibration_set.trained[number])
        held_out = split.validation
        std = None if calibration_set.std_dex is None else calibration_set.std_dex[[number]][:, held_out]
        estimate = calibration.estimate(log10_of(calibration_set.members_w_per_m_k[[number]][:, held_out]), std)
        lower, upper = calibration.intervals(estimate)
        inside = (lower <= known[held_out]) & (known[held_out] <= upper)
        rows.append(
            compute_kappa_errors(known[held_out], calibration.value(estimate), epoch="test")
            | {
                schema.coverage_name(coverage): share
                for coverage, share in zip(schema.COVERAGES, inside.mean(axis=1), strict=True)
            }
        )
    return pd.DataFrame(rows, index=pd.Index([split.seed for split in splits], name="split_seed"))


def fitted(
    networks: Mapping[str, Ensemble], dataset: Dataset, graphs: GraphCollection, splits: Sequence[Split]
) -> tuple[ProcessModel, CalibrationSet]:
    """Return processes whose member k has learnt from the k-th split's training rows, and what they are judged by.

    Args:
        networks: Ensembles that predict kappa and have learnt from none of the rows, by name.
        dataset: Materials with values.
        graphs: Theirs, in the same order.
        splits: Divisions of the rows.
    """
    crystals, rows = CrystalArrays.from_structures(dataset.structures), [split.train for split in splits]
    logger.info("Gaussian processes for %d splits of %d materials: about two minutes", len(splits), len(dataset))
    model = ProcessModel.fit(
        networks,
        descriptors=describe(networks, graphs, crystals, compiled=True),
        log10_kappa=np.log10(dataset.table[schema.KAPPA].to_numpy(np.float64)),
        trained=membership(rows, len(dataset)),
    )
    calibration_set = make_calibration_set(
        model, graphs, crystals=crystals, materials=materials_of(dataset), trained_rows=rows
    )
    return model, calibration_set


def _write(name: str, predictor: Predictor, errors: pd.DataFrame, dataset: Dataset) -> None:
    """Write the predictor's folder, with a card."""
    folder = built(name) / PREDICTOR
    shutil.rmtree(folder, ignore_errors=True)
    predictor.save(folder)
    calibration = predictor.calibration
    card = {
        "model": name,
        "target": "log10(kappa), kappa in W/m/K at 300 K",
        "members": "one per split, a mixture of Gaussian processes fitted on its training rows",
        "dataset": dataset.name,
        "dataset_digest": dataset.digest,
        METRICS: metrics_of(errors),
        CALIBRATION: None if calibration is None else asdict(calibration),
    }
    (folder / CARD_FILE).write_text(json.dumps(card, indent=2) + "\n")


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
        splits_digest=digest_of_splits(splits),
        judged=mape,
        # There are no epochs: what stands for both is the error on rows that chose nothing.
        means={metric: float(mape.mean()) for metric in (schema.MAPE_BEST_EPOCH, schema.MAPE_LAST_EPOCH)},
        n_validation_over_n_train=len(splits[0].validation) / len(splits[0].train),
    )
    description = (
        f"Gaussian processes on {dataset.name}, one mixture per split: MAPE {mape.mean():.3f} ± {mape.std():.3f} of "
        "held-out rows (W/m/K)."
    )
    tags = {"dataset": dataset.name}
    register_predictor(name, predictor, run_id=run_id, tags=tags, description=description, evidence=evidence)
