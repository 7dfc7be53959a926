"""``python -m paraisite VERB``."""

import sys
from typing import TYPE_CHECKING, Final, NoReturn

import typer

from paraisite.cli import app
from paraisite.core.extras import describe_missing_package
from paraisite.core.secrets import DiscreetStream
from paraisite.core.system_errors import describe_system_error
from paraisite.errors import ConfigError, ParaisiteError

if TYPE_CHECKING:
    from paraisite.artifacts.tracked_outputs import OutputWatch

_INTERRUPTED: Final = 130
"""Exit code that shells give a command that Ctrl-C has ended."""

_WRITES_NO_OUTPUT: Final = {"--help", "doctor", "predict", "recipes", "version"}
"""What leaves the pipeline's outputs as they are: nobody waits for a look at them."""


def main() -> None:
    """Run the command line; an error that the user can act on is one line and exit code 2, Ctrl-C is exit code 130.

    Nothing that is printed holds a password or key of the environment, whichever package prints it.
    """
    sys.stdout, sys.stderr = DiscreetStream(sys.stdout), DiscreetStream(sys.stderr)
    try:
        if "" in sys.argv[1:]:  # as a path it would be the current folder
            raise ConfigError("an argument is empty, as of a variable that is not set: leave it out, or name something")
        _run_and_keep_outputs()
    except ParaisiteError as error:
        _refuse(str(error))
    except OSError as error:
        sentence = describe_system_error(error)
        if sentence is None:
            raise
        _refuse(sentence)
    except ModuleNotFoundError as error:
        sentence = describe_missing_package(error)
        if sentence is None:
            raise
        _refuse(sentence)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _run_and_keep_outputs() -> None:
    outputs = _watch_outputs()
    try:
        app()
    finally:
        if outputs is not None:
            outputs.keep_changed()


def _watch_outputs() -> "OutputWatch | None":
    if not sys.argv[1:] or sys.argv[1] in _WRITES_NO_OUTPUT or "--help" in sys.argv:
        return None
    from paraisite.artifacts.tracked_outputs import OutputWatch  # with NumPy

    return OutputWatch.start()


def _refuse(sentence: str) -> NoReturn:
    typer.echo(f"error: {sentence}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
