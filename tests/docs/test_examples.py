"""Examples in README and in the documentation run, and print what is shown below them.

Python blocks, and commands that answer offline within seconds, are run page by page, in order, in a folder that holds
the project's data and default model. Of all other commands verbs, entry points, options and their values are checked.
"""

import contextlib
import functools
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
import yaml
from pymatgen.core import Structure
from typer.testing import CliRunner

import paraisite.artifacts.predictors
from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.cli import app
from paraisite.core.paths import PREDICTOR, built
from tests.docs.blocks import (
    NOT_RUN,
    PAGES,
    ROOT,
    Block,
    blocks_of,
    commands_of,
    named_in_prose,
    paraisite_commands,
    text_of,
    without_redirection,
)

RUN = {("predict",), ("explain",), ("data", "list"), ("data", "import"), ("data", "check"), ("recipes",), ("version",)}
"""Verbs whose examples are run, where the files that they name are there."""
RELATIVE_TOLERANCE = 0.01
NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?")

runner = CliRunner()
root_command = typer.main.get_command(app)


@pytest.fixture(scope="module", autouse=True)
def one_loaded_model() -> Iterator[None]:
    """Load a predictor once for all examples, as reading one takes longer than predicting."""
    with pytest.MonkeyPatch.context() as patch:
        find = functools.cache(paraisite.artifacts.predictors.find_predictor)
        patch.setattr(paraisite.artifacts.predictors, "find_predictor", find)
        patch.setattr("paraisite.workflows.explain.find_predictor", find)
        yield


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    return tmp_path


@pytest.fixture
def project(empty_folder: Path) -> Path:
    """A folder with the project's data, its default model, and files of a user's."""
    shown = [Path("data"), built(paraisite.DEFAULT_MODEL) / PREDICTOR, Path("build/lab")]
    for name in shown[1:]:
        fetch_tracked(name, target=str(name), project=ROOT)
    for name in [*shown, Path("params.yaml")]:
        (empty_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (empty_folder / name).symlink_to(ROOT / name)
    user = empty_folder / "measured"
    user.mkdir()
    coordinates = [[0, 0, 0], [0.25, 0.25, 0.25]]
    fcc = 0.5 - 0.5 * np.eye(3)
    Structure(4.63 * fcc, ["Zn", "O"], coordinates).to(filename=str(user / "ZnO.cif"))
    Structure(4.55 * fcc, ["Ga", "N"], coordinates).to(filename=str(user / "GaN.vasp"), fmt="poscar")
    (user / "values.csv").write_text("file,kappa_w_per_m_k\nZnO.cif,60\nGaN.vasp,250\n")
    return empty_folder


def pages_with(*languages: str) -> list[str]:
    return [page for page in PAGES if any(block.language in languages for block in blocks_of(page))]


def has_example(page: str) -> bool:
    """Whether a page has Python, or a command that is run wherever its files are."""
    verbs = {tuple(words[: 1 + (words[0] == "data")]) for _, words in paraisite_commands(page)}
    return page in pages_with("python") or not RUN.isdisjoint(verbs)


@pytest.mark.parametrize("page", [*filter(has_example, PAGES)])
def test_examples_run_and_print_what_is_shown(page: str, project: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "example"}
    for block in blocks_of(page):
        if block.language == "python":
            printed = run_python(block, page, namespace)
        elif block.language == "bash":
            printed = "".join(map(run_command, filter(is_run, commands_of(block))))
        else:
            continue
        if block.output is not None:
            assert_alike(printed, block.output, f"{page}:{block.line}")


def run_python(block: Block, page: str, namespace: dict[str, Any]) -> str:
    code = compile(block.text, f"{page}:{block.line}", "exec")
    if block.text.startswith(NOT_RUN):
        return ""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, namespace)
    return printed.getvalue()


def is_run(words: list[str]) -> bool:
    """Whether a command answers offline within seconds and what it reads is there."""
    if words[:3] != ["python", "-m", "paraisite"]:
        return False
    arguments = words[3:]
    verb = tuple(arguments[:2]) if arguments[0] == "data" else (arguments[0],)
    files = [word for word in arguments if Path(word).suffix in (".cif", ".vasp") or word == "POSCAR"]
    return verb in RUN and all(map(os.path.exists, files)) and "fetch" not in arguments


def run_command(words: list[str]) -> str:
    text = Path(words[words.index("<") + 1]).read_text() if "<" in words else None
    result = runner.invoke(app, without_redirection(words[3:]), input=text)
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result.stdout


def assert_alike(printed: str, shown: str, where: str) -> None:
    """Assert that two texts have the same words, and numbers within the tolerance; a last line … is the rest."""
    if shown.endswith("\n…\n"):
        shown = shown.removesuffix("…\n")
        printed = "\n".join(printed.strip().splitlines()[: shown.count("\n")])
    words, expected = (" ".join(NUMBER.sub("#", text).split()) for text in (printed, shown))
    assert words == expected, f"{where} prints\n{printed}"
    numbers, known = ([float(n.replace(",", "")) for n in NUMBER.findall(text)] for text in (printed, shown))
    assert numbers == pytest.approx(known, rel=RELATIVE_TOLERANCE), f"{where} prints\n{printed}"


@pytest.mark.parametrize("page", [*filter(paraisite_commands, PAGES)])
def test_commands_have_verbs_and_options_that_exist(page: str, empty_folder: Path) -> None:
    card = empty_folder / "external" / "mine" / "dataset.json"  # so that a user's data set `mine` has a name
    card.parent.mkdir(parents=True)
    card.write_text("{}")
    for line, arguments in paraisite_commands(page):
        try:
            parse(arguments)
        except Exception as error:  # of several kinds, as typer has them
            pytest.fail(f"{page}:{line}: python -m paraisite {' '.join(arguments)}: {error}")


def parse(arguments: list[str]) -> None:
    """Parse arguments as the command line does, down to the verb, without running it."""
    command, rest = command_of(arguments)
    if "--help" not in rest:
        command.make_context("paraisite", rest)


def command_of(arguments: list[str]) -> tuple[Any, list[str]]:
    """Return the verb that arguments name, and what follows it."""
    command: Any = root_command
    while hasattr(command, "commands") and arguments and not arguments[0].startswith("-"):
        name, *arguments = arguments
        found = command.commands.get(name)
        if found is None or found.hidden:
            raise LookupError(f"no verb {name!r}")
        command = found
    return command, arguments


@pytest.mark.parametrize("page", [*filter(named_in_prose, PAGES)])
def test_commands_in_the_prose_have_verbs_and_options_that_exist(page: str) -> None:
    for code in named_in_prose(page):
        words = [word for word in code.split() if word not in ("…", "VERB")]
        try:
            command, rest = command_of(words)
        except LookupError as error:
            pytest.fail(f"{page}: `python -m paraisite {code}`: {error}")
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        unknown = {word for word in rest if word.startswith("--")} - options - {"--help"}
        assert not unknown, f"{page}: `python -m paraisite {code}`"


@pytest.mark.parametrize("page", PAGES)
def test_entry_points_and_their_parameters_exist(page: str) -> None:
    entry_points = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]
    for command in re.findall(r"mlflow run \.((?: -[\w-]+ [\w.=]+| --[\w-]+ \w+)*)", text_of(page)):
        name = re.search(r" -e (\w+)", command)
        if name is None or name[1] in ("VERB", "ENTRY_POINT"):
            continue
        assert name[1] in entry_points, f"{page}: mlflow run .{command}"
        parameters = set(re.findall(r" -P (\w+)=", command))
        assert parameters <= set(entry_points[name[1]].get("parameters", {})), f"{page}: mlflow run .{command}"


def verbs() -> dict[str, Any]:
    """Return all verbs by name, those of `data` with it before."""
    found: dict[str, Any] = {}
    for name, command in root_command.commands.items():  # type: ignore[attr-defined]  # a group
        found |= {f"{name} {verb}": of for verb, of in command.commands.items()} if name == "data" else {name: command}
    return {name: command for name, command in found.items() if not command.hidden}


def test_readme_names_every_verb_and_marks_the_entry_points() -> None:
    table = text_of("README.md").partition("## What you can run")[2].partition("\n## ")[0]
    named = {word for code in re.findall(r"`([^`]+)`", table) for word in code.split()[:2]}
    last_words = {name.split()[-1] for name in verbs()}
    assert last_words <= named
    starred = set(re.findall(r"`(?:data )?([a-z0-9-]+)(?: [^`]*)?`\*", table))
    entry_points = set(yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"])
    assert starred == entry_points & last_words


@pytest.mark.parametrize("verb", verbs())
def test_each_verb_tells_its_options(verb: str) -> None:
    result = runner.invoke(app, [*verb.split(), "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage:" in result.output
