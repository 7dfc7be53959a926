"""``python -m paraisite VERB``."""

import sys
from typing import Final, NoReturn

import typer

from paraisite.artifacts.tracked_outputs import OutputWatch
from paraisite.cli import app
from paraisite.core.secrets import DiscreetStream
from paraisite.core.system_errors import describe_system_error
from paraisite.errors import ParaisiteError

_INTERRUPTED: Final = 130
"""Exit code that shells give a command that Ctrl-C has ended."""


def main() -> None:
    """Run the command line; an error that the user can act on is one line and exit code 2, Ctrl-C is exit code 130.

    Nothing that is printed holds a password or key of the environment, whichever package prints it.
    """
    sys.stdout, sys.stderr = DiscreetStream(sys.stdout), DiscreetStream(sys.stderr)
    try:
        _run_and_keep_outputs()
    except ParaisiteError as error:
        _refuse(str(error))
    except OSError as error:
        sentence = describe_system_error(error)
        if sentence is None:
            raise
        _refuse(sentence)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _run_and_keep_outputs() -> None:
    outputs = None if {"--help", "version"} & set(sys.argv) else OutputWatch.start()
    try:
        app()
    finally:
        if outputs is not None:
            outputs.keep_changed()


def _refuse(sentence: str) -> NoReturn:
    typer.echo(f"error: {sentence}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
