"""Tests of dvc.yaml: DVC accepts it, and nothing that may not be shipped can reach its store."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from paraisite.training.recipes import RECIPES, InitialWeights, Recipe, list_lineage_models
from tests.pipeline import LINEAGES, ROOT, lineage_settings, params_text, stages

IN_BOTH = pytest.mark.parametrize("lineage", LINEAGES)

HONEST = ("honest", "grouped", "leave-one-prototype-out")
EVALUATED = (*HONEST, "paper", "paper-last")
CROSS_VALIDATED = ("predictions.csv.gz", "table.md", "kinds.md", "kinds.csv", "figures", "peer.csv", "summary.csv")

START_OF = {
    InitialWeights.RANDOM: "paraisite/training/initial_parameters.py",
    InitialWeights.FORMATION_ENERGY: "paraisite/models/megnet_interop",
    InitialWeights.LAB_FORMATION_ENERGY: "build/pretrain/formation_energy",
}


def outputs(stage: dict[str, Any]) -> dict[str, bool]:
    """Return each output of a stage and whether DVC caches it (and so pushes it)."""
    found = {}
    for item in (item for kind in ("outs", "metrics", "plots") for item in stage.get(kind, [])):
        path, settings = (item, {}) if isinstance(item, str) else next(iter(item.items()))
        found[path] = settings.get("cache", True)
    return found


def trainings(lineage: str) -> dict[str, dict[str, Any]]:
    """Return the stages that train a recipe, by the recipe's name."""
    return {
        name.partition("@")[2].upper(): stage
        for name, stage in stages(lineage).items()
        if name.startswith(("middle", "final"))
    }


@IN_BOTH
def test_dvc_reads_the_pipeline(lineage: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    (tmp_path / "params.yaml").write_text(params_text(lineage))
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run([*dvc, "init", "--no-scm", "--quiet"], cwd=tmp_path, check=True)
    done = subprocess.run(
        [*dvc, "stage", "list", "--name-only"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert sorted(done.stdout.split()) == sorted(stages(lineage))


def test_only_what_is_shipped_goes_to_the_store() -> None:
    # A result that was cached and never pushed would also make `dvc pull` fail in a fresh clone.
    cached = [path for stage in stages("paper").values() for path, is_cached in outputs(stage).items() if is_cached]
    assert (
        cached
        == [
            *(f"build/labels/{tier}" for tier in ("elements", "slack", "phonons/togo15", "kappa")),
            *(f"build/labels/kappa_known/{name}" for name in ("togo15", "hh143", "phonix")),
            "build/labels/settings/nequix-mp-1-pft",
            "build/labels/settings/7net-l3i5",
            "build/check_settings",
            "build/check_slack/metrics.json",  # not the figures: their points are AFLOW's values
            "build/check_formation_energy/metrics.json",
            "build/check_kappa",
            "build/check_refined",
            "build/kappa",
            "build/lab",
            *(f"build/prepare/{name}" for name in ("togo15", "hh143", "mix", "phonix", "accurate")),
            *(f"build/{name}/result" for name in ("rwtg15", "fetg15", "rwaftg15", "feaftg15")),
            "build/gpaccurate/predictor",
            *(f"build/cross_validate/{name}" for name in CROSS_VALIDATED),
            "build/check_textbook",
            *(f"build/evaluate_{name}/result" for name in HONEST),
            "build/backbones/result",
            *(f"build/evaluate_{name}/result" for name in EVALUATED[len(HONEST) :]),
            "build/compare/result",
            "build/compare/leaderboard.md",
            "build/compare/table.csv",
            "build/compare/table.md",
        ]
    )


@IN_BOTH
def test_nothing_that_holds_aflows_values_goes_to_the_store(lineage: str) -> None:
    # Members, the project's own, are shipped in weights/; what is kept beside them, or made of AFLOW's rows, is not.
    for name, stage in stages(lineage).items():
        if name == "prepare_from_outside@aflow" or "build/prepare/aflow" in stage.get("deps", []):
            assert not any(outputs(stage).values()), name


def test_the_lab_lineage_needs_nothing_from_outside() -> None:
    for name, stage in stages("lab").items():
        assert not any("aflow" in text or "megnet" in text for text in stage.get("deps", [])), name
        missing = [path for path, cached in outputs(stage).items() if not cached]
        # What DVC does not keep, git does: a fresh clone is up to date.
        assert all(Path(path).name in ("metrics.json", "curves.csv") for path in missing), name


def test_the_papers_model_is_trained_where_nothing_of_others_is() -> None:
    """From the members that ship; in the paper's own lineage it starts from what its stages have trained."""
    assert lineage_settings("lab")["final_of_shipped"] == {"feaftg15": {"data": "togo15", "start": "weights/feaf"}}
    assert lineage_settings("paper")["final_of_shipped"] == {}
    assert outputs(stages("lab")["final_of_shipped@feaftg15"])["build/feaftg15/result"], "it ships"


def test_labels_are_computed_on_demand_only() -> None:
    # Frozen: `dvc repro --force` must not start hours of work. Persistent: a stage that is run goes on with its parts.
    of_labels = {name: stage for name, stage in stages("lab").items() if name.startswith("label_")}
    assert of_labels
    for name, stage in of_labels.items():
        assert stage["frozen"], name
        assert all(settings["persist"] for out in stage["outs"] for settings in out.values()), name


@IN_BOTH
def test_the_stages_train_the_models_of_the_lineage(lineage: str) -> None:
    models = list_lineage_models(LINEAGES[lineage])
    others = {name.upper() for name in lineage_settings(lineage)["final_of_shipped"]}
    assert set(trainings(lineage)) == {recipe.name for recipe in models.values()} | others
    named = {part: name.upper() for part, name in lineage_settings(lineage)["models"].items()}
    assert named == {part: recipe.name for part, recipe in models.items()}
    results = {f"build/{name.lower()}/result" for name in named.values()}
    evaluations = {f"build/evaluate_{name}/result" for name in EVALUATED}
    errors = results | evaluations | {"build/cross_validate/summary.csv"}
    assert errors == {path for path in stages(lineage)["compare"]["deps"] if path.startswith("build/")}


@IN_BOTH
def test_a_training_stage_depends_on_what_its_recipe_says(lineage: str) -> None:
    for name, stage in trainings(lineage).items():
        recipe = RECIPES[name]
        assert stage["cmd"] == f"python -m paraisite train {name.lower()}"
        start = START_OF.get(recipe.start)
        if isinstance(recipe.start, Recipe):
            of_shipped = name.lower() in lineage_settings(lineage)["final_of_shipped"]
            start = (
                f"weights/{recipe.start.name.lower()}" if of_shipped else f"build/{recipe.start.name.lower()}/weights"
            )
        assert stage["deps"][:2] == [f"build/prepare/{recipe.train_on}", start]
        of_the_lab = ["lab.slack_training"] if name in ("RWLAB", "FELAB") else []
        assert stage["params"] == ["graphs", "splits", "model", "training", *of_the_lab]


@IN_BOTH
def test_an_evaluation_depends_on_all_networks_that_it_measures_or_asks(lineage: str) -> None:
    stage = stages(lineage)["evaluate@honest"]
    models = lineage_settings(lineage)["models"]
    middle = {models[part] for part in ("second_stage_from_random", "second_stage")}
    assert {f"build/{name}/weights" for name in middle} <= set(stage["deps"])
    assert ("build/pretrain" if lineage == "lab" else START_OF[InitialWeights.FORMATION_ENERGY]) in stage["deps"]


@IN_BOTH
def test_the_overlap_report_depends_on_the_training_sets_and_on_all_errors(lineage: str) -> None:
    (stage,) = (stage for name, stage in stages(lineage).items() if name.startswith("overlap"))
    models = list_lineage_models(LINEAGES[lineage])
    trained = {f"build/prepare/{recipe.train_on}" for recipe in models.values()}
    errors = {f"build/evaluate_{name}/result" for name in HONEST}
    errors |= {f"build/{recipe.name.lower()}/result" for recipe in models.values()}
    assert trained | errors == {path for path in stage["deps"] if path.startswith("build/")}


def test_the_report_depends_on_all_that_it_shows() -> None:
    found = stages("lab")
    models = list_lineage_models(LINEAGES["lab"])
    wanted = {f"build/{recipe.name.lower()}/result" for recipe in models.values()}
    wanted |= {f"build/prepare/{recipe.train_on}" for recipe in models.values()}
    assert wanted <= set(found["report@lab"]["deps"])
    finals = {f"build/{recipe.name.lower()}/result" for recipe in models.values() if recipe.train_on == "togo15"}
    assert finals == {path for path in found["screen@lab"]["deps"] if path.endswith("/result")}
    chain = [set(found[f"{name}@lab"]["deps"]) & set(outputs(found[f"{before}@lab"]))
             for before, name in (("screen", "statistics"), ("statistics", "report"),
                                  ("screen_by_default", "select"), ("select", "report"))]  # fmt: skip
    assert all(chain)


@IN_BOTH
def test_stages_write_into_their_own_folder(lineage: str) -> None:
    for name, stage in stages(lineage).items():
        group, _, item = name.partition("@")
        folder = {
            "middle": item,
            "middle_on_aflow": item,
            "final": item,
            "final_of_shipped": item,
            "evaluate": f"evaluate_{item}",
            "evaluate_published": f"evaluate_{item}",
            "prepare_from_outside": "prepare",
            "overlap_on_aflow": "overlap",
            "fit": "gptg15",
            "fit_accurate": "gpaccurate",
            "screen_by_default": "screen",
            "select": "candidates",
            "build_labels": "lab",
            "build_kappa": "kappa",
        }.get(group, group.replace("label_", "labels/"))
        assert all(f"{path}/".startswith(f"build/{folder}/") for path in outputs(stage)), name


@IN_BOTH
def test_a_stage_depends_on_the_module_of_its_verb(lineage: str) -> None:
    for name, stage in stages(lineage).items():
        commands = [stage["cmd"]] if isinstance(stage["cmd"], str) else stage["cmd"]
        modules = [f"paraisite/workflows/{command.split()[3].replace('-', '_')}.py" for command in commands]
        assert all((ROOT / module).exists() for module in modules), name
        if name.startswith("label_") or name in ("check_slack", "check_formation_energy"):
            assert stage["frozen"], name  # needs hours, or files from outside
        else:
            assert set(modules) <= set(stage["deps"]), name


@IN_BOTH
def test_each_dependency_is_an_output_or_in_the_repository(lineage: str) -> None:
    made = {path for stage in stages(lineage).values() for path in outputs(stage)}
    # Tables inside an output, each depended on alone, and the folder of several.
    made |= {"build/lab/slack.parquet", "build/pretrain"}
    for name, stage in stages(lineage).items():
        for path in stage.get("deps", []):
            # Absent until `dvc pull`; outside files must not be here, or DVC stops before the stage explains.
            is_pulled = path.split("/")[0] in ("data", "weights")
            assert path in made or is_pulled or (ROOT / path).exists(), f"{name}: {path}"


@IN_BOTH
def test_each_parameter_is_in_params_yaml(lineage: str) -> None:
    settings = yaml.safe_load(params_text(lineage))
    for name, stage in stages(lineage).items():
        for parameter in stage.get("params", []):
            section, _, key = parameter.partition(".")
            assert section in settings, name
            assert not key or key in settings[section], name


def test_the_store_holds_what_both_lineages_need() -> None:
    # `dvc gc --workspace --cloud` drops what stages of the other lineage refer to.
    locked = yaml.safe_load((ROOT / "dvc.lock").read_text())["stages"]
    wanted = {"data": yaml.safe_load((ROOT / "data.dvc").read_text())["outs"][0]["md5"]}
    wanted["weights"] = yaml.safe_load((ROOT / "weights.dvc").read_text())["outs"][0]["md5"]
    kept = {name: stage for name, stage in (stages("paper") | stages("lab")).items() if any(outputs(stage).values())}
    for name, stage in kept.items():
        if stage.get("frozen") and name not in locked:
            continue  # run on demand, and nobody has yet
        for out in locked[name].get("outs", []):
            if outputs(stage)[out["path"]]:
                wanted[out["path"]] = out["md5"]
    for path, digest in wanted.items():
        assert stored(digest).exists(), path
        if digest.endswith(".dir"):
            for file in json.loads(stored(digest).read_text()):
                assert stored(file["md5"]).exists(), f"{path}/{file['relpath']}"


def stored(digest: str) -> Path:
    """Return where the bundled store keeps an object."""
    return ROOT / "dvcstore" / "files" / "md5" / digest[:2] / digest[2:]


def test_the_store_is_inside_the_repository_and_dvc_calls_nobody() -> None:
    text = (ROOT / ".dvc" / "config").read_text()
    for line in ("url = ../dvcstore", "remote = store", "analytics = false", "check_update = false"):
        assert line in text
