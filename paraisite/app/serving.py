"""Serving the page: Streamlit on this machine only, without network access."""

import importlib.util
from pathlib import Path
from typing import Final

from paraisite.core.extras import install_command
from paraisite.errors import MissingInputError

PAGE: Final = Path(__file__).with_name("page.py")
_PACKAGES: Final = ("streamlit", "plotly")


def serve(model: str, *, port: int, open_browser: bool) -> None:
    """Serve the page until it is interrupted.

    Args:
        model: As ``predictors.find_predictor`` takes it.
        port: Where, on this machine alone.
        open_browser: Whether to open it.

    Raises:
        MissingInputError: A package is not installed.
    """
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingInputError(f"the page needs {' and '.join(missing)}: `{install_command('app')}`")
    from streamlit.web import cli

    cli.main(["run", str(PAGE), *streamlit_options(port=port, open_browser=open_browser), "--", model])


def streamlit_options(*, port: int, open_browser: bool) -> list[str]:
    """Return Streamlit's options: this machine alone, no usage statistics, no menu that deploys, a light theme."""
    options = {
        "server.address": "localhost",
        "server.port": port,
        "server.headless": not open_browser,
        "server.showEmailPrompt": False,
        "server.fileWatcherType": "none",
        "server.maxUploadSize": 50,
        "runner.magicEnabled": False,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "theme.base": "light",
        "theme.primaryColor": "#1f6fb4",
    }
    return [f"--{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in options.items()]
