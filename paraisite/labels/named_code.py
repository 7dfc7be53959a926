"""Code that a settings file names: run only where whoever starts the command names it, too."""

import importlib
import logging
import os
from typing import Any, Final

from paraisite.errors import ConfigError

logger = logging.getLogger(__name__)

ALLOWED_VARIABLE: Final = "PARAISITE_ALLOW_CODE"
"""Environment variable that names the functions that settings may name, separated by commas."""


def call_named_function(name: str) -> Any:
    """Import a function that the settings name, and return what it returns without arguments.

    A settings file comes with a repository or from a colleague, and is read as data. So what it names is not imported
    unless the command line, or the user's environment, names the same: another function in the next version of the file
    does not run.

    Args:
        name: "module:function".

    Raises:
        ConfigError: It is not named by ``PARAISITE_ALLOW_CODE``, or cannot be imported.
    """
    allowed = os.environ.get(ALLOWED_VARIABLE, "").split(",")
    if name not in [each.strip() for each in allowed]:
        raise ConfigError(
            f"the settings name code to run, {name!r}: if you trust it, put {ALLOWED_VARIABLE}={name} before the "
            "command"
        )
    module, _, function = name.partition(":")
    logger.info("running %s, which the settings name and %s allows", name, ALLOWED_VARIABLE)
    try:
        return getattr(importlib.import_module(module), function)()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{name!r} cannot be loaded: {error}") from error
