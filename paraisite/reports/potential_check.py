"""A table of a prediction, a potential's conductivity and the known value."""

import math
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from paraisite.inference.rows import DISTANCE, NEAREST, VALUE, Row, interval_keys
from paraisite.schema import (
    KAPPA,
    KAPPA_POTENTIAL,
    OUT_OF_DOMAIN_FLAG,
    REFINED_KAPPA,
    REFINED_REASON,
    interval_columns,
    refined_interval_columns,
)

PREDICTED: Final = "predicted"
POTENTIAL: Final = "potential"
FAILURE: Final = "potential_failed"
REFINED: Final = "refined"
KNOWN: Final = "known"
"""Keys of a check."""

_INTERVAL: Final = 0.8
_SAME: Final = 1e-3
"""Distance below which a training material is the crystal itself, in standard deviations of the embedding."""


def check_table(check: Mapping[str, Any]) -> pd.DataFrame:
    """Return a check as text, one row per source of a conductivity; see ``list_conductivities``."""
    numbers = list_conductivities(check)
    rows = [
        (_round(value), "; ".join(filter(None, (_describe_interval(lower, upper), remarks))))
        for value, lower, upper, remarks in numbers.itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["kappa (W/m/K)", "remarks"], index=numbers.index)


def list_conductivities(check: Mapping[str, Any]) -> pd.DataFrame:
    """Return a check as numbers, one row per source of a conductivity (index).

    Args:
        check: By ``PREDICTED`` a row of ``inference.rows``; by ``POTENTIAL``, where one was asked, what
            ``dft_inputs.potential_check`` says, or by ``FAILURE`` why it says nothing; by ``REFINED`` the refined
            columns, where there are; by ``KNOWN`` kappa in W/m/K, or None.

    Returns:
        Columns kappa and the ends of its interval, W/m/K, NaN where there are none, and remarks.
    """
    predicted = check[PREDICTED]
    interval = [predicted[key] for key in interval_keys(_INTERVAL)]
    rows = {"model": (predicted[VALUE], *interval, _limitation(predicted))}
    if computed := check.get(POTENTIAL):
        rows["potential"] = (computed[KAPPA_POTENTIAL], None, None, _phonons(computed))
    elif (failure := check.get(FAILURE)) is not None:
        rows["potential"] = (None, None, None, failure)
    if (refined := check.get(REFINED)) is not None:
        rows["both"] = _refined_cells(refined)
    if (known := check.get(KNOWN)) is not None:
        rows["Togo15"] = (known, None, None, "")
    numbers = [KAPPA, *interval_columns(_INTERVAL)]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*numbers, "remarks"]).rename_axis("source")
    return table.astype(dict.fromkeys(numbers, "float64"))


def _refined_cells(refined: Mapping[str, Any]) -> tuple[float | None, float | None, float | None, str]:
    if refined[REFINED_REASON] is not None:
        return None, None, None, f"not refined: {refined[REFINED_REASON]}"
    lower, upper = (refined[key] for key in refined_interval_columns(_INTERVAL))
    return refined[REFINED_KAPPA], lower, upper, "refined"


def _round(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3g}"


def _describe_interval(lower: float, upper: float) -> str:
    return "" if math.isnan(lower) else f"{_INTERVAL:.0%}: {lower:.3g} to {upper:.3g}"


def _limitation(predicted: Row) -> str:
    """Return what limits a prediction: a crystal of the training set is no test of the model."""
    if any(near[DISTANCE] < _SAME for near in predicted[NEAREST] or ()):
        return "in the training set"
    if predicted[OUT_OF_DOMAIN_FLAG]:
        return "outside the applicability domain"
    return "no interval" if predicted[interval_keys(_INTERVAL)[0]] is None else ""


def _phonons(computed: Mapping[str, Any]) -> str:
    facts = [f"lowest phonon {computed['lowest_frequency_thz']:.2f} THz", *computed["warnings"]]
    return "; ".join(facts)
