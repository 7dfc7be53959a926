"""Stages, aliases and the rule of promotion."""

import dataclasses
import json
import warnings
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from paraisite.data.structure_files.stated_facts import COMPARED_KEYS
from paraisite.errors import TrackingError
from paraisite.models.ensemble import Ensemble
from paraisite.models.target_scaler import TargetScaler
from paraisite.tracking.fetching import load_from_registry
from paraisite.tracking.promotion import Evidence, evidence_from_tags, evidence_tags, judge
from paraisite.tracking.registry import RegisteredVersion, check_registrable, register_file, register_result
from paraisite.tracking.runs import recipe_run
from paraisite.training.recipe_result import RecipeResult
from tests.synthetic_result import make_ensemble, make_result

GOOD = make_result(n_row=60, n_epoch=3, log10_error=0.2)
BETTER = make_result(n_row=60, n_epoch=3, log10_error=0.08, seed=1, parent_version="4")
DIVERGED = make_result(n_row=60, n_epoch=3, log10_error=0.05, seed=2, diverged=(3,))


def register(result: RecipeResult) -> RegisteredVersion:
    with recipe_run(result.recipe.name) as run_id:
        return register_result(result, members_of(result), run_id=run_id)


def members_of(result: RecipeResult) -> Ensemble:
    scaler = TargetScaler(mean=np.zeros(len(result.splits)), std=np.ones(len(result.splits)))
    return make_ensemble(scaler, n_member=len(result.splits), seed=round(1e6 * result.metrics.iloc[0, 0]))


def stages(client: MlflowClient, name: str = "FEAFTG15") -> dict[str, str]:
    return {str(v.version): v.current_stage for v in client.search_model_versions(f"name = '{name}'")}


def test_versions_pass_through_the_stages(client: MlflowClient) -> None:
    assert register(GOOD).stage == "Production"
    assert register(GOOD).stage == "Staging"
    assert register(BETTER).stage == "Production"
    assert stages(client) == {"1": "Archived", "2": "Staging", "3": "Production"}
    assert str(client.get_model_version_by_alias("FEAFTG15", "champion").version) == "3"
    assert str(client.get_model_version_by_alias("FEAFTG15", "challenger").version) == "2"


def test_tags_name_parent_data_and_metrics(client: MlflowClient) -> None:
    version = client.get_model_version("FEAFTG15", register(BETTER).version)
    assert version.tags["parent_version"] == "FEAF version 4"
    assert version.tags["data_digest"] == BETTER.dataset.digest[:12]
    assert version.tags["evidence"] == f"evidence/{version.source.removeprefix('models:/')}.json"
    assert version.description.startswith(f"Held-out error: MAPE {version.tags['mape_last_epoch']}, ")
    described = client.get_registered_model("FEAFTG15").description
    assert "starts from MEGNet's published formation energies and is trained on AFLOW's AGL conductivities" in described
    assert version.tags["mape_best_epoch"].startswith(f"{BETTER.metrics['mape_best_epoch'].mean():.3f} ± ")
    run = client.get_run(version.run_id)
    assert run.data.tags["registered_as"] == "FEAFTG15 version 1 (Production)"
    assert client.get_logged_model(version.source.removeprefix("models:/")).experiment_id == run.info.experiment_id


@pytest.mark.parametrize(("recipe", "parent"), [("LFETG15", "LFE version 4"), ("FETG15", "FE version 4")])
def test_a_version_names_the_formation_energies_that_it_was_trained_from(
    client: MlflowClient, recipe: str, parent: str
) -> None:
    """That of LFETG15 named FE."""
    result = dataclasses.replace(make_result(recipe, n_row=20, n_epoch=2), parent_version="4")
    assert client.get_model_version(recipe, register(result).version).tags["parent_version"] == parent


def test_no_warning_reaches_the_user(client: MlflowClient) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        register(GOOD)
    assert not [str(warning.message) for warning in caught if "stage" in str(warning.message).lower()]
    assert not [str(warning.message) for warning in caught if "input example" in str(warning.message)]


def test_no_bar_of_mlflow_reaches_the_terminal(client: MlflowClient, capsys: pytest.CaptureFixture[str]) -> None:
    """One for each small file: whatever was registered after another version left two lines of bars."""
    register(GOOD)
    register(BETTER)
    assert "Downloading" not in capsys.readouterr().err


def test_the_champion_comes_back_with_its_means(client: MlflowClient, tmp_path: Path) -> None:
    register(BETTER)
    register(GOOD)
    found = load_from_registry("FEAFTG15", folder=tmp_path / "fetched")
    assert found is not None
    assert found.version == "1"
    assert found.metrics["mape_last_epoch"] == pytest.approx(BETTER.metrics["mape_last_epoch"].mean())
    loaded = Ensemble.load(found.path)
    np.testing.assert_array_equal(loaded.parameters["head/0/kernel"], members_of(BETTER).parameters["head/0/kernel"])


def test_a_lone_challenger_is_better_than_nothing(client: MlflowClient) -> None:
    assert load_from_registry("FEAFTG15") is None
    assert register(DIVERGED).stage == "Staging"
    found = load_from_registry("FEAFTG15")
    assert found is not None
    assert np.isfinite(found.metrics["mape_best_epoch"])


def test_a_changed_file_is_refused(client: MlflowClient) -> None:
    register(GOOD)
    found = load_from_registry("FEAFTG15")
    assert found is not None
    found.path.write_bytes(found.path.read_bytes()[:-1] + b"x")
    with pytest.raises(TrackingError, match="should have SHA-256"):
        load_from_registry("FEAFTG15")


def test_a_file_is_registered_once(client: MlflowClient, tmp_path: Path) -> None:
    path = tmp_path / "fe.safetensors"
    make_ensemble(None, n_member=1).save(path)
    for expected in ("first version", "already registered"):
        with recipe_run("FE") as run_id:
            found = register_file("FE", path, run_id=run_id, tags={"source": "megnet"}, description="Published.")
        assert (found.version, found.stage, found.reason) == ("1", "Production", expected)
    model = load_from_registry("FE")
    assert model is not None
    assert model.metrics == {}


def test_a_file_with_values_per_split_can_be_beaten(client: MlflowClient, tmp_path: Path) -> None:
    path = tmp_path / "shipped.safetensors"
    members_of(GOOD).save(path)
    with recipe_run("FEAF") as run_id:
        tags = evidence_tags(Evidence.from_result(GOOD))
        register_file(GOOD.recipe.name, path, run_id=run_id, tags=tags, description="Shipped.")
    assert register(BETTER).stage == "Production"


def test_mlflow_can_load_what_was_registered(client: MlflowClient) -> None:
    register(GOOD)
    model = mlflow.pyfunc.load_model("models:/FEAFTG15@champion")
    columns = {column.name: column.required for column in model.metadata.get_input_schema()}
    assert columns == {"structure": True} | dict.fromkeys((*COMPARED_KEYS, "cif"), False)


EVIDENCE = Evidence.from_result(GOOD)


def test_evidence_survives_its_tags() -> None:
    for result in (GOOD, DIVERGED):
        evidence = Evidence.from_result(result)
        found = evidence_from_tags(evidence_tags(evidence))
        assert found is not None
        assert found.judged.to_dict() == pytest.approx(evidence.judged.to_dict(), nan_ok=True)
        assert found.means == pytest.approx(evidence.means, nan_ok=True)
        assert dataclasses.replace(found, judged=EVIDENCE.judged, means={}) == dataclasses.replace(
            evidence, judged=EVIDENCE.judged, means={}
        )
    assert evidence_from_tags({"source": "megnet"}) is None


def test_a_version_whose_tag_holds_the_whole_digest_is_read() -> None:
    tags = evidence_tags(EVIDENCE)
    facts = json.loads(tags["evidence"])
    of_version_0_2 = {"data_digest": facts.pop("data_digest"), "evidence": json.dumps(facts)}
    assert of_version_0_2["data_digest"] == EVIDENCE.data_digest
    found = evidence_from_tags(of_version_0_2)
    assert found is not None
    assert found.data_digest == EVIDENCE.data_digest


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"data_digest": "other"}, "trained on other data"),
        ({"splits_digest": "other"}, "evaluated on other splits"),
        ({"judged": EVIDENCE.judged.where(EVIDENCE.judged.index != 3)}, "diverged in split 3"),
        ({"means": {"mape_best_epoch": 9.0}}, "but mape_best_epoch is higher"),
        ({"judged": EVIDENCE.judged}, "not better than version 7"),
    ],
)
def test_what_keeps_a_version_in_staging(change: dict[str, object], reason: str) -> None:
    far_better = dataclasses.replace(EVIDENCE, judged=EVIDENCE.judged * np.linspace(0.4, 0.5, 9))
    assert judge(far_better, current=EVIDENCE, current_version="7").stage == "Production"
    verdict = judge(dataclasses.replace(far_better, **change), current=EVIDENCE, current_version="7")  # type: ignore[arg-type]
    assert verdict.stage == "Staging"
    assert reason in verdict.reason


def test_a_lower_mean_alone_is_not_enough() -> None:
    noise = np.array([-0.3, 0.25, -0.3, 0.25, -0.3, 0.25, -0.3, 0.25, -0.1])
    candidate = dataclasses.replace(EVIDENCE, judged=EVIDENCE.judged + noise)
    assert candidate.judged.mean() < EVIDENCE.judged.mean()
    assert judge(candidate, current=EVIDENCE, current_version="1").stage == "Staging"


def test_a_version_without_values_replaces_nothing() -> None:
    verdict = judge(None, current=EVIDENCE, current_version="1")
    assert (verdict.stage, "no values per split of this version" in verdict.reason) == ("Staging", True)
    assert judge(None, current=None, current_version=None).stage == "Production"


def test_a_version_whose_run_has_lost_its_files_replaces_nothing(client: MlflowClient) -> None:
    first = client.get_model_version("FEAFTG15", register(GOOD).version)
    artifacts = client.get_run(first.run_id).info.artifact_uri
    (Path(artifacts.removeprefix("file://")) / first.tags["evidence"]).unlink()
    assert "no values per split of version 1" in register(BETTER).reason


def test_a_model_that_others_own_is_told_before_a_training(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_registrable("RWTG15")  # none is there yet, which anybody can make
    client.create_registered_model("RWTG15", description="of others")
    check_registrable("RWTG15")
    assert client.get_registered_model("RWTG15").description == "of others"

    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("API request failed with error code 403 != 200. Response body: Permission denied")

    monkeypatch.setattr(MlflowClient, "update_registered_model", refuse)
    with pytest.raises(TrackingError, match="does not let this user do that"):
        check_registrable("RWTG15")
