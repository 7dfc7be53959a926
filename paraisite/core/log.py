"""Logging as the command line shows it."""

import logging

from paraisite.core.secrets import DiscreetFormatter


def set_up_logging() -> None:
    """Show this package's messages from INFO on, and those of others from WARNING on; none holds a secret."""
    handler = logging.StreamHandler()
    handler.setFormatter(DiscreetFormatter("%(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("paraisite").setLevel(logging.INFO)
    # The first run in a folder creates the store's tables, which is no news to a user; and what fails there is logged
    # with its traceback, while it is told as a sentence.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
