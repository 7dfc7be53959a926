"""Reading a settings file safely, and writing into it without touching its comments and layout."""

import io
import re
import reprlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from paraisite.errors import ConfigError

_MAX_BYTES: Final = 256 * 1024
_MAX_DEPTH: Final = 20
_MAX_BITS: Final = 10_000
_MAX_VALUES: Final = 10_000
"""Values after every alias is written out: a few anchors of anchors stand for more than a machine can hold."""


class _Loader(yaml.CSafeLoader):
    """YAML 1.1 but for 1e-3, which is a number as in YAML 1.2, in which DVC reads the same file."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$"), list("-+.0123456789")
)


class _Short(reprlib.Repr):
    """Shortens; Python writes no integer of thousands of digits, which YAML can hold as 0x, 0b or 1:1:1."""

    def repr_int(self, x: int, level: int) -> str:
        return f"an integer of {x.bit_length()} bits" if x.bit_length() > _MAX_BITS else super().repr_int(x, level)


_short = _Short()
_short.maxlevel, _short.maxstring, _short.maxother, _short.maxlong = 2, 60, 60, 30


def read_settings(path: Path) -> Any:
    """Read a YAML file that anybody may have written.

    Returns:
        What it holds: mappings, lists and scalars.

    Raises:
        ConfigError: It is absent, not text in UTF-8, not YAML, too large or too deep, or names a key twice.
    """
    return parse_yaml(_read_text(path), where=str(path))


def parse_yaml(text: str, *, where: str, max_values: int = _MAX_VALUES) -> Any:
    """Return what YAML that anybody may have written holds: mappings, lists and scalars.

    Args:
        text: It.
        where: Its file, for messages.
        max_values: How many values it may have, every alias written out.

    Raises:
        ConfigError: It is no YAML, too large or too deep, or names a key twice.
    """
    try:
        _check_depth(text, where=where)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check_node(node, where=where, max_values=max_values)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise ConfigError(f"{where} is not valid YAML: {' '.join(str(error).split())}") from error
    except (ValueError, KeyError, AttributeError, TypeError, OverflowError) as error:
        # Such as a date with a thirteenth month, or what a tag as !!bool or !!timestamp says and is not.
        raise ConfigError(f"{where} holds a value that cannot be read: {' '.join(str(error).split())[:200]}") from error


def write_settings(path: Path, section: Sequence[str], values: Mapping[str, str | int | float]) -> None:
    """Replace the values of a section, each in its place; every other character stays, ends of lines among them.

    Args:
        path: A YAML file.
        section: Keys that lead to the section.
        values: By key; each has one already.

    Raises:
        ConfigError: The file has no such section, or the section no such key.
    """
    # Imported here, as reading the settings needs none of these.
    from ruamel.yaml import YAML
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString
    from ruamel.yaml.util import load_yaml_guess_indent

    from paraisite.core.files import write_whole

    read_settings(path)  # for its messages
    found = _read_text(path)
    text = found.replace("\r\n", "\n")
    _, indent, offset = load_yaml_guess_indent(text)
    round_trip = YAML()
    round_trip.preserve_quotes, round_trip.width = True, len(text)
    round_trip.indent(mapping=indent, sequence=indent, offset=offset or 0)
    content = round_trip.load(text)
    node: Any = content
    for key in section:
        node = node.get(key) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        raise ConfigError(f"{path}: there is no section {': '.join(section)}")
    if missing := sorted(set(values) - set(node)):
        raise ConfigError(f"{path}: {': '.join(section)} has no key {', '.join(missing)}")
    lines = text.split("\n")
    before = _dumped(round_trip, content).split("\n")
    for key, value in values.items():
        # Text in quotes, as 64 would be read as a number.
        needs_quotes = isinstance(value, str) and not value.isidentifier()
        new = DoubleQuotedScalarString(str(value)) if needs_quotes else value
        length = len(_dumped(round_trip, {"k": new}).strip()) - len("k: ")
        _move_comment(node, key, lines, n_character=length)
        node[key] = new
    after = _dumped(round_trip, content).split("\n")
    if lines[-1]:  # the last line has no end, and keeps none
        before, after = before[:-1], after[:-1]
    # Of what the round trip gives only the lines with new values are taken: it knows one way to space others.
    if len(before) == len(after) == len(lines):
        after = [line if old == new else new for line, old, new in zip(lines, before, after, strict=True)]
    write_whole(path, ("\r\n" if "\r\n" in found else "\n").join(after).encode())


def shown(value: Any) -> str:
    """Return a value that was found as it may stand in a message, however long or nested it is."""
    return _short.repr(value)


def _read_text(path: Path) -> str:
    if path.exists() and not (path.is_file() or path.is_dir()):
        # A pipe would be waited for, and a device has no end.
        raise ConfigError(f"{path} is no file, expected a file of settings")
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError(f"{path} not found: run it in the project's folder, a clone of the repository") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise ConfigError(f"{path} is longer than {_MAX_BYTES // 1024} KiB, expected a file of settings")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}, line {line}: found the byte 0x{content[error.start]:02x}, expected text in UTF-8"
        ) from error


def _check_depth(text: str, *, where: str) -> None:
    """Refuse deep nesting before anything recursive sees it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise ConfigError(f"{where}: found more than {_MAX_DEPTH} levels of nesting")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _check_node(root: yaml.Node, *, where: str, max_values: int) -> None:
    """Refuse keys that stand twice, and anchors that stand for too much or for what they are part of."""
    sizes: dict[int, int | None] = {}  # None: still being counted

    def size(node: yaml.Node) -> int:
        if id(node) in sizes:
            known = sizes[id(node)]
            if known is None:
                raise ConfigError(f"{where}, line {node.start_mark.line + 1}: found an anchor that holds itself")
            return known
        sizes[id(node)] = None
        inner: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            _check_keys(node, where=where)
            inner = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            inner = node.value
        sizes[id(node)] = total = 1 + sum(size(part) for part in inner)
        if total > max_values:
            raise ConfigError(
                f"{where}, line {node.start_mark.line + 1}: found more than {max_values:,} values "
                "with every anchor written out"
            )
        return total

    size(root)


def _check_keys(node: yaml.MappingNode, *, where: str) -> None:
    seen: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{where}, line {line}: found a list or mapping as a key, expected a name")
        if key.value in seen and key.value != "<<":
            raise ConfigError(f"{where}, line {line}: found the key {key.value} again, first on line {seen[key.value]}")
        seen[key.value] = line


def _dumped(round_trip: Any, content: Any) -> str:
    written = io.StringIO()
    round_trip.dump(content, written)
    return written.getvalue()


def _move_comment(section: Any, key: str, lines: Sequence[str], *, n_character: int) -> None:
    """Keep the distance of the comment behind a value that is going to be this long; ruamel keeps the column."""
    comment = section.ca.items.get(key, [None] * 4)[2]
    line, column = section.lc.value(key)
    if comment is not None and comment.start_mark.line == line:
        gap = comment.start_mark.column - len(lines[line][: comment.start_mark.column].rstrip())
        comment.start_mark.column = column + n_character + gap
