"""What the stages read: phonons of a data set's crystals are its own or none."""

import json
from pathlib import Path

import pandas as pd
import pytest

from paraisite.artifacts.inputs import load_phonons
from paraisite.core.paths import PHONONS
from paraisite.labels.campaign import PLAN_FILE
from tests.synthetic_result import make_dataset

DATASET = make_dataset("mine", n_row=4)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / PHONONS / "mine").mkdir(parents=True)
    return tmp_path / PHONONS / "mine"


def write(folder: Path, *, digest: str) -> None:
    (folder / PLAN_FILE).write_text(json.dumps({"structures_sha256": digest, "versions": {}}))
    for number, row in enumerate([2, 0, 1]):  # one is still to be computed
        rows = [{"candidate_id": f"mine-{row:04d}", "reason": "", "kappa_potential_w_per_m_k": 10.0 * row}]
        pd.DataFrame(rows).to_parquet(folder / f"part-{number:05d}.parquet")


def test_phonons_come_in_the_order_of_the_materials(folder: Path) -> None:
    write(folder, digest=DATASET.structures_digest)
    found = load_phonons(DATASET)
    assert found is not None
    assert found.index.tolist() == DATASET.table["material_id"].tolist()
    assert found["kappa_potential_w_per_m_k"].tolist()[:3] == [0.0, 10.0, 20.0]
    assert found["reason"].tolist() == ["", "", "", "not computed"]


def test_another_value_leaves_phonons_valid_and_another_crystal_does_not(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(folder, digest=DATASET.structures_digest)
    table = DATASET.table.assign(kappa_w_per_m_k=7.0)
    assert load_phonons(type(DATASET)("mine", table, DATASET.structures, DATASET.rejected, "changed")) is not None
    turned = type(DATASET)("mine", DATASET.table, DATASET.structures[::-1], DATASET.rejected, DATASET.digest)
    assert load_phonons(turned) is None
    assert "describes other crystals than mine holds" in caplog.text
    assert "label phonons --dataset mine" in caplog.text


def test_without_phonons_the_message_names_the_command(caplog: pytest.LogCaptureFixture) -> None:
    assert load_phonons(DATASET) is None
    assert "`python -m paraisite label phonons --dataset mine` computes them" in caplog.text
