"""A stranger finds things by their names: a verb's workflow, the only class of a name, the tests of a module."""

import ast
import functools
import inspect
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cli.parsing import RefusedError, parsed, verbs
from tests.pipeline import LINEAGES, ROOT, stages

PACKAGE = ROOT / "paraisite"
TESTS = ROOT / "tests"
VERBS = dict(verbs())

LOOSE_MODULES = {"__init__", "__main__", "arrays", "config", "errors", "schema"}
"""What lies beside the packages: all of these are used by every package."""

WORKFLOW_OF = {
    "step1": "train",  # the paper's four experiments, each some recipes for `train`
    "step2": "train",
    "step3": "train",
    "rwaft": "train",
    "data fetch": "fetch_data",
    "data import": "import_data",
    "data list": "describe_data",
    "data check": "describe_data",
    "data describe": "describe_data",
}
"""Verbs whose workflow has another name."""

WITHOUT_WORKFLOW = {
    "version": "prints the versions of packages",
    "recipes": "prints a table of the code",
    "app": "serves the pages of paraisite.app",
}
"""Verbs without a workflow, and why."""

OF_THE_WHOLE = {"docs", "integration"}
"""Folders of tests that belong to no package."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports_from(path: Path, package: str) -> Iterator[tuple[str, str]]:
    """Yield the module and the name of each ``from … import …`` of a package."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == package:
            yield from ((str(node.module), alias.name) for alias in node.names)


def test_no_module_lies_loose_beside_the_packages() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == LOOSE_MODULES


def test_every_folder_is_a_package_that_says_what_it_is() -> None:
    for folder in {path.parent for path in modules()}:
        assert ast.get_docstring(tree(folder / "__init__.py")), shown(folder)


def test_no_folder_and_module_have_the_same_name() -> None:
    for path in modules():
        assert not path.with_suffix("").is_dir(), shown(path)
        assert path.stem != path.parent.name, shown(path)


def test_no_class_name_is_defined_twice() -> None:
    where = defaultdict(list)
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                where[node.name].append(shown(path))
    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


def test_aliases_of_arrays_are_in_one_module() -> None:
    found = [
        f"{shown(path)}: {ast.unparse(node)}"
        for path in modules()
        if path != PACKAGE / "arrays.py"
        for node in tree(path).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Subscript)
        and ast.unparse(node.value.value).endswith("NDArray")
    ]
    assert found == []


def test_no_private_name_is_imported_from_another_module() -> None:
    found = [
        f"{shown(path)}: {module}.{name}"
        for path in modules()
        for module, name in imports_from(path, "paraisite")
        if any(part.startswith("_") and not part.endswith("__") for part in (*module.split("."), name))
    ]
    assert found == []


def workflow_names() -> set[str]:
    return {path.stem for path in (PACKAGE / "workflows").glob("*.py")} - {"__init__"}


def workflow_of(verb: str) -> str | None:
    return None if verb in WITHOUT_WORKFLOW else WORKFLOW_OF.get(verb, verb.replace("-", "_"))


def test_tables_of_materials_are_written_with_texts_that_no_spreadsheet_runs() -> None:
    """Ids come from anywhere; pandas' own ``to_csv`` is left to tables that an index of our own names heads."""
    found = [
        f"{shown(path)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "to_csv"
        if any(each.arg == "index" for each in node.keywords) and path.name != "csv_tables.py"
    ]
    assert found == []


def test_the_tables_of_exceptions_name_verbs_that_exist() -> None:
    assert {*WORKFLOW_OF, *WITHOUT_WORKFLOW} <= set(VERBS)
    assert {verb for verb in WORKFLOW_OF if verb.replace("-", "_") in workflow_names()} == set()


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_calls_the_workflow_of_its_name_and_no_other(verb: str) -> None:
    called = set()
    source = textwrap.dedent(inspect.getsource(VERBS[verb]))  # that of one made in a function is indented
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "paraisite.workflows":
            called |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("paraisite.workflows."):
            called.add(str(node.module).split(".")[2])
    expected = workflow_of(verb)
    assert called == (set() if expected is None else {expected})


def test_every_workflow_is_that_of_a_verb() -> None:
    assert workflow_names() == {workflow_of(verb) for verb in VERBS} - {None}


def test_every_verb_tells_what_it_does() -> None:
    for verb, function in VERBS.items():
        assert function.__doc__, verb


def commands_of_stages() -> dict[str, str]:
    """Return what the stages of both lineages and the entry points call, by where it stands."""
    found = {}
    for lineage in LINEAGES:
        for name, stage in stages(lineage).items():
            for command in [stage["cmd"]] if isinstance(stage["cmd"], str) else stage["cmd"]:
                found[f"{command} (dvc.yaml, {name})"] = command
    for name, entry_point in yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"].items():
        values = {key: str(parameter["default"]) for key, parameter in entry_point.get("parameters", {}).items()}
        command = entry_point["command"].format(**values)
        if command.startswith("python -m paraisite"):
            found[f"{command} (MLproject, {name})"] = command
    return found


def test_what_a_stage_or_entry_point_calls_is_a_verb_that_takes_its_arguments() -> None:
    wrong = {}
    for where, command in commands_of_stages().items():
        python, *arguments = command.split()
        assert [python, *arguments[:2]] == ["python", "-m", "paraisite"], where
        try:
            parsed(*arguments[2:])
        except RefusedError as error:
            wrong[where] = str(error)
    assert wrong == {}


def test_entry_points_are_named_by_their_verbs() -> None:
    for name, entry_point in yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"].items():
        if name not in ("test", "lint", "fetch"):
            assert entry_point["command"].startswith(f"python -m paraisite {name}")


def test_an_argument_that_is_not_taken_is_found() -> None:
    with pytest.raises(RefusedError, match="No such option"):
        parsed("train", "FEAF", "--epoch", "5")
    with pytest.raises(RefusedError, match="No such command"):
        parsed("candidates")  # a former name is not for stages
    assert parsed("data", "fetch", "aflow").values["name"] == "aflow"


def has_module(test: Path) -> bool:
    """Return whether the module or package that a file of tests is named after exists.

    test_engine.py holds tests of engine.py, test_engine_options.py those of one side of it, and cli/test_cli.py those
    of the package cli as a whole.
    """
    folder, words = PACKAGE / test.relative_to(TESTS).parent, test.stem.removeprefix("test_").split("_")
    names = ["_".join(words[:n]) for n in range(len(words), 0, -1)]
    if names[0] == folder.name:
        return True
    return any((folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists() for name in names)


def test_each_file_of_tests_has_its_module() -> None:
    tests = [test for test in TESTS.rglob("test_*.py") if test.relative_to(TESTS).parts[0] not in OF_THE_WHOLE]
    assert sorted(shown(test) for test in tests if not has_module(test)) == []


def test_names_of_support_modules_are_given_once() -> None:
    found = defaultdict(list)
    for path in TESTS.rglob("*.py"):
        if not path.name.startswith("test_") and path.stem not in ("conftest", "__init__"):
            found[path.name].append(shown(path))
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}
