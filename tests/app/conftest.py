"""What the page's tests leave behind for others."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _main_module() -> Iterator[None]:
    """Put the main module back: Streamlit's test harness replaces it with its script, which spawned processes load."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
