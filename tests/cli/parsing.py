"""The command line with verbs that do nothing: what arguments are read as, and whether they are taken at all."""

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import typer
from typer.testing import CliRunner

from paraisite.cli import app


class Parsed(NamedTuple):
    """What a command line was read as.

    Attributes:
        verb: With its group before it, as "data fetch".
        values: Of the verb's parameters, by name.
    """

    verb: str
    values: dict[str, Any]


class RefusedError(Exception):
    """A command line that is not taken, with what the user reads."""


def verbs(group: typer.Typer = app, before: str = "") -> Iterator[tuple[str, Callable[..., None]]]:
    """Yield each verb that --help lists, with the function that it calls."""
    for command in group.registered_commands:
        if not command.hidden and command.callback is not None:
            yield f"{before}{command.name or command.callback.__name__.replace('_', '-')}", command.callback
    for inner in group.registered_groups:
        if inner.typer_instance is not None:
            yield from verbs(inner.typer_instance, before=f"{before}{inner.name} ")


def parsed(*arguments: str) -> Parsed:
    """Return what the command line reads; nothing is run.

    Raises:
        RefusedError: The arguments are not taken.
    """
    found: list[Parsed] = []
    result = CliRunner().invoke(_that_only_notes(found), list(arguments))
    if result.exit_code != 0:
        raise RefusedError(without_frame(result.output))
    (only,) = found
    return only


def without_frame(text: str) -> str:
    """Return a message in one line, without the frame that the terminal shows around it."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", text).split())


def _that_only_notes(found: list[Parsed]) -> typer.Typer:
    """Return a command line of the same verbs, each of which notes what it was called with."""
    copies: dict[str, typer.Typer] = {"": typer.Typer(no_args_is_help=True, rich_markup_mode=None)}
    for name, verb in verbs():
        group, _, own_name = name.rpartition(" ")
        if group not in copies:
            copies[group] = typer.Typer(rich_markup_mode=None)
            copies[""].add_typer(copies[group], name=group)
        copies[group].command(own_name)(_noting(name, verb, found))
    return copies[""]


def _noting(name: str, verb: Callable[..., None], found: list[Parsed]) -> Callable[..., None]:
    @functools.wraps(verb)
    def note(**values: Any) -> None:
        found.append(Parsed(name, values))

    return note
