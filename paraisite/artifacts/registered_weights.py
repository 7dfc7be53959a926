"""Initial weights as versions in the model registry, each with its errors and the version it was trained from."""

import logging
from pathlib import Path
from typing import Any, Final

from paraisite.artifacts.inputs import find_lab_network, find_trained_or_shipped
from paraisite.artifacts.releases import read_card
from paraisite.artifacts.training_outputs import EVIDENCE, METRICS
from paraisite.config import Config
from paraisite.core.files import file_sha256
from paraisite.core.paths import BUILD, SHIPPED, built
from paraisite.data.sources.megnet_weights import find_published_weights
from paraisite.errors import DataError, MissingInputError
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.models.megnet_interop import read_published_model
from paraisite.schema import MAPE_LAST_EPOCH
from paraisite.tracking.registry import NO_PARENT, PARENT_TAG, RegisteredVersion, register_file
from paraisite.training.model_descriptions import describe_recipe
from paraisite.training.pretrained_networks import BACKBONES, Backbone, Origin
from paraisite.training.pretraining_result import ERRORS
from paraisite.training.recipes import InitialWeights, Recipe

logger = logging.getLogger(__name__)

REGISTRY: Final = BUILD / "registry"
"""Where the registry's files lie on this machine."""

_PUBLISHED_ERRORS: Final = {InitialWeights.FORMATION_ENERGY: {"mae_published": "0.028 eV/atom"}}
"""Chen et al., Chem. Mater. 2019, 10.1021/acs.chemmater.9b01294, on crystals of the Materials Project."""

_SHOWN_METRICS: Final = 3


def register_published(start: InitialWeights, path: Path, *, run_id: str) -> RegisteredVersion:
    """Register one of MEGNet's published models, converted to an ensemble of one member.

    Args:
        start: Which one.
        path: Its file.
        run_id: The run with which the version is shown.
    """
    backbone = BACKBONES[start]
    ensemble, copy = read_published_model(path).to_ensemble(), REGISTRY / backbone.name / ENSEMBLE_FILE
    ensemble.save(copy)
    tags = {"source_sha256": ensemble.metadata["source_sha256"], "target": f"{ensemble.target}, {ensemble.unit}"}
    return register_file(
        backbone.name,
        copy,
        run_id=run_id,
        tags=tags | {PARENT_TAG: NO_PARENT} | _PUBLISHED_ERRORS.get(start, {}),
        description=(
            f"MEGNet's published model for the {backbone.target_property}, one member (10.1021/acs.chemmater.9b01294)."
        ),
    )


def register_lab_network(backbone: Backbone, path: Path, *, run_id: str) -> RegisteredVersion:
    """Register a network of the project's own pretraining.

    Args:
        backbone: Which one.
        path: Its ensemble's file, with the card beside it.
        run_id: The run with which the version is shown.
    """
    ensemble = Ensemble.load(path)
    tags = {"source_sha256": file_sha256(path), "target": f"{ensemble.target}, {ensemble.unit}"}
    return register_file(
        backbone.name,
        path,
        run_id=run_id,
        tags=tags | {PARENT_TAG: NO_PARENT} | _tags_of_card(path.parent),
        description=(
            f"{_held_out_error(path.parent)}The project's own network for {backbone.target_property}, one member."
        ),
    )


def register_members(recipe: Recipe, folder: Path, config: Config, *, run_id: str) -> RegisteredVersion:
    """Register a recipe's members, and before them what they were trained from, as far as it is here.

    Args:
        recipe: What they were trained by.
        folder: Their ensemble and card.
        config: Where inputs of others lie.
        run_id: The run with which the versions are shown.
    """
    path = folder / ENSEMBLE_FILE
    tags = {
        "started_from": Ensemble.load(path).metadata["started_from"],
        PARENT_TAG: _register_start(recipe.start, config, run_id=run_id),
    }
    where = "shipped with the project" if folder.parent == SHIPPED else "trained here"
    return register_file(
        recipe.name,
        path,
        run_id=run_id,
        tags=tags | _tags_of_card(folder),
        description=f"{_held_out_error(folder)}{recipe.name}'s members as {where}: {describe_recipe(recipe)}.",
    )


def _register_start(start: InitialWeights | Recipe, config: Config, *, run_id: str) -> str:
    """Register what members were trained from, where it is here; return its name and version."""
    if start is InitialWeights.RANDOM:
        return NO_PARENT
    name = start.name if isinstance(start, Recipe) else BACKBONES[start].name
    version = _register_if_here(start, config, run_id=run_id)
    if version is None and start is InitialWeights.FORMATION_ENERGY:
        # So that the registry has a model for formation energies; it is not what these members were trained from.
        _register_if_here(InitialWeights.LAB_FORMATION_ENERGY, config, run_id=run_id)
    return f"{name}, which is not in this registry" if version is None else f"{name} version {version.version}"


def _register_if_here(start: InitialWeights | Recipe, config: Config, *, run_id: str) -> RegisteredVersion | None:
    try:
        if isinstance(start, Recipe):
            folder = find_trained_or_shipped(built(start.name) / "weights", SHIPPED / start.name.lower())
            return register_members(start, folder, config, run_id=run_id)
        backbone = BACKBONES[start]
        if backbone.origin is Origin.LAB:
            return register_lab_network(backbone, find_lab_network(backbone.source), run_id=run_id)
    except MissingInputError as error:
        logger.debug("not registered: %s", error)
        return None
    path = find_published_weights(backbone.source, config.data)
    return None if path is None else register_published(start, path, run_id=run_id)


def _tags_of_card(folder: Path) -> dict[str, str]:
    """Return a model's errors as tags, and what a later version is compared with; nothing where no card says so."""
    try:
        card = read_card(folder)
    except DataError as error:
        logger.warning("%s has no errors and cannot be compared with a later version: %s", folder, error)
        return {}
    evidence: dict[str, str] = card.get(EVIDENCE, {})
    return evidence | _errors_of_card(card)


def _held_out_error(folder: Path) -> str:
    """Return the error that a model's card has on rows with which nothing was chosen, as a sentence; else nothing."""
    try:
        card = read_card(folder)
    except DataError:
        return ""
    if METRICS in card:
        last = card[METRICS].get(MAPE_LAST_EPOCH)
        if last is None:
            return ""
        return f"Held-out error: MAPE {last['mean']:.3f} ± {last['std']:.3f} after the last epoch. "
    errors = [f"{row['property']} {row['mae']:.3f} {row['unit']}" for row in _rows_of_network(card)]
    return f"Held-out error, mean absolute: {', '.join(errors)}. " if errors else ""


def _errors_of_card(card: dict[str, Any]) -> dict[str, str]:
    if METRICS in card:
        shown = list(card[METRICS].items())[:_SHOWN_METRICS]
        return {name: f"{value['mean']:.3f} ± {value['std']:.3f}" for name, value in shown}
    return {
        f"mae_{row['property'].replace(' ', '_')}": f"{row['mae']:.3f} {row['unit']}, {row['n_test']} held-out crystals"
        for row in _rows_of_network(card)
    }


def _rows_of_network(card: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in card.get(ERRORS, []) if row["predictor"] == "network"]
