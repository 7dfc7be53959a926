"""The stages of dvc.yaml as each lineage has them, templates written out."""

import functools
import re
from pathlib import Path
from typing import Any

import yaml

from paraisite.config import load_config
from paraisite.training.recipes import read_lineage

ROOT = Path(__file__).parents[1]
LINEAGES = {name: read_lineage(chosen) for name, chosen in load_config(ROOT / "params.yaml").lineages.items()}
"""By name, as params.yaml describes them."""

_TEMPLATE = re.compile(r"\$\{([^}]+)\}")


def params_text(lineage: str) -> str:
    """Return params.yaml with this lineage chosen."""
    text, n = re.subn(r"^lineage: .*$", f"lineage: *{lineage}", (ROOT / "params.yaml").read_text(), flags=re.MULTILINE)
    assert n == 1
    return text


def two_splits(params: str) -> str:
    """Return the text of params.yaml with two splits instead of nine."""
    text, n = re.subn(r"(?<=^splits:\n  )seeds: \[.*\]", "seeds: [1, 2]", params, flags=re.MULTILINE)
    assert n == 1
    return text


@functools.cache
def lineage_settings(lineage: str) -> dict[str, Any]:
    """Return what params.yaml says of a lineage."""
    settings: dict[str, Any] = yaml.safe_load(params_text(lineage))["lineage"]
    return settings


@functools.cache
def stages(lineage: str) -> dict[str, dict[str, Any]]:
    """Return the stages by name."""
    known = yaml.safe_load(params_text(lineage))
    found: dict[str, dict[str, Any]] = {}
    for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].items():
        if "foreach" not in stage:
            found[name] = _filled(stage, known)
            continue
        each = stage["foreach"]
        items = _looked_up(each.removeprefix("${").removesuffix("}"), known) if isinstance(each, str) else each
        for key in items:
            values = {"key": key, "item": items[key]} if isinstance(items, dict) else {"item": key}
            found[f"{name}@{key}"] = _filled(stage["do"], known | values)
    return found


def _filled(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {_filled(key, known): _filled(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, known) for item in value]
    if isinstance(value, str):
        return _TEMPLATE.sub(lambda match: str(_looked_up(match[1], known)), value)
    return value


def _looked_up(path: str, known: dict[str, Any]) -> Any:
    return functools.reduce(lambda found, key: found[key], path.split("."), known)
