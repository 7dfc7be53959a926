"""The first section of the report: what is best, five candidates, what to distrust."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from paraisite import DEFAULT_MODEL, schema
from paraisite.analysis.held_out_accurate import DATA_SET, LOW_KAPPA, PROTOCOL
from paraisite.analysis.held_out_errors import DIVISION, KIND
from paraisite.reports.cross_validation import draw_parity, tabulate_protocols
from paraisite.reports.document import CaptionedTable, Section
from paraisite.reports.pictures import Drawn, NamedPoints
from paraisite.training.recipes import PHONIX

_BY_FORMULA: Final = "formula"
_BY_STRUCTURE_TYPE: Final = "structure-type"
_NEW: Final = {
    _BY_FORMULA: "new formulas",
    "space-group": "new space groups",
    _BY_STRUCTURE_TYPE: "new structure types",
    "honest": "published fifths",
}
_N_CANDIDATE: Final = 5
_SHOWN: Final = ("rows", "error", "error of a constant", "within a factor of 2", "90 % intervals hold", "flagged")
_DIVISIONS: Final = {schema.CHEMISTRY: "Kinds of compounds", schema.CRYSTAL_SYSTEM: "Crystal systems"}
_COVERAGE: Final = schema.format_coverage_metric(0.9)


def summary_section(
    summary: pd.DataFrame, predictions: pd.DataFrame, kinds: pd.DataFrame, candidates: pd.DataFrame | None
) -> Section:
    """Return what a reader needs who reads nothing else.

    Args:
        summary: Errors of the default model, as ``held_out_errors.summarise_predictions`` returns them.
        predictions: Its held-out rows.
        kinds: Its errors by kind of crystal, as ``held_out_errors.summarise_kinds`` returns them.
        candidates: The first rows are shown, as text (index: id); None where none were selected.
    """
    rows = predictions[predictions[PROTOCOL] == _BY_FORMULA]
    parity = Drawn(
        "parity_of_the_default_model",
        draw_parity(predictions),
        rows,
        f"Predicted against known conductivity of {DEFAULT_MODEL}, each row predicted by a fit that has seen none of "
        "its formula; grey: within a factor of two. Pointing at a crystal tells its formula and values.",
        "A cloud of points along the diagonal of logarithmic axes from 0.05 to 4,000 W/m/K.",
        _name_points(rows[rows[DATA_SET] != LOW_KAPPA]),
    )
    errors = tabulate_protocols(summary)[list(_SHOWN)].rename(index=_say_what_is_new)
    tables = [CaptionedTable("Errors on rows that a fit has not seen: mean |ln(predicted/known)|.", errors)]
    if candidates is not None:
        first = candidates.head(_N_CANDIDATE)
        caption = f"The {len(first)} crystals whose conductivity is low with most confidence."
        tables.insert(0, CaptionedTable(caption, first))
    by_protocol = {name: _row(summary, name) for name in (_BY_FORMULA, _BY_STRUCTURE_TYPE)}
    doubts = [*_list_doubts(by_protocol, rows), *_name_worst(kinds), _doubt_candidates(known=candidates is not None)]
    return Section(
        "In short",
        words=(_say_best(by_protocol[_BY_FORMULA]), "**What to distrust:**"),
        points=doubts,
        figures=(parity,),
        tables=tables,
        opened=True,
    )


def _say_what_is_new(test_rows: str) -> str:
    """Return a line's name with what is new about its rows in the place of the protocol's name."""
    data_set, _, protocol = test_rows.rpartition(", ")
    return f"{data_set}, {_NEW[protocol]}" if protocol in _NEW else test_rows


def _name_points(rows: pd.DataFrame) -> NamedPoints:
    known, predicted = (rows[name].to_numpy(np.float64) for name in (schema.KAPPA, schema.PREDICTED_MEDIAN_KAPPA))
    names = [
        f"{formula}: known {of_known:.3g}, predicted {of_predicted:.3g} W/m/K"
        for formula, of_known, of_predicted in zip(rows[schema.FORMULA], known, predicted, strict=True)
    ]
    return NamedPoints(known, predicted, names)


def _row(summary: pd.DataFrame, protocol: str) -> dict[str, float]:
    """Return the errors on Phonix under a protocol, and as ``factor…`` those of the logarithm as factors."""
    row = {str(name): float(value) for name, value in summary.loc[[(protocol, PHONIX)]].iloc[0].items()}
    start = "mean_abs_ln_ratio"
    return row | {
        name.replace(start, "factor"): float(np.exp(value)) for name, value in row.items() if name.startswith(start)
    }


def _say_best(row: Mapping[str, float]) -> str:
    within, inside = (f"{100 * row[name]:.0f} %" for name in ("within_factor_2", _COVERAGE))
    return (
        f"**Best: {DEFAULT_MODEL}**, one Gaussian process on descriptors of composition and structure, which predicts "
        f"any crystal. On {row['n']:,.0f} crystals of hundreds of structure types, each with a formula that was not "
        f"fitted, it is off by a factor of {row['factor']:.2f} in the geometric mean, where always the same answer is "
        f"off by {np.exp(row['constant']):.1f}; {within} are within a factor of two, and 90 % "
        f"intervals hold {inside}. The paper's networks, compared below, are for crystals like "
        "Togo15's alone."
    )


def _list_doubts(by_protocol: Mapping[str, Mapping[str, float]], rows: pd.DataFrame) -> Iterator[str]:
    """Yield what a reader should not rely on, with the figures that say so."""
    known, new = by_protocol[_BY_FORMULA], by_protocol[_BY_STRUCTURE_TYPE]
    yield (
        f"**Crystals flagged as outside the applicability domain** ({100 * known['flagged']:.0f} % here): off by a "
        f"factor of {known['factor_flagged']:.1f}, the others by {known['factor_unflagged']:.1f}."
    )
    yield (
        f"**Structure types that no training crystal has**: off by a factor of {new['factor']:.2f}, and 90 % intervals "
        f"hold {100 * new[_COVERAGE]:.0f} %."
    )
    ratio = np.abs(np.log((rows[schema.PREDICTED_MEDIAN_KAPPA] / rows[schema.KAPPA]).to_numpy(np.float64)))
    yield (
        f"**The mean**: half of the crystals are off by less than a factor of {np.exp(np.median(ratio)):.2f}, but "
        f"{100 * np.mean(ratio > np.log(3.0)):.0f} % by more than three."
    )


def _name_worst(kinds: pd.DataFrame) -> Iterator[str]:
    measured = kinds[(kinds[PROTOCOL] == _BY_FORMULA) & ~kinds[schema.SELECTED_BY_LABEL]]
    for division, words in _DIVISIONS.items():
        worst: list[dict[Any, Any]] = (
            measured[measured[DIVISION] == division].nlargest(2, "mean_abs_ln_ratio").to_dict("records")
        )
        if worst:
            named = ", ".join(
                f"{row[KIND]} ({np.exp(row['mean_abs_ln_ratio']):.2f}, {row['n']:.0f} rows)" for row in worst
            )
            yield f"**{words}** with the largest errors, as factors: {named}."


def _doubt_candidates(*, known: bool) -> str:
    if not known:
        return (
            "**Candidates** are not selected here: `python -m paraisite screen slack`, then `python -m paraisite "
            "select`, lists crystals of low conductivity."
        )
    return (
        "**The candidates** are hypothetical crystals, decorated structure types relaxed under a potential: whether "
        "they can be made is not known, and their errors are those above. `predict --refine` and `verify` come next."
    )
