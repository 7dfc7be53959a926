"""Build the data set of the project's own labels: tables, figures and data sheet, from the campaigns' labels."""

import logging
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
from pymatgen.core.structure import Structure

from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.artifacts.known_labels import load_correction
from paraisite.artifacts.label_checks import load_agreements
from paraisite.artifacts.stage_folders import FIGURES
from paraisite.config import load_config
from paraisite.core.files import write_whole
from paraisite.core.folders import check_writable
from paraisite.core.parquet_files import COMPACT, write_parquet
from paraisite.core.paths import DATA, LABELS
from paraisite.data.sources import togo15
from paraisite.data.structure_columns import append_structure_columns
from paraisite.labels.assemble import build_kappa_table, build_slack_table, compute_elemental_references
from paraisite.labels.campaign import VERSIONS, read_parts, read_plan
from paraisite.reports.element_map import element_map
from paraisite.reports.figures import save_figures
from paraisite.reports.lab_figures import formation_energy_histogram, kappa_histogram, prototype_counts
from paraisite.schema import KAPPA, KAPPA_POTENTIAL, REASON
from paraisite.training.recipes import KAPPA_TIER, SLACK

logger = logging.getLogger(__name__)

DATASHEET_FILE: Final = "DATASHEET.md"
LICENCE: Final = "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/"


def build_labels() -> None:
    """Build the table of tier ``slack``, with figures and data sheet, into ``build/lab/``."""
    from paraisite.reports.lab_datasheet import datasheet  # loads phono3py

    folder = load_config().data.lab
    check_writable(folder)
    for tier in ("elements", SLACK):
        fetch_tracked(LABELS / tier, target=str(LABELS / tier))
    fetch_tracked(DATA, target="data.dvc")
    references = compute_elemental_references(read_parts(LABELS / "elements"))
    plan = read_plan(LABELS / SLACK)
    table = build_slack_table(read_parts(LABELS / SLACK), references)
    _write_table(table, folder / f"{SLACK}.parquet")
    accepted = _log_accepted(SLACK, table)
    text = datasheet(
        table, potential=plan["potential"], versions=plan[VERSIONS], checks=load_agreements(SLACK), licence=LICENCE
    )
    write_whole(folder / DATASHEET_FILE, text.encode())
    known = [record.kappa_w_per_m_k for record in togo15.load_togo15(DATA / togo15.FILE_NAME)]
    figures = {
        "elements": element_map([table]),
        "prototypes": prototype_counts(table),
        "kappa": kappa_histogram({SLACK: accepted[KAPPA], "Togo15": known}),
        "formation_energy": formation_energy_histogram(table),
    }
    save_figures(figures, folder / FIGURES)


def build_kappa() -> None:
    """Build the table of tier ``kappa``, with figures and data sheet, into ``build/kappa/``."""
    from paraisite.reports.kappa_datasheet import kappa_datasheet  # loads phono3py

    folder = load_config().data.kappa
    check_writable(folder)
    fetch_tracked(LABELS / KAPPA_TIER, target=str(LABELS / KAPPA_TIER))
    plan = read_plan(LABELS / KAPPA_TIER)
    table = build_kappa_table(read_parts(LABELS / KAPPA_TIER), load_correction())
    _write_table(table, folder / f"{KAPPA_TIER}.parquet")
    accepted = _log_accepted(KAPPA_TIER, table)
    text = kappa_datasheet(
        table, potential=plan["potential"], versions=plan[VERSIONS], checks=load_agreements(KAPPA_TIER), licence=LICENCE
    )
    write_whole(folder / DATASHEET_FILE, text.encode())
    figures = {
        "elements": element_map([table]),
        "kappa": kappa_histogram({"tier kappa": accepted[KAPPA], "tier kappa, uncorrected": accepted[KAPPA_POTENTIAL]}),
    }
    save_figures(figures, folder / FIGURES)


def _write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a tier's table with its structures in columns that need no pymatgen."""
    texts = table["structure_json"]
    structures = [Structure.from_str(text, fmt="json") if text else None for text in texts]
    columns = pa.Table.from_pandas(table.drop(columns="structure_json"), preserve_index=False)
    write_parquet(append_structure_columns(columns, structures), path, **COMPACT)


def _log_accepted(tier: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a tier's accepted rows, and log how many there are."""
    accepted = table[table[REASON] == ""]
    logger.info("%s: %d materials accepted, %d rejected", tier, len(accepted), len(table) - len(accepted))
    return accepted
