"""Conditions on the columns of a screening, as ``upper_90 < 2 and n_unseen_element == 0``, and the rows that meet one.

Only comparisons, arithmetic and logic of columns and constants are taken: what a condition is made of is looked at
before it is evaluated, so that none can call anything. Logic has three values, as in SQL: what a row says of a column
where it has no value is neither true nor false. (That of ``pandas.eval`` has two where a text or a list is compared.)
"""

import ast
import operator
import tokenize
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from io import StringIO
from itertools import pairwise
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from paraisite.core.csv_tables import format_csv
from paraisite.core.damaged_files import refuse_damaged
from paraisite.core.files import name_temporary
from paraisite.errors import ConfigError
from paraisite.schema import REASON
from paraisite.screening.output import ScreeningFolder

SELECTED_FILE: Final = "_selected.csv"
"""Of the rows that meet a condition, in the screening's folder; readers of parquet data sets pass over such names."""

_LONGEST: Final = 2000
"""Characters: a condition is walked through recursively."""

_SHOWN: Final = 100
"""Characters of a condition that a message repeats."""

_UNIT: Final = "_w_per_m_k"
"""May be left out: ``upper_90`` is ``upper_90_w_per_m_k``."""

_NULLABLE: Final = {
    pa.bool_(): pd.BooleanDtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(),
}
"""Of pandas, by the type of a screening's column."""

_OPERATORS: Final[dict[type[ast.AST], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.And: operator.and_,
    ast.Or: operator.or_,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

_ALLOWED: Final = (
    *(ast.Expression, ast.Name, ast.Load, ast.Constant, ast.List, ast.Tuple),
    *(ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.Invert),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div),
    *(ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.In, ast.NotIn),
)


_TEXT_AND_NUMBER: Final = "a text and a number do not compare"


@dataclass(frozen=True)
class Condition:
    """A condition that was checked.

    Attributes:
        text: As it was given.
        expression: Its syntax, with the columns' whole names.
    """

    text: str
    expression: ast.expr

    @classmethod
    def parse(cls, text: str, columns: Sequence[str]) -> "Condition":
        """Check a condition.

        Args:
            text: In Python's notation.
            columns: What may be named in it.

        Raises:
            ConfigError: It is none, is too long, or names something else.
        """
        if len(text) > _LONGEST:
            raise ConfigError(f"a condition of {len(text)} characters: expected at most {_LONGEST}")
        shown = _shorten(text)
        if not text.strip():
            raise ConfigError("the condition is empty, expected one like 'upper_90 < 2'")
        try:
            tree = ast.parse(_join_by_words(text.strip()), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError) as error:
            raise ConfigError(f"{shown} is no condition, expected one like 'upper_90 < 2': {error}") from error
        for node in ast.walk(tree):
            if not isinstance(node, _ALLOWED):
                raise ConfigError(
                    f"{shown} holds a {type(node).__name__.lower()}, expected comparisons of columns and constants, "
                    "joined by and, or, not"
                )
            if isinstance(node, ast.Constant) and not isinstance(node.value, bool | int | float | str):
                raise ConfigError(
                    f"{shown} compares with {node.value!r}, which no column holds: expected numbers, texts, True or "
                    "False"
                )
            if isinstance(node, ast.BinOp) and any(map(_is_text, (node.left, node.right))):
                raise ConfigError(f"{shown} computes with a text, expected to compare it")
            if isinstance(node, ast.Name):
                node.id = _find_column(node.id, columns)
        if not isinstance(tree.body, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.BinOp | ast.Name):
            raise ConfigError(f"{shown} is no condition, expected one like 'upper_90 < 2'")
        if not any(isinstance(node, ast.Name) for node in ast.walk(tree)):
            raise ConfigError(f"{shown} names no column, expected one like 'upper_90 < 2'")
        return cls(text, tree.body)

    def keep(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the rows that meet it; those without a value in a column meet no comparison with it.

        Raises:
            ConfigError: It compares what cannot be compared, as a text with a number, or is not true or false.
        """
        asked = rows.fillna({REASON: ""}) if REASON in rows else rows  # whose prediction is there has no reason
        try:
            met = _evaluate(self.expression, asked)
            if not (isinstance(met, pd.Series) and pd.api.types.is_bool_dtype(met)):
                raise ValueError("it is a number or a text, expected a comparison like 'upper_90 < 2'")
            return pd.DataFrame(rows[met.fillna(False).astype(bool)])
        except TypeError as error:
            raise ConfigError(f"{_shorten(self.text)} cannot be evaluated: {_TEXT_AND_NUMBER}") from error
        except (ValueError, NotImplementedError, AttributeError, ArithmeticError, RecursionError) as error:
            raise ConfigError(f"{_shorten(self.text)} cannot be evaluated: {error}") from error

    def require_evaluable(self, schema: pa.Schema) -> None:
        """Evaluate it for a made-up row, so that what cannot be evaluated is refused before hours of screening.

        Raises:
            ConfigError: As ``keep``.
        """
        row = [pa.array([_make_up(field.type)], field.type) for field in schema]
        self.keep(_to_frame(pa.table(row, schema=schema)))


def write_selected(output: ScreeningFolder, condition: Condition) -> int:
    """Write the rows of a complete screening that meet a condition into its folder; return how many there are.

    Raises:
        ConfigError: The condition cannot be evaluated.
        DataError: A part is damaged.
    """
    path, n_selected = output.folder / SELECTED_FILE, 0
    path.unlink(missing_ok=True)  # of another condition
    temporary = name_temporary(path)
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            for number, part in enumerate(output.list_parts()):
                with refuse_damaged(part, remedy="delete it and start the screening again"):
                    table = pq.read_table(part, page_checksum_verification=True)
                selected = condition.keep(_to_frame(table))
                file.write(format_csv(selected, header=number == 0))
                n_selected += len(selected)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return n_selected


def _make_up(kind: pa.DataType) -> str | bool | float | None:
    """Return a value that a column may hold; without one, pandas compares a text with a number."""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text"
    if pa.types.is_boolean(kind):
        return True
    return 1 if pa.types.is_integer(kind) or pa.types.is_floating(kind) else None


def _to_frame(table: pa.Table) -> pd.DataFrame:
    """Return a part's rows; a value that is null stays one, as it is neither equal nor unequal to anything."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=_NULLABLE.get)
    return frame


def _evaluate(node: ast.expr, rows: pd.DataFrame) -> Any:
    """Return the value of an expression: of each row, or a constant."""
    match node:
        case ast.Name():
            return rows[node.id]
        case ast.Constant():
            return node.value
        case ast.List() | ast.Tuple():
            return [_evaluate(each, rows) for each in node.elts]
        case ast.UnaryOp():
            value = _evaluate(node.operand, rows)
            return -value if isinstance(node.op, ast.USub) else ~_require_truth(value)
        case ast.BoolOp(op=joined_by, values=parts):
            return reduce(_OPERATORS[type(joined_by)], [_require_truth(_evaluate(each, rows)) for each in parts])
        case ast.BinOp():
            return _OPERATORS[type(node.op)](_evaluate(node.left, rows), _evaluate(node.right, rows))
        case ast.Compare():
            sides = [_evaluate(each, rows) for each in (node.left, *node.comparators)]
            pairs = zip(node.ops, pairwise(sides), strict=True)
            return reduce(operator.and_, [_compare(how, *pair) for how, pair in pairs])
    raise ValueError(f"it holds a {type(node).__name__.lower()}")


def _compare(how: ast.cmpop, left: Any, right: Any) -> Any:
    """Return whether values stand in a relation, each true, false or neither; equal to a list is one of it."""
    if len(_name_kinds(left) | _name_kinds(right)) > 1:  # which pandas takes for unequal
        raise ValueError(_TEXT_AND_NUMBER)
    if isinstance(right, list) and isinstance(how, ast.Eq | ast.NotEq | ast.In | ast.NotIn):
        if not isinstance(left, pd.Series):
            raise ValueError("a list is compared with no column")
        is_in = left.isin(right).astype(pd.BooleanDtype()).mask(left.isna())
        return ~is_in if isinstance(how, ast.NotEq | ast.NotIn) else is_in
    if isinstance(how, ast.In | ast.NotIn):
        raise ValueError("expected a list behind in, like formula in ['NaCl', 'KCl']")
    met = _OPERATORS[type(how)](left, right)
    # Of texts pandas returns pyarrow's kind, which it does not join with its own where a value is null.
    return met.astype(pd.BooleanDtype()) if isinstance(met, pd.Series) else met


def _name_kinds(values: Any) -> set[str]:
    """Return whether values, those of a list or column among them, are texts or numbers."""
    if isinstance(values, list):
        return set().union(*map(_name_kinds, values))
    is_text = pd.api.types.is_string_dtype(values) if isinstance(values, pd.Series) else isinstance(values, str)
    return {"text" if is_text else "number"}


def _require_truth(value: Any) -> Any:
    if not pd.api.types.is_bool_dtype(value):
        raise ValueError("and, or and not join comparisons alone")
    return value


def _join_by_words(text: str) -> str:
    """Return a condition with and and or for & and |, which bind as weakly in pandas' queries."""
    words = {"&": (tokenize.NAME, "and"), "|": (tokenize.NAME, "or")}
    tokens = tokenize.generate_tokens(StringIO(text).readline)
    return tokenize.untokenize(words.get(token, (kind, token)) for kind, token, *_ in tokens).strip()


def _is_text(node: ast.expr) -> bool:
    """Return whether it is a text or a list: times a number, pandas would make one of any length of it."""
    return isinstance(node, ast.List | ast.Tuple) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _shorten(text: str) -> str:
    """Return a condition as messages quote it."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _find_column(name: str, columns: Sequence[str]) -> str:
    for column in (name, name + _UNIT):
        if column in columns:
            return column
    known = ", ".join(column.removesuffix(_UNIT) for column in columns)
    raise ConfigError(f"there is no column {name}; known are {known}")
