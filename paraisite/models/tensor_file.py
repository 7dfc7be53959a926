"""Reading of safetensors files that carry a header of the project's own as JSON."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from paraisite.errors import CheckpointError


def read_tensors(path: Path, *, header_key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and arrays of a file, whatever they are; no header is an empty one.

    Args:
        path: The file.
        header_key: Name of the text that is the header.

    Raises:
        CheckpointError: The file is absent or damaged.
    """
    try:
        with safe_open(path, framework="np") as file:
            header = json.loads((file.metadata() or {}).get(header_key, "{}"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} not found") from error
    except (SafetensorError, OSError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} is damaged or not a safetensors file: {error}") from error
    return header if isinstance(header, dict) else {}, arrays
