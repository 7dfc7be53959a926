"""Compare labels, networks and predictions with known values: tiers, refined ones, energies, textbook crystals."""

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import numpy as np
import pandas as pd

from paraisite import DEFAULT_MODEL, schema
from paraisite.analysis.held_out_refined import refine_held_out, summarise_refined
from paraisite.analysis.textbook_predictions import predict_textbook_crystals, summarise_textbook
from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.artifacts.inputs import attach_graphs, fetch_lab_folder, find_lab_network, load_data
from paraisite.artifacts.known_labels import (
    DATASET,
    correct_known_rows,
    load_known_rows,
    write_correction,
)
from paraisite.artifacts.label_checks import (
    FORMATION_ENERGY,
    REFINED,
    SETTINGS,
    TEXTBOOK,
    check_folder,
    write_agreements,
    write_energy_agreement,
)
from paraisite.artifacts.predictors import find_predictor
from paraisite.artifacts.refinements import measure_refinement, write_refinement
from paraisite.artifacts.result_tables import load_held_out_predictions
from paraisite.artifacts.stage_folders import FIGURES
from paraisite.config import load_config
from paraisite.core.csv_tables import write_csv
from paraisite.core.files import file_sha256, write_whole
from paraisite.core.folders import check_writable
from paraisite.core.paths import LABELS
from paraisite.data.sources import megnet_weights
from paraisite.data.sources.aflow import load_aflow
from paraisite.data.sources.lab_tables import load_relaxed_formulas
from paraisite.data.sources.textbook import load_textbook_crystals
from paraisite.errors import MissingInputError
from paraisite.labels.campaign import has_parts, read_parts
from paraisite.labels.settings_study import POTENTIALS
from paraisite.labels.variants import VARIANTS, compute_slack_variants
from paraisite.metrics.agreement import (
    MIN_ROWS,
    Agreement,
    measure_agreement,
    measure_agreements,
    measure_energy_agreement,
)
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import predict
from paraisite.models.megnet_interop import read_published_model
from paraisite.reports.cross_validation import tabulate_refined_protocols
from paraisite.reports.figures import save_figure
from paraisite.reports.lab_columns import kinds_of_reasons
from paraisite.reports.lab_figures import energy_parity, parity
from paraisite.reports.phonon_checks import (
    agreement_numbers,
    agreement_table,
    collocation_table,
    compare_with_published,
    coverage_table,
    parity_by_dataset,
    settings_figure,
    settings_table,
)
from paraisite.reports.terminal import print_line, print_table
from paraisite.reports.textbook import ON_TERMINAL, draw_textbook, tabulate_summary, tabulate_textbook
from paraisite.schema import FORMULA, KAPPA, KAPPA_POTENTIAL, MATERIAL_ID, REASON
from paraisite.training.recipes import AFLOW, KAPPA_TIER, SLACK

COVERAGE_FILE: Final = "coverage.csv"
COLLOCATION_FILE: Final = "collocation.csv"
PROTOCOLS_FILE: Final = "protocols.csv"
ROWS_FILE: Final = "accepted.csv"
REFUSED_FILE: Final = "refused.csv"

_BESIDE_AFLOW: Final = "against AFLOW's AGL"


def check_slack() -> None:
    """Compare tier ``slack``'s conductivities with AFLOW's AGL, of structures that were labelled for this purpose only.

    Raises:
        MissingInputError: They, or AFLOW's table, are not here.
    """
    rows = read_parts(LABELS / "slack_check").set_index("candidate_id").rename_axis(MATERIAL_ID)
    accepted = rows[rows[REASON] == ""]
    records, _ = load_aflow(load_config().data.aflow_table)
    known = pd.Series({each.material_id: each.kappa_w_per_m_k for each in records}, name=KAPPA).loc[accepted.index]
    computed = compute_slack_variants(accepted).rename(columns=VARIANTS)
    by_comparison = {f"{name}, {_BESIDE_AFLOW}": found for name, found in measure_agreements(known, computed).items()}
    write_agreements(SLACK, by_comparison)
    for number, (name, values) in enumerate(computed.items()):
        complete = values.notna()
        figure = parity(known[complete], values[complete], f"{name}, {_BESIDE_AFLOW}")
        save_figure(figure, check_folder(SLACK) / FIGURES / f"parity_{number}")
    print_line(f"{len(accepted)} of {len(rows)} compounds accepted")
    _print_agreements(by_comparison, title="Tier slack")


def check_kappa() -> None:
    """Compare the potential's conductivities with all accurate ones, raw and corrected, and keep the correction.

    Raises:
        MissingInputError: Nothing is labelled.
        DataError: Too few crystals are.
    """
    folder = check_folder(KAPPA_TIER)
    check_writable(folder)
    rows = load_known_rows(load_config())
    corrected, correction = correct_known_rows(rows)
    write_correction(correction)
    agreements: dict[str, Agreement] = {}
    for name, values in {"raw": KAPPA_POTENTIAL, "corrected": schema.KAPPA_CORRECTED}.items():
        for sample, part in _samples(corrected).items():
            agreements[f"{name}, {sample}"] = measure_agreement(part[KAPPA], part[values])
    write_agreements(KAPPA_TIER, agreements)
    for name, column in {"raw": KAPPA_POTENTIAL, "corrected": schema.KAPPA_CORRECTED}.items():
        figure = parity_by_dataset(corrected, column, f"{name} conductivities under the potential")
        save_figure(figure, folder / FIGURES / f"parity_{name}")
    shown = corrected.drop(columns="structure_json").sort_values([DATASET, MATERIAL_ID])
    write_csv(shown, folder / ROWS_FILE, float_format="%.5g")
    refused = rows[rows[REASON] != ""]
    columns = [DATASET, MATERIAL_ID, FORMULA, KAPPA, REASON]
    write_csv(refused[columns], folder / REFUSED_FILE)
    print_line(f"{len(corrected)} of {len(rows)} crystals accepted; refused:\n{kinds_of_reasons(rows).to_string()}")
    _print_agreements(agreements, title="Conductivities under the potential")


def _print_agreements(agreements: Mapping[str, Agreement], *, title: str) -> None:
    heading = f"{title} against known values: mean |ln(computed/known)|"
    print_table(agreement_table(agreements), title=heading, numbers=agreement_numbers(agreements))


def _samples(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the crystals of each data set that has enough; those selected by their label apart."""
    samples = {
        f"{name}{' selected by low kappa' if selected else ''}": part
        for (name, selected), part in rows.groupby([DATASET, schema.SELECTED_BY_LABEL])
    }
    return {name: part for name, part in samples.items() if len(part) >= MIN_ROWS}


def check_refined() -> None:
    """Measure refined predictions on all crystals of known conductivity, and keep what new ones are refined with.

    Raises:
        MissingInputError: Nothing is labelled, or the default model or its cross-validation is nowhere.
        DataError: Too few crystals are.
    """
    check_writable(check_folder(REFINED))
    config, predictions = load_config(), load_held_out_predictions()
    measured = measure_refinement(
        load_known_rows(config), find_predictor(DEFAULT_MODEL), potential=config.lab.kappa_potential
    )
    write_refinement(measured.refinement)
    columns = {
        "predicted": schema.PREDICTED_KAPPA,
        "potential": KAPPA_POTENTIAL,
        "corrected": schema.KAPPA_CORRECTED,
        "refined": schema.REFINED_KAPPA,
    }
    agreements = {
        f"{name}, {sample}": measure_agreement(part[KAPPA], part[column])
        for sample, part in _samples(measured.rows).items()
        for name, column in columns.items()
    }
    write_agreements(REFINED, agreements)
    folder = check_folder(REFINED)
    coverage = coverage_table(_samples(measured.rows))
    write_csv(coverage, folder / COVERAGE_FILE, float_format="%.4g")
    collocation = collocation_table(_samples(measured.rows[~measured.rows[schema.SELECTED_BY_LABEL]]))
    write_csv(collocation, folder / COLLOCATION_FILE, float_format="%.4g")
    by_protocol = summarise_refined(refine_held_out(predictions, measured.names, measured.compared, measured.measures))
    write_csv(by_protocol, folder / PROTOCOLS_FILE, float_format="%.4g")
    title = "refined values, no crystal of the formula known"
    save_figure(parity_by_dataset(measured.rows, schema.REFINED_KAPPA, title), folder / FIGURES / "parity_refined")
    shown = measured.rows.drop(columns="structure_json").sort_values([DATASET, MATERIAL_ID])
    write_csv(shown, folder / ROWS_FILE, float_format="%.5g")
    _print_agreements(agreements, title="Refined values")
    print_table(_round(coverage), title="Known values in the intervals", numbers=coverage)
    title = "Under the protocols of the cross-validation"
    print_table(tabulate_refined_protocols(by_protocol), title=title, numbers=by_protocol)
    title = "Mean |ln ratio| of each beside the truth, if their errors are independent"
    print_table(_round(collocation), title=title, numbers=collocation)


def _round(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index("sample").map(lambda value: f"{value:.2f}" if isinstance(value, float) else value)


def check_settings() -> None:
    """Compare conductivities under various settings with published ones of the same potentials.

    Raises:
        MissingInputError: No settings have been computed.
    """
    for shipped in (LABELS / SETTINGS / potential for potential in POTENTIALS):
        with suppress(MissingInputError):  # others are where they were computed
            fetch_tracked(shipped, target=str(shipped))
    tables = {path.name: read_parts(path) for path in sorted((LABELS / SETTINGS).glob("*")) if has_parts(path)}
    if not tables:
        raise MissingInputError("no settings are computed: run `paraisite label settings` first")
    folder = check_folder(SETTINGS)
    for potential, rows in tables.items():
        table = compare_with_published(rows, potential)
        write_csv(table, folder / f"{potential}.csv", float_format="%.5g")
        save_figure(settings_figure(table, potential), folder / FIGURES / potential)
        print_table(settings_table(table), title=potential, numbers=table)


def check_textbook() -> None:
    """Predict well-known crystals with the default model, each without the training rows of its formula.

    Raises:
        MissingInputError: There is no default model.
        DataError: Another kind of model has its name.
    """
    check_writable(check_folder(TEXTBOOK))
    predictions = predict_textbook_crystals(find_predictor(DEFAULT_MODEL), load_textbook_crystals())
    summary, folder = summarise_textbook(predictions), check_folder(TEXTBOOK)
    write_csv(predictions, folder / "table.csv", float_format="%.5g")
    write_whole(folder / "table.md", tabulate_textbook(predictions, summary).encode())
    save_figure(draw_textbook(predictions), folder / FIGURES / TEXTBOOK)
    shown = tabulate_summary(summary)[list(ON_TERMINAL)].rename(columns=ON_TERMINAL)
    print_table(shown, title=f"{DEFAULT_MODEL} on textbook crystals: mean |ln(predicted/known)|", numbers=summary)


def check_formation_energies() -> None:
    """Compare the pretrained network's formation energies with those of MEGNet's on AFLOW's structures.

    Neither was trained on these structures, but their formulas may be in either training set; the crystals whose
    formula is not in the lab set are compared separately, too.
    """
    check_writable(check_folder(FORMATION_ENERGY))
    config = load_config()
    dataset, graphs = attach_graphs(load_data(AFLOW, config), config)
    path = find_lab_network(FORMATION_ENERGY)
    weights = megnet_weights.resolve_published_weights(megnet_weights.FORMATION_ENERGY, config.data)
    networks = (read_published_model(weights).to_ensemble(), Ensemble.load(path))
    expected, predicted = (predict(network, graphs)[0].astype(np.float64) for network in networks)
    new = ~dataset.table[schema.FORMULA].isin(load_relaxed_formulas(fetch_lab_folder(config))).to_numpy()
    agreement = {
        "all of AFLOW's structures": dataclasses.asdict(measure_energy_agreement(expected, predicted)),
        "those whose formula is not in the lab set": dataclasses.asdict(
            measure_energy_agreement(expected[new], predicted[new])
        ),
    }
    write_energy_agreement(file_sha256(path), agreement)
    figure = energy_parity(expected[new], predicted[new], "AFLOW's structures of other formulas")
    save_figure(figure, check_folder(FORMATION_ENERGY) / "parity")
    numbers = pd.DataFrame.from_dict(agreement, orient="index").rename_axis("formation energies")
    shown = numbers.map("{:.4f}".format).assign(n=numbers["n"].map("{:.0f}".format))
    print_table(shown, title="Pretrained network against MEGNet's, eV/atom", numbers=numbers)
