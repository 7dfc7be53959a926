"""A verification leaves inputs, instructions, and the prediction for the crystal."""

import builtins
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ase.calculators.emt import EMT
from mlflow import MlflowClient

from paraisite.config import load_config
from paraisite.core.files import write_whole
from paraisite.core.row_format import RowFormat, tables_as
from paraisite.dft_inputs import potential_check
from paraisite.dft_inputs.input_files import README_FILE
from paraisite.errors import ConfigError, MissingInputError
from paraisite.labels import known_failures
from paraisite.labels.phonon_settings import LABELS
from paraisite.workflows import verify
from tests.graphs.crystals import rocksalt
from tests.inference.test_refinement import ELSEWHERE, PHONONS, make_refinement

FEW = replace(LABELS, cell="primitive", harmonic_supercell=(2, 2, 2), cubic_supercell=(2, 2, 2), mesh=(3, 3, 3))
PREDICTED = {
    "value": 60.0, "lower_80": 30.0, "upper_80": 120.0, "out_of_domain_flag": False, "nearest": [], "reason": None,
}  # fmt: skip
HOW = verify.VerificationOptions(programs=("vasp",), with_potential=False, pair_cutoff_angstrom=2.5)


@pytest.fixture(autouse=True)
def predictions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "predict_rows", lambda _model, _crystals: [dict(PREDICTED)])


def no_potential(name: str) -> Any:
    raise MissingInputError(f"potential {name} needs the extra 'lab'")


@pytest.mark.usefixtures("own_store")
def test_a_crystal_gets_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_whole(tmp_path / "out" / "thesis.txt", b"mine")
    write_whole(tmp_path / "out" / "vasp" / "fc3" / "POSCAR-99999", b"of another cell")
    with tables_as(RowFormat.JSON):
        verify.verify_prediction("MgO", HOW, folder=tmp_path, output=tmp_path / "out")
    found = json.loads((tmp_path / "out" / verify.CHECK_FILE).read_text())
    assert found["known"] == pytest.approx(66.069)
    assert "potential" not in found
    assert (tmp_path / "out" / "vasp" / "fc3" / "POSCAR-00001").exists()
    assert not (tmp_path / "out" / "qe").exists()
    assert "MgO" in (tmp_path / "out" / README_FILE).read_text()
    client = MlflowClient()
    (run,) = client.search_runs(["0", *(each.experiment_id for each in client.search_experiments())], max_results=1)
    logged = {each.path for each in client.list_artifacts(run.info.run_id)}
    assert logged >= {verify.CHECK_FILE, README_FILE, "vasp"}
    assert "thesis.txt" not in logged, "what else lies in the folder is nobody's"
    assert (tmp_path / "out" / "thesis.txt").read_text() == "mine"
    assert not (tmp_path / "out" / "vasp" / "fc3" / "POSCAR-99999").exists(), "of another cell"
    model, known = map(json.loads, capsys.readouterr().out.splitlines())
    assert (model["source"], known["source"]) == ("model", "Togo15")
    assert (model["lower_80_w_per_m_k"], model["kappa_w_per_m_k"]) == (30.0, 60.0)
    assert known["kappa_w_per_m_k"] == found["known"]
    assert known["lower_80_w_per_m_k"] is None


def test_a_potential_that_is_not_installed_is_no_obstacle_unless_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(verify, "load_calculator", no_potential)
    check = verify._check("NaCl", rocksalt(), replace(HOW, with_potential=None), tmp_path)
    assert "potential" not in check
    assert "needs the extra 'lab'" in caplog.text
    with pytest.raises(MissingInputError, match="needs the extra 'lab'"):
        verify._check("NaCl", rocksalt(), replace(HOW, with_potential=True), tmp_path)


def test_the_potentials_answer_stands_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(potential_check, "LABELS", FEW)
    monkeypatch.setattr(verify, "load_calculator", lambda _name: EMT())
    alloy = rocksalt(5.2, ("Cu", "Au"))
    check = verify._check("CuAu", alloy, replace(HOW, with_potential=True), tmp_path)
    asked = check["potential"]
    assert asked["kappa_potential_w_per_m_k"] > 0
    assert asked["warnings"]
    assert check["refined"]["refined_reason"] == "; ".join(asked["warnings"])
    assert asked["cell"] == "relaxed"
    assert (tmp_path / verify.RELAXED_FILE).exists()


def test_a_compound_that_the_potential_is_known_to_fail_for_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(potential_check, "LABELS", FEW)
    monkeypatch.setattr(verify, "load_calculator", lambda _name: EMT())
    known = {load_config().lab.kappa_potential: frozenset({"CuAu"})}
    monkeypatch.setattr(known_failures, "KNOWN_FAILURES", known)
    check = verify._check("CuAu", rocksalt(5.2, ("Cu", "Au")), replace(HOW, with_potential=True), tmp_path)
    told = "is known to fail for CuAu: off by more than 40 % from DFT"
    assert check["potential"]["warnings"][-1].endswith(told)
    assert check["refined"]["refined_reason"].endswith(told)
    kept = verify._check(
        "CuAu", rocksalt(5.2, ("Cu", "Au")), replace(HOW, with_potential=True, keep_cell=True), tmp_path
    )
    assert kept["potential"]["warnings"][-1].endswith(told)


def test_prediction_and_potential_make_a_refined_value(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    check = {"predicted": PREDICTED, "potential": PHONONS | {"warnings": [], "name": "emt"}}
    monkeypatch.setattr(verify, "load_refinement", make_refinement)
    monkeypatch.setattr(verify, "find_predictor", lambda _model: ELSEWHERE)
    refined = verify._refine(check, rocksalt(), model=make_refinement().model)
    assert refined is not None
    assert "measured with" not in caplog.text
    assert verify._refine(check, rocksalt(), model="mine") is not None
    assert f"measured with {make_refinement().model}, not with mine" in caplog.text
    assert refined["kappa_corrected_w_per_m_k"] < refined["refined_kappa_w_per_m_k"] < PREDICTED["value"]
    check["potential"] |= {"name": "7net-0"}
    assert verify._refine(check, rocksalt(), model="mine") is None
    assert "refining was measured with emt, not with 7net-0" in caplog.text


@pytest.mark.usefixtures("own_store")
def test_a_crystal_that_the_potential_cannot_take_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(potential_check, "MAX_CELL_ATOMS", 1)
    monkeypatch.setattr(verify, "load_calculator", lambda _name: EMT())
    how = replace(HOW, with_potential=True)
    with tables_as(RowFormat.JSON):
        verify.verify_prediction("MgO", how, folder=tmp_path, output=tmp_path / "out")
    found = json.loads((tmp_path / "out" / verify.CHECK_FILE).read_text())
    reason = "the potential gives no conductivity: a conventional cell of 8 atoms, expected at most 1"
    assert found["potential_failed"] == reason
    assert found["predicted"]["value"] == PREDICTED["value"], "nothing else is lost"
    assert (tmp_path / "out" / "vasp" / "fc3" / "POSCAR-00001").exists()
    rows = {row["source"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rows["potential"]["remarks"] == reason
    assert rows["potential"]["kappa_w_per_m_k"] is None


def test_without_phono3py_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def missing(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "phono3py":
            raise ImportError("No module named 'phono3py'")
        return known(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingInputError, match=r"verify needs ASE and phono3py .*: pip install \"\.\[refine\]"):
        verify.verify_prediction("MgO", HOW, folder=None, output=None)


def test_outside_the_project_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rocksalt().to(filename="NaCl.cif")
    with pytest.raises(ConfigError, match=r"params\.yaml not found: run it in the project's folder"):
        verify.verify_prediction("NaCl.cif", HOW, folder=None, output=None)
    assert [file.name for file in tmp_path.iterdir()] == ["NaCl.cif"]


def test_a_crystal_without_a_prediction_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = PREDICTED | {"reason": "an atom has no neighbour"}
    monkeypatch.setattr(verify, "predict_rows", lambda _model, _crystals: [without])
    with pytest.raises(ConfigError, match="NaCl: no prediction: an atom has no neighbour"):
        verify._check("NaCl", rocksalt(), HOW, tmp_path)
