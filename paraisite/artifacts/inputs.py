"""Inputs of the stages: data sets with their graphs, and trained or shipped weights, fetched where they are absent."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pymatgen.core.structure import Structure

from paraisite import schema
from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.config import Config
from paraisite.core.paths import DATA, PHONONS, PRETRAINED, SHIPPED
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.datasets.table import Dataset
from paraisite.errors import DataError, MissingInputError
from paraisite.graphs.build import RejectedRow
from paraisite.graphs.cache import load_or_build
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.labels.campaign import STRUCTURES_SHA256, read_parts, read_plan
from paraisite.models.ensemble import ENSEMBLE_FILE
from paraisite.training.pretrained_networks import BACKBONES
from paraisite.training.recipes import FINAL_DATASETS, KAPPA_TIER, LFE, SLACK, TOGO15, InitialWeights

logger = logging.getLogger(__name__)


def load_data(name: str, config: Config) -> Dataset:
    """Return a data set; tracked files are fetched where they are absent."""
    if name == SLACK:
        fetch_lab_folder(config)
    elif name == KAPPA_TIER:
        fetch_tracked(config.data.kappa, target=str(config.data.kappa))
    elif name in FINAL_DATASETS:
        fetch_tracked(DATA, target="data.dvc")
    return load_dataset(name, config.data, DATA)


def fetch_lab_folder(config: Config) -> Path:
    """Return the folder of the tables of the project's own labels, fetched where it is absent."""
    return fetch_tracked(config.data.lab, target=str(config.data.lab))


def attach_graphs(dataset: Dataset, config: Config) -> tuple[Dataset, GraphCollection]:
    """Return the materials that have a graph, and their graphs; the others join the rejected rows."""
    ids = list(dataset.table[schema.MATERIAL_ID])
    graphs, rejected = build_graphs(dataset.name, dataset.structures, ids, config)
    if not rejected:
        return dataset, graphs
    return dataset.without({row.row: row.reason for row in rejected}), graphs


def build_graphs(
    name: str, structures: Sequence[Structure], ids: list[str], config: Config
) -> tuple[GraphCollection, Sequence[RejectedRow]]:
    """Return graphs, and the structures without one, which a warning counts."""
    graphs, rejected = load_or_build(
        structures,
        ids,
        cutoff_angstrom=config.graphs.cutoff_angstrom,
        distance_tolerance_angstrom=config.graphs.distance_tolerance_angstrom,
    )
    if rejected:
        logger.warning("%s: %d of %d materials have no graph", name, len(rejected), len(ids))
    return graphs, rejected


def load_phonons(dataset: Dataset) -> pd.DataFrame | None:
    """Return phonon descriptors of a data set's crystals by a potential, or None where they were not computed.

    Returns:
        One row per material of the data set, in its order (index material_id): ``reason``, empty where all is known,
        and the columns of ``labels.phonon_labels``.
    """
    folder = PHONONS / dataset.name
    try:
        if dataset.name == TOGO15:
            fetch_tracked(folder, target=str(folder))
        if read_plan(folder).get(STRUCTURES_SHA256) != dataset.structures_digest:
            raise DataError(f"{folder} describes other crystals than {dataset.name} holds")
        rows = read_parts(folder).rename(columns={"candidate_id": schema.MATERIAL_ID}).set_index(schema.MATERIAL_ID)
    except (DataError, MissingInputError) as error:
        command = f"python -m paraisite label phonons --dataset {dataset.name}"
        logger.warning("no phonons of %s (%s): `%s` computes them", dataset.name, error, command)
        return None
    return rows.reindex(dataset.table[schema.MATERIAL_ID]).fillna({schema.REASON: "not computed"})


def find_lab_network(variant: str) -> Path:
    """Return the file of a network that was pretrained on the lab set: on formation energies, moduli or all of them.

    Raises:
        MissingInputError: It was neither trained here nor shipped.
    """
    trained = PRETRAINED / variant
    is_lfe = variant == BACKBONES[InitialWeights.LAB_FORMATION_ENERGY].source
    try:
        return find_trained_or_shipped(trained, SHIPPED / LFE.lower() if is_lfe else trained) / ENSEMBLE_FILE
    except MissingInputError as error:
        raise MissingInputError(f"{error}; `python -m paraisite pretrain {variant}` trains that network") from error


def find_trained_or_shipped(trained: Path, shipped: Path) -> Path:
    """Return the folder of what was trained here, else of what the project ships.

    Raises:
        MissingInputError: There is neither.
    """
    folder = trained if trained.exists() else shipped
    return fetch_tracked(folder, target=str(folder))
