"""A table of a prediction, a potential's conductivity and the known value."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from paraisite.inference.rows import DISTANCE, NEAREST, VALUE, Row, interval_keys
from paraisite.schema import (
    KAPPA_POTENTIAL,
    OUT_OF_DOMAIN_FLAG,
    REFINED_KAPPA,
    REFINED_REASON,
    refined_interval_columns,
)

PREDICTED: Final = "predicted"
POTENTIAL: Final = "potential"
REFINED: Final = "refined"
KNOWN: Final = "known"
"""Keys of a check."""

_INTERVAL: Final = 0.8
_SAME: Final = 1e-3
"""Distance below which a training material is the crystal itself, in standard deviations of the embedding."""


def check_table(check: Mapping[str, Any]) -> pd.DataFrame:
    """Return a check as text, one row per source of a conductivity.

    Args:
        check: By ``PREDICTED`` a row of ``inference.rows``; by ``POTENTIAL``, where one was asked, what
            ``dft_inputs.potential_check`` says; by ``REFINED`` the refined columns, where there are; by ``KNOWN`` kappa
            in W/m/K, or None.
    """
    predicted = check[PREDICTED]
    lower, upper = (predicted[key] for key in interval_keys(_INTERVAL))
    interval = "no interval" if lower is None else f"{_INTERVAL:.0%}: {lower:.3g} to {upper:.3g}"
    rows = {"model": (f"{predicted[VALUE]:.3g}", interval + _limitation(predicted))}
    if computed := check.get(POTENTIAL):
        rows["potential"] = (f"{computed[KAPPA_POTENTIAL]:.3g}", _phonons(computed))
    if (refined := check.get(REFINED)) is not None:
        rows["both"] = _refined_cells(refined)
    if (known := check.get(KNOWN)) is not None:
        rows["Togo15"] = (f"{known:.3g}", "")
    return pd.DataFrame.from_dict(rows, orient="index", columns=["kappa (W/m/K)", "remarks"]).rename_axis("source")


def _refined_cells(refined: Mapping[str, Any]) -> tuple[str, str]:
    if refined[REFINED_REASON] is not None:
        return "–", f"not refined: {refined[REFINED_REASON]}"
    lower, upper = (refined[key] for key in refined_interval_columns(_INTERVAL))
    return f"{refined[REFINED_KAPPA]:.3g}", f"{_INTERVAL:.0%}: {lower:.3g} to {upper:.3g}; refined"


def _limitation(predicted: Row) -> str:
    """Return what limits a prediction: a crystal of the training set is no test of the model."""
    if any(near[DISTANCE] < _SAME for near in predicted[NEAREST] or ()):
        return "; in the training set"
    return "; outside the applicability domain" if predicted[OUT_OF_DOMAIN_FLAG] else ""


def _phonons(computed: Mapping[str, Any]) -> str:
    facts = [f"lowest phonon {computed['lowest_frequency_thz']:.2f} THz", *computed["warnings"]]
    return "; ".join(facts)
