"""Where a training starts: random weights, a backbone with a new head, or another recipe's members."""

import logging
from collections.abc import Callable

from paraisite.artifacts.inputs import find_lab_network, find_trained_or_shipped
from paraisite.artifacts.registered_weights import (
    REGISTRY,
    register_lab_network,
    register_members,
    register_published,
)
from paraisite.config import Config
from paraisite.core.files import file_sha256
from paraisite.core.paths import SHIPPED, built
from paraisite.data.sources.megnet_weights import resolve_published_weights
from paraisite.errors import CheckpointError, DataError, MissingInputError
from paraisite.models.architecture import Parameters
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.models.megnet_interop import read_published_model
from paraisite.tracking.fetching import load_from_registry
from paraisite.training.initial_parameters import draw_parameters, replace_head, stack
from paraisite.training.pretrained_networks import BACKBONES, Backbone, Origin
from paraisite.training.recipe_training import StartingWeights, build_model_config
from paraisite.training.recipes import InitialWeights, Recipe

logger = logging.getLogger(__name__)


def resolve_starting_weights(
    recipe: Recipe, config: Config, *, run_id: str, in_pipeline: bool, train: Callable[[Recipe], None]
) -> StartingWeights:
    """Return the initial members that a recipe names, and say where they come from.

    Args:
        recipe: What is going to be trained.
        config: Settings.
        run_id: Its run, with which weights that are not in the registry yet are registered.
        in_pipeline: As a stage of DVC, which starts from what earlier stages wrote, never from the registry.
        train: Trains a recipe into ``build/``, for members that are nowhere yet.
    """
    if isinstance(recipe.start, Recipe):
        return _from_recipe(recipe.start, config, run_id=run_id, in_pipeline=in_pipeline, train=train)
    return resolve_backbone_weights(recipe.start, config, run_id=run_id)


def resolve_backbone_weights(start: InitialWeights, config: Config, *, run_id: str) -> StartingWeights:
    """Return equal members, one per split: a backbone with a new head, which the training's seed draws.

    Args:
        start: Which backbone.
        config: Settings.
        run_id: The run with which weights that are not in the registry yet are registered.

    Raises:
        MissingInputError: It is not here and could not be fetched.
        WeightsError: What is here is no such network.
    """
    backbone, n_member = BACKBONES[start], len(config.splits.seeds)
    seed, model = config.training.seed, build_model_config(config)
    if backbone.origin is Origin.RANDOM:
        member = draw_parameters(model, seed=seed)
        return StartingWeights(stack([member] * n_member), None, f"random weights, seed {seed}")
    if backbone.origin is Origin.LAB:
        parameters, source, version = _lab_backbone(backbone, run_id=run_id)
    else:
        parameters, source, version = _published_backbone(start, backbone, config, run_id=run_id)
    member = replace_head(parameters, model, seed=seed)
    return StartingWeights(stack([member] * n_member), None, f"{source}, head of seed {seed}", version)


def refuse_to_train(recipe: Recipe) -> None:
    """Train nothing: where members are needed that are nowhere yet, say how to get them.

    Raises:
        MissingInputError: Always.
    """
    raise MissingInputError(f"{recipe.name} is not trained: `python -m paraisite train {recipe.name}` does that")


def _published_backbone(
    start: InitialWeights, backbone: Backbone, config: Config, *, run_id: str
) -> tuple[Parameters, str, str]:
    """Return a published model's parameters, where they come from, and their version in the registry."""
    path = resolve_published_weights(backbone.source, config.data)
    published, registered = read_published_model(path), register_published(start, path, run_id=run_id)
    return published.parameters, f"{path.name} (sha256 {published.sha256[:12]}…)", registered.version


def _lab_backbone(backbone: Backbone, *, run_id: str) -> tuple[Parameters, str, str]:
    """Return the same of the project's own pretraining."""
    path = find_lab_network(backbone.source)
    registered = register_lab_network(backbone, path, run_id=run_id)
    parameters = {name: value[0] for name, value in Ensemble.load(path).parameters.items()}
    return parameters, f"{backbone.name} (sha256 {file_sha256(path)[:12]}…)", registered.version


def _from_recipe(
    start: Recipe, config: Config, *, run_id: str, in_pipeline: bool, train: Callable[[Recipe], None]
) -> StartingWeights:
    """Return a recipe's members: from the registry, else as they were trained here or shipped, else trained now."""
    found = None if in_pipeline else load_from_registry(start.name, folder=REGISTRY / start.name)
    if found is not None:
        ensemble = Ensemble.load(found.path)
        return to_starting_weights(ensemble, config, f"registry {start.name} version {found.version}", found.version)
    trained = built(start.name) / "weights"
    try:
        folder = find_trained_or_shipped(trained, SHIPPED / start.name.lower())
    except MissingInputError as error:
        logger.warning("%s has no trained members yet, so it is trained first (%s)", start.name, error)
        train(start)
        folder = trained
    path = folder / ENSEMBLE_FILE
    ensemble, sha256 = Ensemble.load(path), file_sha256(path)
    registered = register_members(start, folder, config, run_id=run_id)
    description = f"{'' if folder == trained else 'shipped '}{start.name} (sha256 {sha256[:12]}…)"
    return to_starting_weights(ensemble, config, description, registered.version)


def to_starting_weights(ensemble: Ensemble, config: Config, description: str, version: str | None) -> StartingWeights:
    """Return trained members as what others start from.

    Args:
        ensemble: One member per split.
        config: Settings of the training that starts from them.
        description: Where they come from, for people.
        version: Version in the registry, or None.

    Raises:
        DataError: There are not as many members as splits.
        CheckpointError: They have another architecture than the settings ask for.
    """
    if ensemble.n_member != len(config.splits.seeds):
        raise DataError(
            f"{description} has {ensemble.n_member} members, but params.yaml asks for {len(config.splits.seeds)} splits"
        )
    if ensemble.config != build_model_config(config):
        raise CheckpointError(f"{description} has another architecture than params.yaml asks for")
    return StartingWeights(ensemble.parameters, ensemble.scaler, description, version)
