"""Writing into ``params.yaml`` without touching its comments and layout."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from paraisite.core.files import write_whole
from paraisite.errors import ConfigError


def write_settings(path: Path, section: Sequence[str], values: Mapping[str, str | int | float]) -> None:
    """Replace the values of a section, each in its place; every other character stays.

    Args:
        path: A YAML file.
        section: Keys that lead to the section.
        values: By key; each has one already.

    Raises:
        ConfigError: The file has no such section, or the section no such key.
    """
    text = path.read_text()
    node = _section(yaml.compose(text), section, where=str(path))
    found = {key.value: value for key, value in node.value}
    if missing := sorted(set(values) - set(found)):
        raise ConfigError(f"{path}: {': '.join(section)} has no key {', '.join(missing)}")
    # From the end on, so that the places of those before stay right.
    for key in sorted(values, key=lambda key: found[key].start_mark.index, reverse=True):
        start, end = found[key].start_mark.index, found[key].end_mark.index
        text = text[:start] + _scalar(values[key]) + text[end:]
    write_whole(path, text.encode())


def _section(node: yaml.Node | None, section: Sequence[str], *, where: str) -> yaml.MappingNode:
    for key in section:
        inner = {name.value: value for name, value in node.value} if isinstance(node, yaml.MappingNode) else {}
        node = inner.get(key)
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{where}: there is no section {': '.join(section)}")
    return node


def _scalar(value: str | int | float) -> str:
    """Return a value as YAML; text in quotes, as ``64`` would be read as a number."""
    style = '"' if isinstance(value, str) and not value.isidentifier() else None
    return yaml.safe_dump(value, default_style=style, width=1000).removesuffix("\n...\n").strip()
