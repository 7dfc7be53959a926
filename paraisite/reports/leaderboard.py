"""One table of what predicts conductivities, measured here and published: models of structures, and potentials."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from paraisite import DEFAULT_MODEL, schema
from paraisite.analysis.held_out_errors import FOLD_STD, MAPE_FOLD_STD
from paraisite.evaluation.protocol_table import METRIC, PROTOCOL
from paraisite.reports.tables import to_markdown
from paraisite.schema import LN_RATIO, MODEL

_NOTHING: Final = "–"
_COLUMNS: Final = (
    "what it is",
    "training rows",
    "Togo15, honest: MAPE",
    "Togo15, new formulas: MAPE",
    "Phonix, new formulas: mean abs(ln ratio)",
    "Phonix, new space groups: mean abs(ln ratio)",
    "103 compounds, PBE reference: MAPE",
    "cost per material",
    "licence",
    "figures",
)


@dataclass(frozen=True)
class _Entry:
    """What is known of a model besides its errors, which come from the tables of the stages that measure them."""

    model: str
    what: str
    rows: str
    cost: str
    licence: str


@dataclass(frozen=True)
class _Published:
    """A model with the errors that others have published of it, as they wrote them; the source is in the docs page."""

    model: str
    what: str
    rows: str
    cost: str
    licence: str
    source: str
    phonix_formulas: str = _NOTHING
    phonix_space_groups: str = _NOTHING
    pbe_reference: str = _NOTHING


_OURS: Final = "BSD-3-Clause"
_OWN_LABELS: Final = "76 of Togo15, after the project's labels"
_NETWORK_COST: Final = "1 to 4 ms"
_MEASURED: Final = (
    _Entry("GP mixture", "the processes of GPTG15", _OWN_LABELS, "8 ms", _OURS),
    _Entry("GP mixture, all", "the same with phonons under a potential", _OWN_LABELS, "about a minute", _OURS),
    _Entry("GP, ions", "one Gaussian process", "76 of Togo15", "not measured", _OURS),
    _Entry(
        "potential, ridge",
        "SevenNet-l3i5 and phono3py, corrected",
        "76 of Togo15",
        "about a minute",
        "potential GPL-3.0",
    ),
    _Entry("potential", "SevenNet-l3i5 and phono3py, few displacements", "none", "about a minute", "potential GPL-3.0"),
    _Entry("composition forest", "random forest on the composition", "76 of Togo15", "not measured", _OURS),
    _Entry("FELABTG15", "MEGNet in two stages", _OWN_LABELS, _NETWORK_COST, _OURS),
    _Entry("RWTG15", "MEGNet from random weights", "76 of Togo15", _NETWORK_COST, _OURS),
    _Entry("constant", "the same answer for all", "76 of Togo15", _NOTHING, _NOTHING),
)
"""Models of ``evaluate`` that are listed, with their names there; all others are in the page on accuracy."""

_FORCES: Final = "none: energies and forces"
_MINUTES: Final = "minutes"
_PHONIX: Final = "about 5,500 of Phonix"
_PUBLISHED: Final = (
    _Published(
        "ALiEGNN", "graph network", _PHONIX, "not known", "not known", "published [1]", phonix_formulas="0.379 ‡",
        phonix_space_groups="0.512",
    ),
    _Published(
        "ORB embedding, tabular model", "embedding of a potential", _PHONIX, "not known", "not known", "published [1]",
        phonix_formulas="0.378 ‡", phonix_space_groups="0.494",
    ),
    *(
        _Published(
            name, "potential and phono3py", rows, _MINUTES, licence, "published [2]", pbe_reference=mape
        )
        for name, mape, rows, licence in (
            ("TECE-OAM", "0.045", _FORCES, "MIT, weights CC BY 4.0"),
            ("SevenNet-Omni", "0.092", _FORCES, "MIT"),
            ("ORB v3", "0.116", _FORCES, "Apache-2.0"),
            ("Nequix-MP-PFT", "0.136", f"{_FORCES}, and their harmonic derivatives", "MIT, weights CC BY 4.0"),
            ("MACE-MPA-0", "0.191", _FORCES, "MIT"),
            ("Nequix-MP", "0.237", _FORCES, "MIT, weights CC BY 4.0"),
            ("SevenNet-l3i5", "0.268", _FORCES, "GPL-3.0"),
            ("MatterSim-5M", "0.275", _FORCES, "MIT"),
            ("CHGNet", "0.891", _FORCES, "BSD-3-Clause"),
        )
    ),
)  # fmt: skip


_STD_OF: Final = {"mape": MAPE_FOLD_STD, LN_RATIO: FOLD_STD}
"""Deviation over the folds of an error of the default model."""


def tabulate_leaderboard(protocols: pd.DataFrame, summary: pd.DataFrame) -> str:
    """Return the table as markdown, the default model first, then what was measured here, then what was published.

    Args:
        protocols: Errors of all models under all protocols, as ``protocol_table.tabulate_protocols`` returns them.
        summary: Errors of the default model (index protocol, data_set), as ``held_out_errors`` summarises them.
    """
    rows = {DEFAULT_MODEL: _default_model(summary)}
    mape = protocols[protocols[METRIC] == schema.MAPE_TEST].set_index([MODEL, PROTOCOL])
    for entry in _MEASURED:
        honest, grouped = (_mean_and_std(mape, entry.model, protocol) for protocol in ("honest", "grouped"))
        if honest != _NOTHING or grouped != _NOTHING:
            errors = [honest, grouped, _NOTHING, _NOTHING, _NOTHING]
            rows[entry.model] = [entry.what, entry.rows, *errors, entry.cost, entry.licence, "measured here"]
    for each in _PUBLISHED:
        errors = [_NOTHING, _NOTHING, each.phonix_formulas, each.phonix_space_groups, each.pbe_reference]
        name = f"{each.model}, published" if each.model in rows else each.model
        rows[name] = [each.what, each.rows, *errors, each.cost, each.licence, each.source]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(_COLUMNS)).rename_axis("model")
    return to_markdown(table, of_numbers=False)


def _default_model(summary: pd.DataFrame) -> list[str]:
    def error(protocol: str, data_set: str, column: str) -> str:
        found = summary.loc[[(protocol, data_set)]].iloc[0]
        return f"{float(found[column]):.3f} ± {float(found[_STD_OF[column]]):.3f}"

    return [
        "Gaussian process on descriptors, any crystal",
        "3,175 of Togo15, HH143 and Phonix, four fifths in each fold; 302 labels of our own",
        error("togo15-honest", "togo15", "mape"),
        error("formula", "togo15", "mape"),
        error("formula", "phonix", LN_RATIO),
        error("space-group", "phonix", LN_RATIO),
        _NOTHING,
        "0.9 ms in bulk, 6 ms alone",
        _OURS,
        "measured here",
    ]


def _mean_and_std(mape: pd.DataFrame, model: str, protocol: str) -> str:
    if (model, protocol) not in mape.index:
        return _NOTHING
    row = mape.loc[[(model, protocol)]].iloc[0]
    mean, std = float(row["mean"]), float(row["std"])
    return f"{mean:.3f}" if np.isnan(std) else f"{mean:.3f} ± {std:.3f}"
