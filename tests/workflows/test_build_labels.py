"""From the campaigns' files to the data set that recipes train on."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.artifacts.known_labels import load_correction, load_known_rows, write_correction
from paraisite.artifacts.refinements import load_refinement
from paraisite.config import load_config
from paraisite.core.csv_tables import write_csv
from paraisite.core.row_format import RowFormat, tables_as
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.datasets.table import Dataset
from paraisite.data.record import Record
from paraisite.data.sources.lab_tables import load_relaxed_crystals, load_relaxed_formulas, load_tier
from paraisite.errors import DataError, MissingInputError
from paraisite.inference.calibration import Calibration
from paraisite.labels import functional_correction
from paraisite.labels.campaign import PLAN_FILE, VERSIONS
from paraisite.labels.functional_correction import DESCRIPTORS, FunctionalCorrection
from paraisite.labels.mesh_convergence import KAPPA_COARSE
from paraisite.labels.phonon_labels import COLUMNS
from paraisite.labels.variants import compute_slack_variants
from paraisite.metrics import agreement
from paraisite.schema import KAPPA_POTENTIAL
from paraisite.workflows import build_labels, check
from tests.analysis.held_out_predictions import predict_all
from tests.inference.known_predictors import planted_calibration_set

ROOT = Path(__file__).parents[2]


def rock_salt(cation: str, anion: str) -> Structure:
    crystal = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.0), [cation, anion], [[0, 0, 0], [0.5] * 3])
    return crystal.get_primitive_structure()


def slack_row(cation: str, anion: str, *, reason: str = "", bulk_gpa: float = 60.0) -> dict[str, object]:
    return {
        "candidate_id": f"rocksalt:{cation}-{anion}",
        "prototype": "rocksalt",
        "reason": reason,
        "structure_json": rock_salt(cation, anion).to_json(),
        "space_group": "Fm-3m",
        "energy_ev_per_atom": -5.0,
        "bulk_gpa": bulk_gpa,
        "shear_gpa": 0.6 * bulk_gpa,
        "min_stiffness_gpa": 0.5 * bulk_gpa,
        "bulk_eos_gpa": bulk_gpa,
        "bulk_slope": 4.0,
    }


def write_labels(tier: str, rows: list[dict[str, object]]) -> None:
    folder = build_labels.LABELS / tier
    folder.mkdir(parents=True)
    pd.DataFrame(rows).to_parquet(folder / "part-00000.parquet")
    (folder / PLAN_FILE).write_text(json.dumps({"potential": "7net-0", VERSIONS: {"sevenn": "0.13.0"}}))


@pytest.fixture
def project(tmp_path: Path, bundled_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change into a project whose campaigns have left a few labels."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shutil.copytree(bundled_data, tmp_path / "data")
    energies = {"Y": -6.0, "Sc": -6.0, "N": -2.0, "P": -3.0}
    write_labels("elements", [{"element": symbol, "energy_ev_per_atom": e} for symbol, e in energies.items()])
    not_relaxed = slack_row("Sc", "P") | {"structure_json": "", "reason": "forces above 0.005 eV/Å", "bulk_gpa": np.nan}
    unstable = slack_row("Y", "P", reason="elastically unstable: softest mode -3.0 GPa")
    write_labels("slack", [slack_row("Y", "N"), slack_row("Sc", "N", bulk_gpa=90.0), unstable, not_relaxed])
    return tmp_path


def test_labels_become_tables_figures_and_a_data_sheet(project: Path):
    build_labels.build_labels()
    folder = project / "build" / "lab"
    slack = pq.read_table(folder / "slack.parquet").to_pandas().set_index("material_id")
    assert slack.loc["rocksalt:Y-N", "formation_energy_ev_per_atom"] == pytest.approx(-5.0 - (-6.0 - 2.0) / 2)
    assert slack.loc["rocksalt:Sc-N", "kappa_w_per_m_k"] > slack.loc["rocksalt:Y-N", "kappa_w_per_m_k"] > 0
    assert slack["reason"].ne("").sum() == 2
    assert "structure_json" not in slack
    assert {file.stem for file in (folder / "figures").iterdir()} == {
        "elements", "prototypes", "kappa", "formation_energy"
    }  # fmt: skip
    text = (folder / "DATASHEET.md").read_text()
    assert "sevenn 0.13.0" in text
    assert "No check has been run." in text  # of the checks


def test_recipes_read_the_tables_by_name(project: Path):
    build_labels.build_labels()
    config = load_config().data
    slack = load_dataset("slack", config)
    assert slack.table["material_id"].tolist() == ["rocksalt:Y-N", "rocksalt:Sc-N"]
    assert slack.rejected["reason"].tolist() == [
        "elastically unstable: softest mode -3.0 GPa",
        "forces above 0.005 eV/Å",
    ]
    assert slack.structures[1].composition.reduced_formula == "ScN"


def test_pretraining_sees_every_relaxed_crystal(project: Path):
    build_labels.build_labels()
    table, structures = load_relaxed_crystals(load_config().data.lab)
    assert [structure.composition.reduced_formula for structure in structures] == table["formula"].tolist()
    assert table["formula"].tolist() == ["YN", "ScN", "YP"]
    assert load_relaxed_formulas(load_config().data.lab) == {"YN", "ScN", "YP"}
    assert table["formation_energy_ev_per_atom"].notna().all()


def test_an_absent_table_is_said_with_the_way_to_get_it(tmp_path: Path):
    with pytest.raises(MissingInputError, match=r"slack\.parquet not found: get it with `dvc pull`"):
        load_tier(tmp_path, "slack")


def test_a_damaged_table_is_named(tmp_path: Path):
    (tmp_path / "slack.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(DataError, match=r"slack\.parquet is damaged"):
        load_tier(tmp_path, "slack")


def test_a_check_compares_with_aflow_and_enters_the_data_sheet(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    rows = [slack_row("Y", "N", bulk_gpa=bulk) | {"candidate_id": f"aflow:{bulk}"} for bulk in range(40, 160, 10)]
    computed = compute_slack_variants(pd.DataFrame(rows).set_index("candidate_id"))
    known = computed.iloc[:, 0] / 0.8
    records = [Record(name, rock_salt("Y", "N"), kappa, "rocksalt", "AFLOW") for name, kappa in known.items()]
    monkeypatch.setattr(check, "load_aflow", lambda _table: (records, []))
    write_labels("slack_check", [*rows, slack_row("Y", "P", reason="elastically unstable: softest mode -3.0 GPa")])
    with tables_as(RowFormat.JSON):
        check.check_slack()
    printed = capsys.readouterr()
    assert "12 of 13 compounds accepted" in printed.err
    shown = [json.loads(line) for line in printed.out.splitlines()]
    assert len(shown) == computed.shape[1]
    assert (shown[0]["n"], shown[0]["mape"]) == (12, pytest.approx(0.2))
    found = next(iter(json.loads((project / "build/check_slack/metrics.json").read_text()).values()))
    assert found["mape"] == pytest.approx(0.2)
    assert found["spearman"] == pytest.approx(1.0)
    build_labels.build_labels()
    assert "against AFLOW's AGL" in (project / "build" / "lab" / "DATASHEET.md").read_text()


def phonon_row(name: str, structure: Structure, kappa: float, *, reason: str = "") -> dict[str, object]:
    on_meshes = {KAPPA_POTENTIAL: kappa, KAPPA_COARSE: kappa}
    values = dict.fromkeys(COLUMNS, 1.0) | {"structure_json": structure.to_json(), **on_meshes}
    return {"candidate_id": name, "reason": reason, **values}


def label_togo15(project: Path, error: Callable[[int], float]) -> Dataset:
    """Write labels of sixty of Togo15's crystals, the known values times what ``error`` gives, and a refused one."""
    dataset = load_dataset("togo15", load_config().data, project / "data")
    materials = list(
        zip(dataset.table["material_id"], dataset.structures, dataset.table["kappa_w_per_m_k"], strict=True)
    )
    rows = [
        phonon_row(name, structure, error(place) * kappa)
        for place, (name, structure, kappa) in enumerate(materials[:60])
    ]
    rows.append(phonon_row(materials[60][0], materials[60][1], np.nan, reason="phonon of -1.00 THz (imaginary)"))
    write_labels("kappa_known/togo15", rows)
    plan = project / "build" / "labels" / "kappa_known" / "togo15" / PLAN_FILE
    known = {"structures_sha256": dataset.structures_digest, "potential": load_config().lab.kappa_potential}
    plan.write_text(json.dumps(json.loads(plan.read_text()) | known))
    return dataset


def test_known_rows_that_are_damaged_or_of_another_potential_are_refused(project: Path):
    """The correction, on which every label depends, was fitted without them, or with them."""
    label_togo15(project, lambda _: 0.8)
    folder = project / "build" / "labels" / "kappa_known" / "togo15"
    part, plan = folder / "part-00000.parquet", folder / PLAN_FILE
    whole, written = part.read_bytes(), plan.read_text()
    plan.write_text(json.dumps(json.loads(written) | {"potential": "7net-0"}))
    with pytest.raises(DataError, match="computed with potential 7net-0, expected nequix-mp-1-pft"):
        load_known_rows(load_config())
    plan.write_text(written)
    part.write_bytes(whole[:-100])
    with pytest.raises(DataError, match=r"part-00000\.parquet"):
        load_known_rows(load_config())


@pytest.mark.parametrize("content", ["[]", "{}", '{"descriptors": []}'])
def test_a_damaged_correction_is_one_sentence(project: Path, content: str):
    path = project / "build" / "check_kappa" / "correction.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(DataError, match="correction"):
        load_correction()


@pytest.mark.parametrize("change", [{"intercept": float("nan")}, {"mean": [0.0]}, {"scale": [0.0] * len(DESCRIPTORS)}])
def test_a_correction_that_would_make_no_numbers_is_refused(project: Path, change: dict[str, object]):
    n_descriptor = len(DESCRIPTORS)
    whole = FunctionalCorrection(*np.ones((3, n_descriptor)), 0.1, 30.0, 60)
    path = write_correction(whole)
    assert load_correction().intercept == 0.1
    path.write_text(json.dumps(whole.to_json() | change))
    with pytest.raises(DataError, match=rf"expected {n_descriptor} finite numbers"):
        load_correction()


def test_tier_kappa_has_corrected_labels_and_the_check_that_they_come_from(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Togo15's crystals come out at four fifths of their values; the labels are five fourths of what is computed."""
    monkeypatch.setattr(functional_correction, "N_FOLD", 3)
    monkeypatch.setattr(agreement, "N_RESAMPLE", 100)
    label_togo15(project, lambda _: 0.8)
    check.check_kappa()
    printed = capsys.readouterr().out
    assert "60 of 61 crystals accepted" in printed
    metrics = json.loads((project / "build/check_kappa/metrics.json").read_text())
    assert metrics["raw, togo15"]["mean_abs_ln_ratio"] == pytest.approx(-np.log(0.8))
    assert metrics["corrected, togo15"]["mean_abs_ln_ratio"] < 0.02
    assert (project / "build/check_kappa/refused.csv").read_text().count("imaginary") == 1

    refused = {"candidate_id": "rocksalt:Sc-N", "reason": "phonon of -1.00 THz (imaginary)"}
    write_labels("kappa", [phonon_row("rocksalt:Y-N", rock_salt("Y", "N"), 12.0), refused])
    build_labels.build_kappa()
    labels = load_dataset("kappa", load_config().data)
    assert labels.table["kappa_w_per_m_k"].tolist() == pytest.approx([15.0], rel=0.05)
    assert labels.table["prototype"].tolist() == ["AB_cF8_225_a_b"], "named as in other data sets"
    assert labels.rejected["reason"].tolist() == ["phonon of -1.00 THz (imaginary)"]
    assert "corrected, togo15" in (project / "build/kappa/DATASHEET.md").read_text()


def test_refined_values_are_measured_on_formulas_that_nothing_knew(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """The potential errs by a tenth, the model by a half and says so: the potential has nearly all the weight."""
    monkeypatch.setattr(functional_correction, "N_FOLD", 3)
    monkeypatch.setattr(functional_correction, "PENALTIES", (30.0,))
    monkeypatch.setattr(agreement, "N_RESAMPLE", 100)
    rng = np.random.default_rng(0)
    dataset = label_togo15(project, lambda _: 0.8 * float(np.exp(rng.normal(0.0, 0.1))))
    kappa = dataset.table["kappa_w_per_m_k"].to_numpy()
    std = np.full((1, len(kappa)), 0.2)
    known = planted_calibration_set(
        kappa, 10 ** (np.log10(kappa) + rng.normal(0.0, std)), np.zeros(std.shape, bool), std_dex=std
    )
    # As the data set of all accurate rows names a material that several data sets hold.
    names = (*dataset.table["material_id"][:-70], *(f"{name} (togo15)" for name in dataset.table["material_id"][-70:]))
    known = replace(known, materials=replace(known.materials, material_id=names))
    predictor = SimpleNamespace(calibration_set=known, calibration=Calibration.fit(known))
    monkeypatch.setattr(check, "find_predictor", lambda _name: predictor)
    held_out = predict_all(dataset.table["formula"].tolist(), kappa, names, factor=1.6)
    write_csv(held_out, project / "build/cross_validate/predictions.csv.gz")
    check.check_refined()
    assert "refined, togo15" in capsys.readouterr().out
    metrics = json.loads((project / "build/check_refined/metrics.json").read_text())
    errors = {name: metrics[f"{name}, togo15"]["mean_abs_ln_ratio"] for name in ("predicted", "corrected", "refined")}
    assert errors["refined"] < 1.1 * errors["corrected"] < 0.4 * errors["predicted"]
    coverage = pd.read_csv(project / "build/check_refined/coverage.csv")
    np.testing.assert_allclose(coverage["held"], coverage["promised"], atol=0.12)
    refined, predicted = (coverage[coverage["value"] == name]["width_ln"].mean() for name in ("refined", "predicted"))
    assert refined < 0.4 * predicted
    collocation = pd.read_csv(project / "build/check_refined/collocation.csv").set_index("value")
    off = collocation["mean_abs_ln"]
    assert off["predicted"] == pytest.approx(0.2 * np.log(10.0) * np.sqrt(2.0 / np.pi), rel=0.3)
    assert off[["known", "corrected"]].max() < 0.5 * off["predicted"]
    protocols = pd.read_csv(project / "build/check_refined/protocols.csv").set_index("value")
    assert protocols["n"].tolist() == [60, 60], "those that have phonons"
    assert protocols["mean_abs_ln_ratio"].tolist() == pytest.approx([np.log(1.6), 0.1], abs=0.05)
    refinement = load_refinement()
    assert refinement.n_row_by_dataset == {"togo15": 60}
    assert refinement.model == "GPACCURATE"
    assert set(refinement.errors_dex) <= set(names)
    assert np.median(list(refinement.errors_dex.values())) == pytest.approx(0.67 * 0.1 / np.log(10), rel=0.3)


def test_a_correction_is_asked_for_where_there_is_none(project: Path):
    write_labels("kappa", [phonon_row("rocksalt:Y-N", rock_salt("Y", "N"), 12.0)])
    with pytest.raises(MissingInputError, match="check_kappa"):
        build_labels.build_kappa()
