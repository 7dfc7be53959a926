"""Tests of dvc.yaml: DVC accepts it, and nothing that may not be shipped can reach its store."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from paraisite.training.recipes import AFLOW, RECIPES, Recipe

ROOT = Path(__file__).parents[1]
PAPER = ("RWTG15", "RWAF", "FETG15", "FEAF", "FEAFTG15", "RWAFTG15")


def stages() -> dict[str, dict[str, Any]]:
    """Return the stages by name, ``foreach`` written out."""
    found: dict[str, dict[str, Any]] = {}
    for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].items():
        if "foreach" in stage:
            template = yaml.safe_dump(stage["do"])
            found |= {f"{name}@{item}": yaml.safe_load(template.replace("${item}", item)) for item in stage["foreach"]}
        else:
            found[name] = stage
    return found


def outputs(stage: dict[str, Any]) -> dict[str, bool]:
    """Return each output of a stage and whether DVC caches it (and so pushes it)."""
    found = {}
    for item in (item for kind in ("outs", "metrics", "plots") for item in stage.get(kind, [])):
        path, settings = (item, {}) if isinstance(item, str) else next(iter(item.items()))
        found[path] = settings.get("cache", True)
    return found


def test_dvc_reads_the_pipeline(tmp_path: Path) -> None:
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run([*dvc, "init", "--no-scm", "--quiet"], cwd=tmp_path, check=True)
    done = subprocess.run(
        [*dvc, "stage", "list", "--name-only"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert sorted(done.stdout.split()) == sorted(stages())


def test_only_what_is_shipped_goes_to_the_store() -> None:
    # A result that was cached and never pushed would also make `dvc pull` fail in a fresh clone.
    cached = [path for stage in stages().values() for path, is_cached in outputs(stage).items() if is_cached]
    assert cached == ["build/labels/elements", "build/labels/slack", "build/feaf/weights"]


def test_labels_are_computed_on_demand_only() -> None:
    # Frozen: `dvc repro --force` must not start hours of work. Persistent: a stage that is run goes on with its parts.
    of_labels = {name: stage for name, stage in stages().items() if name.startswith("label_")}
    assert of_labels
    for name, stage in of_labels.items():
        assert stage["frozen"], name
        assert all(settings["persist"] for out in stage["outs"] for settings in out.values()), name


@pytest.mark.parametrize("name", PAPER)
def test_a_training_stage_depends_on_what_its_recipe_says(name: str) -> None:
    recipe, stage = RECIPES[name], stages()[name.lower()]
    assert stage["cmd"] == f"python -m paraisite train {name}"
    dependencies = {path for path in stage["deps"] if path.startswith("build/")}
    expected = {f"build/graphs/{recipe.train_on}"}
    if isinstance(recipe.start, Recipe):
        expected.add(f"build/{recipe.start.name.lower()}/weights")
    assert dependencies == expected
    assert set(stage["params"]) == {"splits", "model", "training"}


def test_stages_write_into_their_own_folder() -> None:
    for name, stage in stages().items():
        folder = name.partition("@")[0].removesuffix(f"_{AFLOW}").replace("label_", "labels/")
        assert all(f"{path}/".startswith(f"build/{folder}/") for path in outputs(stage)), name


def test_each_dependency_is_an_output_or_in_the_repository() -> None:
    made = {path for stage in stages().values() for path in outputs(stage)}
    for name, stage in stages().items():
        for path in stage.get("deps", []):
            # data/ is absent until `dvc pull`; outside files must not be here, or DVC stops before the stage explains.
            assert path in made or path == "data" or (ROOT / path).exists(), f"{name}: {path}"


def test_each_parameter_is_in_params_yaml() -> None:
    settings = yaml.safe_load((ROOT / "params.yaml").read_text())
    for name, stage in stages().items():
        for parameter in stage.get("params", []):
            section, _, key = parameter.partition(".")
            assert section in settings, name
            assert not key or key in settings[section], name


def test_the_store_is_inside_the_repository_and_dvc_calls_nobody() -> None:
    text = (ROOT / ".dvc" / "config").read_text()
    for line in ("url = ../dvcstore", "remote = store", "analytics = false", "check_update = false"):
        assert line in text
