"""``python -m paraisite VERB``."""

import sys

import typer

from paraisite.artifacts.tracked_outputs import OutputWatch
from paraisite.cli import app
from paraisite.core.secrets import DiscreetStream
from paraisite.errors import ParaisiteError


def main() -> None:
    """Run the command line; an error that the user can act on is one line and exit code 2.

    Nothing that is printed holds a password or key of the environment, whichever package prints it.
    """
    sys.stdout, sys.stderr = DiscreetStream(sys.stdout), DiscreetStream(sys.stderr)
    outputs = None if {"--help", "version"} & set(sys.argv) else OutputWatch.start()
    try:
        app()
    except ParaisiteError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
    finally:
        if outputs is not None:
            outputs.keep_changed()


if __name__ == "__main__":
    main()
