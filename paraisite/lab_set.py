"""Stages of the lab data set: tables, figures and data sheet made of the campaigns' labels, and their checks."""

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from matplotlib.figure import Figure
from pymatgen.core.structure import Structure
from rich.console import Console

from paraisite.config import Config, load_config
from paraisite.errors import DataError
from paraisite.evaluation.agreement import Agreement, agreements
from paraisite.files import COMPACT_PARQUET, write_whole
from paraisite.folders import BUILD, DATA, LABELS
from paraisite.reports.figures import save_figure
from paraisite.reports.lab_figures import (
    element_map,
    formation_energy_histogram,
    kappa_histogram,
    parity,
    prototype_counts,
)
from paraisite.schema import KAPPA, MATERIAL_ID, REASON
from paraisite.sources import togo15
from paraisite.sources.aflow import load_aflow
from paraisite.sources.bundled import fetch_bundled
from paraisite.sources.lab.assemble import bte_table, elemental_references, slack_table
from paraisite.sources.lab.campaign import VERSIONS, read_parts, read_plan
from paraisite.sources.lab.variants import VARIANTS, slack_variants
from paraisite.sources.structure_columns import with_structures

logger = logging.getLogger(__name__)

DATASHEET_FILE: Final = "DATASHEET.md"
LICENCE: Final = "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/"

CHECKED: Final = {"slack": "AFLOW's AGL", "bte": "Togo15"}
"""Tiers with known conductivities to compare with, and whose those are."""

_METRICS_FILE: Final = "metrics.json"


def assemble_lab() -> None:
    """Make the lab tables of the campaigns' labels, with figures and data sheet."""
    from paraisite.reports.lab_datasheet import datasheet  # loads phono3py

    for tier in ("elements", "slack", "bte"):
        fetch_bundled(LABELS / tier, target=str(LABELS / tier))
    fetch_bundled(DATA, target="data.dvc")
    folder = load_config().data.lab
    references = elemental_references(read_parts(LABELS / "elements"))
    slack, bte = slack_table(read_parts(LABELS / "slack"), references), bte_table(read_parts(LABELS / "bte"))
    for name, table in (("slack", slack), ("bte", bte)):
        _write_table(table, folder / f"{name}.parquet")
        n_accepted = int((table[REASON] == "").sum())
        logger.info("%s: %d materials accepted, %d rejected", name, n_accepted, len(table) - n_accepted)
    plans = {tier: read_plan(LABELS / tier) for tier in ("slack", "bte")}
    text = datasheet(
        slack=slack,
        bte=bte,
        potentials={tier: plan["potential"] for tier, plan in plans.items()},
        versions=plans["slack"][VERSIONS],
        checks=_checks_made(),
        licence=LICENCE,
    )
    write_whole(folder / DATASHEET_FILE, text.encode())
    for name, figure in _figures(slack, bte).items():
        save_figure(figure, folder / "figures" / name)


def check(tier: str) -> None:
    """Compare a tier's conductivities with known ones, of compounds that were labelled for this alone.

    Args:
        tier: "slack", against AFLOW's AGL on the same structures; or "bte", against Togo15.
    """
    rows = read_parts(LABELS / f"{tier}_check").set_index("candidate_id").rename_axis(MATERIAL_ID)
    accepted = rows[rows[REASON] == ""]
    known = _known_conductivities(tier, load_config()).loc[accepted.index]
    if tier == "slack":
        computed = slack_variants(accepted).rename(columns=VARIANTS)
    else:
        computed = accepted[[KAPPA]].set_axis(["Phonon Boltzmann equation"], axis=1)
    found = agreements(known, computed)
    folder = BUILD / f"check_{tier}"
    content = {f"{name}, against {CHECKED[tier]}": asdict(value) for name, value in found.items()}
    write_whole(folder / _METRICS_FILE, (json.dumps(content, indent=2) + "\n").encode())
    for number, (name, values) in enumerate(computed.items()):
        complete = values.notna()
        figure = parity(known[complete], values[complete], f"{name}, against {CHECKED[tier]}")
        save_figure(figure, folder / "figures" / f"parity_{number}")
    console = Console()
    console.print(f"{len(accepted)} of {len(rows)} compounds accepted")
    console.print(pd.DataFrame(content).T.round(3).to_string(), soft_wrap=True)


def _known_conductivities(tier: str, config: Config) -> pd.Series:
    """Return kappa, W/m/K, by material."""
    if tier == "slack":
        records, _ = load_aflow(config.data.aflow_table)
    elif tier == "bte":
        records = togo15.load_togo15(DATA / togo15.FILE_NAME)
    else:
        raise DataError(f"tier {tier!r} has no check, expected one of {', '.join(CHECKED)}")
    return pd.Series({record.material_id: record.kappa_w_per_m_k for record in records}, name=KAPPA)


def _checks_made() -> dict[str, Agreement]:
    """Return what ``check`` has found so far."""
    checks: dict[str, Agreement] = {}
    for tier in CHECKED:
        path = BUILD / f"check_{tier}" / _METRICS_FILE
        if path.exists():
            checks |= {name: Agreement(**values) for name, values in json.loads(path.read_text()).items()}
        else:
            logger.warning("tier %s has not been checked yet (`paraisite check %s`): not in the data sheet", tier, tier)
    return checks


def _write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a lab table with its structures in columns that need no pymatgen."""
    texts = table["structure_json"]
    structures = [Structure.from_str(text, fmt="json") if text else None for text in texts]
    columns = pa.Table.from_pandas(table.drop(columns="structure_json"), preserve_index=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(with_structures(columns, structures), path, **COMPACT_PARQUET)


def _figures(slack: pd.DataFrame, bte: pd.DataFrame) -> dict[str, Figure]:
    accepted = {name: table.loc[table[REASON] == "", KAPPA] for name, table in (("slack", slack), ("bte", bte))}
    known = [record.kappa_w_per_m_k for record in togo15.load_togo15(DATA / togo15.FILE_NAME)]
    return {
        "elements": element_map([slack, bte]),
        "prototypes": prototype_counts(slack, bte),
        "kappa": kappa_histogram({**accepted, "Togo15": known}),
        "formation_energy": formation_energy_histogram(slack),
    }
