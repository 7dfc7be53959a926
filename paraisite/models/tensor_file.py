"""Safetensors files that carry a header of the project's own as JSON, and, sealed, a digest of all that is in them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from paraisite.core.files import content_sha256, write_whole
from paraisite.errors import CheckpointError

_FORMAT: Final = "format"
_SHA256: Final = "sha256"


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


def seal(arrays: Mapping[str, npt.NDArray[Any]], header: Mapping[str, Any], *, header_key: str) -> str:
    """Return the SHA-256, in hex, over arrays and header."""
    return content_sha256(arrays, {header_key: json.dumps(header, sort_keys=True)})


def write_sealed(
    path: Path, arrays: Mapping[str, npt.NDArray[Any]], header: Mapping[str, Any], *, header_key: str
) -> None:
    """Write a file that ``read_sealed`` reads; an interrupted write leaves the old one.

    Args:
        path: The file.
        arrays: By name.
        header: Facts as JSON knows them, the format among them.
        header_key: Name of the text that is the header.
    """
    # safetensors writes other layouts as they lie in memory.
    arrays = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    # One text only: safetensors writes several in random order, and equal contents should be equal files.
    text = json.dumps({**header, _SHA256: seal(arrays, header, header_key=header_key)}, sort_keys=True)
    write_whole(path, save(arrays, metadata={header_key: text}))


def read_sealed(path: Path, *, header_key: str, expected_format: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and arrays of a file that ``write_sealed`` wrote.

    Raises:
        CheckpointError: The file is absent, damaged, or not of the format.
    """
    header, arrays = read_tensors(path, header_key=header_key)
    sha256 = header.pop(_SHA256, None)
    if header.get(_FORMAT) != expected_format:
        raise CheckpointError(
            f"{path}: expected format {expected_format}, found {header.get(_FORMAT)!r}: a model of another version of "
            "paraisite, to be fitted or trained again"
        )
    if sha256 != seal(arrays, header, header_key=header_key):
        raise CheckpointError(f"{path} is damaged: its digest does not match")
    return header, arrays
