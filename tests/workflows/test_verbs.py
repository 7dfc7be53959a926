"""A verb of the command line, a stage and an entry point are one module of the workflows, named by the verb."""

import ast
import re
from pathlib import Path

import pytest
import typer
import yaml

import paraisite.workflows
from paraisite.cli import FORMER_NAMES, app
from tests.conftest import ROOT

WORKFLOWS = {path.stem: path for path in Path(paraisite.workflows.__file__).parent.glob("[a-z]*.py")}
MODULE_OF = {
    **dict.fromkeys(("step1", "step2", "step3", "rwaft"), "train"),
    **dict.fromkeys(("data list", "data check", "data describe"), "describe_data"),
    "data fetch": "fetch_data",
    "data import": "import_data",
}
"""Verbs whose module has another name; all others have one of their own name."""

WITHOUT_WORKFLOW = {"version", "recipes", "app"}
"""Verbs that print what the code holds, or serve `paraisite.app`."""


def verbs() -> list[str]:
    group = typer.main.get_command(app)
    names = [name for name, command in group.commands.items() if name != "data" and not command.hidden]
    return [*names, *(f"data {name}" for name in group.commands["data"].commands)]


def module_of(verb: str) -> str:
    return MODULE_OF.get(verb, verb.replace("-", "_"))


def test_each_verb_has_its_workflow_and_each_workflow_a_verb() -> None:
    assert {module_of(verb) for verb in verbs() if verb not in WITHOUT_WORKFLOW} == set(WORKFLOWS)


@pytest.mark.parametrize("file", ["MLproject", "dvc.yaml"])
def test_entry_points_and_stages_call_verbs(file: str) -> None:
    called = re.findall(r"python -m paraisite ((?:data )?[a-z0-9-]+)", (ROOT / file).read_text())
    assert set(called) - {"data"} <= set(verbs())


def test_entry_points_are_named_by_their_verbs() -> None:
    entry_points = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]
    for name, entry_point in entry_points.items():
        if name not in ("test", "fetch"):
            assert entry_point["command"].startswith(f"python -m paraisite {name}")


def test_former_verbs_run_and_are_not_listed() -> None:
    assert not set(FORMER_NAMES) & set(verbs())


@pytest.mark.parametrize("verb", verbs())
def test_the_list_of_verbs_shows_whole_sentences(verb: str) -> None:
    group = typer.main.get_command(app)
    for name in verb.split():
        group = group.commands[name]
    listed = group.get_short_help_str(60)  # in a terminal of 80 columns
    assert listed.endswith(".")
    assert not listed.endswith("...")


@pytest.mark.parametrize("path", WORKFLOWS.values(), ids=WORKFLOWS)
def test_workflows_import_no_private_name_of_each_other(path: Path) -> None:
    imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    private = [alias.name for node in imports for alias in node.names if alias.name.startswith("_")]
    assert not private
