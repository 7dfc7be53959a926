"""The section of the report on candidates: the selection, and how well active learning works."""

from pathlib import Path
from typing import Final

import pandas as pd

from paraisite import schema
from paraisite.active_learning.criteria import NEAREST_FORMULA
from paraisite.active_learning.diversity import SPACE_GROUP
from paraisite.active_learning.replay import LOG10_MAE, REGRET, STRATEGY
from paraisite.active_learning.replay_summary import LABELS_TO_LOWEST, QUANTITY
from paraisite.artifacts.candidate_lists import CANDIDATES_FILE, REPLAY_SUMMARY_FILE
from paraisite.artifacts.stage_folders import FIGURES
from paraisite.core.csv_tables import restore_texts
from paraisite.core.damaged_files import refuse_damaged
from paraisite.reports.document import CaptionedTable, Section
from paraisite.reports.pictures import Picture

_N_SHOWN: Final = 25
_COVERAGE: Final = 0.8
_ID: Final = "id"
_COLUMNS: Final = {
    schema.FORMULA: "formula",
    SPACE_GROUP: "space group",
    schema.PREDICTED_KAPPA: "predicted (W/m/K)",
    NEAREST_FORMULA: "nearest training material",
    schema.NEAREST_MATERIAL: "id of the nearest",
}
_CAPTIONS: Final = {
    "candidates": "Predictions of the candidates with their intervals, over the distribution of known conductivities.",
    "replay_n_lowest_found": "How many of the five lowest conductivities each strategy has found, by number of labels.",
    "replay_regret_dex": "Regret: the lowest conductivity found over the lowest of all, by number of labels.",
    "replay_log10_mae_held_out": "Errors of the model on held-out materials, by number of labels.",
}
_MEASURED: Final = {
    LABELS_TO_LOWEST: "labels until the five lowest are found",
    REGRET: "mean regret (dex)",
    LOG10_MAE: "log10 MAE on held-out rows (dex)",
}


def candidates_section(folder: Path) -> Section:
    """Return the candidates of low conductivity and the replay; see ``build/candidates/``."""
    tables = []
    candidates = read_candidates(folder)
    if candidates is not None:
        tables.append(CaptionedTable(f"The first {len(candidates)} candidates.", candidates))
    if (folder / REPLAY_SUMMARY_FILE).exists():
        with refuse_damaged(folder / REPLAY_SUMMARY_FILE, remedy="replay again"):
            replayed = _replay(pd.read_csv(folder / REPLAY_SUMMARY_FILE))
        tables.append(
            CaptionedTable(
                "Strategies of active learning, replayed on Togo15: means with 95 % confidence intervals.", replayed
            )
        )
    return Section(
        "Candidates",
        words=(
            "Materials with a low predicted conductivity, ranked by the upper end of the prediction interval, so that "
            "those that are low with high confidence come first. Near duplicates, and crystals outside the "
            "applicability domain, are left out unless they were asked for.",
            "Which material to compute next was tested by replaying active learning on known values: expected "
            "improvement weighs a low prediction against its uncertainty, uncertainty selects the largest standard "
            "deviation, mean the lowest prediction.",
        ),
        pictures=[_drawn(file) for file in sorted((folder / FIGURES).glob("*.svg"))],
        tables=tables,
    )


def read_candidates(folder: Path) -> pd.DataFrame | None:
    """Return the first candidates as text, by their ids; None where there are none.

    Raises:
        DataError: Their table is damaged.
    """
    path = folder / CANDIDATES_FILE
    if not path.exists():
        return None
    with refuse_damaged(path, remedy="choose candidates again"):
        return _candidates(restore_texts(pd.read_csv(path)))


def _candidates(table: pd.DataFrame) -> pd.DataFrame:
    """Return the first candidates as text, by their ids."""
    first = table.head(_N_SHOWN)
    first = first.rename(columns=schema.present_names(first.columns, schema.FORMER_SCREENING_COLUMNS))
    shown = pd.DataFrame({_ID: first[schema.MATERIAL_ID]})
    for column, heading in _COLUMNS.items():
        if column in first:
            shown[heading] = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in first[column]]
    lower, upper = schema.interval_columns(_COVERAGE)
    if {lower, upper} <= set(first):
        ends = zip(first[lower], first[upper], strict=True)
        shown[f"{_COVERAGE:.0%} interval (W/m/K)"] = [f"{low:.3g} to {high:.3g}" for low, high in ends]
    return shown.set_index(_ID)


def _replay(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the strategies side by side, as text."""
    known = summary[summary[QUANTITY].isin(_MEASURED)]
    texts = [f"{row.mean:.3g} ({row.low:.3g} to {row.high:.3g})" for row in known.itertuples(index=False)]
    wide = known.assign(text=texts).pivot_table(index=STRATEGY, columns=QUANTITY, values="text", aggfunc="first")
    columns = [name for name in _MEASURED if name in wide]
    return wide.loc[known[STRATEGY].unique(), columns].rename(columns=_MEASURED).rename_axis(columns=None)


def _drawn(file: Path) -> Picture:
    caption = _CAPTIONS.get(file.stem, f"{file.stem.replace('_', ' ').capitalize()}.")
    return Picture.of(file.read_bytes(), "svg+xml", caption=caption, alt=f"Figure: {caption}")
