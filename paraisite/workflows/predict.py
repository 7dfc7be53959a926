"""Predict the conductivity of a few crystals, as a table or as JSON lines."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from paraisite.artifacts.predictors import predict_rows
from paraisite.inference.crystals import STANDARD_INPUT, read_crystals
from paraisite.inference.rows import build_table
from paraisite.schema import REASON


def predict_files(files: Sequence[Path], model: str, *, as_json: bool) -> bool:
    """Print the prediction of every crystal in some files.

    Args:
        files: Structure files and folders of them; none for the standard input.
        model: Model, as for ``artifacts.predictors.find_predictor``.
        as_json: Print one JSON object per line, with all members, instead of a table.

    Returns:
        Whether any crystal has a prediction.

    Raises:
        ParaisiteError: Model or file are absent or unusable.
    """
    rows = predict_rows(model, read_crystals(list(files) or [STANDARD_INPUT]))
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False, allow_nan=False))  # noqa: T201
    else:
        Console().print(build_table(rows))
    return any(row[REASON] is None for row in rows)
