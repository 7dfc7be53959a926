"""Whether a recipe can be trained here, before anything of it is started."""

import logging

from paraisite.artifacts.inputs import find_trained_or_shipped
from paraisite.config import FORMATION_ENERGY_WEIGHTS_VARIABLE, Config
from paraisite.core.paths import SHIPPED, built
from paraisite.data.sources.megnet_weights import fetch_published_weights, find_published_weights
from paraisite.errors import MissingInputError
from paraisite.tracking.fetching import is_registered
from paraisite.training.pretrained_networks import BACKBONES, Origin
from paraisite.training.recipes import AFLOW, Recipe

logger = logging.getLogger(__name__)


def find_missing_input(recipe: Recipe, config: Config) -> str | None:
    """Return which input of others a recipe lacks and how to get it; None where it can be trained.

    These are AFLOW's table and MEGNet's published weights; all else is in the repository. The weights are downloaded
    where they are absent, the table is not.
    """
    if recipe.train_on == AFLOW and not config.data.aflow_table.is_file():
        return f"AFLOW's table {config.data.aflow_table} is absent (`python -m paraisite data fetch {AFLOW}` brings it)"
    if isinstance(recipe.start, Recipe):
        return None if _has_members(recipe.start) else find_missing_input(recipe.start, config)
    backbone = BACKBONES[recipe.start]
    if backbone.origin is not Origin.PUBLISHED or find_published_weights(backbone.source, config.data) is not None:
        return None
    try:
        fetch_published_weights(backbone.source, n_attempt=1)
    except MissingInputError as error:
        logger.debug("%s", error)
        return (
            f"MEGNet's weights {config.data.formation_energy_weights} are absent and could not be downloaded "
            f"({FORMATION_ENERGY_WEIGHTS_VARIABLE} names another place)"
        )
    return None


def _has_members(recipe: Recipe) -> bool:
    """Return whether a recipe was trained already, here or for what the project ships."""
    if is_registered(recipe.name):
        return True
    try:
        find_trained_or_shipped(built(recipe.name) / "weights", SHIPPED / recipe.name.lower())
    except MissingInputError:
        return False
    return True
