"""The lab's network for formation energies beside MEGNet's."""

import gzip
import json
import shutil
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paraisite.config import AFLOW_TABLE_VARIABLE, FORMATION_ENERGY_WEIGHTS_VARIABLE
from paraisite.core.row_format import RowFormat, tables_as
from paraisite.data.sources.aflow import load_aflow
from paraisite.models.ensemble import ENSEMBLE_FILE
from paraisite.models.megnet_interop import read_published_model
from paraisite.schema import FORMULA, KAPPA, MATERIAL_ID, PROTOTYPE, REASON
from paraisite.workflows import check

ROOT = Path(__file__).parents[2]


def test_a_network_agrees_with_itself_and_the_formulas_of_the_lab_set_are_told_apart(
    shared_data: Path,
    shared_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    weights = shared_weights / "formation_energy.hdf5"
    few = tmp_path / "few.jsonl.gz"
    copy_records(shared_data / "aflow_agl.jsonl.gz", few, n=30)
    monkeypatch.setenv(AFLOW_TABLE_VARIABLE, str(few))
    monkeypatch.setenv(FORMATION_ENERGY_WEIGHTS_VARIABLE, str(weights))
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    network = read_published_model(weights).to_ensemble()
    network.save(Path("weights/lfe") / ENSEMBLE_FILE)
    records, _ = load_aflow(few)
    known = {record.structure.composition.reduced_formula for record in records[:12]}
    write_slack_table(Path("build/lab/slack.parquet"), known)
    with tables_as(RowFormat.JSON):
        check.check_formation_energies()
    of_all, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert (of_all["n"], of_all["mae"]) == (30, 0.0)
    found = json.loads(Path("build/check_formation_energy/metrics.json").read_text())["agreement"]
    everything, others = found.values()
    assert everything["n"] == 30
    assert others["n"] == sum(record.structure.composition.reduced_formula not in known for record in records)
    assert everything["mae"] == everything["mean_difference"] == 0.0
    assert everything["spearman"] == pytest.approx(1.0)
    assert Path("build/check_formation_energy/parity.png").exists()

    parameters = dict(network.parameters)
    name = next(name for name in parameters if name.endswith("bias") and parameters[name].shape == (1, 1))
    parameters[name] = parameters[name] + np.float32(0.5)
    type(network)(**{**vars(network), "parameters": parameters}).save(Path("weights/lfe") / ENSEMBLE_FILE)
    check.check_formation_energies()
    everything, _ = json.loads(Path("build/check_formation_energy/metrics.json").read_text())["agreement"].values()
    assert everything["mean_difference"] == pytest.approx(0.5, abs=1e-5)


def write_slack_table(path: Path, formulas: Collection[str]) -> None:
    """Write a table of the lab set with one relaxed crystal of each formula, and one that could not be relaxed."""
    rows = [{FORMULA: formula, REASON: "", KAPPA: 1.0, MATERIAL_ID: formula, PROTOTYPE: ""} for formula in formulas]
    rows.append({**rows[0], FORMULA: "", REASON: "not relaxed", MATERIAL_ID: "rejected"})
    path.parent.mkdir(parents=True)
    pd.DataFrame(rows).to_parquet(path)


def copy_records(source: Path, target: Path, *, n: int) -> None:
    with gzip.open(source, "rt") as lines, gzip.open(target, "wt") as out:
        out.writelines(line for line, _ in zip(lines, range(n), strict=False))
