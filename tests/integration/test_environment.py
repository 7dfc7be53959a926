"""pyproject.toml, requirements.txt, conda.yaml, python_env.yaml and MLproject describe one environment."""

import ast
import functools
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
# Where the name that is imported is not the name that is installed.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "pydantic_core": "pydantic",  # of the same project, pinned by it to a version
    "ruamel": "ruamel.yaml",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}

PLATFORM = ("train", "data", "megnet", "phonons", "app")
"""Extras that requirements.txt is solved with."""


@functools.cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def read_yaml(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text())


def direct_requirements() -> list[Requirement]:
    project = pyproject()["project"]
    extras = project["optional-dependencies"]
    of_extras = [line for name in PLATFORM for line in extras[name]]
    lines = [*project["dependencies"], *of_extras, *pyproject()["dependency-groups"]["dev"]]
    return [Requirement(line) for line in dict.fromkeys(lines)]


def pins() -> dict[str, Version]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    requirements = [Requirement(line.removesuffix("\\")) for line in lines if line and line[0] not in "# "]
    found = {}
    for requirement in requirements:
        (pin,) = requirement.specifier
        assert pin.operator == "==", requirement
        found[canonicalize_name(requirement.name)] = Version(pin.version)
    return found


@pytest.mark.parametrize("requirement", direct_requirements(), ids=lambda requirement: requirement.name)
def test_each_direct_dependency_is_pinned_inside_its_bounds(requirement: Requirement) -> None:
    assert pins()[canonicalize_name(requirement.name)] in requirement.specifier


@pytest.mark.parametrize("requirement", direct_requirements(), ids=lambda requirement: requirement.name)
def test_each_direct_dependency_has_a_lower_bound(requirement: Requirement) -> None:
    # Without one a resolver silently took mp-api 0.37 and mlflow 1.27.
    assert {specifier.operator for specifier in requirement.specifier} & {">=", "=="}


def test_requirements_hold_nothing_of_the_machine_that_made_them() -> None:
    text = (ROOT / "requirements.txt").read_text()
    assert "uv pip compile pyproject.toml" in text.splitlines()[1]
    assert not re.search(r"://|file:|@ |^\s*-(?!-hash=sha256:)|/home|/root|/tmp", text, re.MULTILINE)


def test_every_pin_has_hashes() -> None:
    """So pip and uv refuse a file that was exchanged in an index; both refuse a list where one lacks them."""
    assert "--generate-hashes " in (ROOT / "requirements.txt").read_text().splitlines()[1]
    text = re.sub(r"^\s*#.*$", "", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE)
    entries = [entry.split() for entry in text.replace("\\\n", " ").splitlines() if entry.strip()]
    assert len(entries) == len(pins())
    for name, *hashes in entries:
        assert hashes, name
        assert all(re.fullmatch("--hash=sha256:[0-9a-f]{64}", each) for each in hashes), name


def test_all_files_name_the_same_python() -> None:
    python = read_yaml("python_env.yaml")["python"]
    assert isinstance(python, str), "unquoted, 3.10 would be read as 3.1"
    assert f"python={python}" in read_yaml("conda.yaml")["dependencies"]
    assert pyproject()["tool"]["mypy"]["python_version"] == python
    assert pyproject()["tool"]["ruff"]["target-version"] == "py" + python.replace(".", "")
    assert f"{python}.0" in SpecifierSet(pyproject()["project"]["requires-python"])
    command = (ROOT / "requirements.txt").read_text().splitlines()[1]
    assert f"--python-version {python} " in command
    assert re.findall(r"--extra (\S+)", command) == list(PLATFORM)


def test_both_environments_install_the_pinned_requirements_and_nothing_else() -> None:
    assert read_yaml("python_env.yaml")["dependencies"] == ["-r requirements.txt"]
    assert read_yaml("python_env.yaml")["build_dependencies"] == []
    (by_pip,) = [item for item in read_yaml("conda.yaml")["dependencies"] if isinstance(item, dict)]
    assert by_pip == {"pip": ["-r requirements.txt"]}


def test_mlproject_uses_python_env() -> None:
    project = read_yaml("MLproject")
    assert project["name"] == pyproject()["project"]["name"]
    assert project["python_env"] == "python_env.yaml"
    assert "conda_env" not in project


@pytest.mark.parametrize("folder", ["paraisite", "tests"])
def test_everything_imported_is_a_direct_dependency(folder: str) -> None:
    extras = pyproject()["project"]["optional-dependencies"]
    browser = pyproject()["dependency-groups"]["browser"]
    where_needed = map(Requirement, [*extras["lab"], *extras["refine"], *extras["cluster"], *browser])
    declared = {canonicalize_name(requirement.name) for requirement in [*direct_requirements(), *where_needed]}
    declared.add("nequix")  # installed without its dependencies, see the extra of this name
    undeclared = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in (ROOT / folder).rglob("*.py")
        for module in imported_modules(path)
        if canonicalize_name(DISTRIBUTIONS.get(module, module)) not in declared
    }
    assert not undeclared


def imported_modules(path: Path) -> Iterator[str]:
    """Yield the top-level names that a file imports from outside the standard library and the project."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            module = name.partition(".")[0]
            if module not in {*sys.stdlib_module_names, "paraisite", "tests"}:
                yield module


def test_license_agrees() -> None:
    citation, project = read_yaml("CITATION.cff"), pyproject()["project"]
    assert project["license"] == citation["license"] == "BSD-3-Clause"
    assert "BSD 3-Clause" in (ROOT / "LICENSE").read_text()


ENTRY_POINTS = {
    "step1",
    "step2",
    "step3",
    "rwaft",
    "train",
    "pretrain",
    "fit",
    "evaluate",
    "overlap",
    "backbones",
    "tune",
    "fetch",
    "screen",
    "statistics",
    "report",
    "lint",
    "test",
}


def test_mlproject_has_the_entry_points_and_every_parameter_a_type_and_a_default() -> None:
    entry_points = read_yaml("MLproject")["entry_points"]
    assert set(entry_points) == ENTRY_POINTS
    for name, entry_point in entry_points.items():
        used = set(re.findall(r"{(\w+)}", entry_point["command"]))
        parameters = entry_point.get("parameters", {})
        assert used == set(parameters), name
        for parameter in parameters.values():
            assert set(parameter) == {"type", "default"}, name
