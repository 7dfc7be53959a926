"""The section of the report on candidates: what is proposed, and how well choosing works."""

from pathlib import Path
from typing import Final

import pandas as pd

from paraisite import schema
from paraisite.active_learning.diversity import SPACE_GROUP
from paraisite.active_learning.replay import LOG10_MAE, REGRET, STRATEGY
from paraisite.active_learning.replay_summary import LABELS_TO_LOWEST, QUANTITY
from paraisite.reports.document import Section, Shown
from paraisite.reports.pictures import Picture

_N_SHOWN: Final = 25
_COVERAGE: Final = 0.8
_ID: Final = "id"
_COLUMNS: Final = {
    schema.FORMULA: "formula",
    SPACE_GROUP: "space group",
    schema.PREDICTED_KAPPA: "predicted, W/m/K",
    schema.NEAREST_MATERIAL: "nearest known material",
}
_CAPTIONS: Final = {
    "candidates": "The candidates' predictions with their intervals, above the known conductivities.",
    "replay_n_lowest_found": "How many of the five lowest conductivities each rule has found, by labels computed.",
    "replay_regret_dex": "How far the lowest conductivity found lies above the lowest there is, by labels computed.",
    "replay_log10_mae_held_out": "Errors of the model on materials that are never chosen, by labels computed.",
}
_MEASURED: Final = {
    LABELS_TO_LOWEST: "labels until the five lowest are known",
    REGRET: "mean regret, dex",
    LOG10_MAE: "mean error elsewhere, dex",
}


def candidates_section(folder: Path) -> Section:
    """Return the materials that are proposed for low conductivity; see ``build/candidates/``."""
    tables = []
    if (folder / "candidates.csv").exists():
        tables.append(Shown(f"Candidates, the first {_N_SHOWN}.", _candidates(pd.read_csv(folder / "candidates.csv"))))
    if (folder / "replay_summary.csv").exists():
        replayed = _replay(pd.read_csv(folder / "replay_summary.csv"))
        tables.append(Shown("Rules for choosing, replayed on Togo15: means with 95 % intervals.", replayed))
    return Section(
        "Candidates",
        words=(
            "Materials that the models propose for a low conductivity, ranked by the upper end of their interval, so "
            "that what is low for certain comes first, and near copies of what is listed are left out. A crystal "
            "that the models do not know is no candidate unless it was asked for.",
            "Which material should be computed next was tried on known ones, as if each label had to be paid for: "
            "expected improvement weighs a low prediction against doubt, uncertainty goes where the model knows least.",
        ),
        pictures=[_drawn(file) for file in sorted((folder / "figures").glob("*.svg"))],
        tables=tables,
    )


def _candidates(table: pd.DataFrame) -> pd.DataFrame:
    """Return what a reader asks of the first candidates, as text, by their ids."""
    first = table.head(_N_SHOWN)
    first = first.rename(columns=schema.present_names(first.columns, schema.FORMER_SCREENING_COLUMNS))
    shown = pd.DataFrame({_ID: first[schema.MATERIAL_ID]})
    for column, heading in _COLUMNS.items():
        if column in first:
            shown[heading] = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in first[column]]
    lower, upper = schema.interval_columns(_COVERAGE)
    if {lower, upper} <= set(first):
        ends = zip(first[lower], first[upper], strict=True)
        shown[f"{_COVERAGE:.0%} interval, W/m/K"] = [f"{low:.3g} to {high:.3g}" for low, high in ends]
    return shown.set_index(_ID)


def _replay(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the rules side by side, as text."""
    known = summary[summary[QUANTITY].isin(_MEASURED)]
    texts = [f"{row.mean:.3g} ({row.low:.3g} to {row.high:.3g})" for row in known.itertuples(index=False)]
    wide = known.assign(text=texts).pivot_table(index=STRATEGY, columns=QUANTITY, values="text", aggfunc="first")
    columns = [name for name in _MEASURED if name in wide]
    return wide.loc[known[STRATEGY].unique(), columns].rename(columns=_MEASURED).rename_axis(columns=None)


def _drawn(file: Path) -> Picture:
    caption = _CAPTIONS.get(file.stem, f"{file.stem.replace('_', ' ').capitalize()}.")
    return Picture.of(file.read_bytes(), "svg+xml", caption=caption, alt=f"Figure: {caption}")
