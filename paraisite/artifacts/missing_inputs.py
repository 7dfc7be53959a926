"""Whether a recipe can be trained here, before anything of it is started."""

from paraisite.artifacts.inputs import find_trained_or_shipped
from paraisite.config import Config
from paraisite.core.paths import SHIPPED, built
from paraisite.data.sources.megnet_weights import resolve_published_weights
from paraisite.errors import MissingInputError
from paraisite.tracking.fetching import is_registered
from paraisite.training.pretrained_networks import BACKBONES, Origin
from paraisite.training.recipes import AFLOW, Recipe


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
    if backbone.origin is Origin.PUBLISHED:
        try:
            resolve_published_weights(backbone.source, config.data)
        except MissingInputError as error:
            return str(error)
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
