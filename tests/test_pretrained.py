"""The lab's network for formation energies beside MEGNet's."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from paraisite import pretrained
from paraisite.config import AFLOW_TABLE_VARIABLE, FORMATION_ENERGY_WEIGHTS_VARIABLE
from paraisite.models.ensemble import ENSEMBLE_FILE
from paraisite.models.megnet_interop import read_published_model
from paraisite.sources.aflow import load_aflow

ROOT = Path(__file__).parents[1]


def test_a_network_agrees_with_itself_and_the_formulas_of_the_lab_set_are_told_apart(
    shared_data: Path, shared_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    monkeypatch.setattr(pretrained, "_formulas_of_lab", lambda config: known)
    pretrained.check_formation_energy()
    found = json.loads(Path("build/check_formation_energy/metrics.json").read_text())
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
    pretrained.check_formation_energy()
    everything, _ = json.loads(Path("build/check_formation_energy/metrics.json").read_text()).values()
    assert everything["mean_difference"] == pytest.approx(0.5, abs=1e-5)


def copy_records(source: Path, target: Path, *, n: int) -> None:
    import gzip

    with gzip.open(source, "rt") as lines, gzip.open(target, "wt") as out:
        out.writelines(line for line, _ in zip(lines, range(n), strict=False))
