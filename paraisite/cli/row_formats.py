"""The options --json and --csv of verbs that print rows."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from paraisite.core.row_format import RowFormat, tables_as

AsJson = Annotated[bool, typer.Option("--json", help="Print rows as JSON, an object on each line.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print rows as CSV.")]


def read_row_format(*, as_json: bool, as_csv: bool) -> RowFormat:
    """Return the format that two options choose.

    Raises:
        typer.BadParameter: Both are given.
    """
    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other")
    return RowFormat.JSON if as_json else RowFormat.CSV if as_csv else RowFormat.TABLE


def with_row_formats(verb: Callable[..., None]) -> Callable[..., None]:
    """Return a verb with both options behind its own; its tables are printed as they ask for."""

    @functools.wraps(verb)
    def run(*args: Any, as_json: bool = False, as_csv: bool = False, **options: Any) -> None:
        with tables_as(read_row_format(as_json=as_json, as_csv=as_csv)):
            verb(*args, **options)

    own = inspect.signature(verb)
    kind = inspect.Parameter.KEYWORD_ONLY
    added = [
        inspect.Parameter(name, kind, default=False, annotation=annotation)
        for name, annotation in (("as_json", AsJson), ("as_csv", AsCsv))
    ]
    vars(run)["__signature__"] = own.replace(parameters=[*own.parameters.values(), *added])
    run.__annotations__ = verb.__annotations__ | {"as_json": AsJson, "as_csv": AsCsv}
    return run
